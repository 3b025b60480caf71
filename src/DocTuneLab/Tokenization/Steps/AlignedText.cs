using System.Text;

namespace DocTuneLab.Tokenization.Steps;

/// <summary>
/// Text on its way to a model, with the place in the original that each of its UTF-16 units stands for. A character that a step adds
/// shares the place of the one before it (at the beginning, of the one after it), as in Hugging Face's tokenizers.
/// </summary>
internal sealed class AlignedText
{
    // Null: unit i stands for unit i after the origin.
    private readonly int[]? _starts, _ends;
    private readonly int _origin;

    public AlignedText(string text, int origin = 0) => (Text, _origin) = (text, origin);

    private AlignedText(string text, int origin, int[]? starts, int[]? ends) : this(text, origin) => (_starts, _ends) = (starts, ends);

    public string Text { get; }

    /// <summary>Units of the original that these units stand for; whole characters.</summary>
    public (int Start, int End) Original(int from, int to)
    {
        if (_starts is not null) return to > from ? (_starts[from], _ends![to - 1]) : (_origin, _origin);
        if (from > 0 && from < Text.Length && char.IsSurrogatePair(Text[from - 1], Text[from])) from--;
        if (to > 0 && to < Text.Length && char.IsSurrogatePair(Text[to - 1], Text[to])) to++;
        return (_origin + from, _origin + to);
    }

    public AlignedText Slice(int from, int to) => from == 0 && to == Text.Length ? this
        : _starts is null ? new(Text[from..to], _origin + from)
        : new(Text[from..to], from < to ? _starts[from] : _origin, _starts[from..to], _ends![from..to]);

    /// <summary>Puts other text before it; nothing before nothing.</summary>
    public AlignedText Prepend(string added)
    {
        if (Text.Length == 0) return this;
        var first = char.IsHighSurrogate(Text[0]) && Text.Length > 1 ? 2 : 1;
        var target = new Target(this, Text.Length + added.Length);
        target.Add(added, Original(0, first));
        target.Keep(0, Text.Length);
        return target.Finish();
    }

    /// <summary>Writes other text over each match; it stands where the last character of the match stood.</summary>
    public AlignedText Replace(List<(int Start, int End)> matches, string content)
    {
        if (matches.Count == 0) return this;
        if (_starts is null && content.Length == 1 && matches.TrueForAll(m => m.End - m.Start == 1))
        {
            var units = Text.ToCharArray();
            foreach (var (start, _) in matches) units[start] = content[0];
            return new(new string(units), _origin);
        }
        var target = new Target(this, Text.Length + matches.Count * content.Length);
        var at = 0;
        foreach (var (start, end) in matches)
        {
            target.Keep(at, start);
            target.Add(content, end == 0 ? (_origin, _origin) : Original(end - 1, end));
            at = end;
        }
        target.Keep(at, Text.Length);
        return target.Finish();
    }

    /// <summary>Writes each character anew; null leaves it as it is.</summary>
    public AlignedText Rewrite(Func<Rune, string?> write)
    {
        Target? target = null;
        var at = 0;
        foreach (var rune in Text.EnumerateRunes())
        {
            var end = at + rune.Utf16SequenceLength;
            if (write(rune) is { } written)
            {
                if (target is null)
                {
                    target = new Target(this, Text.Length + 16);
                    target.Keep(0, at);
                }
                target.Add(written, Original(at, end));
            }
            else
            {
                target?.Keep(at, end);
            }
            at = end;
        }
        return target?.Finish() ?? this;
    }

    /// <summary>
    /// Takes over a text made of this one: code points in order, each with how many more characters of this one it used up than one:
    /// 0 stands for one, 1 is added, −2 stands for three.
    /// </summary>
    public AlignedText Rewrite(IReadOnlyList<(int Point, int Change)> points)
    {
        var places = new List<(int Start, int End)>(Text.Length);
        var at = 0;
        foreach (var rune in Text.EnumerateRunes())
        {
            places.Add(Original(at, at + rune.Utf16SequenceLength));
            at += rune.Utf16SequenceLength;
        }
        var target = new Target(this, points.Count);
        var used = 0;
        foreach (var (point, change) in points)
        {
            // Where a table's changes do not add up, what is left over stands at the end.
            var place = change > 0 ? used - 1 : used;
            target.Add(Written(point), place < 0 ? (_origin, _origin) : places[Math.Min(place, places.Count - 1)]);
            if (change <= 0) used = Math.Min(places.Count, used + 1 - change);
        }
        return target.Finish();
    }

    private static string Written(int point) => point is >= 0xD800 and < 0xE000 ? ((char)point).ToString() : char.ConvertFromUtf32(point);

    private sealed class Target(AlignedText source, int capacity)
    {
        private readonly StringBuilder _text = new(capacity);
        private readonly List<int> _starts = new(capacity), _ends = new(capacity);

        public void Add(string text, (int Start, int End) place)
        {
            _text.Append(text);
            for (var i = 0; i < text.Length; i++)
            {
                _starts.Add(place.Start);
                _ends.Add(place.End);
            }
        }

        public void Keep(int from, int to)
        {
            _text.Append(source.Text, from, to - from);
            for (var i = from; i < to; i++)
            {
                var (start, end) = source.Original(i, i + 1);
                _starts.Add(start);
                _ends.Add(end);
            }
        }

        public AlignedText Finish() => new(_text.ToString(), source._origin, [.. _starts], [.. _ends]);
    }
}

/// <summary>Part of a text: a word, or what will be split into words.</summary>
internal readonly record struct Piece(AlignedText Source, int From, int To)
{
    public ReadOnlySpan<char> Span => Source.Text.AsSpan(From, To - From);
}
