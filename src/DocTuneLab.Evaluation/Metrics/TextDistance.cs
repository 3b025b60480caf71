using DocTuneLab.Evaluation.Extraction;
using Microsoft.CodeAnalysis.CSharp;
using Quickenshtein;

namespace DocTuneLab.Evaluation.Metrics;

/// <summary>How near a text comes to another.</summary>
internal static class TextDistance
{
    /// <summary>1 less the Levenshtein distance over the longer length; 1 for two empty texts.</summary>
    public static double Similarity(string a, string b)
    {
        if (a.Length == 0 && b.Length == 0) return 1;
        return 1 - ((double)Levenshtein.GetDistance(a, b) / Math.Max(a.Length, b.Length));
    }

    /// <summary>Whether two pieces of C# have the same tokens; comments and white space do not count.</summary>
    public static bool SameCode(string a, string b) => Tokens(a).SequenceEqual(Tokens(b));

    private static IEnumerable<string> Tokens(string code) =>
        SyntaxFactory.ParseTokens(code, options: CodeExtractor.ParseOptions).Select(t => t.Text).Where(t => t.Length > 0);
}
