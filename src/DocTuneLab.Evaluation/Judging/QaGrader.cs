using System.Globalization;
using System.Text.RegularExpressions;

namespace DocTuneLab.Evaluation.Judging;

/// <summary>
/// Grades closed questions by rule. Version 1:
/// <list type="number">
/// <item>Only the first line with text counts.</item>
/// <item>Normalisation of answer and accepted answer: white space collapsed; a lead-in (<c>Answer:</c>, <c>The answer is</c>, <c>It is</c>,
/// <c>It's</c>, <c>答案是</c>) and then an article dropped; backticks, quotes and asterisks dropped; trailing <c>. , ; : ! ?</c>, their
/// full-width forms, and an empty <c>()</c> dropped.</item>
/// <item>An accepted answer without white space that has a capital, a digit beside letters, or one of <c>_ . &lt; (</c> is an identifier
/// and is compared with case; all else (and yes, no, true, false, null) without. Two numbers compare by value.</item>
/// <item>Right, if equal; or if the answer begins with the accepted answer as a whole token: what follows is not a letter, digit, <c>_</c>,
/// and not <c>.</c>, <c>-</c>, <c>&lt;</c> or <c>,</c> directly followed by a letter or digit.</item>
/// <item>But an answer that begins right and goes on to offer another is wrong: a further candidate after <c>or</c>, <c>and</c>, <c>/</c>,
/// <c>|</c>, <c>;</c>, <c>&amp;</c>, <c>,</c>, <c>或</c>, <c>和</c>, <c>、</c>. After an identifier, a number, or one of
/// yes, no, true, false, null only a token of the same shape is a candidate, after prose anything is.</item>
/// </list>
/// An answer that holds the right one further in is wrong: listing candidates must not pay.
/// </summary>
public static partial class QaGrader
{
    /// <summary>Version of the rule; part of every result.</summary>
    public const int Version = 1;

    private enum Shape { Prose, Identifier, Number, Word }

    /// <summary>Whether <paramref name="answer"/> is one of <paramref name="accepted"/> by the rule above.</summary>
    public static bool IsCorrect(string answer, IReadOnlyList<string> accepted)
    {
        var given = Given(answer);
        return given.Length > 0 && accepted.Any(a => Matches(given, Normalise(a)));
    }

    /// <summary>The part of an answer that is compared: its first line with text, normalised.</summary>
    public static string Given(string answer) => Normalise(FirstLine(answer));

    private static string Normalise(string text)
    {
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

    private static string FirstLine(string answer) =>
        answer.Split('\n').Select(l => l.Trim()).FirstOrDefault(l => l.Length > 0 && !l.StartsWith("```", StringComparison.Ordinal)) ?? "";

    private static bool Matches(string given, string accepted)
    {
        if (accepted.Length == 0) return false;
        var shape = ShapeOf(accepted);
        var comparison = shape == Shape.Identifier ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
        if (string.Equals(given, accepted, comparison)) return true;
        if (shape == Shape.Number && TryNumber(given, out var a) && TryNumber(accepted, out var b)) return a == b;
        return given.StartsWith(accepted, comparison)
            && IsBoundary(given, accepted.Length)
            && !OffersAnother(given[accepted.Length..], shape);
    }

    private static bool IsBoundary(string text, int at)
    {
        if (text[at - 1] is ')' or '>') return true;
        var c = text[at];
        if (char.IsLetterOrDigit(c) && !IsCjk(c) || c == '_') return false;
        return c is not ('.' or '-' or '<' or ',') || at + 1 >= text.Length || !char.IsLetterOrDigit(text[at + 1]);
    }

    private static bool OffersAnother(string rest, Shape shape)
    {
        foreach (Match separator in Separator().Matches(rest))
        {
            var next = separator.Groups["next"].Value;
            if (shape == Shape.Prose || (next.Length > 0 && ShapeOf(next) == shape)) return true;
        }
        return false;
    }

    private static Shape ShapeOf(string text)
    {
        if (TryNumber(text, out _)) return Shape.Number;
        if (Words().IsMatch(text)) return Shape.Word;
        var code = text.Any(c => char.IsUpper(c) || c is '_' or '.' or '<' or '(') || (text.Any(char.IsDigit) && text.Any(char.IsLetter));
        return code && !text.Contains(' ') ? Shape.Identifier : Shape.Prose;
    }

    private static bool TryNumber(string text, out decimal value) =>
        decimal.TryParse(text.Replace("_", ""), NumberStyles.Number, CultureInfo.InvariantCulture, out value);

    private static bool IsCjk(char c) => c is >= '\u3000' and <= '\u9fff' or >= '\uff00' and <= '\uffef';

    [GeneratedRegex(@"[`""'*“”‘’「」]")]
    private static partial Regex Dress();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();

    [GeneratedRegex(@"^(?:answer\s*:|the answer is\s*:?|it is|its(?=\s)|答案是?\s*[:：]?)\s*", RegexOptions.IgnoreCase)]
    private static partial Regex LeadIn();

    [GeneratedRegex(@"^(?:the|an|a)\s+", RegexOptions.IgnoreCase)]
    private static partial Regex Article();

    [GeneratedRegex(@"(?:\b(?:or|and)\b|[/|;&,或和、，；])\s*"
        + @"(?:or\s+|and\s+|maybe\s+|perhaps\s+|the\s+|an?\s+)*(?<next>[\p{L}\p{N}_.<>]*)", RegexOptions.IgnoreCase)]
    private static partial Regex Separator();

    [GeneratedRegex(@"^(?:yes|no|true|false|null)$", RegexOptions.IgnoreCase)]
    private static partial Regex Words();
}
