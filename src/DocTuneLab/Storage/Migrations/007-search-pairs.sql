-- CJK text is indexed by pairs of characters instead of single ones, and headings as text instead of as JSON, which wrote theirs as escapes.
INSERT INTO chunks_fts(chunks_fts) VALUES ('delete-all');
INSERT INTO chunks_fts(rowid, heading, text)
  SELECT row, search_text((SELECT group_concat(value, ' ') FROM json_each(heading_path))), search_text(text) FROM chunks;
