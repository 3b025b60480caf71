-- Where in the page a chunk mentions a symbol.
ALTER TABLE chunk_symbols ADD COLUMN start INTEGER NOT NULL DEFAULT 0;
ALTER TABLE chunk_symbols ADD COLUMN length INTEGER NOT NULL DEFAULT 0;
