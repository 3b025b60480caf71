using DocTuneLab.Documents.Dialects;
using DocTuneLab.Documents.Model;

namespace DocTuneLab.Documents.Chunking;

/// <summary>
/// Says whether ranges of a page fit a budget. Each line is counted once; sums of lines decide where they are far from
/// the budget, and only near it is the range itself counted, so a page costs about two tokenizations whatever its length.
/// </summary>
internal sealed class TokenMeter
{
    /// <summary>No tokenizer has tokens this long, so longer text needs no counting.</summary>
    private const int MaxCharactersPerToken = 256;

    /// <summary>A line longer than this is estimated: it will be cut anyway.</summary>
    private const int LongLine = 1 << 16;

    /// <summary>Sums of lines differ from the count of the whole by what merges over line ends:
    /// between these shares of the budget, the whole is counted.</summary>
    private const double Enough = 0.9, TooMany = 1.35;

    private readonly string _text;
    private readonly Func<string, int> _count;
    private readonly int _max;
    private readonly int _lineEnd;
    private readonly IReadOnlyList<TableSpan> _tables;
    private readonly IReadOnlyList<CodeBlock> _code;
    private readonly Dictionary<int, PassageHeader?> _headers = [];
    private readonly List<int> _starts = [0];
    private readonly List<long> _sums = [0];

    public TokenMeter(string text, Func<string, int> count, int max, IReadOnlyList<TableSpan> tables, IReadOnlyList<CodeBlock> code)
    {
        (_text, _count, _max, _lineEnd, _tables, _code) = (text, count, max, count("\n"), tables, code);
        for (var at = text.IndexOf('\n'); at >= 0; at = text.IndexOf('\n', at + 1)) _starts.Add(at + 1);
        _starts.Add(text.Length);
    }

    /// <summary>What a passage lacks that begins inside a table or code.</summary>
    /// <param name="Text">Lines that stand further up.</param>
    /// <param name="Tokens">Their tokens, and those of the fence that closes the code.</param>
    /// <param name="Start">Where the table or code begins.</param>
    /// <param name="Close">The fence that closes the code, which never stands alone; empty where there is none.</param>
    public sealed record PassageHeader(string Text, int Tokens, int Start, SourceSpan Close = default);

    /// <summary>Whether a range fits, together with what it would need before it.</summary>
    public bool Fits(int start, int end)
    {
        (start, end) = Counted(start, end);
        if (start == end) return true;
        var budget = BudgetAt(start);
        if (end - start > (long)budget * MaxCharactersPerToken) return false;
        var (low, high) = Estimate(start, end);
        return low <= budget * TooMany && (high <= budget * Enough || _count(_text[start..end]) <= budget);
    }

    /// <summary>The trimmed range with its tokens; in pieces where sums of lines let too much through.</summary>
    public IEnumerable<(int Start, int End, int Tokens)> Measure(int start, int end)
    {
        (start, end) = Trim(start, end);
        if (start == end) return [];
        return FitsExactly(start, end)
            ? [(start, end, _count(_text[start..end]))]
            : TextSplitter.Split(_text, start, end, FitsExactly).Select(r => Trim(r.Start, r.End)).Where(r => r.Start < r.End).Select(r =>
                (r.Start, r.End, _count(_text[r.Start..r.End])));
    }

