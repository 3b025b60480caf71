using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Library.Guidance;

/// <summary>
/// Headers that members are to have: of the class around the answer that of the method which is asked for, of a class with interfaces those
/// of the members that it still lacks. Others compile as well, but where something is lacking they are seldom meant.
/// </summary>
internal static class MemberHeaders
{
    private static readonly SymbolDisplayFormat s_format = SymbolDisplayFormat.MinimallyQualifiedFormat
        .WithMemberOptions(SymbolDisplayMemberOptions.IncludeType | SymbolDisplayMemberOptions.IncludeParameters
            | SymbolDisplayMemberOptions.IncludeRef)
        .WithParameterOptions(SymbolDisplayParameterOptions.IncludeType | SymbolDisplayParameterOptions.IncludeName
            | SymbolDisplayParameterOptions.IncludeModifiers);

    private static readonly SortedNames s_modifiers = new(
    [
        "static", "async", "readonly", "override", "virtual", "sealed", "new", "const", "required", "unsafe", "partial",
    ]);

    /// <summary>Tokens of a method's header without its modifiers: the type, the name, the parameters.</summary>
    public static IReadOnlyList<string> Of(MethodDeclarationSyntax method) =>
        [.. method.DescendantTokens().Where(t => t.SpanStart >= method.ReturnType.SpanStart
            && t.Span.End <= method.ParameterList.Span.End).Select(t => t.Text)];

    /// <summary>What is asked for where a header departs from it; null where it does not, or nothing is.</summary>
    /// <param name="guide">The frame.</param>
    /// <param name="code">Code that ends with a token, perhaps of a header.</param>
    /// <param name="mayGrow">Whether more of the token may come.</param>
    public static string? Asked(CodeGuide guide, string code, bool mayGrow)
    {
        var tree = guide.Tree(code);
        var last = tree.GetRoot().FindToken(guide.Scope.Opening.Length + code.TrimEnd().Length - 1);
        if (Member(last) is not { Parent: TypeDeclarationSyntax type } member) return null;
        var tokens = member.DescendantTokens().TakeWhile(t => t.SpanStart <= last.SpanStart && !t.IsMissing).ToList();
        var modifiers = tokens.TakeWhile(t => SyntaxFacts.IsAccessibilityModifier(t.Kind()) || s_modifiers.Contains(t.Text)).ToList();
        var header = tokens.Skip(modifiers.Count).Select(t => t.Text).ToList();
        if (header.Count == 0 || header[0] == type.Identifier.ValueText) return null;
        if (header.Count == 1 && mayGrow && s_modifiers.HasBeginning(header[0])) return null;
        var isPublic = modifiers.Any(m => m.IsKind(SyntaxKind.PublicKeyword));
        var wanted = guide.Lacking(code[..(member.SpanStart - guide.Scope.Opening.Length)], t => Lacking(guide, t, type))
            .Where(w => isPublic || !w.IsOfInterface).ToList();
        return wanted.Count == 0 || wanted.Any(w => Begins(w, header, mayGrow)) ? null
            : string.Join(" or ", wanted.Select(w => string.Join(' ', w.Tokens)));
    }

    // What is behind the header is no field and no method without a body.
    private static bool Begins(Header wanted, List<string> header, bool mayGrow) => MayFollow(
            header.ElementAtOrDefault(wanted.Tokens.Count), mayGrow)
        && header.Zip(wanted.Tokens).Select((pair, i) => i == header.Count - 1 && mayGrow
            ? pair.Second.StartsWith(pair.First, StringComparison.Ordinal) : pair.First == pair.Second).All(same => same);

    private static bool MayFollow(string? next, bool mayGrow) => next is not (";" or "=" or ",") || (next == "=" && mayGrow);

    // The member of whose header the token is one.
    private static MemberDeclarationSyntax? Member(SyntaxToken token)
    {
        for (var node = token.Parent; node is not null; node = node.Parent)
            switch (node)
            {
                case BaseTypeDeclarationSyntax or BlockSyntax or ArrowExpressionClauseSyntax
                    or EqualsValueClauseSyntax or AccessorListSyntax or AttributeListSyntax or ConstructorInitializerSyntax
                    or TypeParameterConstraintClauseSyntax:
                    return null;
                case MemberDeclarationSyntax member:
                    return member;
            }
        return null;
    }

    /// <summary>What the type lacks before the member.</summary>
    private static IReadOnlyList<Header> Lacking(CodeGuide guide, string before, TypeDeclarationSyntax type)
    {
        var tree = guide.Tree(before);
        if (tree.GetRoot().FindToken(type.Identifier.SpanStart).Parent is not TypeDeclarationSyntax open) return [];
        if (open.Parent is CompilationUnitSyntax)
            return guide.Scope.Header is { } header && !open.Members.OfType<MethodDeclarationSyntax>().Any(m => Of(m).SequenceEqual(header))
                ? [new(header, false)] : [];
        if (open.BaseList is null || guide.Scope.Whole(tree).GetDeclaredSymbol(open) is not { } symbol) return [];
        return [.. symbol.AllInterfaces.SelectMany(i => i.GetMembers())
            .Where(m => m.IsAbstract && symbol.FindImplementationForInterfaceMember(m) is null)
            .Select(m => m switch
            {
                IPropertySymbol { IsIndexer: false } held => $"{held.Type.ToDisplayString(s_format)} {held.Name}",
                IMethodSymbol { MethodKind: MethodKind.Ordinary, IsGenericMethod: false } => m.ToDisplayString(s_format),
                _ => "",
            }).Where(h => h.Length > 0).Select(h => new Header(Tokens(h), true))];
    }

    private static IReadOnlyList<string> Tokens(string header) => [.. SyntaxFactory.ParseTokens(header, options: CSharpJudge.ParseOptions)
        .Where(t => !t.IsKind(SyntaxKind.EndOfFileToken)).Select(t => t.Text)];

    /// <summary>A header that is asked for.</summary>
    /// <param name="Tokens">Its tokens without modifiers.</param>
    /// <param name="IsOfInterface">Whether an interface asks for it: of a public member.</param>
    public sealed record Header(IReadOnlyList<string> Tokens, bool IsOfInterface);
}
