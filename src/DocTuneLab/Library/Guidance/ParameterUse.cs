using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Library.Guidance;

/// <summary>Whether code reads what it is given.</summary>
public static class ParameterUse
{
    /// <summary>Parameters that no expression names, in their order. What is given to be written need not be read, and a name that says so
    /// is never read.</summary>
    /// <param name="parameters">Parameters of a method.</param>
    /// <param name="within">Its declaration, or its body.</param>
    public static IReadOnlyList<string> Unread(ParameterListSyntax parameters, SyntaxNode within)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(within);
        var read = within.DescendantNodes().OfType<IdentifierNameSyntax>().Where(IsRead)
            .Select(n => n.Identifier.ValueText).ToHashSet(StringComparer.Ordinal);
        return [.. parameters.Parameters
            .Where(p => !p.Modifiers.Any(m => m.IsKind(SyntaxKind.OutKeyword) || m.IsKind(SyntaxKind.RefKeyword)))
            .Select(p => p.Identifier.ValueText).Where(p => p != "_" && !read.Contains(p))];
    }

    /// <summary>Those of the method that is asked for, whose body the code is or which it declares.</summary>
    /// <param name="guide">The frame.</param>
    /// <param name="code">All of the code.</param>
    internal static IReadOnlyList<string> Unread(CodeGuide guide, string code) =>
        Asked(guide, code) is { } method ? Unread(method.ParameterList, method) : [];

    /// <summary>Why the method that is asked for is seldom right as it stands: the first parameter that it never reads, or that it makes
    /// nothing of any of them but hands them on as they are; null where nothing speaks against it.</summary>
    /// <param name="guide">The frame.</param>
    /// <param name="code">All of the code.</param>
    internal static string? Shortfall(CodeGuide guide, string code) => Asked(guide, code) is not { } method ? null
        : Unread(method.ParameterList, method) is [var first, ..] ? $"'{first}' is never read"
        : method.ParameterList.Parameters.Count > 0 && !MakesSomething(method) ? "nothing is made of what is given" : null;

    private static MethodDeclarationSyntax? Asked(CodeGuide guide, string code) =>
        guide.Frame.HoldsTypes && guide.Scope.Header is null ? null
            : guide.Tree(code + guide.Scope.Closing).GetRoot().DescendantNodes().OfType<MethodDeclarationSyntax>()
                .FirstOrDefault(m => guide.Scope.Header is not { } header || MemberHeaders.Of(m).SequenceEqual(header));

    // Beyond names, literals and what gives the one to the other.
    private static bool MakesSomething(MethodDeclarationSyntax method) =>
        ((SyntaxNode?)method.Body ?? method.ExpressionBody)?.DescendantNodes().OfType<ExpressionSyntax>().Any(e => e
            is not (TypeSyntax or LiteralExpressionSyntax or ParenthesizedExpressionSyntax or DeclarationExpressionSyntax
                or AssignmentExpressionSyntax { RawKind: (int)SyntaxKind.SimpleAssignmentExpression })) ?? true;

    private static bool IsRead(IdentifierNameSyntax name) => name.Parent switch
    {
        AssignmentExpressionSyntax { RawKind: (int)SyntaxKind.SimpleAssignmentExpression } assignment => assignment.Left != name,
        MemberAccessExpressionSyntax access => access.Name != name,
        NameColonSyntax or MemberBindingExpressionSyntax => false,
        _ => true,
    };
}
