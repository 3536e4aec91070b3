-- What people did, as the app tells it by gatehouse.audit. A schema of its own (deploy/postgres/schemas.sql): the app's
-- logins reach the function and the view below, the gate's login nothing.
create table audit.entry (
    id          bigint generated always as identity primary key,
    at          timestamptz not null default clock_timestamp(),
    -- Who, as the session said then. No reference: an entry outlives its session.
    issuer      text not null,
    subject     text not null,
    name        text not null,
    session_id  uuid not null,
    action      text not null check (action ~ '^[a-z][a-z0-9_.-]{0,63}$'),
    object      text not null check (char_length(object) between 1 and 200),
    detail      jsonb not null check (jsonb_typeof(detail) = 'object' and octet_length(detail::text) <= 16384)
);
create index entry_object on audit.entry (object, id);
create index entry_action on audit.entry (action, id);
-- A hash index, because a provider may choose names longer than a B-tree takes.
create index entry_subject on audit.entry using hash (subject);

-- The one way in. Who it was is looked up here, by the id of an open session: the caller can't say. To SQL injected into
-- the app that id is a secret, since nothing that the app's logins can read holds one.
create function audit.write(session_id uuid, action text, object text, detail jsonb) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into audit.entry (issuer, subject, name, session_id, action, object, detail)
    select s.issuer, s.subject,
        left(coalesce(nullif(s.claims ->> 'name', ''), nullif(s.claims ->> 'preferred_username', ''),
            nullif(s.claims ->> 'email', ''), 'Unnamed'), 200),
        s.id, write.action, write.object, write.detail
    from gate.session as s
    where s.id = write.session_id and s.ended_at is null;
    if not found then
        raise exception 'no open session of this id' using errcode = 'invalid_authorization_specification';
    end if;
end
$$;

-- Of the session no more than tells it from the person's others.
create view audit.trail with (security_barrier) as
    select id, at, issuer, subject, name, left(session_id::text, 8) as session, action, object, detail from audit.entry;

grant usage on schema audit to app_rw;
grant execute on function audit.write to app_rw;
grant select on audit.trail to app_rw;
