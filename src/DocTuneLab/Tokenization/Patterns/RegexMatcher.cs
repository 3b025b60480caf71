using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using DocTuneLab.Tokenization.Unicode;

namespace DocTuneLab.Tokenization.Patterns;

/// <summary>A regular expression of Oniguruma, in the runtime's.</summary>
internal sealed class RegexMatcher : IMatcher
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

    private readonly Regex _regex;
    // Scripts that the pattern names; a stand-in belongs to the same of them.
    private readonly (int From, int To)[][] _scripts;
    private readonly Dictionary<(UnicodeCategory Category, string Scripts), char> _standIns = [];

    /// <exception cref="LabException">The pattern has something that has no counterpart; the message names it.</exception>
    public RegexMatcher(string pattern)
    {
        var translated = new OnigurumaPattern(pattern);
        _scripts = [.. translated.Scripts.Select(s => UnicodeScripts.Ranges(s)!)];
        try
        {
            _regex = new Regex(translated.Text, RegexOptions.Compiled | RegexOptions.CultureInvariant);
        }
        catch (ArgumentException e)
        {
            throw new LabException($"the pattern {pattern} is not understood: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public void Find(ReadOnlySpan<char> text, List<(int Start, int End)> matches)
    {
        if (!text.ContainsAnyInRange('\uD800', '\uDFFF'))
        {
            Find(text, null, matches);
            return;
        }
        var (shadow, offsets) = Shadow(text);
        Find(shadow, offsets, matches);
    }

    private void Find(ReadOnlySpan<char> text, List<int>? offsets, List<(int Start, int End)> matches)
    {
        var last = -1;
        foreach (var match in _regex.EnumerateMatches(text))
        {
            var (start, end) = (match.Index, match.Index + match.Length);
            // Oniguruma's caller passes over an empty match where the last one ended.
            if (start == end && start == last) continue;
            matches.Add(offsets is null ? (start, end) : (offsets[start], offsets[end]));
            last = end;
        }
    }

    private (string Shadow, List<int> Offsets) Shadow(ReadOnlySpan<char> text)
    {
        var shadow = new StringBuilder(text.Length);
        var offsets = new List<int>(text.Length + 1);
        var at = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            offsets.Add(at);
            at += rune.Utf16SequenceLength;
            shadow.Append(rune.IsBmp ? (char)rune.Value : StandIn(rune));
        }
        offsets.Add(at);
        return (shadow.ToString(), offsets);
    }

    private char StandIn(Rune rune)
    {
        var category = Rune.GetUnicodeCategory(rune);
        var usual = s_standIns.GetValueOrDefault(category, '\u0378');
        if (_scripts.Length == 0) return usual;
        var scripts = Scripts(rune.Value);
        lock (_standIns)
        {
            if (_standIns.TryGetValue((category, scripts), out var known)) return known;
            var found = Enumerable.Range(0, 0x10000)
                .Where(c => CharUnicodeInfo.GetUnicodeCategory((char)c) == category && Scripts(c) == scripts)
                .Select(c => (char)c)
                .FirstOrDefault(usual);
            return _standIns[(category, scripts)] = found;
        }
    }

    private string Scripts(int point) => string.Concat(_scripts.Select(s => UnicodeScripts.Contains(s, point) ? '1' : '0'));
}
