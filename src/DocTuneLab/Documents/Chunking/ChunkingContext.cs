using DocTuneLab.Documents.Linking;
using DocTuneLab.Documents.Model;
using DocTuneLab.Text;

namespace DocTuneLab.Documents.Chunking;

/// <summary>What a chunker works with: how tokens are counted, the budget, and what finds library members in a passage.</summary>
public sealed class ChunkingContext
{
    private readonly SymbolLinker? _linker;

    /// <summary>A context.</summary>
    /// <param name="countTokens">Number of tokens of a text.</param>
    /// <param name="maxTokens">Budget of a chunk with its context.</param>
    /// <param name="linker">Finds library members in chunks; null leaves <see cref="Model.Chunk.Symbols"/> empty.</param>
    public ChunkingContext(Func<string, int> countTokens, int maxTokens, SymbolLinker? linker = null) =>
        (CountTokens, MaxTokens, _linker) = (countTokens, maxTokens, linker);

    /// <summary>Number of tokens of a text.</summary>
    public Func<string, int> CountTokens { get; }

    /// <summary>Budget of a chunk with its context, in tokens.</summary>
    public int MaxTokens { get; }

    /// <summary>The chunk that covers a part of a page, with its tokens, code blocks and library members.</summary>
    /// <param name="document">The page.</param>
    /// <param name="start">Its first character in the page's text.</param>
    /// <param name="end">Past its last character.</param>
    /// <param name="headings">Headings from the page's title down.</param>
    /// <param name="context">See <see cref="Model.Chunk.Context"/>. Default none.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part does not lie in the page, or is empty.</exception>
    public Chunk ChunkOf(Document document, int start, int end, IReadOnlyList<string> headings, string context = "")
    {
        ArgumentNullException.ThrowIfNull(document);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(end, document.Text.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(start, end);
        return Counted(document, start, end, headings, context, CountTokens(document.Text[start..end]));
    }

    /// <summary>As <see cref="ChunkOf"/>, of a passage whose tokens are counted already.</summary>
    internal Chunk Counted(Document document, int start, int end, IReadOnlyList<string> headings, string context, int tokens)
    {
        // The context may change without making samples stale.
        var body = document.Text[start..end];
        var links = _linker?.Link(document, new(start, end - start), headings) ?? [];
        return new()
        {
            Id = ContentHash.Of([.. headings, body]),
            DocumentPath = document.Path,
            Span = new(start, end - start),
            HeadingPath = headings,
            Text = body,
            CodeBlocks = CodeIn(document.Text, document.CodeBlocks, start, end),
            Symbols = [.. links.Select(l => l.SymbolId).Distinct().Order(StringComparer.Ordinal)],
            TokenCount = tokens,
            Context = context,
            SymbolLinks = links,
        };
    }

    private static List<CodeBlock> CodeIn(string text, IReadOnlyList<CodeBlock> blocks, int start, int end)
    {
        var (low, high) = (0, blocks.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (blocks[middle].Span.Start < start) low = middle + 1;
            else high = middle;
        }
        return [.. blocks.Skip(Math.Max(0, low - 1)).TakeWhile(b => b.Span.Start < end).Where(b => b.Span.End > start)
            .Select(b => b.Span.Start >= start && b.Span.End <= end ? b : PartOf(text, b, start, end))];
    }

    /// <summary>The lines of a block that a passage holds: code, too.</summary>
    private static CodeBlock PartOf(string text, CodeBlock block, int start, int end)
    {
        var (from, to) = (Math.Max(start, block.Span.Start), Math.Min(end, block.Span.End));
        var lines = text[from..to].Split('\n').Where(l => !l.TrimStart(' ', '\t', '>').StartsWith("```", StringComparison.Ordinal)
            && !l.TrimStart(' ', '\t', '>').StartsWith("~~~", StringComparison.Ordinal)).ToList();
        var indent = lines.Where(l => l.Trim().Length > 0).Select(l => l.Length - l.TrimStart().Length).DefaultIfEmpty(0).Min();
        return block with
        {
            Code = string.Join('\n', lines.Select(l => l.Length >= indent ? l[indent..] : "")).TrimEnd(),
            Span = new(from, to - from),
        };
    }
}
