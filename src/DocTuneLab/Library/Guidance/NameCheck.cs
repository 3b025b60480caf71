using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Library.Guidance;

/// <summary>Whether a name may stand where it does, by syntax alone.</summary>
internal static class NameCheck
{
    /// <summary>Whether a statement or argument would have to end before a name. Words that are keywords in places may go on with
    /// it.</summary>
    /// <param name="guide">The frame.</param>
    /// <param name="code">Code that ends with the name.</param>
    /// <param name="start">Where the name begins.</param>
    /// <param name="statementAt">Where its statement begins.</param>
    /// <param name="open">Brackets that are open.</param>
    public static bool IsStray(CodeGuide guide, string code, int start, int statementAt, ImmutableStack<char> open)
    {
        var at = guide.Scope.Opening.Length + start;
        var tree = guide.Tree(code);
        var token = tree.GetRoot().FindToken(at);
        var previous = token.GetPreviousToken();
        if (IsContextual(token) || IsContextual(previous)) return false;
        // As long as they are open, the arguments of a generic method are taken for comparisons.
        var before = code.AsSpan(statementAt, start - statementAt).TrimEnd();
        if (before is [.., ','] && before.Contains('<')) return false;
        // In other parentheses a type and a name declare something.
        var id = open.IsEmpty || open.Peek() == '{' ? "CS1002"
            : open.Peek() == '(' && previous.Parent?.Ancestors().FirstOrDefault(a => a is ArgumentListSyntax
                or ParenthesizedExpressionSyntax or TupleExpressionSyntax or BaseParameterListSyntax) is ArgumentListSyntax
                    ? "CS1003" : null;
        return id is not null && tree.GetDiagnostics().Any(d => d.Id == id
            && d.Location.SourceSpan.Start <= at && d.Location.SourceSpan.Start >= previous.Span.End);
    }

    /// <summary>Whether code ends with the variable of a loop, behind which stands <c>in</c> and nothing else.</summary>
    public static bool LacksIn(CodeGuide guide, string code, int statementAt) =>
        code.AsSpan(statementAt).Contains("foreach", StringComparison.Ordinal)
        && guide.Tree(code).GetRoot().FindToken(guide.Scope.Opening.Length + code.TrimEnd().Length - 1) is var last
        && last.Parent is ForEachStatementSyntax each && each.Identifier == last;

    /// <summary>Whether a name is still undeclared, seen with what follows: it may be one that is being declared, or the type of a local
    /// function with parameters of its own.</summary>
    public static bool IsUndeclared(CodeGuide guide, string code, int at)
    {
        var token = guide.Tree(code).GetRoot().FindToken(guide.Scope.Opening.Length + at);
        return token.Parent is IdentifierNameSyntax name && !(name.Parent is VariableDeclarationSyntax or LocalFunctionStatementSyntax
            && name.FirstAncestorOrSelf<StatementSyntax>()?.GetFirstToken() == token);
    }

    /// <summary>Whether a name that nothing declares may be a type parameter of a local function whose type is being written:
    /// <c>List&lt;T</c>, <c>T[</c>, <c>T?</c>, <c>static T Same</c>.</summary>
    /// <param name="statement">The statement as far as the name.</param>
    /// <param name="next">What follows.</param>
    public static bool MayBeTypeParameter(string statement, SyntaxToken next)
    {
        if (next.Kind() is not (SyntaxKind.GreaterThanToken or SyntaxKind.OpenBracketToken or SyntaxKind.QuestionToken
            or SyntaxKind.IdentifierToken))
            return false;
        var type = SyntaxFactory.ParseTokens(statement, options: CSharpJudge.ParseOptions).SkipLast(1).Reverse()
            .TakeWhile(t => !EndsStatement(t.Kind())).ToList();
        // A parenthesis behind a name is a call's, else that of a tuple.
        return type.All(IsOfType) && !type.Zip(type.Skip(1)).Any(pair => pair.First.IsKind(SyntaxKind.OpenParenToken)
            && pair.Second.IsKind(SyntaxKind.IdentifierToken) && !IsContextual(pair.Second));
    }

    private static bool EndsStatement(SyntaxKind kind) => kind is SyntaxKind.OpenBraceToken or SyntaxKind.CloseBraceToken
        or SyntaxKind.SemicolonToken or SyntaxKind.ColonToken;

    private static bool IsOfType(SyntaxToken token) => SyntaxFacts.IsPredefinedType(token.Kind()) || token.Kind()
        is SyntaxKind.IdentifierToken or SyntaxKind.LessThanToken or SyntaxKind.GreaterThanToken or SyntaxKind.CommaToken
        or SyntaxKind.DotToken or SyntaxKind.ColonColonToken or SyntaxKind.QuestionToken or SyntaxKind.AsteriskToken
        or SyntaxKind.OpenBracketToken or SyntaxKind.CloseBracketToken or SyntaxKind.OpenParenToken or SyntaxKind.CloseParenToken
        or SyntaxKind.StaticKeyword or SyntaxKind.RefKeyword or SyntaxKind.ReadOnlyKeyword or SyntaxKind.UnsafeKeyword
        or SyntaxKind.ExternKeyword;

    private static bool IsContextual(SyntaxToken token) => SyntaxFacts.GetContextualKeywordKind(token.Text) != SyntaxKind.None
        || SyntaxFacts.IsKeywordKind(token.Kind());
}
