using DocTuneLab.Tokenization;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace DocTuneLab.Documents;

/// <summary>
/// Cuts pages into passages that fit a token budget, along the section tree. Cuts lie before sections, else before
/// blocks, list items and table rows; a code block or row is cut only if it alone exceeds the budget. A heading stays with
/// what follows it, and a lead-in with its list, code or table, where both fit.
/// </summary>
public sealed class Chunker
{
    private readonly Func<string, int> _count;
    private readonly int _max;
    private readonly SymbolLinker? _linker;

    /// <summary>A chunker that counts with a tokenizer.</summary>
    public Chunker(ITokenizer tokenizer, int maxTokens = 384, SymbolLinker? linker = null) : this(tokenizer.Count, maxTokens, linker) { }

    /// <summary>A chunker that counts with a function.</summary>
    /// <param name="countTokens">Number of tokens of a text.</param>
    /// <param name="maxTokens">Budget of a chunk; default 384.</param>
    /// <param name="linker">Finds library members in chunks; null leaves <see cref="Chunk.Symbols"/> empty.</param>
    public Chunker(Func<string, int> countTokens, int maxTokens = 384, SymbolLinker? linker = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxTokens, 1);
        (_count, _max, _linker) = (countTokens, maxTokens, linker);
    }

    /// <summary>A passage in the making; whole means exactly one section.</summary>
    private readonly record struct Piece(int Start, int End, IReadOnlyList<string> Path, bool Whole);

    /// <summary>The chunks of a page in order; together they hold every non-blank character exactly once.</summary>
    public IReadOnlyList<Chunk> Chunk(Document document)
    {
        var tree = MarkdownSource.Parse(document.Text);
        var blocks = BlockTree.Build(document.Text, tree);
        var codeSpans = tree.Descendants<CodeInline>().Select(c => MarkdownSource.SpanOf(c, document.Text)).ToList();
        var chunks = new List<Chunk>();
        foreach (var piece in Sections(document.Text, document.Root, blocks, [document.Title]))
        {
            var (start, end) = Trim(document.Text, piece.Start, piece.End);
            if (start == end) continue;
            var text = document.Text[start..end];
            var code = document.CodeBlocks.Where(b => b.Span.Start >= start && b.Span.End <= end).ToList();
            var symbols = _linker is null ? [] : Symbols(document, start, end, codeSpans, piece.Path);
            chunks.Add(new(ContentHash.Of([.. piece.Path, text]), document.Path, new(start, end - start), piece.Path, text, code, symbols, _count(text)));
        }
        return chunks;
    }

    private List<Piece> Sections(string text, Section section, IReadOnlyList<BlockTree.Node> blocks, IReadOnlyList<string> parents)
    {
        IReadOnlyList<string> path = section.Heading.Length == 0 || (parents.Count == 1 && parents[0] == section.Heading) ? parents : [.. parents, section.Heading];
        if (Fits(text, section.Span.Start, section.Span.End)) return [new(section.Span.Start, section.Span.End, path, true)];

        var bodyEnd = section.Children.Count > 0 ? section.Children[0].Span.Start : section.Span.End;
        var own = blocks.Where(b => b.Start >= section.Span.Start && b.Start < bodyEnd).ToList();
        var pieces = Pack(text, section.Span.Start, bodyEnd, own).Select(p => new Piece(p.Start, p.End, path, false)).ToList();
        // A bare heading says nothing alone: it goes with the first subsection, if that has room.
        var bare = pieces.Count == 1 && own.All(b => b.Kind == BlockTree.Kind.Heading);
        var wholeBefore = false;
        foreach (var child in section.Children)
        {
            var made = Sections(text, child, blocks, path);
            var whole = made is [{ Whole: true }];
            if (pieces is [.., var last] && Fits(text, last.Start, made[0].End))
            {
                if (bare && pieces.Count == 1)
                {
                    made[0] = made[0] with { Start = last.Start };
                    pieces.Clear();
                }
                else if (whole && wholeBefore)
                {
                    // Small neighbours share a passage under the heading that they have in common.
                    pieces[^1] = new(last.Start, made[0].End, path, false);
                    continue;
                }
            }
            bare = false;
            pieces.AddRange(made);
            wholeBefore = whole;
        }
        return pieces;
    }

    /// <summary>Packs consecutive blocks greedily into ranges that fit.</summary>
    private List<(int Start, int End)> Pack(string text, int start, int end, IReadOnlyList<BlockTree.Node> blocks)
    {
        var ranges = new List<(int Start, int End)>();
        var (open, cursor) = (start, start);
        for (var i = 0; i < blocks.Count; i++)
        {
            var (first, unitStart, unitEnd) = (i, cursor, EndOf(i));
            // Heading and lead-in stay with what they introduce.
            while (i + 1 < blocks.Count && blocks[i].Introduces(blocks[i + 1], text) && Fits(text, unitStart, EndOf(i + 1))) unitEnd = EndOf(++i);
            cursor = unitEnd;
            if (Fits(text, open, unitEnd)) continue;

            // A lead-in that cannot keep all of its list still keeps the beginning of it.
            var lead = LeadOf(first, unitStart);
            var keepsLead = lead < unitStart && first == i && blocks[i].Children is [_, var second, ..] && Fits(text, lead, second.Start);
            var from = keepsLead ? lead : unitStart;
            if (open < from) ranges.Add((open, from));
            open = from;
            if (Fits(text, open, unitEnd)) continue;
            var inner = Split(text, open, unitEnd, blocks[i]);
            ranges.AddRange(inner[..^1]);
            open = inner[^1].Start;
        }
        if (open < end) ranges.Add((open, end));
        return ranges;

        int EndOf(int index) => index + 1 < blocks.Count ? blocks[index + 1].Start : end;

        int LeadOf(int index, int unitStart)
        {
            var at = index;
            while (at > 0 && blocks[at].Start > open && blocks[at - 1].Introduces(blocks[at], text)) at--;
            return at == index ? unitStart : Math.Max(open, blocks[at].Start);
        }
    }

    private List<(int Start, int End)> Split(string text, int start, int end, BlockTree.Node block)
    {
        if (block.Children.Count > 1) return Pack(text, start, end, block.Children);
        return block.Children is [{ Children.Count: > 0 } only] ? Split(text, start, end, only) : TextSplitter.Split(text, start, end, Fits);
    }

    private bool Fits(string text, int start, int end)
    {
        (start, end) = Trim(text, start, end);
        return start == end || _count(text[start..end]) <= _max;
    }

    /// <summary>Without blank lines around; the first line keeps its indentation, which code and lists need.</summary>
    private static (int Start, int End) Trim(string text, int start, int end)
    {
        while (end > start && char.IsWhiteSpace(text[end - 1])) end--;
        var first = start;
        while (first < end && char.IsWhiteSpace(text[first])) first++;
        return (Math.Max(start, MarkdownSource.LineStart(text, first)), end);
    }

    private IReadOnlyList<string> Symbols(Document document, int start, int end, List<SourceSpan> codeSpans, IReadOnlyList<string> path)
    {
        var regions = codeSpans.Concat(document.CodeBlocks.Select(b => b.Span))
            .Select(s => (Start: Math.Max(s.Start, start), End: Math.Min(s.End, end))).Where(r => r.Start < r.End).OrderBy(r => r.Start).ToList();
        var prose = new System.Text.StringBuilder();
        var cursor = start;
        foreach (var region in regions)
        {
            if (region.Start > cursor) prose.Append(document.Text.AsSpan(cursor, region.Start - cursor)).Append('\n');
            cursor = Math.Max(cursor, region.End);
        }
        prose.Append(document.Text.AsSpan(cursor, end - cursor));
        return _linker!.Link(prose.ToString(), regions.Select(r => document.Text[r.Start..r.End]), path);
    }
}
