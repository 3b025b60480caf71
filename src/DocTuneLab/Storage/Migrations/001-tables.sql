CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE documents (
  path TEXT PRIMARY KEY, hash TEXT NOT NULL, settings TEXT NOT NULL, title TEXT NOT NULL, language TEXT NOT NULL, split TEXT NOT NULL,
  text TEXT NOT NULL, tree_key TEXT NOT NULL) STRICT;
CREATE TABLE chunks (
  row INTEGER PRIMARY KEY, id TEXT NOT NULL, document_path TEXT NOT NULL REFERENCES documents(path) ON DELETE CASCADE, ordinal INTEGER NOT NULL,
  start INTEGER NOT NULL, length INTEGER NOT NULL, heading_path TEXT NOT NULL, text TEXT NOT NULL, code_blocks TEXT NOT NULL,
  token_count INTEGER NOT NULL, UNIQUE (document_path, ordinal)) STRICT;
CREATE INDEX chunks_id ON chunks(id);
CREATE TABLE chunk_symbols (
  chunk_row INTEGER NOT NULL REFERENCES chunks(row) ON DELETE CASCADE, symbol_id TEXT NOT NULL, PRIMARY KEY (chunk_row, symbol_id)) STRICT, WITHOUT ROWID;
CREATE INDEX chunk_symbols_symbol ON chunk_symbols(symbol_id);
CREATE TABLE symbols (
  id TEXT PRIMARY KEY, ordinal INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, namespace TEXT NOT NULL, containing_type TEXT, signature TEXT NOT NULL,
  summary TEXT, data TEXT NOT NULL) STRICT;
CREATE TABLE samples (
  id TEXT PRIMARY KEY, ordinal INTEGER NOT NULL, kind TEXT NOT NULL, split TEXT NOT NULL, accepted INTEGER NOT NULL, messages TEXT NOT NULL) STRICT;
CREATE TABLE sample_evidence (
  sample_id TEXT NOT NULL REFERENCES samples(id) ON DELETE CASCADE, ordinal INTEGER NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('chunk', 'symbol')),
  target TEXT NOT NULL, PRIMARY KEY (sample_id, kind, ordinal)) STRICT, WITHOUT ROWID;
CREATE TABLE checks (
  sample_id TEXT NOT NULL REFERENCES samples(id) ON DELETE CASCADE, ordinal INTEGER NOT NULL, name TEXT NOT NULL, passed INTEGER NOT NULL, detail TEXT,
  PRIMARY KEY (sample_id, ordinal)) STRICT, WITHOUT ROWID;
CREATE TABLE templates (name TEXT NOT NULL, version TEXT NOT NULL, document_key TEXT NOT NULL, PRIMARY KEY (name, version)) STRICT, WITHOUT ROWID;
CREATE TABLE requests (
  key TEXT PRIMARY KEY, model TEXT NOT NULL, prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL, cost REAL NOT NULL,
  created TEXT NOT NULL, response_key TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE runs (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, status TEXT NOT NULL, started TEXT NOT NULL, finished TEXT, configuration_key TEXT NOT NULL, results TEXT) STRICT, WITHOUT ROWID;
CREATE TABLE metrics (
  run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE, name TEXT NOT NULL, step INTEGER NOT NULL, value REAL, PRIMARY KEY (run_id, name, step)) STRICT, WITHOUT ROWID;
CREATE TABLE evaluations (
  run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE, suite TEXT NOT NULL, arm TEXT NOT NULL, task_id TEXT NOT NULL, metric TEXT NOT NULL,
  value REAL NOT NULL, detail TEXT, PRIMARY KEY (run_id, suite, arm, task_id, metric)) STRICT, WITHOUT ROWID;
