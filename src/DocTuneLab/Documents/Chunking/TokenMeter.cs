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
    private readonly Dictionary<int, int> _headers = [];
    private readonly List<int> _starts = [0];
    private readonly List<long> _sums = [0];

    public TokenMeter(string text, Func<string, int> count, int max, IReadOnlyList<TableSpan> tables)
    {
        (_text, _count, _max, _lineEnd, _tables) = (text, count, max, count("\n"), tables);
        for (var at = text.IndexOf('\n'); at >= 0; at = text.IndexOf('\n', at + 1)) _starts.Add(at + 1);
        _starts.Add(text.Length);
    }

    /// <summary>Whether a range fits, together with the table header that it would need before it.</summary>
    public bool Fits(int start, int end)
    {
        (start, end) = Trim(start, end);
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
        var tokens = _count(_text[start..end]);
        return tokens <= BudgetAt(start)
            ? [(start, end, tokens)]
            : TextSplitter.Split(_text, start, end, FitsExactly).Select(r => Trim(r.Start, r.End)).Where(r => r.Start < r.End).Select(r =>
                (r.Start, r.End, _count(_text[r.Start..r.End])));
    }

    /// <summary>The table that a passage starting here lacks the header of; null where it lacks none, or the header would take more than
    /// half of the budget.</summary>
    public TableSpan? HeaderOf(int start)
    {
        var (low, high) = (0, _tables.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_tables[middle].Start < start) low = middle + 1;
            else high = middle;
        }
        if (low == 0 || _tables[low - 1] is var table && (start < table.Body || start >= table.End)) return null;
        if (!_headers.TryGetValue(table.Start, out var tokens)) _headers[table.Start] = tokens = _count(_text[table.Start..table.Body]);
        return tokens <= _max / 2 ? table : null;
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

    private int BudgetAt(int start) => _max - (HeaderOf(start) is { } table ? _headers[table.Start] : 0);

    private bool FitsExactly(int start, int end)
    {
        (start, end) = Trim(start, end);
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
