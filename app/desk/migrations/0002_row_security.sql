-- Who may see and change which rows, whatever a query asks for. The platform tells each transaction who asks:
-- gatehouse.issuer, gatehouse.subject and gatehouse.roles (a JSON array); empty is nobody, who gets no row.

-- Stable functions, called in a subquery below: once for a statement, not once for a row.
create function viewer_has(variadic wanted text[]) returns boolean stable
begin atomic
    select coalesce(nullif(current_setting('gatehouse.roles', true), ''), '[]')::jsonb ?| wanted;
end;

create function viewer_id() returns bigint stable
begin atomic
    select id from person
    where issuer = current_setting('gatehouse.issuer', true) and subject = current_setting('gatehouse.subject', true);
end;

create function viewer_department() returns text stable
begin atomic
    select department from person
    where issuer = current_setting('gatehouse.issuer', true) and subject = current_setting('gatehouse.subject', true);
end;

-- Forced: the owner's functions and views obey, too.
alter table person enable row level security, force row level security;
alter table purchase_request enable row level security, force row level security;

-- Migrations and demo data. A function of the owner's that the app calls is not in the migrator's session.
create policy migrations on person to owner using (session_user = 'migrator');
create policy migrations on purchase_request to owner using (session_user = 'migrator');

-- CASE, because only it keeps an order: what asks for the viewer's own row must not ask for the rows of requests.
create policy own_or_seen on person for select to app_rw using (
    case when issuer = current_setting('gatehouse.issuer', true) and subject = current_setting('gatehouse.subject', true)
        then true
        -- Whoever stands on a request that the viewer may see.
        else exists (select from purchase_request r where person.id in (r.requester_id, r.decided_by))
    end
);
create policy own_made on person for insert to app_rw with check (
    issuer = current_setting('gatehouse.issuer', true) and subject = current_setting('gatehouse.subject', true)
);
create policy own_changed on person for update to app_rw using (
    issuer = current_setting('gatehouse.issuer', true) and subject = current_setting('gatehouse.subject', true)
);

create policy own on purchase_request for select to app_rw using (
    (select viewer_has('staff')) and requester_id = (select viewer_id())
);
create policy of_department on purchase_request for select to app_rw using (
    (select viewer_has('approver')) and department = (select viewer_department())
);
create policy all_of_them on purchase_request for select to app_rw using ((select viewer_has('finance', 'auditor')));

create policy filed on purchase_request for insert to app_rw with check (
    (select viewer_has('staff')) and status = 'filed'
    and requester_id = (select viewer_id()) and department = (select viewer_department())
);
create policy decided on purchase_request for update to app_rw using (
    (select viewer_has('approver')) and status = 'filed'
    and department = (select viewer_department()) and requester_id <> (select viewer_id())
) with check (decided_by = (select viewer_id()) and department = (select viewer_department()));
-- A decision changes nothing else, and nobody deletes.
revoke update on purchase_request from app_rw;
grant update (status, decided_by, decided_at, comment) on purchase_request to app_rw;
revoke delete on purchase_request, person from app_rw;

create index purchase_request_decider on purchase_request (decided_by);
