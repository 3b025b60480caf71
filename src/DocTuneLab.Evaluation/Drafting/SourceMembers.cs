using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>What the members of a test class are while its tests run: overrides are the class's own, and what a constructor or a set-up
/// method fills holds what it was given there.</summary>
/// <param name="sources">The sources.</param>
/// <param name="self">The class; null where code stands in none.</param>
internal sealed class SourceMembers(BoundSources sources, INamedTypeSymbol? self)
{
    private readonly Dictionary<ISymbol, ExpressionSyntax?> _assigned = new(SymbolEqualityComparer.Default);

    /// <summary>The node that declares what a name stands for in the class.</summary>
    public SyntaxNode? Declaration(ISymbol symbol) => sources.Declaration(Override(symbol));

    /// <summary>The only value that a field or property is given in the class or its bases, without any parameter near it; null where
    /// there are none or several.</summary>
    public ExpressionSyntax? Assigned(ISymbol symbol)
    {
        if (_assigned.TryGetValue(symbol, out var known)) return known;
        var found = Types().SelectMany(t => t.DescendantNodes()).OfType<AssignmentExpressionSyntax>()
            .Where(a => NameOf(a.Left) == symbol.Name && SymbolEqualityComparer.Default.Equals(
                sources.Model(a.SyntaxTree).GetSymbolInfo(a.Left).Symbol?.OriginalDefinition, symbol.OriginalDefinition)).Take(2).ToList();
        return _assigned[symbol] = found is [var only] && only.IsKind(SyntaxKind.SimpleAssignmentExpression)
            && only.Parent is StatementSyntax or ArrowExpressionClauseSyntax
            && only.Ancestors().OfType<BaseMethodDeclarationSyntax>().FirstOrDefault()?.ParameterList.Parameters.Count == 0
            && !only.Ancestors().Any(n => n is AnonymousFunctionExpressionSyntax) ? only.Right : null;
    }

    /// <summary>What a local of a set-up method or helper was made of; null where it is changed afterwards.</summary>
    public static ExpressionSyntax? Made(ILocalSymbol local, SemanticModel model)
    {
        if (local.DeclaringSyntaxReferences is not [var one]
            || one.GetSyntax() is not VariableDeclaratorSyntax { Initializer.Value: { } value } declared) return null;
        var isChanged = declared.Ancestors().OfType<BlockSyntax>().First().DescendantNodes().OfType<IdentifierNameSyntax>()
            .Any(n => n.Identifier.ValueText == local.Name && n.Parent is AssignmentExpressionSyntax or PrefixUnaryExpressionSyntax
                or PostfixUnaryExpressionSyntax or ArgumentSyntax { RefOrOutKeyword.RawKind: not 0 }
                && SymbolEqualityComparer.Default.Equals(model.GetSymbolInfo(n).Symbol, local));
        return isChanged ? null : value;
    }

    private ISymbol Override(ISymbol symbol)
    {
        if (!symbol.IsVirtual && !symbol.IsAbstract && !symbol.IsOverride) return symbol;
        for (var type = self; type is not null; type = type.BaseType)
            foreach (var member in type.GetMembers(symbol.Name))
                if (Overridden(member).Any(o => SymbolEqualityComparer.Default.Equals(o.OriginalDefinition, symbol.OriginalDefinition)))
                    return member;
        return symbol;
    }

    private static IEnumerable<ISymbol> Overridden(ISymbol member)
    {
        for (ISymbol? of = member; of is not null; of = of switch
        {
            IMethodSymbol m => m.OverriddenMethod,
            IPropertySymbol p => p.OverriddenProperty,
            _ => null,
        }) yield return of;
    }

    private IEnumerable<SyntaxNode> Types()
    {
        for (var type = self; type is not null; type = type.BaseType)
            foreach (var declared in type.OriginalDefinition.DeclaringSyntaxReferences) yield return declared.GetSyntax();
    }

    private static string? NameOf(ExpressionSyntax left) => left switch
    {
        IdentifierNameSyntax n => n.Identifier.ValueText,
        MemberAccessExpressionSyntax { Expression: ThisExpressionSyntax or BaseExpressionSyntax } m => m.Name.Identifier.ValueText,
        _ => null,
    };
}
