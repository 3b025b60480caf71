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
/// fence; else the whole answer, if it is C# without a syntax error and more than a bare word. A fence that is not closed runs to
/// the end of the answer
/// (the token limit may have cut it). Nothing else is repaired. Code of more than 8,192 characters, or that nests
/// brackets deeper than 200, is refused: a model that repeats itself would otherwise overflow the compiler's stack.
/// </summary>
public static partial class CodeExtractor
{
    /// <summary>Version of the rule; results of different versions do not compare.</summary>
    public const int Version = 1;

    private const int LongestCode = 8_192;

    private const int DeepestNesting = 200;

    internal static readonly CSharpParseOptions ParseOptions = new(LanguageVersion.Latest, DocumentationMode.None);

    /// <summary>Takes the code from <paramref name="answer"/>.</summary>
    public static Extraction Extract(string answer)
    {
        var fences = Fences(answer.ReplaceLineEndings("\n"));
        if (fences.Count > 0)
        {
            var (language, code) = fences.FirstOrDefault(f => f.Language is "csharp" or "cs" or "c#", fences[0]);
            if (string.IsNullOrWhiteSpace(code)) return new(null, "the fence is empty");
            return TooMuch(code) is { } why ? new(null, why) : new(code, language.Length > 0 ? $"fence {language}" : "fence");
        }
        if (string.IsNullOrWhiteSpace(answer)) return new(null, "the answer is empty");
        if (TooMuch(answer) is { } reason) return new(null, reason);
        return IsCode(answer) ? new(answer.Trim(), "whole answer") : new(null, "no fence, and the answer is not C#");
    }

    /// <summary>
    /// The text for a gap: the first fence of the answer where it has one, else the answer, without line breaks at its ends.
    /// </summary>
    public static string Gap(string answer)
    {
        answer = answer.ReplaceLineEndings("\n");
        return (Fences(answer) is [var fence, ..] ? fence.Code : answer).Trim('\n');
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

    private static string? TooMuch(string code)
    {
        if (code.Length > LongestCode) return $"more than {LongestCode} characters";
        int depth = 0, angles = 0;
        foreach (var token in SyntaxFactory.ParseTokens(code, options: ParseOptions))
        {
            switch (token.Kind())
            {
                case SyntaxKind.OpenParenToken or SyntaxKind.OpenBraceToken or SyntaxKind.OpenBracketToken: depth++; break;
                case SyntaxKind.CloseParenToken or SyntaxKind.CloseBraceToken or SyntaxKind.CloseBracketToken:
                    depth = Math.Max(0, depth - 1);
                    break;
                // "Less than" is never closed, so a statement's end starts anew.
                case SyntaxKind.LessThanToken: angles++; break;
                case SyntaxKind.GreaterThanToken: angles = Math.Max(0, angles - 1); break;
                case SyntaxKind.SemicolonToken: angles = 0; break;
            }
            if (depth + angles > DeepestNesting) return $"nests brackets deeper than {DeepestNesting}";
        }
        return null;
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
