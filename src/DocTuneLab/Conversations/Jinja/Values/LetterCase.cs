using System.Globalization;
using System.Text;

namespace DocTuneLab.Conversations.Jinja.Values;

/// <summary>Upper, lower and title case as Python has them: characters may become several (ß is SS), and a sigma at a word's end
/// is another. The tables are Unicode's SpecialCasing.txt without its conditions.</summary>
internal static class LetterCase
{
    private static readonly Dictionary<string, string> s_upper = Table(
        "\u00DFSS \u0149\u02BCN \u01F0J\u030C \u0390\u0399\u0308\u0301 \u03B0\u03A5\u0308\u0301 \u0587\u0535\u0552 "
        + "\u1E96H\u0331 \u1E97T\u0308 \u1E98W\u030A \u1E99Y\u030A \u1E9AA\u02BE \u1F50\u03A5\u0313 "
        + "\u1F52\u03A5\u0313\u0300 \u1F54\u03A5\u0313\u0301 \u1F56\u03A5\u0313\u0342 \u1F80\u1F08\u0399 "
        + "\u1F81\u1F09\u0399 \u1F82\u1F0A\u0399 \u1F83\u1F0B\u0399 \u1F84\u1F0C\u0399 \u1F85\u1F0D\u0399 "
        + "\u1F86\u1F0E\u0399 \u1F87\u1F0F\u0399 \u1F88\u1F08\u0399 \u1F89\u1F09\u0399 \u1F8A\u1F0A\u0399 "
        + "\u1F8B\u1F0B\u0399 \u1F8C\u1F0C\u0399 \u1F8D\u1F0D\u0399 \u1F8E\u1F0E\u0399 \u1F8F\u1F0F\u0399 "
        + "\u1F90\u1F28\u0399 \u1F91\u1F29\u0399 \u1F92\u1F2A\u0399 \u1F93\u1F2B\u0399 \u1F94\u1F2C\u0399 "
        + "\u1F95\u1F2D\u0399 \u1F96\u1F2E\u0399 \u1F97\u1F2F\u0399 \u1F98\u1F28\u0399 \u1F99\u1F29\u0399 "
        + "\u1F9A\u1F2A\u0399 \u1F9B\u1F2B\u0399 \u1F9C\u1F2C\u0399 \u1F9D\u1F2D\u0399 \u1F9E\u1F2E\u0399 "
        + "\u1F9F\u1F2F\u0399 \u1FA0\u1F68\u0399 \u1FA1\u1F69\u0399 \u1FA2\u1F6A\u0399 \u1FA3\u1F6B\u0399 "
        + "\u1FA4\u1F6C\u0399 \u1FA5\u1F6D\u0399 \u1FA6\u1F6E\u0399 \u1FA7\u1F6F\u0399 \u1FA8\u1F68\u0399 "
        + "\u1FA9\u1F69\u0399 \u1FAA\u1F6A\u0399 \u1FAB\u1F6B\u0399 \u1FAC\u1F6C\u0399 \u1FAD\u1F6D\u0399 "
        + "\u1FAE\u1F6E\u0399 \u1FAF\u1F6F\u0399 \u1FB2\u1FBA\u0399 \u1FB3\u0391\u0399 \u1FB4\u0386\u0399 "
        + "\u1FB6\u0391\u0342 \u1FB7\u0391\u0342\u0399 \u1FBC\u0391\u0399 \u1FC2\u1FCA\u0399 \u1FC3\u0397\u0399 "
        + "\u1FC4\u0389\u0399 \u1FC6\u0397\u0342 \u1FC7\u0397\u0342\u0399 \u1FCC\u0397\u0399 \u1FD2\u0399\u0308\u0300 "
        + "\u1FD3\u0399\u0308\u0301 \u1FD6\u0399\u0342 \u1FD7\u0399\u0308\u0342 \u1FE2\u03A5\u0308\u0300 "
        + "\u1FE3\u03A5\u0308\u0301 \u1FE4\u03A1\u0313 \u1FE6\u03A5\u0342 \u1FE7\u03A5\u0308\u0342 \u1FF2\u1FFA\u0399 "
        + "\u1FF3\u03A9\u0399 \u1FF4\u038F\u0399 \u1FF6\u03A9\u0342 \u1FF7\u03A9\u0342\u0399 \u1FFC\u03A9\u0399 \uFB00FF "
        + "\uFB01FI \uFB02FL \uFB03FFI \uFB04FFL \uFB05ST \uFB06ST \uFB13\u0544\u0546 \uFB14\u0544\u0535 "
        + "\uFB15\u0544\u053B \uFB16\u054E\u0546 \uFB17\u0544\u053D");

