using Dapper;
using DocTuneLab.Documents;
using DocTuneLab.Library;
using Microsoft.Data.Sqlite;

namespace DocTuneLab.Storage;

/// <summary>What <see cref="Lab.SaveDocuments"/> did, in pages.</summary>
public sealed record DocumentChanges(int Added, int Changed, int Unchanged, int Removed);

/// <summary>A passage that matches a search.</summary>
/// <param name="Chunk">The passage.</param>
/// <param name="Score">BM25, higher is better; headings weigh double.</param>
public sealed record SearchHit(Chunk Chunk, double Score);

public sealed partial class Lab
{
    private const string ChunkColumns = """
        c.id AS Id, c.document_path AS DocumentPath, c.start AS Start, c.length AS Length, c.heading_path AS HeadingPath, c.text AS Text, c.code_blocks AS CodeBlocks,
        (SELECT json_group_array(symbol_id) FROM (SELECT symbol_id FROM chunk_symbols WHERE chunk_row = c.row ORDER BY symbol_id)) AS Symbols, c.token_count AS TokenCount
        """;

    // Properties, not a constructor: a computed column has no type while a result is empty.
    private sealed class ChunkRow
    {
        public string Id { get; init; } = "";
        public string DocumentPath { get; init; } = "";
        public int Start { get; init; }
        public int Length { get; init; }
        public string HeadingPath { get; init; } = "";
        public string Text { get; init; } = "";
        public string CodeBlocks { get; init; } = "";
        public string Symbols { get; init; } = "";
        public int TokenCount { get; init; }

        public Chunk ToChunk() => new(Id, DocumentPath, new(Start, Length), FromJson<List<string>>(HeadingPath), Text, FromJson<List<CodeBlock>>(CodeBlocks), FromJson<List<string>>(Symbols), TokenCount);
    }

    private sealed record DocumentRow(string Path, string Hash, string Title, string Split, string Language, string Text, string TreeKey);

    private sealed record ParseTree(IReadOnlyDictionary<string, string> FrontMatter, Section Root, IReadOnlyList<CodeBlock> CodeBlocks);

    /// <summary>Makes the lab's pages and chunks those of a documentation folder: an unchanged page costs a comparison, pages no longer there are removed.</summary>
    /// <param name="documents">All pages.</param>
    /// <param name="chunk">Cuts a page; called for new and changed pages only.</param>
    /// <param name="settings">What the cutting depends on (budget, tokenizer, library), such as a hash; another value cuts all pages anew.</param>
    public DocumentChanges SaveDocuments(IReadOnlyList<Document> documents, Func<Document, IReadOnlyList<Chunk>> chunk, string settings)
    {
        lock (_gate)
        {
            var store = Writing();
            var known = _sql.Query<(string Path, string Hash, string Settings, string Split)>("SELECT path, hash, settings, split FROM documents").ToDictionary(d => d.Path, StringComparer.Ordinal);
            var changed = documents.Where(d => !known.TryGetValue(d.Path, out var k) || k.Hash != d.Hash || k.Settings != settings || k.Split != d.Split.ToString())
                .Select(d => (Document: d, Chunks: chunk(d), TreeKey: store.Put("parse-tree", ToJson(new ParseTree(d.FrontMatter, d.Root, d.CodeBlocks))))).ToList();
            var removed = known.Keys.Except(documents.Select(d => d.Path)).ToList();
            using var transaction = _sql.BeginTransaction();
            foreach (var path in removed.Concat(changed.Select(c => c.Document.Path)))
                _sql.Execute("DELETE FROM chunks_fts WHERE rowid IN (SELECT row FROM chunks WHERE document_path = @path); DELETE FROM documents WHERE path = @path", new { path }, transaction);
            foreach (var (document, chunks, treeKey) in changed) Insert(document, chunks, treeKey, settings, transaction);
            transaction.Commit();
            var added = changed.Count(c => !known.ContainsKey(c.Document.Path));
            return new(added, changed.Count - added, documents.Count - changed.Count, removed.Count);
        }
    }

