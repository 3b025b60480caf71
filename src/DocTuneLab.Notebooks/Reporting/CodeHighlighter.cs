using System.Net;
using System.Text;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Languages;
using DocTuneLab.Notebooks.Languages.CSharp;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Notebooks.Reporting;

/// <summary>
/// C# as coloured HTML, from the parser alone: it knows the syntax, not the types, which is enough to read by and needs no references.
/// </summary>
internal static class CodeHighlighter
{
    public static string ToHtml(string source, string language)
    {
        var html = new StringBuilder();
        var code = new List<string>();
        var isCSharp = language is "csharp" or "c#";
        foreach (var line in source.ReplaceLineEndings("\n").Split('\n'))
        {
            if (!CellSplitter.IsMagic(line))
            {
                code.Add(line);
                continue;
            }
            Flush();
            html.Append(html.Length > 0 ? "\n" : "").Append(Span("mg", line));
            var name = line[CellSplitter.Prefix.Length..].Split(' ')[0];
            if (BuiltInLanguages.Names.Contains(name))
                isCSharp = name == "csharp";
        }
        Flush();
        return html.ToString();

        void Flush()
        {
            if (code.Count == 0)
                return;
            var text = string.Join('\n', code);
            html.Append(html.Length > 0 ? "\n" : "").Append(isCSharp ? CSharp(text) : WebUtility.HtmlEncode(text));
            code.Clear();
        }
    }

    private static string CSharp(string text)
    {
        var html = new StringBuilder();
        foreach (var token in CSharpSyntaxTree.ParseText(text, CSharpSession.ParseOptions).GetRoot().DescendantTokens())
        {
            foreach (var trivia in token.LeadingTrivia)
                html.Append(Trivia(trivia));
            html.Append(Span(Class(token), token.Text));
            foreach (var trivia in token.TrailingTrivia)
                html.Append(Trivia(trivia));
        }
        return html.ToString();
    }

    private static string Trivia(SyntaxTrivia trivia)
    {
        var text = trivia.ToFullString();
        return trivia.IsDirective ? Span("mg", text)
            : trivia.IsKind(SyntaxKind.SingleLineCommentTrivia)
                || trivia.IsKind(SyntaxKind.MultiLineCommentTrivia)
                || trivia.IsKind(SyntaxKind.SingleLineDocumentationCommentTrivia)
                ? Span("cm", text)
            : WebUtility.HtmlEncode(text);
    }

    private static string? Class(SyntaxToken token) => token.Kind() switch
    {
        SyntaxKind.StringLiteralToken or SyntaxKind.CharacterLiteralToken or SyntaxKind.SingleLineRawStringLiteralToken
            or SyntaxKind.MultiLineRawStringLiteralToken
            or SyntaxKind.InterpolatedStringTextToken or SyntaxKind.InterpolatedStringStartToken or SyntaxKind.InterpolatedStringEndToken
            or SyntaxKind.InterpolatedVerbatimStringStartToken or SyntaxKind.InterpolatedSingleLineRawStringStartToken
            or SyntaxKind.InterpolatedMultiLineRawStringStartToken or SyntaxKind.InterpolatedRawStringEndToken
            or SyntaxKind.Utf8StringLiteralToken =>
            "st",
        SyntaxKind.NumericLiteralToken => "nu",
        SyntaxKind.IdentifierToken when token.Text is "var" => "kw",
        SyntaxKind.IdentifierToken => Identifier(token),
        var kind when SyntaxFacts.IsKeywordKind(kind) => "kw",
        _ => null,
    };

    private static string? Identifier(SyntaxToken token) => token.Parent switch
    {
        BaseTypeDeclarationSyntax or TypeParameterSyntax => "ty",
        MethodDeclarationSyntax or LocalFunctionStatementSyntax => "fn",
        SimpleNameSyntax name => name.Parent switch
        {
            InvocationExpressionSyntax => "fn",
            MemberAccessExpressionSyntax { Parent: InvocationExpressionSyntax invocation } access
                when access.Name == name && invocation.Expression == access =>
                "fn",
            MemberAccessExpressionSyntax access when access.Expression == name && char.IsUpper(token.Text[0]) => "ty",
            ObjectCreationExpressionSyntax or VariableDeclarationSyntax or ParameterSyntax or TypeArgumentListSyntax or NullableTypeSyntax
                or ArrayTypeSyntax
                or BaseTypeSyntax or CastExpressionSyntax or TypeOfExpressionSyntax or DeclarationPatternSyntax => "ty",
            MethodDeclarationSyntax or LocalFunctionStatementSyntax or PropertyDeclarationSyntax => "ty",
            _ => null,
        },
        _ => null,
    };

    private static string Span(string? css, string text) =>
        css is null || text.Length == 0 ? WebUtility.HtmlEncode(text) : $"<span class=\"{css}\">{WebUtility.HtmlEncode(text)}</span>";
}
