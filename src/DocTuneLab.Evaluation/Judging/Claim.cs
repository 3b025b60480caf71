using System.Text.RegularExpressions;
using DocTuneLab.Conversations;

namespace DocTuneLab.Evaluation.Judging;

/// <summary>The line of an answer that states what is asked for, and the lines behind it.</summary>
/// <param name="Raw">The line as written, without what marks a list, a quotation or a heading.</param>
/// <param name="Text">The line, normalised.</param>
/// <param name="Others">The following lines that each state a thing of their own, normalised: other items of a list, or bare words.</param>
internal sealed partial record Claim(string Raw, string Text, IReadOnlyList<string> Others)
{
    /// <summary>The claim of an answer; empty where it says nothing.</summary>
    public static Claim Of(string answer)
    {
        var text = Reasoning.Cut(Reasoning.Clean(answer));
        text = Boxed().Replace(Reasoning.Tagged(text) ?? text, "${text}");
        var lines = text.Split('\n').Select(l => l.Trim())
            .Where(l => l.Length > 0 && !l.StartsWith("```", StringComparison.Ordinal) && !l.StartsWith("~~~", StringComparison.Ordinal))
            .ToList();
        if (lines.Count == 0) return new("", "", []);
        var at = lines.FindIndex(l => FinalMark().IsMatch(Undressed(l)));
        if (at < 0) at = lines.FindIndex(l => Mark().IsMatch(Undressed(l)));
        if (at < 0) at = 0;
        // "The property is:" speaks of the next line.
        if (at + 1 < lines.Count && (Normalise(lines[at]).Length == 0 || lines[at].TrimEnd('*', '_', ' ')[^1..] is ":" or "：")) at++;
        var isItem = Bullet().IsMatch(lines[at]);
        List<string> others = [];
        foreach (var line in lines.Skip(at + 1))
        {
            var words = Normalise(line);
            if (isItem && Bullet().IsMatch(line)) others.Add(words.Split(' ', ':', '：', '(', '（')[0]);
            else if (!isItem && words.Length > 0 && !words.Contains(' ', StringComparison.Ordinal)) others.Add(words);
            else break;
        }
        var raw = Bullet().Replace(lines[at], "");
        return new(raw, Normalise(raw), others);
    }

    /// <summary>
    /// Text as it is compared: white space collapsed; a lead-in and then an article dropped; backticks, quotes and asterisks dropped;
    /// punctuation at the end, and an empty <c>()</c>, dropped.
    /// </summary>
    public static string Normalise(string text)
    {
        text = Owner().Replace(Bullet().Replace(text.Trim(), ""), "");
        text = Space().Replace(Dress().Replace(text, ""), " ").Trim();
        text = Article().Replace(LeadIn().Replace(text, ""), "");
        for (; ; )
        {
            var shorter = text.TrimEnd('.', ',', ';', ':', '!', '?', '。', '，', '；', '：', '！', '？', ' ');
            if (shorter.EndsWith("()", StringComparison.Ordinal)) shorter = shorter[..^2];
            if (shorter.Length == text.Length) return text;
            text = shorter;
        }
    }

    /// <summary>What is set apart in the line by backticks, quotes or bold, normalised.</summary>
    public IReadOnlyList<string> Dressed =>
        [.. Apart().Matches(Raw).Select(m => Normalise(m.Groups["text"].Value)).Where(t => t.Length > 0).Distinct(StringComparer.Ordinal)];

    private static string Undressed(string line) => Dress().Replace(Bullet().Replace(line, ""), "").Trim();

    [GeneratedRegex(@"^(?:[-*+•]\s+|\d{1,2}[.)、]\s+|>\s*|#{1,6}\s+)+")]
    private static partial Regex Bullet();

    [GeneratedRegex(@"[`""'*“”‘’「」]|(?<![\w])__|__(?![\w])")]
    private static partial Regex Dress();

    [GeneratedRegex(@"`(?<text>[^`]+)`|""(?<text>[^""]+)""|“(?<text>[^”]+)”|「(?<text>[^」]+)」|\*\*(?<text>[^*]+)\*\*"
        + @"|(?<!\w)'(?<text>[^']+)'(?!\w)")]
    private static partial Regex Apart();

    [GeneratedRegex(@"(?<=\w)(?<!\bit)['’]s\b", RegexOptions.IgnoreCase)]
    private static partial Regex Owner();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();

    [GeneratedRegex(@"^(?:(?:the\s+)?(?:final|correct|right)\s+answer\s*(?:is|:|：)|最终答案|正确答案)", RegexOptions.IgnoreCase)]
    private static partial Regex FinalMark();

    [GeneratedRegex(@"^(?:(?:the\s+)?answer\s*(?:is\b|:|：|$)|答案?(?:是|为)?\s*[:：])", RegexOptions.IgnoreCase)]
    private static partial Regex Mark();

    [GeneratedRegex(@"^(?:(?:so|thus|therefore|hence),?\s+)?"
        + @"(?:(?:the\s+)?(?:(?:final|correct|right)\s+)?answer\s*(?:is\s*[:：]?|[:：]|$)|a\s*[:：]|it is\b|its(?=\s)"
        + @"|(?:最终|正确)?答案(?:是|为)?\s*[:：]?|答\s*[:：])\s*", RegexOptions.IgnoreCase)]
    private static partial Regex LeadIn();

    [GeneratedRegex(@"^(?:the|an|a)\s+", RegexOptions.IgnoreCase)]
    private static partial Regex Article();

    [GeneratedRegex(@"\$*\\boxed\{(?:\\text(?:tt|bf)?\{)?(?<text>[^{}]*)\}?\}\$*")]
    private static partial Regex Boxed();
}
