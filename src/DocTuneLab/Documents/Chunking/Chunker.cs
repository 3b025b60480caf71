using DocTuneLab.Documents.Dialects;
using DocTuneLab.Documents.Linking;
using DocTuneLab.Documents.Model;
using DocTuneLab.Text;
using DocTuneLab.Tokenization;

namespace DocTuneLab.Documents.Chunking;

/// <summary>
/// Cuts pages into passages that fit a token budget, along the section tree. Cuts lie before sections, else before
/// blocks, list items and table rows; a code block or row is cut only if it alone exceeds the budget. A heading stays with
/// what follows it, and a lead-in with its list, code or table, where both fit. The rules by example: the tests'
/// <c>*.spec.md</c> files.
/// </summary>
public sealed class Chunker
{
    private readonly Func<string, int> _count;
    private readonly int _max;
    private readonly int _overlap;
    private readonly SymbolLinker? _linker;

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
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxTokens, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(overlapTokens);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(overlapTokens, maxTokens / 2);
        (_count, _max, _overlap, _linker) = (countTokens, maxTokens, overlapTokens, linker);
    }

    /// <summary>The chunks of a page in order; together they hold every non-blank character exactly once.</summary>
    public IReadOnlyList<Chunk> Chunk(Document document)
    {
        var text = document.Text;
        var meter = new TokenMeter(text, _count, _max - _overlap, document.Layout.Tables);
        var chunks = new List<Chunk>();
        var previous = 0;
        foreach (var (piece, (start, end, tokens)) in new SectionPacker(text, meter, document.Layout.Blocks)
            .Pack(document.Root, document.Title)
            .SelectMany(p => meter.Measure(p.Start, p.End), (p, r) => (p, r)))
        {
            var header = meter.HeaderOf(start) is { } table ? text[table.Start..table.Body] : "";
            // The header and the overlap may change without making samples stale.
            var body = text[start..end];
            var id = ContentHash.Of([.. piece.Path, body]);
            var links = _linker?.Link(document, new(start, end - start), piece.Path) ?? [];
            chunks.Add(new()
            {
                Id = id,
                DocumentPath = document.Path,
                Span = new(start, end - start),
                HeadingPath = piece.Path,
                Text = body,
                CodeBlocks = CodeIn(document.CodeBlocks, start, end),
                Symbols = [.. links.Select(l => l.SymbolId).Distinct().Order(StringComparer.Ordinal)],
                TokenCount = tokens,
                Context = (chunks.Count > 0 && _overlap > 0
                    ? Overlap(text, previous, start, header.Length == 0 ? start : meter.HeaderOf(start)!.Value.Start)
                    : "") + header,
                SymbolLinks = links,
            });
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
            if (_count(text[line..end].Trim()) > _overlap) break;
            start = line;
        }
        var overlap = text[start..end].Trim('\n');
        return overlap.Length == 0 ? "" : overlap + "\n";
    }

    private static List<CodeBlock> CodeIn(IReadOnlyList<CodeBlock> blocks, int start, int end)
    {
        var (low, high) = (0, blocks.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (blocks[middle].Span.Start < start) low = middle + 1;
            else high = middle;
        }
        return [.. blocks.Skip(low).TakeWhile(b => b.Span.Start < end).Where(b => b.Span.End <= end)];
    }
}
