-- Words of a whole unit of work are gathered in memory and written as one segment of the index, not one for each megabyte.
INSERT INTO chunks_fts(chunks_fts, rank) VALUES ('hashsize', 33554432);
