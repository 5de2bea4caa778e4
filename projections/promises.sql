create table promises (
    town text not null,
    dossier_id uuid not null,
    number int not null,
    kind text not null,
    service text not null,
    owner text not null,
    made_at timestamptz not null,
    promised_for date not null,
    state text not null,
    settled_at timestamptz,
    clock jsonb not null default '{}',
    primary key (town, dossier_id, number, kind)
);
create index on promises (town, service, promised_for) where state = 'open';
