using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp;

namespace DocTuneLab.Text;

/// <summary>
/// Requests as they are compared with each other: words in small letters, every number the same, and names that a code span makes up (what
/// stands before a dot or between parentheses and begins with a small letter) by order of first use. A text is its sentences, so that a
/// request is found with whatever a template says around it.
/// </summary>
internal static partial class QuestionShape
{
    /// <summary>The sentences of a text; those without a word are left out.</summary>
    public static IReadOnlyList<string> Sentences(string text) =>
        [.. End().Split(Number().Replace(Span().Replace(text, s => Renamed(s.Groups[1].Value)), "0"))
            .Select(s => string.Join(' ', TokenGrams.Tokens(s)))
            .Where(s => s.Any(char.IsLetter))];

    /// <summary>All runs of some number of sentences.</summary>
    public static IEnumerable<string> Runs(IReadOnlyList<string> sentences, int length) =>
        Enumerable.Range(0, Math.Max(0, sentences.Count - length + 1)).Select(i => Joined(sentences.Skip(i).Take(length)));

    /// <summary>Sentences as one text.</summary>
    public static string Joined(IEnumerable<string> sentences) => string.Join(" | ", sentences);

    private static string Renamed(string code)
    {
        var names = new List<string>();
        return Local().Replace(code, match =>
        {
            var name = match.Value;
            if (SyntaxFacts.GetKeywordKind(name) != SyntaxKind.None) return name;
            if (!names.Contains(name)) names.Add(name);
            // One word, as the name itself was.
            return $"_{(char)('a' + (names.IndexOf(name) % 26))}";
        });
    }

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex Span();
    [GeneratedRegex(@"(?<![\w.@])[\p{Ll}_]\w*(?=\s*[?!]?[.\[])|(?<=[(,]\s*)[\p{Ll}_]\w*(?=\s*[,)])")]
    private static partial Regex Local();
    [GeneratedRegex(@"(?<![\w.])[0-9](?:[0-9_]|[.,](?=[0-9]))*")]
    private static partial Regex Number();
    [GeneratedRegex(@"[.?!:;](?=[\s""')*_`]|$)|[。？！：；]|\n")]
    private static partial Regex End();
}
