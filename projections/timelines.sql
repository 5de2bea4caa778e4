create table timelines (
    town text not null,
    dossier_id uuid not null,
    version int not null,
    position bigint not null,
    type text not null,
    label text not null,
    text text,
    internal boolean not null,
    details jsonb not null,
    happened_at timestamptz not null,
    received_at timestamptz not null,
    entered_at timestamptz not null,
    recorded_at timestamptz not null,
    role text not null,
    account text not null,
    primary key (town, dossier_id, version)
);
create index on timelines (town, received_at) where type = 'DossierForwarded';