    /// <summary>What a passage starting here lacks: the header of a table, or fence, usings and the enclosing line of code. Null where it
    /// lacks nothing, or that would take more than half of the budget.</summary>
    public PassageHeader? HeaderOf(int start)
    {
        var table = Before(_tables, t => t.Start, start) is { End: > 0 } t && start >= t.Body && start < t.End ? t : default;
        var code = Before(_code, c => c.Span.Start, start) is { } c && MarkdownText.LineStart(_text, c.Span.Start) < start
            && start < c.Span.End ? c : null;
        if (code is null && table.End == 0) return null;
        // Parts of one table need the same, each part of code its own.
        var key = code is null ? table.Start : start;
        if (_headers.TryGetValue(key, out var known)) return known;
        var from = code is null ? table.Start : MarkdownText.LineStart(_text, code.Span.Start);
        var headers = code is null
            ? [_text[table.Start..table.Body]]
            : new CodeOutline(_text, from, code.Span.End).HeadersAt(start);
        var close = code is null ? default : Closing(code.Span);
        var closing = close.Length == 0 ? 0 : _count(_text[close.Start..close.End]);
        return _headers[key] = headers.Select(h => new PassageHeader(h, _count(h) + closing, from, close))
            .FirstOrDefault(h => h.Tokens - closing <= _max / 2 && h.Tokens < _max);
    }

    private SourceSpan Closing(SourceSpan code)
    {
        var start = MarkdownText.LineStart(_text, code.End - 1);
        var line = _text.AsSpan(start, code.End - start).TrimStart(" \t>");
        return line.StartsWith("```", StringComparison.Ordinal) || line.StartsWith("~~~", StringComparison.Ordinal)
            ? new(start, code.End - start) : default;
    }

    /// <summary>What of a range is counted: without blank lines around, nor the fence for which the budget has room already.</summary>
    private (int Start, int End) Counted(int start, int end)
    {
        (start, end) = Trim(start, end);
        return HeaderOf(start) is { Close: { Length: > 0 } close } && end == close.End && start < close.Start
            ? Trim(start, close.Start) : (start, end);
    }

    /// <summary>The last of some spans in order that begins before a position; the default where none does.</summary>
    private static T? Before<T>(IReadOnlyList<T> spans, Func<T, int> startOf, int position)
    {
        var (low, high) = (0, spans.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (startOf(spans[middle]) < position) low = middle + 1;
            else high = middle;
        }
        return low == 0 ? default : spans[low - 1];
    }

    /// <summary>Without blank lines around; the first line keeps its indentation, which code and lists need.</summary>
    public (int Start, int End) Trim(int start, int end)
    {
        while (end > start && char.IsWhiteSpace(_text[end - 1])) end--;
        var first = start;
        while (first < end && char.IsWhiteSpace(_text[first])) first++;
        // Searched for in the range alone: a line may be many megabytes long.
        return (start + _text.AsSpan(start, first - start).LastIndexOf('\n') + 1, end);
    }

    private int BudgetAt(int start) => _max - (HeaderOf(start)?.Tokens ?? 0);

    private bool FitsExactly(int start, int end)
    {
        (start, end) = Counted(start, end);
        var budget = BudgetAt(start);
        return start == end || (end - start <= (long)budget * MaxCharactersPerToken && _count(_text[start..end]) <= budget);
    }

    /// <summary>Sum of the tokens of the lines that lie in a range wholly, and of those that it touches.</summary>
    private (long Low, long High) Estimate(int start, int end)
    {
        var (first, last) = (LineOf(start), LineOf(end - 1));
        while (_sums.Count <= last + 1)
        {
            var (from, to) = (_starts[_sums.Count - 1], _starts[_sums.Count]);
            var line = _text.AsSpan(from, to - from);
            _sums.Add(_sums[^1] + (line.IsWhiteSpace() ? _lineEnd : line.Length > LongLine ? line.Length / 4 : _count(line.ToString())));
        }
        var (wholeFirst, wholeEnd) = (start > _starts[first] ? first + 1 : first, end >= LineEnd(last) ? last + 1 : last);
        return (wholeEnd > wholeFirst ? _sums[wholeEnd] - _sums[wholeFirst] : 0, _sums[last + 1] - _sums[first]);
    }

    private int LineEnd(int line)
    {
        var end = _starts[line + 1];
        while (end > _starts[line] && char.IsWhiteSpace(_text[end - 1])) end--;
        return end;
    }

    private int LineOf(int position)
    {
        var at = _starts.BinarySearch(0, _starts.Count - 1, position, null);
        return at >= 0 ? at : ~at - 1;
    }
}
