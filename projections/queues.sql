create table queues (
    town text not null,
    dossier_id uuid not null,
    service text not null,
    previous_service text,
    open boolean not null,
    state text not null,
    due date not null,
    received_at timestamptz not null,
    nature text not null,
    channel text not null,
    procedure text not null,
    summary text not null,
    place text,
    district text,
    taken_by text,
    links int not null,
    history boolean not null,
    flags text[] not null,
    clock jsonb not null default '{}',
    version int not null,
    position bigint not null,
    primary key (town, dossier_id)
);
create index on queues (town, service, due, dossier_id) where open;
create index on queues (town, service, state, due, dossier_id) where open;
create index on queues (town, service, received_at, dossier_id) where open;
create index on queues (town, position);