    private void Insert(Document document, IReadOnlyList<Chunk> chunks, string treeKey, string settings, SqliteTransaction transaction)
    {
        _sql.Execute("INSERT INTO documents (path, hash, settings, title, language, split, text, tree_key) VALUES (@Path, @Hash, @settings, @Title, @Language, @split, @Text, @treeKey)",
            new { document.Path, document.Hash, settings, document.Title, document.Language, split = document.Split.ToString(), document.Text, treeKey }, transaction);
        for (var i = 0; i < chunks.Count; i++)
        {
            var c = chunks[i];
            var row = _sql.ExecuteScalar<long>("""
                INSERT INTO chunks (id, document_path, ordinal, start, length, heading_path, text, code_blocks, token_count)
                VALUES (@Id, @DocumentPath, @i, @Start, @Length, @headings, @Text, @code, @TokenCount) RETURNING row
                """, new { c.Id, c.DocumentPath, i, c.Span.Start, c.Span.Length, headings = ToJson(c.HeadingPath), c.Text, code = ToJson(c.CodeBlocks), c.TokenCount }, transaction);
            foreach (var symbol in c.Symbols.Distinct())
                _sql.Execute("INSERT INTO chunk_symbols (chunk_row, symbol_id) VALUES (@row, @symbol)", new { row, symbol }, transaction);
            _sql.Execute("INSERT INTO chunks_fts (rowid, heading, text) VALUES (@row, search_text(@headings), search_text(@Text))", new { row, headings = ToJson(c.HeadingPath), c.Text }, transaction);
        }
    }

    /// <summary>All pages with their parse trees, in ordinal order of paths.</summary>
    public IReadOnlyList<Document> Documents()
    {
        lock (_gate)
        {
            return [.. _sql.Query<DocumentRow>("SELECT path, hash, title, split, language, text, tree_key AS TreeKey FROM documents ORDER BY path").Select(d =>
            {
                var tree = FromJson<ParseTree>(Stored(d.TreeKey) ?? throw new LabException($"{Directory}: the parse tree of {d.Path} is missing from lab.litedb. Parse the documents into a new lab folder."));
                return new Document(d.Path, d.Text, d.Hash, d.Title, tree.FrontMatter, tree.Root, tree.CodeBlocks, d.Language, Enum.Parse<Split>(d.Split));
            })];
        }
    }

    /// <summary>Chunks in order, of all pages or one.</summary>
    public IReadOnlyList<Chunk> Chunks(string? documentPath = null) =>
        [.. Query<ChunkRow>($"SELECT {ChunkColumns} FROM chunks c WHERE @documentPath IS NULL OR c.document_path = @documentPath ORDER BY c.document_path, c.ordinal", new { documentPath }).Select(r => r.ToChunk())];

    /// <summary>Chunks that mention a library member.</summary>
    public IReadOnlyList<Chunk> ChunksMentioning(string symbolId) =>
        [.. Query<ChunkRow>($"SELECT {ChunkColumns} FROM chunks c JOIN chunk_symbols s ON s.chunk_row = c.row WHERE s.symbol_id = @symbolId ORDER BY c.document_path, c.ordinal", new { symbolId }).Select(r => r.ToChunk())];

    /// <summary>Full-text search: any word of the query, identifiers also by their parts, CJK text by character; best first.</summary>
    public IReadOnlyList<SearchHit> Search(string query, int limit = 10)
    {
        var match = SearchText.Query(query);
        if (match.Length == 0) return [];
        lock (_gate)
        {
            return [.. _sql.Query<ChunkRow, double, SearchHit>(
                $"SELECT {ChunkColumns}, -bm25(chunks_fts, 2.0, 1.0) AS Score FROM chunks_fts JOIN chunks c ON c.row = chunks_fts.rowid WHERE chunks_fts MATCH @match ORDER BY bm25(chunks_fts, 2.0, 1.0), c.row LIMIT @limit",
                (row, score) => new(row.ToChunk(), score), new { match, limit }, splitOn: "Score")];
        }
    }

    /// <summary>Makes the lab's symbols those of a library; nothing happens if it is the same.</summary>
    /// <returns>Whether they were written.</returns>
    public bool SaveSymbols(ApiModel api) => Transact(transaction =>
    {
        if (_sql.ExecuteScalar<string?>("SELECT value FROM meta WHERE key = 'api-hash'", transaction: transaction) == api.Hash) return false;
        _sql.Execute("DELETE FROM symbols", transaction: transaction);
        _sql.Execute("INSERT INTO symbols (id, ordinal, kind, name, namespace, containing_type, signature, summary, data) VALUES (@Id, @i, @kind, @Name, @Namespace, @ContainingType, @Signature, @Summary, @data)",
            api.Symbols.Select((s, i) => new { s.Id, i, kind = s.Kind.ToString(), s.Name, s.Namespace, s.ContainingType, s.Signature, s.Summary, data = ToJson(s) }), transaction);
        _sql.Execute("INSERT INTO meta (key, value) VALUES ('api-hash', @Hash) ON CONFLICT (key) DO UPDATE SET value = @Hash", new { api.Hash }, transaction);
        return true;
    });

    /// <summary>All symbols, types followed by their members.</summary>
    public IReadOnlyList<ApiSymbol> Symbols() => [.. Query<string>("SELECT data FROM symbols ORDER BY ordinal").Select(FromJson<ApiSymbol>)];
}
