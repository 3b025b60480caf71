-- The index no longer keeps a second copy of the text.
DROP TABLE chunks_fts;
CREATE VIRTUAL TABLE chunks_fts USING fts5(heading, text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2');
INSERT INTO chunks_fts(rowid, heading, text) SELECT row, search_text(heading_path), search_text(text) FROM chunks;
-- How a chunk mentions a symbol, and how sure that is (0 to 1).
ALTER TABLE chunk_symbols ADD COLUMN kind TEXT NOT NULL DEFAULT 'name';
ALTER TABLE chunk_symbols ADD COLUMN confidence REAL NOT NULL DEFAULT 1;
-- Text of the page that a reader of the chunk needs and other chunks cover.
ALTER TABLE chunks ADD COLUMN context TEXT NOT NULL DEFAULT '';
-- Pages and passages that are gone, as long as a sample is built on them.
CREATE TABLE removed_documents (path TEXT PRIMARY KEY, hash TEXT NOT NULL, title TEXT NOT NULL, removed TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE retired_chunks (
  id TEXT PRIMARY KEY, document_path TEXT NOT NULL, heading_path TEXT NOT NULL, text TEXT NOT NULL, reason TEXT NOT NULL, retired TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE stale_samples (
  sample_id TEXT NOT NULL REFERENCES samples(id) ON DELETE CASCADE, kind TEXT NOT NULL CHECK (kind IN ('chunk', 'symbol')), target TEXT NOT NULL,
  reason TEXT NOT NULL, since TEXT NOT NULL, PRIMARY KEY (sample_id, kind, target)) STRICT, WITHOUT ROWID;
CREATE INDEX sample_evidence_target ON sample_evidence(kind, target);
-- The files that the documents were made of, so that an unchanged one is not read again.
CREATE TABLE scans (root TEXT PRIMARY KEY, settings TEXT NOT NULL, scanned TEXT NOT NULL, report_key TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE sources (
  root TEXT NOT NULL REFERENCES scans(root) ON DELETE CASCADE, path TEXT NOT NULL, size INTEGER NOT NULL, modified INTEGER NOT NULL, hash TEXT NOT NULL,
  PRIMARY KEY (root, path)) STRICT, WITHOUT ROWID;
ALTER TABLE runs ADD COLUMN environment_key TEXT;
