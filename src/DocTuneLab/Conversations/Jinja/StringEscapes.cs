using System.Globalization;
using System.Text;
using DocTuneLab.Conversations.Jinja.Values;

namespace DocTuneLab.Conversations.Jinja;

/// <summary>Escapes in string literals, as Python's <c>unicode-escape</c> reads them.</summary>
internal static class StringEscapes
{
    public static string Read(string literal)
    {
        if (!literal.Contains('\\', StringComparison.Ordinal)) return literal;
        var result = new StringBuilder();
        for (var at = 0; at < literal.Length; at++)
        {
            if (literal[at] == '\\') at = Escape(literal, at + 1, result);
            else result.Append(literal[at]);
        }
        return result.ToString();
    }

    // Writes what stands after the backslash; returns the place of its last character.
    private static int Escape(string literal, int at, StringBuilder result)
    {
        switch (literal[at])
        {
            case '\n': return at;
            case 'x': return Hexadecimal(literal, at, 2, result);
            case 'u': return Hexadecimal(literal, at, 4, result);
            case 'U': return Hexadecimal(literal, at, 8, result);
            case >= '0' and <= '7':
                var digits = literal.Skip(at).Take(3).TakeWhile(c => c is >= '0' and <= '7').ToArray();
                result.Append((char)digits.Aggregate(0, (sum, c) => sum * 8 + c - '0'));
                return at + digits.Length - 1;
            case 'N':
                var end = at + 1 < literal.Length && literal[at + 1] == '{' ? literal.IndexOf('}', at) : -1;
                if (end < 0) throw Refusal.Of("the escape '\\N' has no name in braces");
                var name = literal[(at + 2)..end];
                result.Append(CharacterNames.Find(name)
                    ?? throw Refusal.Of($"the escape '\\N{{{name}}}' is not supported: write '\\u' and its code"));
                return end;
        }
        if (!char.IsAscii(literal[at])) return Other(literal, at, result);
        _ = literal[at] switch
        {
            '\\' or '\'' or '"' => result.Append(literal[at]),
            'a' => result.Append('\a'),
            'b' => result.Append('\b'),
            'f' => result.Append('\f'),
            'n' => result.Append('\n'),
            'r' => result.Append('\r'),
            't' => result.Append('\t'),
            'v' => result.Append('\v'),
            _ => result.Append('\\').Append(literal[at]),
        };
        return at;
    }

    private static int Hexadecimal(string literal, int at, int length, StringBuilder result)
    {
        if (at + length >= literal.Length
            || !uint.TryParse(literal.AsSpan(at + 1, length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
            || !Rune.IsValid(code))
            throw Refusal.Of($"the escape '\\{literal[at]}' names no character");
        result.Append(new Rune(code).ToString());
        return at + length;
    }

    // Jinja writes a character beyond ASCII as an escape first, whose backslash the one before it takes.
    private static int Other(string literal, int at, StringBuilder result)
    {
        var rune = Rune.GetRuneAt(literal, at);
        result.Append('\\').Append(rune.Value switch
        {
            < 0x100 => $"x{rune.Value:x2}",
            < 0x10000 => $"u{rune.Value:x4}",
            _ => $"U{rune.Value:x8}",
        });
        return at + rune.Utf16SequenceLength - 1;
    }
}
