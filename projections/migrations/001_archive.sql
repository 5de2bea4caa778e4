-- The archive is kept and migrated: the second medium of the log, and the source of rebuilds.
create schema archive;
create table archive.entries (
    town text not null,
    position bigint not null,
    stream text not null,
    version int not null,
    id text not null,
    topic text not null,
    time timestamptz not null,
    data bytea not null,
    command_id text,
    hash bytea not null,
    chain bytea,
    primary key (town, position)
);
create unique index on archive.entries (town, stream, version);
create index on archive.entries (town, command_id);
create index on archive.entries (town, topic) where topic like 'PersonErased:%';
create table archive.checkpoints (town text primary key, position bigint not null);
create table archive.read_models (name text primary key, version int not null);
create schema read;
create schema rebuild;
create extension if not exists unaccent;
create function public.plain(text) returns text
    language sql immutable strict parallel safe
    as $$ select lower(public.unaccent('public.unaccent'::regdictionary, $1)) $$;
grant usage on schema archive, read to projector, web;
grant select, insert on archive.entries to projector;
grant select, insert, update on archive.checkpoints to projector;
grant select on archive.read_models to projector;
grant select on archive.entries, archive.checkpoints, archive.read_models to web;
