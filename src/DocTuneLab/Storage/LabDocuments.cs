using System.Text.Json;
using Dapper;
using DocTuneLab.Documents.Model;
using DocTuneLab.Documents.Parsing;
using DocTuneLab.Library;

namespace DocTuneLab.Storage;

public sealed partial class Lab
{
    private const string ChunkColumns = """
        c.id AS Id, c.document_path AS DocumentPath, c.start AS Start, c.length AS Length, c.heading_path AS HeadingPath, c.text AS Text, c.code_blocks AS CodeBlocks,
        (SELECT json_group_array(symbol_id) FROM (SELECT symbol_id FROM chunk_symbols WHERE chunk_row = c.row ORDER BY symbol_id)) AS Symbols, c.token_count AS TokenCount, c.context AS Context,
        (SELECT json_group_array(json_array(symbol_id, kind, confidence, start, length)) FROM (SELECT * FROM chunk_symbols WHERE chunk_row = c.row AND length > 0 ORDER BY start, symbol_id)) AS Mentions
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
        public string Context { get; init; } = "";
        public string Mentions { get; init; } = "";

        public Chunk ToChunk() => new(Id, DocumentPath, new(Start, Length), FromJson<List<string>>(HeadingPath), Text, FromJson<List<CodeBlock>>(CodeBlocks), FromJson<List<string>>(Symbols), TokenCount)
        {
            Context = Context,
            SymbolLinks = [.. FromJson<List<JsonElement>>(Mentions).Select(m => new SymbolLink(m[0].GetString()!, Enum.Parse<SymbolLinkKind>(m[1].GetString()!), m[2].GetDouble(), new(m[3].GetInt32(), m[4].GetInt32())))],
        };
    }

    private sealed record DocumentRow(string Path, string Hash, string Title, string Split, string Language, string Text, string TreeKey);

    private sealed record ParseTree(IReadOnlyDictionary<string, string> FrontMatter, Section Root, IReadOnlyList<CodeBlock> CodeBlocks);

    /// <summary>All pages with their parse trees, in ordinal order of paths.</summary>
    public IReadOnlyList<Document> Documents()
    {
        lock (_gate)
        {
            return [.. _sql.Query<DocumentRow>("SELECT path, hash, title, split, language, text, tree_key AS TreeKey FROM documents ORDER BY path").Select(d =>
            {
                var tree = FromJson<ParseTree>(Stored(d.TreeKey) ?? throw new LabException($"{Directory}: the parse tree of {d.Path} is missing from lab.litedb. Parse the documents into a new lab folder."));
                return new Document(d.Path, d.Text, d.Hash, d.Title, tree.FrontMatter, tree.Root, tree.CodeBlocks, d.Language, Enum.Parse<Split>(d.Split)) { ReadLayout = () => MarkdownParser.LayoutOf(d.Path, d.Text) };
            })];
        }
    }

    /// <summary>Chunks in order, of all pages or one.</summary>
    public IReadOnlyList<Chunk> Chunks(string? documentPath = null) =>
        [.. Query<ChunkRow>($"SELECT {ChunkColumns} FROM chunks c WHERE @documentPath IS NULL OR c.document_path = @documentPath ORDER BY c.document_path, c.ordinal", new { documentPath }).Select(r => r.ToChunk())];

    /// <summary>Chunks that mention a library member.</summary>
    public IReadOnlyList<Chunk> ChunksMentioning(string symbolId) =>
        [.. Query<ChunkRow>($"SELECT {ChunkColumns} FROM chunks c JOIN chunk_symbols s ON s.chunk_row = c.row WHERE s.symbol_id = @symbolId ORDER BY c.document_path, c.ordinal", new { symbolId }).Select(r => r.ToChunk())];

    /// <summary>All symbols, types followed by their members.</summary>
    public IReadOnlyList<ApiSymbol> Symbols() => [.. Query<string>("SELECT data FROM symbols ORDER BY ordinal").Select(FromJson<ApiSymbol>)];
}
