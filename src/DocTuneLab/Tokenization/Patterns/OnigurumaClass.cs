using System.Collections;
using System.Globalization;
using System.Text;
using DocTuneLab.Tokenization.Unicode;

namespace DocTuneLab.Tokenization.Patterns;

/// <summary>Reads a class of characters, or an escape that stands for one, as the set of the UTF-16 units that it holds.</summary>
internal sealed class OnigurumaClass(string source, int position, bool ignoreCase, HashSet<string> scripts)
{
    private const int Units = 0x10000;
    // Categories that the runtime names as the file does; all else is counted out.
    private bool _plain = true;

    public int Position { get; private set; } = position;

    /// <summary>The class that begins here, for the runtime.</summary>
    public string ReadClass()
    {
        var start = Position;
        var set = Class();
        // As it stands where both engines read it alike: their own tables are faster than long lists.
        return _plain && !ignoreCase ? source[start..Position] : Text(set);
    }

    /// <summary>The escape that begins here; <paramref name="single"/> where it is one character.</summary>
    public string ReadEscape(out char? single)
    {
        var start = Position;
        var set = Escape(out single);
        return single is not null ? "" : _plain ? source[start..Position] : Text(set!);
    }

    private LabException Unsupported(string what) => new($"the pattern {source} has {what}, which is not supported");

    private BitArray Class()
    {
        Position++;
        var negated = Take("^");
        var set = new BitArray(Units);
        BitArray? intersected = null;
        for (var first = true; ; first = false)
        {
            if (Position >= source.Length) throw Unsupported("a class that is not closed");
            if (source[Position] == ']' && !first) break;
            if (Take("&&"))
            {
                _plain = false;
                intersected = intersected is null ? set : intersected.And(set);
                set = new BitArray(Units);
            }
            else
            {
                set.Or(Item());
            }
        }
        Position++;
        if (intersected is not null) set.And(intersected);
        if (ignoreCase) Fold(set);
        return negated ? set.Not() : set;
    }

    private BitArray Item()
    {
        if (Take("[:", keep: true)) return Posix();
        if (source[Position] == '[')
        {
            _plain = false;
            return Class();
        }
        var set = Single(out var from);
        if (set is not null) return set;
        set = new BitArray(Units);
        if (Position + 1 < source.Length && source[Position] == '-' && source[Position + 1] != ']')
        {
            Position++;
            if (source[Position] == '[' || Single(out var to) is not null || to < from) throw Unsupported("a range without an end");
            for (var c = from; c <= to; c++) set[c] = true;
        }
        else
        {
            set[from] = true;
        }
        return set;
    }

    // One character, or the set of an escape that is more.
    private BitArray? Single(out int character)
    {
        if (source[Position] == '\\')
        {
            var set = Escape(out var single);
            character = single ?? 0;
            return set;
        }
        if (char.IsSurrogate(source[Position])) throw Unsupported("a character beyond U+FFFF");
        character = source[Position++];
        return null;
    }

    private BitArray? Escape(out char? single)
    {
        if (Position + 1 >= source.Length) throw Unsupported("a backslash at its end");
        var c = source[Position + 1];
        Position += 2;
        single = null;
        switch (c)
        {
            case 'p' or 'P': return Property(c == 'P');
            case 's': return Where(char.IsWhiteSpace);
            case 'S': return Where(char.IsWhiteSpace).Not();
            case 'd': return Where(char.IsDigit);
            case 'D': return Where(char.IsDigit).Not();
            case 'w' or 'W' or 'h' or 'H':
                _plain = false;
                var set = c is 'w' or 'W' ? Where(UnicodeCategories.IsOnigurumaWord) : Where(char.IsAsciiHexDigit);
                return c is 'w' or 'h' ? set : set.Not();
            case 'n': single = '\n'; return null;
            case 'r': single = '\r'; return null;
            case 't': single = '\t'; return null;
            case 'f': single = '\f'; return null;
            case 'v': single = '\v'; return null;
            case 'a': single = '\a'; return null;
            case 'e': single = '\e'; return null;
            case 'x' or 'u': single = Numbered(c); return null;
            default:
                if (char.IsAsciiLetterOrDigit(c)) throw Unsupported($"'\\{c}'");
                single = c;
                return null;
        }
    }

    // \xHH, \x{H…} and \uHHHH.
    private char Numbered(char kind)
    {
        var braces = kind == 'x' && Take("{");
        var end = Position;
        while (end < source.Length && char.IsAsciiHexDigit(source[end]) && (braces || end - Position < (kind == 'x' ? 2 : 4))) end++;
        if (!int.TryParse(source.AsSpan(Position, end - Position), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var point)
            || point >= Units
            || char.IsSurrogate((char)point))
            throw Unsupported($"the character '\\{kind}{source[Position..end]}'");
        _plain &= !braces;
        Position = braces ? end + 1 : end;
        return (char)point;
    }

    // \p{L}, \P{L}, \p{^L}, \p{Han}.
    private BitArray Property(bool negated)
    {
        var end = Position < source.Length && source[Position] == '{' ? source.IndexOf('}', Position) : -1;
        if (end < 0) throw Unsupported("\\p without a name in braces");
        var name = source[(Position + 1)..end];
        Position = end + 1;
        if (name.StartsWith('^')) (name, negated, _plain) = (name[1..], !negated, false);
        BitArray set;
        if (UnicodeCategories.Predicate(name) is { } isOf)
        {
            _plain &= UnicodeCategories.IsKnownToRuntime(name);
            set = Where(isOf);
        }
        else
        {
            var ranges = UnicodeScripts.Ranges(name) ?? throw Unsupported($"the property '{name}'");
            _plain = false;
            scripts.Add(name);
            set = Where(c => UnicodeScripts.Contains(ranges, c));
        }
        return negated ? set.Not() : set;
    }

    private BitArray Posix()
    {
        var end = source.IndexOf(":]", Position, StringComparison.Ordinal);
        var name = end < 0 ? "" : source[(Position + 2)..end];
        var negated = name.StartsWith('^');
        var isOf = UnicodeCategories.Posix(name.TrimStart('^')) ?? throw Unsupported($"the bracket '[:{name}:]'");
        _plain = false;
        Position = end + 2;
        return negated ? Where(isOf).Not() : Where(isOf);
    }

    private bool Take(string text, bool keep = false)
    {
        if (!source.AsSpan(Position).StartsWith(text)) return false;
        if (!keep) Position += text.Length;
        return true;
    }

    private static BitArray Where(Func<char, bool> isOf)
    {
        var set = new BitArray(Units);
        for (var c = 0; c < Units; c++) set[c] = isOf((char)c);
        return set;
    }

    private static void Fold(BitArray set)
    {
        var given = new BitArray(set);
        for (var c = 0; c < Units; c++)
        {
            // The runtime's own ignoring of case adds the rest.
            if (given[c] || given[char.ToLowerInvariant((char)c)] || given[char.ToUpperInvariant((char)c)]) set[c] = true;
        }
        if (given['s'] || given['S']) set['\u017F'] = true;
    }

    private static string Text(BitArray set)
    {
        var text = new StringBuilder("[");
        for (var c = 0; c < Units; c++)
        {
            if (!set[c]) continue;
            var from = c;
            while (c + 1 < Units && set[c + 1]) c++;
            text.Append(CultureInfo.InvariantCulture, $"\\u{from:X4}");
            if (c > from) text.Append(CultureInfo.InvariantCulture, $"-\\u{c:X4}");
        }
        return text.Length == 1 ? "(?!)" : text.Append(']').ToString();
    }
}