    private static readonly Dictionary<string, string> s_title = Table(
        "\u00DFSs \u01C4\u01C5 \u01C5\u01C5 \u01C6\u01C5 \u01C7\u01C8 \u01C8\u01C8 \u01C9\u01C8 \u01CA\u01CB "
        + "\u01CB\u01CB \u01CC\u01CB \u01F1\u01F2 \u01F2\u01F2 \u01F3\u01F2 \u0587\u0535\u0582 \u1F80\u1F88 \u1F81\u1F89 "
        + "\u1F82\u1F8A \u1F83\u1F8B \u1F84\u1F8C \u1F85\u1F8D \u1F86\u1F8E \u1F87\u1F8F \u1F88\u1F88 \u1F89\u1F89 "
        + "\u1F8A\u1F8A \u1F8B\u1F8B \u1F8C\u1F8C \u1F8D\u1F8D \u1F8E\u1F8E \u1F8F\u1F8F \u1F90\u1F98 \u1F91\u1F99 "
        + "\u1F92\u1F9A \u1F93\u1F9B \u1F94\u1F9C \u1F95\u1F9D \u1F96\u1F9E \u1F97\u1F9F \u1F98\u1F98 \u1F99\u1F99 "
        + "\u1F9A\u1F9A \u1F9B\u1F9B \u1F9C\u1F9C \u1F9D\u1F9D \u1F9E\u1F9E \u1F9F\u1F9F \u1FA0\u1FA8 \u1FA1\u1FA9 "
        + "\u1FA2\u1FAA \u1FA3\u1FAB \u1FA4\u1FAC \u1FA5\u1FAD \u1FA6\u1FAE \u1FA7\u1FAF \u1FA8\u1FA8 \u1FA9\u1FA9 "
        + "\u1FAA\u1FAA \u1FAB\u1FAB \u1FAC\u1FAC \u1FAD\u1FAD \u1FAE\u1FAE \u1FAF\u1FAF \u1FB2\u1FBA\u0345 \u1FB3\u1FBC "
        + "\u1FB4\u0386\u0345 \u1FB7\u0391\u0342\u0345 \u1FBC\u1FBC \u1FC2\u1FCA\u0345 \u1FC3\u1FCC \u1FC4\u0389\u0345 "
        + "\u1FC7\u0397\u0342\u0345 \u1FCC\u1FCC \u1FF2\u1FFA\u0345 \u1FF3\u1FFC \u1FF4\u038F\u0345 "
        + "\u1FF7\u03A9\u0342\u0345 \u1FFC\u1FFC \uFB00Ff \uFB01Fi \uFB02Fl \uFB03Ffi \uFB04Ffl \uFB05St \uFB06St "
        + "\uFB13\u0544\u0576 \uFB14\u0544\u0565 \uFB15\u0544\u056B \uFB16\u054E\u0576 \uFB17\u0544\u056D");

    public static string Upper(string text) => Each(text, (rune, _) => Upper(rune));

    public static string Lower(string text) => Each(text, (rune, at) => Lower(text, rune, at));

    /// <summary>The first character in title case, the others lower.</summary>
    public static string Capitalize(string text) => Each(text, (rune, at) => at == 0 ? Title(rune) : Lower(text, rune, at));

    /// <summary>Letters after what is no letter in title case, the others lower.</summary>
    public static string Title(string text)
    {
        var inWord = false;
        return Each(text, (rune, at) =>
        {
            var written = inWord ? Lower(text, rune, at) : Title(rune);
            inWord = IsCased(rune);
            return written;
        });
    }

    public static string Swap(string text) => Each(text, (rune, at) =>
        IsUpper(rune) ? Lower(text, rune, at) : IsLower(rune) ? Upper(rune) : rune.ToString());

    /// <summary>For comparison without case.</summary>
    public static string Fold(string text) => Each(text, (rune, _) => rune.Value switch
    {
        0x131 => "\u0131",
        0x1E9E => "ss",
        >= 0x13A0 and <= 0x13F5 => rune.ToString(),
        >= 0x13F8 and <= 0x13FD or >= 0xAB70 and <= 0xABBF => Rune.ToUpperInvariant(rune).ToString(),
        _ => Each(Upper(rune), (r, _) => LowerAlone(r)),
    });

    public static bool IsUpper(Rune rune) => Rune.GetUnicodeCategory(rune) == UnicodeCategory.UppercaseLetter
        || rune.Value is >= 0x2160 and <= 0x216F or >= 0x24B6 and <= 0x24CF;

    public static bool IsLower(Rune rune) => Rune.GetUnicodeCategory(rune) == UnicodeCategory.LowercaseLetter
        || rune.Value is 0xAA or 0xBA or >= 0x2B0 and <= 0x2B8 or >= 0x2170 and <= 0x217F or >= 0x24D0 and <= 0x24E9;

    public static bool IsTitle(Rune rune) => Rune.GetUnicodeCategory(rune) == UnicodeCategory.TitlecaseLetter;

    public static bool IsCased(Rune rune) => IsUpper(rune) || IsLower(rune) || IsTitle(rune);

    private static string Upper(Rune rune) => s_upper.TryGetValue(rune.ToString(), out var several)
        ? several : Rune.ToUpperInvariant(rune).ToString();

    // Georgian letters have capitals, but none at a word's beginning.
    private static string Title(Rune rune) => s_title.TryGetValue(rune.ToString(), out var special) ? special
        : rune.Value is >= 0x10D0 and <= 0x10FF ? rune.ToString() : Upper(rune);

    private static string LowerAlone(Rune rune) => rune.Value == 0x130 ? "i\u0307" : Rune.ToLowerInvariant(rune).ToString();

    private static string Lower(string text, Rune rune, int at) =>
        rune.Value == 0x3A3 && Cased(text[..at].EnumerateRunes().Reverse()) && !Cased(text[(at + 1)..].EnumerateRunes())
            ? "\u03C2" : LowerAlone(rune);

    // Whether the next character that counts (marks and apostrophes do not) is a letter with case.
    private static bool Cased(IEnumerable<Rune> runes) => runes.Where(r => !Ignored(r)).Select(IsCased).FirstOrDefault();

    private static bool Ignored(Rune rune) => rune.Value is '\'' or '.' or ':' or '^' or '`' or 0xA8 or 0xAD or 0xAF or 0xB4 or 0xB7
        or 0xB8 or 0x2018 or 0x2019
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format
            or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol;

    private static string Each(string text, Func<Rune, int, string> write)
    {
        var (result, at) = (new StringBuilder(text.Length), 0);
        foreach (var rune in text.EnumerateRunes())
        {
            result.Append(write(rune, at));
            at += rune.Utf16SequenceLength;
        }
        return result.ToString();
    }

    private static Dictionary<string, string> Table(string words) => words.Split(' ').ToDictionary(w => w[..1], w => w[1..]);
}
