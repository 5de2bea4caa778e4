create table lapses (
    town text not null,
    dossier_id uuid not null,
    number int not null,
    kind text not null,
    service text not null,
    since date not null,
    found_at timestamptz not null,
    level text not null,
    repaired_at timestamptz,
    detail text,
    primary key (town, dossier_id, number)
);
create index on lapses (town, service, since) where repaired_at is null;
create index on lapses (town, kind) where repaired_at is null;
