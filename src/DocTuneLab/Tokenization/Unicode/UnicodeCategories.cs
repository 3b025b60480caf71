using System.Globalization;
using System.Text;

namespace DocTuneLab.Tokenization.Unicode;

/// <summary>Characters by general category, under the names that patterns use.</summary>
internal static class UnicodeCategories
{
    private static readonly Dictionary<string, UnicodeCategory> s_short = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Lu"] = UnicodeCategory.UppercaseLetter,
        ["Ll"] = UnicodeCategory.LowercaseLetter,
        ["Lt"] = UnicodeCategory.TitlecaseLetter,
        ["Lm"] = UnicodeCategory.ModifierLetter,
        ["Lo"] = UnicodeCategory.OtherLetter,
        ["Mn"] = UnicodeCategory.NonSpacingMark,
        ["Mc"] = UnicodeCategory.SpacingCombiningMark,
        ["Me"] = UnicodeCategory.EnclosingMark,
        ["Nd"] = UnicodeCategory.DecimalDigitNumber,
        ["Nl"] = UnicodeCategory.LetterNumber,
        ["No"] = UnicodeCategory.OtherNumber,
        ["Pc"] = UnicodeCategory.ConnectorPunctuation,
        ["Pd"] = UnicodeCategory.DashPunctuation,
        ["Ps"] = UnicodeCategory.OpenPunctuation,
        ["Pe"] = UnicodeCategory.ClosePunctuation,
        ["Pi"] = UnicodeCategory.InitialQuotePunctuation,
        ["Pf"] = UnicodeCategory.FinalQuotePunctuation,
        ["Po"] = UnicodeCategory.OtherPunctuation,
        ["Sm"] = UnicodeCategory.MathSymbol,
        ["Sc"] = UnicodeCategory.CurrencySymbol,
        ["Sk"] = UnicodeCategory.ModifierSymbol,
        ["So"] = UnicodeCategory.OtherSymbol,
        ["Zs"] = UnicodeCategory.SpaceSeparator,
        ["Zl"] = UnicodeCategory.LineSeparator,
        ["Zp"] = UnicodeCategory.ParagraphSeparator,
        ["Cc"] = UnicodeCategory.Control,
        ["Cf"] = UnicodeCategory.Format,
        ["Co"] = UnicodeCategory.PrivateUse,
        ["Cs"] = UnicodeCategory.Surrogate,
        ["Cn"] = UnicodeCategory.OtherNotAssigned,
    };

    private static readonly Dictionary<string, string> s_long = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Letter"] = "L",
        ["Mark"] = "M",
        ["Number"] = "N",
        ["Punctuation"] = "P",
        ["Punct"] = "P",
        ["Symbol"] = "S",
        ["Separator"] = "Z",
        ["Other"] = "C",
        ["Uppercase_Letter"] = "Lu",
        ["Lowercase_Letter"] = "Ll",
        ["Decimal_Number"] = "Nd",
    };

    /// <summary>Whether the runtime's patterns take the name as it stands.</summary>
    public static bool IsKnownToRuntime(string name) =>
        s_short.Keys.Contains(name, StringComparer.Ordinal) || name is "L" or "M" or "N" or "P" or "S" or "Z" or "C";

    /// <summary>The characters of a category or of a group of them; null for a name that is none.</summary>
    public static Func<char, bool>? Predicate(string name)
    {
        name = s_long.GetValueOrDefault(name, name);
        if (s_short.TryGetValue(name, out var category)) return c => CharUnicodeInfo.GetUnicodeCategory(c) == category;
        if (name.Length != 1 || !"LMNPSZC".Contains(name, StringComparison.OrdinalIgnoreCase)) return null;
        var group = s_short.Where(s => s.Key.StartsWith(name, StringComparison.OrdinalIgnoreCase)).Select(s => s.Value).ToHashSet();
        return c => group.Contains(CharUnicodeInfo.GetUnicodeCategory(c));
    }

    /// <summary>The characters of a POSIX bracket, as Oniguruma reads it in Unicode; null for one that is not known. Those that are
    /// about letters need properties that the runtime lacks.</summary>
    public static Func<char, bool>? Posix(string name) => name switch
    {
        "digit" => char.IsDigit,
        "space" => char.IsWhiteSpace,
        "punct" => c => char.IsPunctuation(c) || char.IsSymbol(c),
        "cntrl" => char.IsControl,
        "xdigit" => char.IsAsciiHexDigit,
        "word" => IsOnigurumaWord,
        _ => null,
    };

    /// <summary><c>\w</c> of Oniguruma, to which the numerals of Latin-1 belong too.</summary>
    public static bool IsOnigurumaWord(char c) => IsWord(c) || c is '²' or '³' or '¹' or '¼' or '½' or '¾';

    /// <summary><c>\w</c>: letters, marks, digits, what joins words.</summary>
    public static bool IsWord(char c) => IsWord(CharUnicodeInfo.GetUnicodeCategory(c)) || c is >= '\u24B6' and <= '\u24E9';

    /// <inheritdoc cref="IsWord(char)"/>
    public static bool IsWord(Rune rune) =>
        rune.IsBmp ? IsWord((char)rune.Value) || rune.Value is 0x200C or 0x200D : IsWord(Rune.GetUnicodeCategory(rune));

    /// <summary>Punctuation in Unicode's sense, or ASCII's.</summary>
    public static bool IsPunctuation(Rune rune) => Rune.IsPunctuation(rune) || rune.Value < 128 && Rune.IsSymbol(rune);

    private static bool IsWord(UnicodeCategory category) => category
        is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
        or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter or UnicodeCategory.NonSpacingMark
        or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark or UnicodeCategory.DecimalDigitNumber
        or UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation;
}
