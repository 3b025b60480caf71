using System.Text.Json;
using DocTuneLab.Documents.Model;

namespace DocTuneLab.Storage;

/// <summary>A chunk with its links to symbols, as a query reads it.</summary>
// Properties, not a constructor: a computed column has no type while a result is empty.
internal sealed class ChunkRow
{
    /// <summary>What to select from <c>chunks c</c>.</summary>
    public const string Columns = """
        c.id AS Id, c.document_path AS DocumentPath, c.start AS Start, c.length AS Length, c.heading_path AS HeadingPath, c.text AS Text,
        c.code_blocks AS CodeBlocks,
        (SELECT json_group_array(symbol_id)
           FROM (SELECT symbol_id FROM chunk_symbols WHERE chunk_row = c.row ORDER BY symbol_id)) AS Symbols,
        c.token_count AS TokenCount, c.context AS Context,
        (SELECT json_group_array(json_array(symbol_id, kind, confidence, start, length))
           FROM (SELECT * FROM chunk_symbols WHERE chunk_row = c.row AND length > 0 ORDER BY start, symbol_id)) AS Mentions
        """;

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

    public Chunk ToChunk() => new()
    {
        Id = Id,
        DocumentPath = DocumentPath,
        Span = new(Start, Length),
        HeadingPath = LabJson.Read<List<string>>(HeadingPath),
        Text = Text,
        CodeBlocks = LabJson.Read<List<CodeBlock>>(CodeBlocks),
        Symbols = LabJson.Read<List<string>>(Symbols),
        TokenCount = TokenCount,
        Context = Context,
        SymbolLinks = [.. LabJson.Read<List<JsonElement>>(Mentions).Select(ToLink)],
    };

    private static SymbolLink ToLink(JsonElement mention) => new(
        mention[0].GetString()!, Enum.Parse<SymbolLinkKind>(mention[1].GetString()!), mention[2].GetDouble(),
        new(mention[3].GetInt32(), mention[4].GetInt32()));
}
