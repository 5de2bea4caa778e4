-- Words of a dossier can be erased as a person can: both are looked up at every start and rebuild.
drop index archive.entries_town_topic_idx;
create index erasures on archive.entries (town, position)
    where topic like 'PersonErased:%' or topic like 'WordsErased:%';
