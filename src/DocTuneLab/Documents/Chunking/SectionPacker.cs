using DocTuneLab.Documents.Model;

namespace DocTuneLab.Documents.Chunking;

/// <summary>A passage in the making.</summary>
/// <param name="Start">Its start.</param>
/// <param name="End">Its end.</param>
/// <param name="Path">Its heading path.</param>
/// <param name="Whole">Whether it is exactly one section.</param>
internal readonly record struct Piece(int Start, int End, IReadOnlyList<string> Path, bool Whole);

/// <summary>Packs the sections and blocks of one page into pieces that fit.</summary>
internal sealed class SectionPacker(string text, TokenMeter meter, IReadOnlyList<BlockTree.Node> blocks)
{
    /// <summary>Pieces in order; they partition the page.</summary>
    public IReadOnlyList<Piece> Pack(Section root, string title) => Sections(root, [title]);

    private List<Piece> Sections(Section section, IReadOnlyList<string> parents)
    {
        IReadOnlyList<string> path = section.Heading.Length == 0 || (parents.Count == 1 && parents[0] == section.Heading)
            ? parents
            : [.. parents, section.Heading];
        if (meter.Fits(section.Span.Start, section.Span.End)) return [new(section.Span.Start, section.Span.End, path, true)];

        var bodyEnd = section.Children.Count > 0 ? section.Children[0].Span.Start : section.Span.End;
        var own = Between(section.Span.Start, bodyEnd);
        var pieces = Pack(section.Span.Start, bodyEnd, own).Select(p => new Piece(p.Start, p.End, path, false)).ToList();
        // A bare heading says nothing alone: it goes with the first subsection, if that has room.
        var bare = pieces.Count == 1 && own.All(b => b.Kind == BlockTree.Kind.Heading);
        var wholeBefore = false;
        foreach (var child in section.Children)
        {
            var made = Sections(child, path);
            var whole = made is [{ Whole: true }];
            if (pieces is [.., var last] && meter.Fits(last.Start, made[0].End))
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
    private List<(int Start, int End)> Pack(int start, int end, IReadOnlyList<BlockTree.Node> units)
    {
        // A page kept as plain text has no blocks.
        if (units.Count == 0 && start < end) return TextSplitter.Split(text, start, end, meter.Fits);
        var ranges = new List<(int Start, int End)>();
        var (open, cursor) = (start, start);
        for (var i = 0; i < units.Count; i++)
        {
            var (first, unitStart, unitEnd) = (i, cursor, EndOf(i));
            // Heading and lead-in stay with what they introduce.
            while (i + 1 < units.Count && units[i].Introduces(units[i + 1], text) && meter.Fits(unitStart, EndOf(i + 1)))
                unitEnd = EndOf(++i);
            cursor = unitEnd;
            if (meter.Fits(open, unitEnd)) continue;

            // A lead-in that cannot keep all of its list or code still keeps the beginning of it.
            var lead = LeadOf(first, unitStart);
            // Code that fits is cut for nothing but a heading that would be left alone.
            var isCut = units[i].Kind != BlockTree.Kind.Code || !meter.Fits(unitStart, unitEnd) || (lead < unitStart && IsHeading(lead, i));
            var parts = isCut ? PartsOf(units[i], unitEnd) : [];
            var keepsLead = isCut && lead < unitStart && first == i
                && (parts is [_, var second, ..] ? meter.Fits(lead, second.Start) : units[i].Kind == BlockTree.Kind.Code);
            var from = keepsLead ? lead : unitStart;
            if (open < from) ranges.Add((open, from));
            open = from;
            if (meter.Fits(open, unitEnd)) continue;
            var inner = Split(open, unitEnd, parts);
            ranges.AddRange(inner[..^1]);
            open = inner[^1].Start;
        }
        if (open < end) ranges.Add((open, end));
        return ranges;

        bool IsHeading(int lead, int before) =>
            units.Take(before).SkipWhile(u => u.Start < lead).All(u => u.Kind == BlockTree.Kind.Heading);

        int EndOf(int index) => index + 1 < units.Count ? units[index + 1].Start : end;

        int LeadOf(int index, int unitStart)
        {
            var at = index;
            while (at > 0 && units[at].Start > open && units[at - 1].Introduces(units[at], text)) at--;
            return at == index ? unitStart : Math.Max(open, units[at].Start);
        }
    }

    private List<(int Start, int End)> Split(int start, int end, IReadOnlyList<BlockTree.Node> parts) =>
        parts.Count > 1 ? Pack(start, end, parts)
        : parts is [{ Children.Count: > 0 } only] ? Split(start, end, only.Children)
        : TextSplitter.Split(text, start, end, meter.Fits);

    // Code is looked into only where it does not fit.
    private IReadOnlyList<BlockTree.Node> PartsOf(BlockTree.Node block, int end) =>
        block is { Kind: BlockTree.Kind.Code, Children.Count: 0 } ? new CodeOutline(text, block.Start, end).Parts() : block.Children;

    /// <summary>Blocks that start in a range, found by search: a page of many sections would otherwise be gone through for each.</summary>
    private List<BlockTree.Node> Between(int start, int end)
    {
        var (low, high) = (0, blocks.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (blocks[middle].Start < start) low = middle + 1;
            else high = middle;
        }
        var list = new List<BlockTree.Node>();
        for (; low < blocks.Count && blocks[low].Start < end; low++) list.Add(blocks[low]);
        return list;
    }
}
