-- A read model that an event stops stays where it is, and says where, in the row of the checkpoint:
-- what it has folded and how far the others are must never tell different stories.
alter table archive.checkpoints add column stops jsonb not null default '{}';
create index skips on archive.entries (town, position) where topic like 'EventSkipped:%';
