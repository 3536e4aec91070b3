-- Sessions, and what has to be remembered around them. Login `gate` alone reaches these tables (deploy/postgres/schemas.sql).
create table session (
    id               uuid primary key,
    -- SHA-256 of the cookie's value: who reads this table can't come in with it.
    cookie_hash      bytea not null unique check (octet_length(cookie_hash) = 32),
    provider         text not null check (provider <> ''),
    issuer           text not null check (issuer <> ''),
    subject          text not null check (subject <> ''),
    sid              text check (sid <> ''),
    issued_at        timestamptz not null,
    claims           jsonb not null check (jsonb_typeof(claims) = 'object'),
    -- Encrypted by the app, and erased as soon as nothing needs them.
    tokens           bytea,
    refreshable      boolean not null,
    created_at       timestamptz not null default now(),
    active_at        timestamptz not null default now(),
    checked_at       timestamptz not null default now(),
    expires_at       timestamptz not null,
    reauth_at        timestamptz,
    -- Who speaks with the provider about this session. Without a holder: nobody does before that moment.
    lease_holder     text,
    lease_until      timestamptz,
    ended_at         timestamptz,
    end_reason       text,
    provider_logout  text not null default 'none' check (provider_logout in ('none', 'due', 'done', 'failed')),
    logout_tries     integer not null default 0,
    logout_at        timestamptz,
    constraint ending_is_whole check ((ended_at is null) = (end_reason is null)),
    constraint tokens_are_needed check (tokens is null or ended_at is null or provider_logout = 'due')
);

-- Hash indexes, because a provider may choose names longer than a B-tree takes.
create index session_subject on session using hash (subject) where ended_at is null;
create index session_sid on session using hash (sid) where ended_at is null;
create index session_open on session (active_at) where ended_at is null;
create index session_ended on session (ended_at) where ended_at is not null;
create index session_logout_due on session (logout_at) where provider_logout = 'due';

-- A sign-in's one-time use: whoever inserts the hash of its state first has it.
create table attempt (
    state_hash  bytea primary key check (octet_length(state_hash) = 32),
    kept_until  timestamptz not null
);

-- Logouts that a provider announced: none is obeyed twice, and a sign-in that they overtook is refused.
create table logout (
    issuer      text not null,
    jti_hash    bytea not null check (octet_length(jti_hash) = 32),
    sid         text,
    subject     text,
    issued_at   timestamptz not null,
    kept_until  timestamptz not null,
    primary key (issuer, jti_hash),
    constraint somebody_is_meant check (sid is not null or subject is not null)
);

create table event (
    id          bigint generated always as identity primary key,
    at          timestamptz not null default now(),
    kind        text not null,
    -- No reference: an event outlives its session.
    session_id  uuid,
    provider    text,
    issuer      text,
    subject     text,
    detail      jsonb not null default '{}'
);
create index event_at on event (at);
-- What happened is not rewritten.
revoke update on event from gate;

-- Which limit a session has passed, the earliest if several; null if none. LEAST ignores nulls.
create function limit_passed(active_at timestamptz, idle interval, expires_at timestamptz, reauth_at timestamptz)
returns text language sql stable as $$
    select case least(active_at + idle, expires_at, reauth_at)
        when active_at + idle then 'idle'
        when expires_at then 'absolute'
        else 'reauth'
    end
    where least(active_at + idle, expires_at, reauth_at) <= now()
$$;
