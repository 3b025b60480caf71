using System.Buffers;
using Dapper;
using DocTuneLab.Documents.Model;
using Microsoft.Data.Sqlite;

namespace DocTuneLab.Storage;

/// <summary>Pages and their passages as rows, with statements that are prepared once. Lives as long as its transaction.</summary>
internal sealed class ChunkWriter : IDisposable
{
    private readonly SqliteConnection _sql;
    private readonly SqliteTransaction _transaction;
    private readonly string _now;
    private readonly ArrayBufferWriter<char> _words = new(4096);
    private readonly Statement _document, _chunk, _place, _symbol, _forget, _index, _unindex, _delete, _retire, _welcome;

    public ChunkWriter(SqliteConnection sql, SqliteTransaction transaction, string now)
    {
        (_sql, _transaction, _now) = (sql, transaction, now);
        _document = new(sql, """
            INSERT INTO documents (path, hash, settings, title, language, split, text, tree_key) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            ON CONFLICT (path) DO UPDATE SET hash = ?2, settings = ?3, title = ?4, language = ?5, split = ?6, text = ?7, tree_key = ?8
            """);
        _chunk = new(sql, """
            INSERT INTO chunks (id, document_path, ordinal, start, length, heading_path, text, code_blocks, token_count, context)
              VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
            """);
        _place = new(sql,
            "UPDATE chunks SET ordinal = ?2, start = ?3, length = ?4, code_blocks = ?5, token_count = ?6, context = ?7 WHERE row = ?1");
        _symbol = new(sql,
            "INSERT OR IGNORE INTO chunk_symbols (chunk_row, symbol_id, kind, confidence, start, length) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
        _forget = new(sql, "DELETE FROM chunk_symbols WHERE chunk_row = ?1");
        _index = new(sql, "INSERT INTO chunks_fts (rowid, heading, text) VALUES (?1, ?2, ?3)");
        _unindex = new(sql, "DELETE FROM chunks_fts WHERE rowid = ?1");
        _delete = new(sql, "DELETE FROM chunks WHERE row = ?1");
        _retire = new(sql, """
            INSERT OR REPLACE INTO retired_chunks (id, document_path, heading_path, text, reason, retired)
              SELECT c.id, c.document_path, c.heading_path, c.text, ?2, ?3 FROM chunks c
              WHERE c.row = ?1 AND EXISTS (SELECT 1 FROM sample_evidence WHERE kind = 'chunk' AND target = c.id)
                AND NOT EXISTS (SELECT 1 FROM chunks o WHERE o.id = c.id AND o.row <> c.row)
            """);
        _welcome = new(sql, "DELETE FROM removed_documents WHERE path = ?1");
    }

    /// <summary>Writes a page; its passages of an id that it had before keep their rows.</summary>
    public void Write(Document document, IReadOnlyList<Chunk> chunks, string treeKey, string settings, bool isNew)
    {
        var former = isNew
            ? []
            : _sql.Query<(long Row, string Id)>("SELECT row, id FROM chunks WHERE document_path = @Path ORDER BY ordinal",
                new { document.Path }, _transaction).ToList();
        _document.Run(document.Path, document.Hash, settings, document.Title, document.Language, document.Split.ToString(), document.Text,
            treeKey);
        if (isNew) _welcome.Run(document.Path);
        // Places are unique in a page, so all are vacated before they are given anew.
        else _sql.Execute("UPDATE chunks SET ordinal = -1 - row WHERE document_path = @Path", new { document.Path }, _transaction);
        var free = former.GroupBy(f => f.Id, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => new Queue<long>(g.Select(f => f.Row)), StringComparer.Ordinal);
        for (var i = 0; i < chunks.Count; i++)
        {
            var chunk = chunks[i];
            long row;
            if (free.TryGetValue(chunk.Id, out var rows) && rows.TryDequeue(out row))
            {
                _place.Run(row, i, chunk.Span.Start, chunk.Span.Length, CodeBlocks(chunk), chunk.TokenCount, chunk.Context);
                _forget.Run(row);
            }
            else
            {
                _chunk.Run(chunk.Id, chunk.DocumentPath, i, chunk.Span.Start, chunk.Span.Length, LabJson.Write(chunk.HeadingPath),
                    chunk.Text, CodeBlocks(chunk), chunk.TokenCount, chunk.Context);
                row = SQLitePCL.raw.sqlite3_last_insert_rowid(_sql.Handle!);
                _words.ResetWrittenCount();
                foreach (var heading in chunk.HeadingPath) SearchText.Index(heading, _words);
                var headings = _words.WrittenCount;
                SearchText.Index(chunk.Text, _words);
                _index.Run(row, _words.WrittenMemory[..headings], _words.WrittenMemory[headings..]);
            }
            foreach (var link in chunk.SymbolLinks)
                _symbol.Run(row, link.SymbolId, link.Kind.ToString(), link.Confidence, link.Span.Start, link.Span.Length);
            // Chunks that others made may name symbols without saying where.
            foreach (var symbol in chunk.Symbols) _symbol.Run(row, symbol, "name", 1.0, 0, 0);
        }
        foreach (var row in free.Values.SelectMany(rows => rows)) Drop(row, $"{document.Path} no longer has this passage.");
    }

    /// <summary>Takes a page out and marks it as removed.</summary>
    public void Remove(string path)
    {
        foreach (var row in _sql.Query<long>("SELECT row FROM chunks WHERE document_path = @path", new { path }, _transaction).ToList())
            Drop(row, $"The page {path} was removed.");
        _sql.Execute("""
            INSERT OR REPLACE INTO removed_documents (path, hash, title, removed)
              SELECT path, hash, title, @now FROM documents WHERE path = @path;
            DELETE FROM documents WHERE path = @path;
            """, new { path, now = _now }, _transaction);
    }

    public void Dispose()
    {
        foreach (var statement in new[] { _document, _chunk, _place, _symbol, _forget, _index, _unindex, _delete, _retire, _welcome })
            statement.Dispose();
    }

    // Most passages have none.
    private static string CodeBlocks(Chunk chunk) => chunk.CodeBlocks.Count == 0 ? "[]" : LabJson.Write(chunk.CodeBlocks);

    private void Drop(long row, string reason)
    {
        _retire.Run(row, reason, _now);
        _unindex.Run(row);
        _delete.Run(row);
    }
}
