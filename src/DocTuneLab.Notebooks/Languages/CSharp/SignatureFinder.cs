using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Notebooks.Languages.CSharp;

/// <summary>Finds the call around a position and what it can mean (the compiler's workspaces keep theirs to themselves).</summary>
internal static class SignatureFinder
{
    private static readonly SymbolDisplayFormat s_format = SymbolDisplayFormat.MinimallyQualifiedFormat
        .WithMemberOptions(SymbolDisplayMemberOptions.IncludeParameters | SymbolDisplayMemberOptions.IncludeType)
        .WithParameterOptions(SymbolDisplayParameterOptions.IncludeType | SymbolDisplayParameterOptions.IncludeName
            | SymbolDisplayParameterOptions.IncludeDefaultValue | SymbolDisplayParameterOptions.IncludeParamsRefOut
            | SymbolDisplayParameterOptions.IncludeExtensionThis);

    public static CellSignatures? Find(SemanticModel model, int position, CancellationToken cancellation)
    {
        var token = model.SyntaxTree.GetRoot(cancellation).FindToken(Math.Max(0, position - 1));
        // The innermost call whose brackets are open at the position.
        var arguments = token.Parent?.AncestorsAndSelf().OfType<ArgumentListSyntax>()
            .FirstOrDefault(list =>
                position > list.OpenParenToken.SpanStart && (list.CloseParenToken.IsMissing || position <= list.CloseParenToken.SpanStart));
        IEnumerable<ISymbol> candidates = arguments?.Parent switch
        {
            InvocationExpressionSyntax call when model.GetMemberGroup(call.Expression, cancellation) is { Length: > 0 } group => group,
            InvocationExpressionSyntax call
                when model.GetTypeInfo(call.Expression, cancellation).Type is INamedTypeSymbol { DelegateInvokeMethod: { } invoke } =>
                [invoke],
            BaseObjectCreationExpressionSyntax creation when model.GetTypeInfo(creation, cancellation).Type is INamedTypeSymbol type =>
                type.InstanceConstructors.Where(constructor => constructor.DeclaredAccessibility == Accessibility.Public),
            _ => [],
        };
        var signatures = candidates.Select(symbol => new CellSignature(Text(symbol, model, position), Documentation(symbol, cancellation)))
            .ToList();
        return signatures.Count == 0
            ? null
            : new CellSignatures(signatures, arguments!.Arguments.GetSeparators().Count(comma => comma.SpanStart < position));
    }

    private static string Text(ISymbol symbol, SemanticModel model, int position)
    {
        var text = symbol.ToMinimalDisplayString(model, position, s_format);
        return symbol is IMethodSymbol { MethodKind: MethodKind.Constructor }
            ? $"new {symbol.ContainingType.ToMinimalDisplayString(model, position)}{text[text.IndexOf('(', StringComparison.Ordinal)..]}"
            : text;
    }

    private static string Documentation(ISymbol symbol, CancellationToken cancellation)
    {
        if (symbol.GetDocumentationCommentXml(cancellationToken: cancellation) is not { Length: > 0 } xml)
            return "";
        try
        {
            return string.Join(' ',
                (System.Xml.Linq.XElement.Parse(xml).Element("summary")?.Value ?? "")
                    .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        }
        catch (System.Xml.XmlException)
        {
            return "";
        }
    }
}
