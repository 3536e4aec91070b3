-- Offers and receipts, each a file as the platform accepted it, under the random id that it was given.
create table receipt (
    id          uuid primary key,
    request_id  bigint not null references purchase_request,
    -- Bounds how many a request has, of however many that are sent at once.
    number      smallint not null check (number between 1 and 10),
    name        text not null check (char_length(name) between 1 and 80 and name !~ '[/\\[:cntrl:]]'),
    mime        text not null check (mime in ('application/pdf', 'image/png', 'image/jpeg', 'image/webp')),
    content     bytea not null check (octet_length(content) between 1 and 5000000),
    created_at  timestamptz not null default now(),
    unique (request_id, number)
);
-- Compressed already.
alter table receipt alter column content set storage external;

alter table receipt enable row level security, force row level security;
create policy migrations on receipt to owner using (session_user = 'migrator');

-- Whoever sees a request sees its receipts; only its requester adds one, unless it was refused.
create policy of_request on receipt for select to app_rw using (
    exists (select from purchase_request r where r.id = request_id)
);
create policy added on receipt for insert to app_rw with check (
    (select viewer_has('staff')) and exists (
        select from purchase_request r
        where r.id = request_id and r.requester_id = (select viewer_id()) and r.status <> 'refused'
    )
);
-- What was handed in stays as it is.
revoke update, delete on receipt from app_rw;
