using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace DocTuneLab.Tokenization;

/// <summary>Splits text into words that merges never cross, by the patterns of a <c>tokenizer.json</c>.</summary>
internal sealed class WordSplitter
{
    // The runtime's patterns see UTF-16 units, the files' mean code points: 𠀀 is a letter to them, two surrogates to .NET. Each
    // such code point is matched as one character of its category.
    private static readonly Dictionary<UnicodeCategory, char> s_standIns = new()
    {
        [UnicodeCategory.UppercaseLetter] = 'Ω',
        [UnicodeCategory.LowercaseLetter] = 'ω',
        [UnicodeCategory.TitlecaseLetter] = 'ǅ',
        [UnicodeCategory.ModifierLetter] = 'ʰ',
        [UnicodeCategory.OtherLetter] = 'ƻ',
        [UnicodeCategory.DecimalDigitNumber] = '٠',
        [UnicodeCategory.LetterNumber] = 'Ⅰ',
        [UnicodeCategory.OtherNumber] = '²',
        [UnicodeCategory.NonSpacingMark] = '\u0300',
        [UnicodeCategory.SpacingCombiningMark] = '\u0903',
        [UnicodeCategory.EnclosingMark] = '\u20DD',
        [UnicodeCategory.ConnectorPunctuation] = '‿',
        [UnicodeCategory.DashPunctuation] = '–',
        [UnicodeCategory.OpenPunctuation] = '⁅',
        [UnicodeCategory.ClosePunctuation] = '⁆',
        [UnicodeCategory.OtherPunctuation] = '‖',
        [UnicodeCategory.MathSymbol] = '±',
        [UnicodeCategory.CurrencySymbol] = '¢',
        [UnicodeCategory.ModifierSymbol] = '¨',
        [UnicodeCategory.OtherSymbol] = '©',
        [UnicodeCategory.Format] = '\u00AD',
        [UnicodeCategory.PrivateUse] = '\uE000',
    };

    private readonly (Regex Pattern, bool Keep)[] _rules;

    public WordSplitter(string path, IReadOnlyList<TokenizerFile.SplitRule> rules)
    {
        try
        {
            _rules = [.. rules.Select(r => (new Regex(r.Pattern, RegexOptions.Compiled | RegexOptions.CultureInvariant), r.Keep))];
        }
        catch (ArgumentException e)
        {
            throw new LabException($"{path}: a pattern of pre_tokenizer is not understood: {e.Message}", e);
        }
    }

    /// <summary>Words in order; joined, they are the text (less what a rule removes).</summary>
    public IEnumerable<string> Split(string text)
    {
        if (_rules.Length == 0) return [text];
        var (shadow, offsets) = Shadow(text);
        List<(int From, int To)> parts = [(0, shadow.Length)];
        foreach (var (pattern, keep) in _rules)
        {
            var next = new List<(int, int)>(parts.Count * 2);
            foreach (var (from, to) in parts)
            {
                var at = from;
                // Each part is split on its own: a look-ahead must not see the next one.
                foreach (var match in pattern.EnumerateMatches(shadow.AsSpan(from, to - from)))
                {
                    if (match.Length == 0) continue;
                    if (from + match.Index > at) next.Add((at, from + match.Index));
                    at = from + match.Index + match.Length;
                    if (keep) next.Add((at - match.Length, at));
                }
                if (at < to) next.Add((at, to));
            }
            parts = next;
        }
        return parts.Select(p => offsets is null ? text[p.From..p.To] : text[offsets[p.From]..offsets[p.To]]);
    }

    private static (string Shadow, int[]? Offsets) Shadow(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF')) return (text, null);
        var shadow = new StringBuilder(text.Length);
        var offsets = new List<int>(text.Length + 1);
        for (var i = 0; i < text.Length; i++)
        {
            offsets.Add(i);
            if (!char.IsHighSurrogate(text[i]) || i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1]))
            {
                shadow.Append(char.IsSurrogate(text[i]) ? '\uFFFD' : text[i]);
                continue;
            }
            shadow.Append(s_standIns.GetValueOrDefault(CharUnicodeInfo.GetUnicodeCategory(text, i), '\u0378'));
            i++;
        }
        offsets.Add(text.Length);
        return (shadow.ToString(), [.. offsets]);
    }
}
