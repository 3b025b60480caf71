using DocTuneLab.Evaluation.Extraction;
using Microsoft.CodeAnalysis.CSharp;

namespace DocTuneLab.Evaluation.Metrics;

/// <summary>How near a text comes to another.</summary>
public static class TextDistance
{
    /// <summary>1 less the Levenshtein distance over the longer length; 1 for two empty texts.</summary>
    public static double Similarity(string a, string b)
    {
        if (a.Length == 0 && b.Length == 0) return 1;
        var (previous, current) = (new int[b.Length + 1], new int[b.Length + 1]);
        for (var j = 0; j <= b.Length; j++) previous[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
                current[j] = Math.Min(Math.Min(previous[j], current[j - 1]) + 1, previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
            (previous, current) = (current, previous);
        }
        return 1 - ((double)previous[b.Length] / Math.Max(a.Length, b.Length));
    }

    /// <summary>Whether two pieces of C# have the same tokens; comments and white space do not count.</summary>
    public static bool SameCode(string a, string b) => Tokens(a).SequenceEqual(Tokens(b));

    private static IEnumerable<string> Tokens(string code) =>
        SyntaxFactory.ParseTokens(code, options: CodeExtractor.ParseOptions).Select(t => t.Text).Where(t => t.Length > 0);
}
