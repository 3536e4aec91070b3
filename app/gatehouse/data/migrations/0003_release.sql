-- Which version of the app takes new sessions. On one machine there is one, and no row; on a cluster the rollout writes
-- here in one transaction, so that there is never a moment with two or none (gatehouse.data.release).
create table release (
    name        text primary key check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    -- serving: takes everybody; draining: keeps whom it has, until then. One that has no row is not yet, or no longer, in use.
    state       text not null check (state in ('serving', 'draining')),
    until       timestamptz,
    changed_at  timestamptz not null default now(),
    constraint draining_ends check ((state = 'draining') = (until is not null))
);
create unique index one_serves on release (state) where state = 'serving';
revoke insert, update, delete on release from gate;
