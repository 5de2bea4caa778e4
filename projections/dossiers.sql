create table dossiers (
    town text not null,
    dossier_id uuid not null,
    state text not null,
    service text not null,
    procedure text not null,
    procedure_version int not null,
    nature text not null,
    channel text not null,
    summary text not null,
    due date,
    silence text,
    silence_on date,
    silence_state text,
    silence_source text,
    happened_at timestamptz not null,
    received_at timestamptz not null,
    received_by_competent_at timestamptz,
    entered_at timestamptz not null,
    recorded_at timestamptz not null,
    opened_by text not null,
    place_site text,
    place_district text,
    place_label text,
    place_point text,
    usager_id uuid,
    usager_name text,
    usager_email text,
    usager_phone text,
    usager_address text,
    beneficiary_id uuid,
    beneficiary_name text,
    fields jsonb not null,
    personal_fields jsonb not null,
    acknowledged_at timestamptz,
    taken_by text,
    answered_at timestamptz,
    closed_at timestamptz,
    outcome text,
    links uuid[] not null,
    flags text[] not null,
    origin_source text,
    origin_number text,
    keys uuid[] not null,
    clocks jsonb not null default '{}',
    version int not null,
    position bigint not null,
    plain_words text generated always as (plain(
        summary || ' ' || coalesce(place_site, '') || ' ' || coalesce(place_label, '') || ' ' || coalesce(place_district, '') || ' '
        || coalesce(usager_name, '') || ' ' || coalesce(usager_email, '') || ' '
        || coalesce(beneficiary_name, '') || ' ' || coalesce(usager_address, ''))) stored,
    search tsvector generated always as (to_tsvector('french', plain(
        summary || ' ' || coalesce(place_site, '') || ' ' || coalesce(place_label, '') || ' ' || coalesce(place_district, '') || ' '
        || coalesce(usager_name, '') || ' ' || coalesce(usager_email, '') || ' '
        || coalesce(beneficiary_name, '') || ' ' || coalesce(usager_address, '')))) stored,
    usager_digits text generated always as (regexp_replace(usager_phone, '\D', '', 'g')) stored,
    primary key (town, dossier_id)
);
create index on dossiers using gin (search);
create index on dossiers using gin (plain_words gin_trgm_ops);
create index on dossiers using gin (keys);
create index on dossiers (town, origin_number);
create index on dossiers (town, usager_id);
create index on dossiers (town, opened_by, position) where origin_source is null;
create index on dossiers using gin (usager_digits gin_trgm_ops);
