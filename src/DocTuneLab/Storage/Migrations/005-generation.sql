ALTER TABLE requests ADD COLUMN endpoint TEXT NOT NULL DEFAULT '';
ALTER TABLE requests ADD COLUMN attempts INTEGER NOT NULL DEFAULT 1;
CREATE TABLE attempts (
  row INTEGER PRIMARY KEY, request_key TEXT NOT NULL, endpoint TEXT NOT NULL, failure TEXT NOT NULL, detail TEXT NOT NULL, created TEXT NOT NULL, response_key TEXT) STRICT;
CREATE INDEX attempts_request ON attempts(request_key);
CREATE TABLE batches (
  id TEXT PRIMARY KEY, endpoint TEXT NOT NULL, status TEXT NOT NULL, requests INTEGER NOT NULL, created TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE reviews (
  row INTEGER PRIMARY KEY, sample_id TEXT NOT NULL, decision TEXT NOT NULL, reviewer TEXT NOT NULL, note TEXT NOT NULL, replaced_by TEXT, created TEXT NOT NULL) STRICT;
CREATE INDEX reviews_sample ON reviews(sample_id);
CREATE TABLE template_lineage (
  name TEXT NOT NULL, version TEXT NOT NULL, parent_hash TEXT NOT NULL, how TEXT NOT NULL, objectives TEXT NOT NULL, created TEXT NOT NULL, PRIMARY KEY (name, version)) STRICT, WITHOUT ROWID;
ALTER TABLE samples ADD COLUMN provenance TEXT;
CREATE TABLE preferences (
  id TEXT PRIMARY KEY, prompt TEXT NOT NULL, chosen TEXT NOT NULL, rejected TEXT NOT NULL, reason TEXT NOT NULL) STRICT, WITHOUT ROWID;
