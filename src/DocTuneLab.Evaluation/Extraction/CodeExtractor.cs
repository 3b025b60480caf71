using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Extraction;

/// <summary>What the extraction rule took from an answer.</summary>
/// <param name="Code">The code, or null where there is none.</param>
/// <param name="Reason">Where it came from, or why there is none.</param>
public sealed record Extraction(string? Code, string Reason);

/// <summary>
/// The one rule that takes code from an answer. Version 1: the first fence marked <c>csharp</c>, <c>cs</c> or <c>c#</c>; else the first
/// fence; else the whole answer, if it is C# without a syntax error and more than a bare word. A fence that is not closed runs to the end of the answer
/// (the token limit may have cut it). Nothing else is repaired.
/// </summary>
public static partial class CodeExtractor
{
    /// <summary>Version of the rule; results of different versions do not compare.</summary>
    public const int Version = 1;

    internal static readonly CSharpParseOptions ParseOptions = new(LanguageVersion.Latest, DocumentationMode.None);

    /// <summary>Takes the code from <paramref name="answer"/>.</summary>
    public static Extraction Extract(string answer)
    {
        var fences = Fences(answer.ReplaceLineEndings("\n"));
        if (fences.Count > 0)
        {
            var (language, code) = fences.FirstOrDefault(f => f.Language is "csharp" or "cs" or "c#", fences[0]);
            return string.IsNullOrWhiteSpace(code) ? new(null, "the fence is empty") : new(code, language.Length > 0 ? $"fence {language}" : "fence");
        }
        if (string.IsNullOrWhiteSpace(answer)) return new(null, "the answer is empty");
        return IsCode(answer) ? new(answer.Trim(), "whole answer") : new(null, "no fence, and the answer is not C#");
    }

    private static List<(string Language, string Code)> Fences(string answer)
    {
        List<(string, string)> fences = [];
        string? fence = null;
        var language = "";
        List<string> code = [];
        foreach (var line in answer.Split('\n'))
        {
            var mark = Fence().Match(line);
            if (fence is null)
            {
                if (!mark.Success) continue;
                fence = mark.Groups["mark"].Value;
                language = mark.Groups["language"].Value.ToLowerInvariant();
                code.Clear();
            }
            else if (mark.Success && mark.Groups["rest"].Length + mark.Groups["language"].Length == 0
                && mark.Groups["mark"].Value.StartsWith(fence, StringComparison.Ordinal))
            {
                fences.Add((language, string.Join('\n', code)));
                fence = null;
            }
            else
            {
                code.Add(line);
            }
        }
        if (fence is not null) fences.Add((language, string.Join('\n', code)));
        return fences;
    }

    private static bool IsCode(string text)
    {
        var expression = SyntaxFactory.ParseExpression(text, options: ParseOptions, consumeFullText: true);
        if (!expression.ContainsDiagnostics) return expression is not (IdentifierNameSyntax or LiteralExpressionSyntax);
        var unit = SyntaxFactory.ParseCompilationUnit(text, options: ParseOptions);
        return !unit.ContainsDiagnostics && unit.Members.Count > 0;
    }

    [GeneratedRegex(@"^\s{0,3}(?<mark>`{3,}|~{3,})[ \t]*(?<language>[^\s`{]*)(?<rest>[^`]*)$")]
    private static partial Regex Fence();
}
