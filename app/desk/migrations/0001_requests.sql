-- An account is what the identity provider says it is: issuer and subject. E-mail addresses change hands.
create table person (
    id          bigint generated always as identity primary key,
    issuer      text not null check (issuer <> ''),
    subject     text not null check (subject <> ''),
    name        text not null,
    email       text not null,
    department  text check (department <> ''),
    created_at  timestamptz not null default now(),
    seen_at     timestamptz not null default now(),
    unique (issuer, subject)
);

create table purchase_request (
    id            bigint generated always as identity primary key,
    -- Made when the form opens, so that a second click or a retry files nothing twice.
    filing_key    uuid not null unique,
    requester_id  bigint not null references person,
    -- The requester's when it was filed: people move, what was spent does not.
    department    text not null check (department <> ''),
    item          text not null check (char_length(item) between 3 and 120),
    -- The upper bound also keeps out NaN, which is greater than every number.
    amount        numeric(12, 2) not null check (amount > 0 and amount <= 1000000),
    reason        text not null check (char_length(reason) between 10 and 1000),
    status        text not null default 'filed' check (status in ('filed', 'approved', 'refused')),
    decided_by    bigint references person,
    decided_at    timestamptz,
    comment       text check (char_length(comment) between 1 and 1000),
    created_at    timestamptz not null default now(),
    constraint decision_is_whole check ((status <> 'filed') = (decided_by is not null and decided_at is not null)
                                        and (decided_by is null) = (decided_at is null)),
    constraint not_ones_own check (decided_by <> requester_id),
    constraint refusal_is_explained check (status <> 'refused' or comment is not null)
);

create index purchase_request_own on purchase_request (requester_id, created_at desc);
create index purchase_request_waiting on purchase_request (department, created_at) where status = 'filed';
create index purchase_request_decided on purchase_request (department, decided_at desc) where status <> 'filed';
create index purchase_request_spent on purchase_request (decided_at) where status = 'approved';
