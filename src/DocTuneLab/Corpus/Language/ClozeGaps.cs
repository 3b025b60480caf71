using System.Text.RegularExpressions;

namespace DocTuneLab.Corpus.Language;

/// <summary>
/// Tells gaps that only one name fits from those that several fit. What is known of each name of the library (its documentation, the
/// conditions of an exception, the words of the name) is compared with what is left of the sentence: the missing name must be the one that
/// shares most with it, by a clear margin.
/// </summary>
internal sealed partial class ClozeGaps
{
    // Of the weight that the missing name shares with the sentence, so much at most may be shared by any other.
    private const double Margin = 0.7;
    private const int FewestWords = 2, FewestBesideQuantity = 4;

    private readonly Dictionary<string, HashSet<string>> _known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, double> _weights;

    public ClozeGaps(ApiIndex index)
    {
        foreach (var type in index.Types)
        {
            Know(type.Symbol.Name, type.Symbol.Summary);
            foreach (var m in type.Members)
            {
                Know(m.Symbol.Name, [m.Symbol.Summary, m.Symbol.Returns, Prose.Words(type.Symbol.Name), .. m.Descriptions,
                    .. m.Symbol.Parameters.Select(p => p.Documentation)]);
                foreach (var e in m.Symbol.Exceptions) Know(e.Type, e.Condition, Prose.Words(type.Symbol.Name), m.Symbol.Summary);
            }
        }
        _weights = _known.Values.SelectMany(w => w).GroupBy(w => w, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => Math.Log(1 + ((double)_known.Count / g.Count())), StringComparer.Ordinal);
    }

    /// <summary>Whether one answer alone fits.</summary>
    /// <param name="sentence">The sentence with <c>____</c> for what is missing.</param>
    /// <param name="answer">What is missing: a name or a quantity.</param>
    public bool IsUnique(string sentence, string answer)
    {
        // One of several in a row could be any of them.
        if (Listed().IsMatch(sentence)) return false;
        var left = Words(sentence.Replace("____", " ", StringComparison.Ordinal));
        // Of two quantities either may be missing.
        if (char.IsAsciiDigit(answer[0])) return left.Count >= FewestBesideQuantity && !sentence.Any(char.IsAsciiDigit);
        if (Name().Match(answer) is not { Success: true } match || !_known.TryGetValue(match.Groups[1].Value, out var own)) return false;
        var shared = left.Where(own.Contains).ToList();
        var most = shared.Sum(w => _weights[w]) * Margin;
        return shared.Count >= FewestWords
            && _known.Where(k => k.Value != own).All(k => left.Where(k.Value.Contains).Sum(w => _weights[w]) < most);
    }

    private void Know(string name, params IReadOnlyList<string?> texts)
    {
        var bare = name.Split('<', '`')[0];
        if (!_known.TryGetValue(bare, out var words)) _known[bare] = words = new(StringComparer.Ordinal);
        words.UnionWith(Words(Prose.Words(bare)));
        foreach (var text in texts.OfType<string>()) words.UnionWith(Words(text));
    }

    // Stems of words; pairs of characters in Chinese, which does not part its words.
    private static HashSet<string> Words(string text)
    {
        var words = Latin().Matches(text).Select(m => m.Value.ToLowerInvariant()).Where(w => w.Length > 2 && !Prose.IsStopWord(w))
            .Select(w => Ending().Replace(w, "")).ToHashSet(StringComparer.Ordinal);
        words.UnionWith(Chinese().Matches(text).SelectMany(m => Enumerable.Range(0, m.Length - 1).Select(i => m.Value.Substring(i, 2))));
        return words;
    }

    [GeneratedRegex(@"([A-Z]\w*)(?:<[^>]*>)?(?:\([^)]*\))?$")]
    private static partial Regex Name();
    [GeneratedRegex(@"`(?:, | and | or |, and |, or |/|、|和|或) ?____|____(?:, | and | or |, and |, or |/|、|和|或) ?`")]
    private static partial Regex Listed();
    [GeneratedRegex("[A-Za-z]+")]
    private static partial Regex Latin();
    [GeneratedRegex(@"(?<=\w{3})(?:es|ed|ing|s)$")]
    private static partial Regex Ending();
    [GeneratedRegex(@"[\u4e00-\u9fff]{2,}")]
    private static partial Regex Chinese();
}
