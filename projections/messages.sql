create table messages (
    town text not null,
    dossier_id uuid not null,
    number int not null,
    kind text not null,
    means text not null,
    state text not null,
    queued_at timestamptz not null,
    settled_at timestamptz,
    message_id text,
    posted_on date,
    why text,
    primary key (town, dossier_id, number)
);
create index on messages (town, state, queued_at) where state in ('queued', 'refused');
create index on messages (town, state, settled_at) where state in ('sent', 'withdrawn');
