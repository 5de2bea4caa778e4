-- Every entry is linked to the one before. What was archived earlier is linked once, at the start
-- that follows (archive.chain_up); this index says at no cost whether anything is left to link.
create index unlinked on archive.entries (town) where chain is null;
