using System.Buffers;
using System.Text;

namespace DocTuneLab.Storage;

/// <summary>
/// Text as the full-text index sees it: identifiers whole and by their words, CJK text by overlapping pairs of characters, so that a
/// pair is one word of the index and no phrase has to be looked for. The last character of a run stands alone.
/// </summary>
internal static class SearchText
{
    private static readonly List<Range> s_none = [];

    /// <summary>A part of a query.</summary>
    /// <param name="Word">A word of the index, lower case.</param>
    /// <param name="IsPrefix">Whether words that begin with it match too: a single CJK character, which may be the first of a pair.</param>
    public readonly record struct Term(string Word, bool IsPrefix)
    {
        /// <summary>As FTS5 takes it.</summary>
        public override string ToString() => IsPrefix ? $"\"{Word}\"*" : $"\"{Word}\"";
    }

    /// <summary>The words of a text, a blank after each.</summary>
    public static string Index(string text)
    {
        var index = new ArrayBufferWriter<char>(text.Length + (text.Length / 2) + 16);
        Index(text, index);
        return new(index.WrittenSpan);
    }

    /// <summary>Appends the words of a text.</summary>
    public static void Index(ReadOnlySpan<char> text, ArrayBufferWriter<char> index)
    {
        foreach (var (start, length, isLetter) in new Words(text))
        {
            Append(index, text.Slice(start, length));
            if (isLetter)
                foreach (var part in Parts(text.Slice(start, length))) Append(index, text[start..][part]);
        }
    }

    /// <summary>The distinct terms of a query; empty if it has none.</summary>
    public static IReadOnlyList<Term> Query(string query)
    {
        var terms = new List<Term>();
        var end = -1;
        foreach (var (start, length, isLetter) in new Words(query))
        {
            var word = query.Substring(start, length).ToLowerInvariant();
            // The character that ends a run is in the pair before it.
            var isAlone = !isLetter && Rune.GetRuneAt(query, start).Utf16SequenceLength == length;
            if (!isAlone || start + length != end) terms.Add(new(word, isAlone));
            end = isLetter ? -1 : start + length;
            if (isLetter)
                foreach (var part in Parts(query.AsSpan(start, length)))
                    terms.Add(new(query.AsSpan(start)[part].ToString().ToLowerInvariant(), false));
        }
        return [.. terms.Distinct()];
    }

    private static void Append(ArrayBufferWriter<char> index, ReadOnlySpan<char> word)
    {
        var target = index.GetSpan(word.Length + 1);
        word.CopyTo(target);
        target[word.Length] = ' ';
        index.Advance(word.Length + 1);
    }

    /// <summary>The words of an identifier that has several.</summary>
    private static List<Range> Parts(ReadOnlySpan<char> whole)
    {
        List<Range>? parts = null;
        var start = 0;
        for (var i = 1; i <= whole.Length; i++)
        {
            if (i < whole.Length ? !Begins(whole, i) : start == 0) continue;
            var (from, to) = (start, i);
            while (from < to && whole[from] == '_') from++;
            while (to > from && whole[to - 1] == '_') to--;
            if (to > from) (parts ??= []).Add(from..to);
            start = i;
        }
        return parts ?? s_none;
    }

    private static bool Begins(ReadOnlySpan<char> word, int i) =>
        word[i] == '_' || (char.IsUpper(word[i]) && (!char.IsUpper(word[i - 1]) || (i + 1 < word.Length && char.IsLower(word[i + 1]))));

    /// <summary>Goes through the identifiers and pairs of CJK characters of a text.</summary>
    private ref struct Words(ReadOnlySpan<char> text)
    {
        private readonly ReadOnlySpan<char> _text = text;
        private int _next;

        /// <summary>Where it stands, and whether it is an identifier.</summary>
        public (int Start, int Length, bool IsLetter) Current { get; private set; }

        public readonly Words GetEnumerator() => this;

        public bool MoveNext()
        {
            while (_next < _text.Length)
            {
                var start = _next;
                var kind = KindAt(start, out var length);
                _next += length;
                if (kind == Kind.Ideograph)
                {
                    var pair = KindAt(_next, out var second) == Kind.Ideograph ? length + second : length;
                    Current = (start, pair, false);
                    return true;
                }
                if (kind != Kind.Letter) continue;
                while (KindAt(_next, out length) is Kind.Letter or Kind.Joiner) _next += length;
                Current = (start, _next - start, true);
                return true;
            }
            return false;
        }

        private readonly Kind KindAt(int position, out int length)
        {
            length = 1;
            if (position >= _text.Length) return Kind.Other;
            var c = _text[position];
            if (c < '\u0080') return char.IsAsciiLetterOrDigit(c) ? Kind.Letter : c == '_' ? Kind.Joiner : Kind.Other;
            Rune.DecodeFromUtf16(_text[position..], out var rune, out length);
            return rune.Value is (>= 0x3040 and <= 0x30FF) or (>= 0x3400 and <= 0x9FFF) or (>= 0xAC00 and <= 0xD7AF)
                or (>= 0x20000 and <= 0x2FFFF)
                ? Kind.Ideograph
                : Rune.IsLetterOrDigit(rune) ? Kind.Letter : Kind.Other;
        }

        private enum Kind { Other, Letter, Joiner, Ideograph }
    }
}
