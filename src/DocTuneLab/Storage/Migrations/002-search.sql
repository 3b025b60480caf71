CREATE VIRTUAL TABLE chunks_fts USING fts5(heading, text, tokenize = 'unicode61 remove_diacritics 2');
INSERT INTO chunks_fts(rowid, heading, text) SELECT row, search_text(heading_path), search_text(text) FROM chunks;
