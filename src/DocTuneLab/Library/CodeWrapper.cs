using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Library;

/// <summary>
/// Code as a compilation unit. One line is inserted after the code's own using directives, the rest stays as it is, so
/// that every position maps back to a line of the code as given.
/// </summary>
internal sealed record WrappedCode(string Text, int InsertAt, int InsertLength, int CodeLength, CodeForm Form)
{
    /// <summary>Where the code ends in <see cref="Text"/>.</summary>
    public int End => CodeLength + InsertLength;

    /// <summary>Whether a position lies in the code as given.</summary>
    public bool Contains(int position) => position < End && (position < InsertAt || position >= InsertAt + InsertLength);

    /// <summary>One-based line in the code as given; what lies behind its end counts to its last line.</summary>
    public int LineOf(int position)
    {
        position = Math.Clamp(position, 0, End);
        var lines = 1 + Text.AsSpan(0, position).Count('\n');
        return InsertLength > 0 && position >= InsertAt + InsertLength ? lines - 1 : lines;
    }
}

internal static class CodeWrapper
{
    public const int MaxDepth = 250;

    /// <summary>Parts of one name or type, and signs in a row, at most: the compiler recurses over each, unguarded.</summary>
    public const int MaxLinks = 400;

    /// <summary>Whether a token goes on with a name, a type or signs: <c>a.b.c</c>, <c>int[][]?</c>, <c>int***</c>, <c>!!a</c>.</summary>
    public static bool IsLink(SyntaxKind token) => token is SyntaxKind.IdentifierToken or SyntaxKind.DotToken or SyntaxKind.ColonColonToken
        or SyntaxKind.AsteriskToken or SyntaxKind.OpenBracketToken or SyntaxKind.CloseBracketToken or SyntaxKind.QuestionToken
        or SyntaxKind.MinusToken or SyntaxKind.ExclamationToken or SyntaxKind.TildeToken;

    public static WrappedCode Wrap(string code, CodeForm form, CSharpParseOptions options)
    {
        if (form == CodeForm.File) return new(code, 0, 0, code.Length, form);
        // Answers often begin with using directives even where a method body is asked for; they stay in front.
        var at = form == CodeForm.Expression
            ? 0
            : SyntaxFactory.ParseCompilationUnit(code, options: options).Usings.LastOrDefault()?.FullSpan.End ?? 0;
        var (head, tail) = form switch
        {
            CodeForm.Members => ("public static class Solution {", "}"),
            CodeForm.Statements => Method(code[at..], options),
            _ => Expression(code, options),
        };
        return new($"{code[..at]}{head}\n{code[at..]}\n{tail}", at, head.Length + 1, code.Length, form);
    }

    /// <summary>
    /// Whether brackets nest deeper than code ever does. A model that repeats itself writes such text, and the parser's
    /// recursion would end the process with it.
    /// </summary>
    public static bool IsTooDeep(string code, CSharpParseOptions options)
    {
        if (InterpolationDepth.IsTooDeep(code)) return true;
        if (code.Length < MaxDepth) return false;
        var (depth, angles, links) = (0, 0, 0);
        foreach (var token in SyntaxFactory.ParseTokens(code, options: options))
        {
            depth += token.Kind() switch
            {
                SyntaxKind.OpenParenToken or SyntaxKind.OpenBraceToken or SyntaxKind.OpenBracketToken => 1,
                SyntaxKind.CloseParenToken or SyntaxKind.CloseBraceToken or SyntaxKind.CloseBracketToken => -1,
                _ => 0,
            };
            angles = token.Kind() switch
            {
                SyntaxKind.LessThanToken => angles + 1,
                SyntaxKind.GreaterThanToken => angles - 1,
                SyntaxKind.SemicolonToken => 0,
                _ => angles,
            };
            links = IsLink(token.Kind()) ? links + 1 : 0;
            if (depth > MaxDepth || angles > MaxDepth || links > MaxLinks) return true;
        }
        return false;
    }

    /// <summary>Whether the text has anything but blanks, comments, directives and empty statements.</summary>
    public static bool HasCode(string code, CSharpParseOptions options)
    {
        var root = SyntaxFactory.ParseCompilationUnit(code, options: options);
        return root.DescendantTokens().Any(t => !t.IsMissing
            && !t.IsKind(SyntaxKind.EndOfFileToken) && !t.IsKind(SyntaxKind.SemicolonToken) && !t.IsKind(SyntaxKind.OpenBraceToken)
            && !t.IsKind(SyntaxKind.CloseBraceToken)
            && t.Parent?.FirstAncestorOrSelf<UsingDirectiveSyntax>() is null)
            // What the parser skips (a lone expression, say) hangs in trivia; the form's own parse says what is wrong with it.
            || root.DescendantTrivia().Any(t => t.IsKind(SyntaxKind.SkippedTokensTrivia));
    }

    /// <summary>Whether the wrapper's braces still hold the code, so that an answer cannot close them itself.</summary>
    public static bool Encloses(WrappedCode code, CompilationUnitSyntax root)
    {
        if (code.Form == CodeForm.File) return true;
        if (root.Members is not [ClassDeclarationSyntax solution] || solution.CloseBraceToken.SpanStart < code.End) return false;
        return code.Form == CodeForm.Members
            || (solution.Members is [MethodDeclarationSyntax { Body: { } body }] && body.CloseBraceToken.SpanStart >= code.End
                && (code.Form == CodeForm.Statements || body.Statements.Count == 1));
    }

    private static (string Head, string Tail) Method(string statements, CSharpParseOptions options)
    {
        var block = SyntaxFactory.ParseStatement($"{{{statements}\n}}", options: options);
        // Returns and yields of lambdas and local functions are theirs.
        var own = block.DescendantNodes(n => n is not (AnonymousFunctionExpressionSyntax or LocalFunctionStatementSyntax)).ToList();
        const string Async = "public static class Solution { public static async global::System.";
        if (own.Any(n => n is YieldStatementSyntax)) return (Async + "Collections.Generic.IAsyncEnumerable<object?> Run() {", "} }");
        return own.Any(n => n is ReturnStatementSyntax { Expression: not null })
            ? (Async + "Threading.Tasks.Task<object?> Run() {", "return null; } }")
            : (Async + "Threading.Tasks.Task Run() {", "} }");
    }

    private static (string Head, string Tail) Expression(string code, CSharpParseOptions options)
    {
        var expression = SyntaxFactory.ParseExpression(code, options: options);
        var target = expression switch
        {
            InvocationExpressionSyntax or AssignmentExpressionSyntax or AwaitExpressionSyntax or ObjectCreationExpressionSyntax
                or ConditionalAccessExpressionSyntax
                or PostfixUnaryExpressionSyntax { RawKind: not (int)SyntaxKind.SuppressNullableWarningExpression } => "",
            LiteralExpressionSyntax { RawKind: (int)SyntaxKind.NullLiteralExpression or (int)SyntaxKind.DefaultLiteralExpression } =>
                "object? value =",
            _ => "var value =",
        };
        return ($"public static class Solution {{ public static async global::System.Threading.Tasks.Task Run() {{ {target}", "; } }");
    }
}
