using Dapper;
using DocTuneLab.Documents.Dialects;
using DocTuneLab.Documents.Model;
using DocTuneLab.Documents.Parsing;
using DocTuneLab.Library;

namespace DocTuneLab.Storage;

/// <summary>The pages of a lab with their chunks, and the symbols of the library that they document.</summary>
public sealed class LabDocuments
{
    private readonly LabDatabase _database;
    private readonly LabIngest _ingest;

    internal LabDocuments(LabDatabase database) => (_database, _ingest) = (database, new(database));

    private sealed record DocumentRow(string Path, string Hash, string Title, string Split, string Language, string Text, string TreeKey);

    /// <summary>All pages with their parse trees, in ordinal order of paths.</summary>
    /// <param name="dialects">Those that the pages were parsed with, by which elements and links are found again when they are asked for;
    /// default those that ship.</param>
    /// <exception cref="LabException">A parse tree is missing.</exception>
    public IReadOnlyList<Document> Pages(IReadOnlyList<Dialect>? dialects = null) => _database.Read<IReadOnlyList<Document>>(() =>
    {
        var syntax = MarkdownSyntax.Of(dialects ?? BuiltInDialects.All);
        return [.. _database.Sql
            .Query<DocumentRow>("SELECT path, hash, title, split, language, text, tree_key AS TreeKey FROM documents ORDER BY path")
            .Select(r => ToDocument(r, syntax))];
    });

    /// <summary>Chunks in order, of all pages or one.</summary>
    public IReadOnlyList<Chunk> Chunks(string? documentPath = null) => [.. _database.Query<ChunkRow>(
        $"SELECT {ChunkRow.Columns} FROM chunks c WHERE @documentPath IS NULL OR c.document_path = @documentPath "
            + "ORDER BY c.document_path, c.ordinal",
        new { documentPath }).Select(r => r.ToChunk())];

    /// <summary>Chunks that mention a library member.</summary>
    public IReadOnlyList<Chunk> ChunksMentioning(string symbolId) => [.. _database.Query<ChunkRow>(
        $"SELECT {ChunkRow.Columns} FROM chunks c JOIN chunk_symbols s ON s.chunk_row = c.row WHERE s.symbol_id = @symbolId "
            + "ORDER BY c.document_path, c.ordinal",
        new { symbolId }).Select(r => r.ToChunk())];

    /// <summary>All symbols, types followed by their members.</summary>
    public IReadOnlyList<ApiSymbol> Symbols() =>
        [.. _database.Query<string>("SELECT data FROM symbols ORDER BY ordinal").Select(LabJson.Read<ApiSymbol>)];

    /// <summary>
    /// Full-text search: any word of the query, identifiers also by their parts, CJK text by pairs of characters; best first.
    /// Words that stand nearly everywhere say little and cost most, so they are left out where rarer ones match.
    /// </summary>
    public IReadOnlyList<SearchHit> Search(string query, int limit = 10) => LabSearch.Find(_database, query, limit);

    /// <summary>
    /// Reads documentation and library into the lab. Where no file changed since the last time, that is all that is looked at;
    /// where some did, unchanged pages are not cut again.
    /// </summary>
    /// <param name="options">What to parse.</param>
    /// <param name="progress">Pages cut so far, and in all.</param>
    /// <param name="input">What was read of <paramref name="options"/> already, by a caller that needs it too;
    /// null reads what is needed.</param>
    /// <param name="cancellation">Stops after the page at hand; what is done is kept.</param>
    /// <exception cref="LabException">A folder or assembly is missing or unreadable; the lab cannot be written.</exception>
    public ParseReport Parse(
        ParseOptions options, IProgress<(int Done, int Total)>? progress = null, ParseInput? input = null,
        CancellationToken cancellation = default) =>
        new LabParse(_database, _ingest, options).Run(progress, input, cancellation);

    /// <summary>
    /// Makes the lab's pages and chunks those of a documentation folder. An unchanged page costs a comparison; of a changed one
    /// the passages that are still there stay as they are; a page no longer there is marked, and so are the samples built on what is gone.
    /// </summary>
    /// <param name="documents">All pages.</param>
    /// <param name="chunk">Cuts a page; called for new and changed pages only, one after another on a thread of its own.</param>
    /// <param name="settings">What the cutting depends on (budget, tokenizer, library), such as a hash;
    /// another value cuts all pages anew.</param>
    /// <param name="progress">Pages looked at so far.</param>
    /// <param name="cancellation">Stops after the page at hand; what is cut is kept, and the same call later goes on from there.</param>
    /// <exception cref="LabException">The lab cannot be written: disk full, no right to.</exception>
    public DocumentChanges Save(
        IReadOnlyList<Document> documents, Func<Document, IReadOnlyList<Chunk>> chunk, string settings, IProgress<int>? progress = null,
        CancellationToken cancellation = default) => _ingest.Save(documents, chunk, settings, progress, cancellation);

    /// <summary>
    /// Makes the lab's symbols those of a library; nothing happens if it is the same. Samples built on members that are gone or changed
    /// are marked stale.
    /// </summary>
    /// <returns>Whether they were written.</returns>
    public bool SaveSymbols(ApiModel api) => _ingest.SaveSymbols(api);

    private Document ToDocument(DocumentRow row, MarkdownSyntax syntax)
    {
        var stored = _database.Document(row.TreeKey) ?? throw new LabException(
            $"{_database.Directory}: the parse tree of {row.Path} is missing from lab.litedb. Parse the documents into a new lab folder.");
        var tree = LabJson.Read<ParseTree>(stored);
        return new()
        {
            Path = row.Path,
            Text = row.Text,
            Hash = row.Hash,
            Title = row.Title,
            FrontMatter = tree.FrontMatter,
            Root = tree.Root,
            CodeBlocks = tree.CodeBlocks,
            Language = row.Language,
            Split = Enum.Parse<Split>(row.Split),
            ReadLayout = () => MarkdownParser.LayoutOf(row.Path, row.Text, syntax),
        };
    }
}
