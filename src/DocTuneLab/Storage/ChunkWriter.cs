using Dapper;
using DocTuneLab.Documents;
using Microsoft.Data.Sqlite;

namespace DocTuneLab.Storage;

/// <summary>Pages and their passages as rows, with statements that are prepared once. Lives as long as its transaction.</summary>
internal sealed class ChunkWriter : IDisposable
{
    private readonly SqliteConnection _sql;
    private readonly SqliteTransaction _transaction;
    private readonly string _now;
    private readonly SqliteCommand _document, _chunk, _place, _symbol, _forget, _index, _unindex, _delete, _retire, _restore;

    public ChunkWriter(SqliteConnection sql, SqliteTransaction transaction, string now)
    {
        (_sql, _transaction, _now) = (sql, transaction, now);
        _document = Prepare("""
            INSERT INTO documents (path, hash, settings, title, language, split, text, tree_key) VALUES ($0, $1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (path) DO UPDATE SET hash = $1, settings = $2, title = $3, language = $4, split = $5, text = $6, tree_key = $7
            """, 8);
        _chunk = Prepare("""
            INSERT INTO chunks (id, document_path, ordinal, start, length, heading_path, text, code_blocks, token_count, context) VALUES ($0, $1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING row
            """, 10);
        _place = Prepare("UPDATE chunks SET ordinal = $1, start = $2, length = $3, code_blocks = $4, token_count = $5, context = $6 WHERE row = $0", 7);
        _symbol = Prepare("INSERT OR IGNORE INTO chunk_symbols (chunk_row, symbol_id, kind, confidence, start, length) VALUES ($0, $1, $2, $3, $4, $5)", 6);
        _forget = Prepare("DELETE FROM chunk_symbols WHERE chunk_row = $0", 1);
        _index = Prepare("INSERT INTO chunks_fts (rowid, heading, text) VALUES ($0, $1, $2)", 3);
        _unindex = Prepare("DELETE FROM chunks_fts WHERE rowid = $0", 1);
        _delete = Prepare("DELETE FROM chunks WHERE row = $0", 1);
        _retire = Prepare("""
            INSERT OR REPLACE INTO retired_chunks (id, document_path, heading_path, text, reason, retired)
              SELECT c.id, c.document_path, c.heading_path, c.text, $1, $2 FROM chunks c
              WHERE c.row = $0 AND EXISTS (SELECT 1 FROM sample_evidence WHERE kind = 'chunk' AND target = c.id)
                AND NOT EXISTS (SELECT 1 FROM chunks o WHERE o.id = c.id AND o.row <> c.row)
            """, 3);
        _restore = Prepare("DELETE FROM retired_chunks WHERE id = $0", 1);
    }

    /// <summary>Writes a page; its passages of an id that it had before keep their rows.</summary>
    public void Write(Document document, IReadOnlyList<Chunk> chunks, string treeKey, string settings)
    {
        var former = _sql.Query<(long Row, string Id)>("SELECT row, id FROM chunks WHERE document_path = @Path ORDER BY ordinal", new { document.Path }, _transaction).ToList();
        Run(_document, document.Path, document.Hash, settings, document.Title, document.Language, document.Split.ToString(), document.Text, treeKey);
        if (former.Count == 0) _sql.Execute("DELETE FROM removed_documents WHERE path = @Path", new { document.Path }, _transaction);
        // Places are unique in a page, so all are vacated before they are given anew.
        else _sql.Execute("UPDATE chunks SET ordinal = -1 - row WHERE document_path = @Path", new { document.Path }, _transaction);
        var free = former.GroupBy(f => f.Id, StringComparer.Ordinal).ToDictionary(g => g.Key, g => new Queue<long>(g.Select(f => f.Row)), StringComparer.Ordinal);
        for (var i = 0; i < chunks.Count; i++)
        {
            var chunk = chunks[i];
            long row;
            if (free.TryGetValue(chunk.Id, out var rows) && rows.TryDequeue(out row))
            {
                Run(_place, row, i, chunk.Span.Start, chunk.Span.Length, LabJson.Write(chunk.CodeBlocks), chunk.TokenCount, chunk.Context);
                Run(_forget, row);
            }
            else
            {
                var headings = LabJson.Write(chunk.HeadingPath);
                Bind(_chunk, chunk.Id, chunk.DocumentPath, i, chunk.Span.Start, chunk.Span.Length, headings, chunk.Text, LabJson.Write(chunk.CodeBlocks), chunk.TokenCount, chunk.Context);
                row = (long)_chunk.ExecuteScalar()!;
                Run(_index, row, SearchText.Index(headings), SearchText.Index(chunk.Text));
                Run(_restore, chunk.Id);
            }
            foreach (var link in chunk.SymbolLinks) Run(_symbol, row, link.SymbolId, link.Kind.ToString(), link.Confidence, link.Span.Start, link.Span.Length);
            // Chunks that others made may name symbols without saying where.
            foreach (var symbol in chunk.Symbols) Run(_symbol, row, symbol, "name", 1.0, 0, 0);
        }
        foreach (var row in free.Values.SelectMany(rows => rows)) Drop(row, $"{document.Path} no longer has this passage.");
    }

    /// <summary>Takes a page out and marks it as removed.</summary>
    public void Remove(string path)
    {
        foreach (var row in _sql.Query<long>("SELECT row FROM chunks WHERE document_path = @path", new { path }, _transaction).ToList()) Drop(row, $"The page {path} was removed.");
        _sql.Execute("""
            INSERT OR REPLACE INTO removed_documents (path, hash, title, removed) SELECT path, hash, title, @now FROM documents WHERE path = @path;
            DELETE FROM documents WHERE path = @path;
            """, new { path, now = _now }, _transaction);
    }

    public void Dispose()
    {
        foreach (var command in new[] { _document, _chunk, _place, _symbol, _forget, _index, _unindex, _delete, _retire, _restore }) command.Dispose();
    }

    private void Drop(long row, string reason)
    {
        Run(_retire, row, reason, _now);
        Run(_unindex, row);
        Run(_delete, row);
    }

    private SqliteCommand Prepare(string text, int parameters)
    {
        var command = _sql.CreateCommand();
        (command.CommandText, command.Transaction) = (text, _transaction);
        for (var i = 0; i < parameters; i++) command.Parameters.Add(new SqliteParameter($"${i}", null));
        return command;
    }

    private static void Bind(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        for (var i = 0; i < values.Length; i++) command.Parameters[i].Value = values[i];
    }

    private static void Run(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        Bind(command, values);
        command.ExecuteNonQuery();
    }
}
