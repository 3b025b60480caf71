using DocTuneLab.Documents.Dialects;
using DocTuneLab.Documents.Linking;
using DocTuneLab.Documents.Model;
using DocTuneLab.Tokenization;

namespace DocTuneLab.Documents.Chunking;

/// <summary>
/// Cuts pages into passages that fit a token budget, along the section tree. Cuts lie before sections, else before
/// blocks, list items, table rows and statements of code; a statement or row is cut only if it alone exceeds the budget. A heading stays
/// with what follows it, and a label or lead-in with its text, list, code or table, where both fit. What begins inside a table or code
/// repeats, as its context, what it needs of the lines before. The rules by example: the tests'
/// <c>*.spec.md</c> files.
/// </summary>
public sealed class Chunker : IChunker
{
    private readonly ChunkingContext _context;
    private readonly int _overlap;

    /// <summary>A chunker that counts with a tokenizer.</summary>
    public Chunker(ITokenizer tokenizer, int maxTokens = 384, SymbolLinker? linker = null, int overlapTokens = 0)
        : this(tokenizer.Count, maxTokens, linker, overlapTokens) { }

    /// <summary>A chunker that counts with a function.</summary>
    /// <param name="countTokens">Number of tokens of a text.</param>
    /// <param name="maxTokens">Budget of a chunk with its context; default 384.</param>
    /// <param name="linker">Finds library members in chunks; null leaves <see cref="Chunk.Symbols"/> empty.</param>
    /// <param name="overlapTokens">How much of the passage before, in whole lines, a chunk repeats as its context;
    /// at most half of the budget. Default 0.</param>
    public Chunker(Func<string, int> countTokens, int maxTokens = 384, SymbolLinker? linker = null, int overlapTokens = 0)
        : this(new ChunkingContext(countTokens, maxTokens, linker), overlapTokens) { }

    /// <summary>A chunker in a context.</summary>
    /// <param name="context">How tokens are counted, and the budget.</param>
    /// <param name="overlapTokens">How much of the passage before, in whole lines, a chunk repeats as its context;
    /// at most half of the budget. Default 0.</param>
    public Chunker(ChunkingContext context, int overlapTokens = 0)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentOutOfRangeException.ThrowIfLessThan(context.MaxTokens, 1, "maxTokens");
        ArgumentOutOfRangeException.ThrowIfNegative(overlapTokens);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(overlapTokens, context.MaxTokens / 2);
        (_context, _overlap) = (context, overlapTokens);
    }

    /// <inheritdoc/>
    public string Settings => $"sections, {_context.MaxTokens} tokens, overlap of {_overlap}";

    /// <summary>The chunks of a page in order; together they hold every non-blank character exactly once.</summary>
    public IReadOnlyList<Chunk> Chunk(Document document)
    {
        var text = document.Text;
        var meter = new TokenMeter(text, _context.CountTokens, _context.MaxTokens - _overlap, document.Layout.Tables,
            document.CodeBlocks);
        var chunks = new List<Chunk>();
        var previous = 0;
        foreach (var (piece, (start, end, tokens)) in new SectionPacker(text, meter, document.Layout.Blocks)
            .Pack(document.Root, document.Title)
            .SelectMany(p => meter.Measure(p.Start, p.End), (p, r) => (p, r)))
        {
            var header = meter.HeaderOf(start);
            var overlap = chunks.Count > 0 && _overlap > 0 ? Overlap(text, previous, start, header?.Start ?? start) : "";
            chunks.Add(_context.Counted(document, start, end, piece.Path, overlap + header?.Text, tokens));
            previous = start;
        }
        return chunks;
    }

    /// <summary>The last lines before a position that fit the overlap, none before <paramref name="from"/>, and none of a table whose
    /// header is repeated.</summary>
    private string Overlap(string text, int from, int to, int limit)
    {
        var end = Math.Min(to, limit);
        var start = end;
        while (start > from)
        {
            var line = Math.Max(from, MarkdownText.LineStart(text, start - 1));
            if (_context.CountTokens(text[line..end].Trim()) > _overlap) break;
            start = line;
        }
        var overlap = text[start..end].Trim('\n');
        return overlap.Length == 0 ? "" : overlap + "\n";
    }
}
