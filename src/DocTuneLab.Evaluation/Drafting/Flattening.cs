using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>
/// Rewrites code so that it stands alone: members that a <c>using static</c> brought in get their type before them, and what the sources
/// declare beside it in one expression (a field with its value, a property, a helper) is put in its place.
/// </summary>
/// <param name="sources">The sources.</param>
/// <param name="model">Model of the tree that is rewritten.</param>
/// <param name="arguments">Expressions for parameters, by name.</param>
/// <param name="depth">How many helpers within each other are left.</param>
internal sealed class Flattening(
    BoundSources sources, SemanticModel model, IReadOnlyDictionary<ISymbol, ExpressionSyntax>? arguments = null, int depth = 3)
        : CSharpSyntaxRewriter
{
    /// <summary>The first thing that cannot stand alone; null where there is none.</summary>
    public string? Failure { get; private set; }

    public override SyntaxNode? VisitIdentifierName(IdentifierNameSyntax node) => Name(node) ?? base.VisitIdentifierName(node);

    public override SyntaxNode? VisitGenericName(GenericNameSyntax node) =>
        IsQualified(node) ? base.VisitGenericName(node) : Name((SimpleNameSyntax)base.VisitGenericName(node)!, node);

    public override SyntaxNode? VisitInvocationExpression(InvocationExpressionSyntax node)
    {
        if (model.GetSymbolInfo(node).Symbol is IMethodSymbol { MethodKind: MethodKind.Ordinary or MethodKind.ReducedExtension } method
            && sources.Declaration(method) is MethodDeclarationSyntax declared)
            return Inline(node, method, declared) ?? Fail(node, $"the helper {method.Name}");
        return base.VisitInvocationExpression(node);
    }

    public override SyntaxNode? VisitMemberAccessExpression(MemberAccessExpressionSyntax node)
    {
        // this.Field, Fixture.Value: the same as the name alone.
        if (node.Expression is ThisExpressionSyntax or BaseExpressionSyntax) return Visit(node.Name);
        if (model.GetSymbolInfo(node).Symbol is IFieldSymbol { IsStatic: true } or IPropertySymbol { IsStatic: true }
            && model.GetSymbolInfo(node.Name).Symbol is { } member && member.ContainingType.TypeKind != TypeKind.Enum
            && sources.Declaration(member) is not null && Value(member) is { } value)
            return Parenthesised(value);
        return base.VisitMemberAccessExpression(node);
    }

    private SyntaxNode Name(SimpleNameSyntax written, SimpleNameSyntax node)
    {
        var symbol = model.GetSymbolInfo(node).Symbol;
        return symbol is IMethodSymbol { IsStatic: true, MethodKind: MethodKind.Ordinary } m && sources.Types.IsOfLibrary(m)
            ? Qualified(m.ContainingType, written) : written;
    }

    private SyntaxNode? Name(IdentifierNameSyntax node)
    {
        if (IsQualified(node)) return null;
        var symbol = model.GetSymbolInfo(node).Symbol;
        if (symbol is IParameterSymbol && arguments?.TryGetValue(symbol.OriginalDefinition, out var argument) == true)
            return Parenthesised(argument);
        if (symbol is IMethodSymbol { IsStatic: true, MethodKind: MethodKind.Ordinary } or IPropertySymbol { IsStatic: true }
            or IFieldSymbol { IsStatic: true } && sources.Types.IsOfLibrary(symbol))
            return Qualified(symbol.ContainingType, node);
        if (symbol is IMethodSymbol { MethodKind: MethodKind.Ordinary } helper && sources.Declaration(helper) is not null)
            return Fail(node, $"the helper {helper.Name}");
        if (symbol is not (IFieldSymbol or IPropertySymbol) || symbol.ContainingType.TypeKind == TypeKind.Enum
            || sources.Declaration(symbol) is null) return null;
        return Value(symbol) is { } value ? Parenthesised(value) : Fail(node, $"the field {symbol.Name}");
    }

    private static bool IsQualified(SimpleNameSyntax node) => node.Parent switch
    {
        MemberAccessExpressionSyntax m => m.Name == node,
        MemberBindingExpressionSyntax or QualifiedNameSyntax or NameColonSyntax or NameEqualsSyntax => true,
        AssignmentExpressionSyntax { Parent: InitializerExpressionSyntax } a => a.Left == node,
        _ => false,
    };

    private static MemberAccessExpressionSyntax Qualified(INamedTypeSymbol type, SimpleNameSyntax name) =>
        SyntaxFactory.MemberAccessExpression(SyntaxKind.SimpleMemberAccessExpression,
            SyntaxFactory.ParseExpression(ValueCode.Name(type)), name.WithoutTrivia()).WithTriviaFrom(name);

    private static SyntaxNode Parenthesised(ExpressionSyntax value) =>
        value is IdentifierNameSyntax or LiteralExpressionSyntax or MemberAccessExpressionSyntax or InvocationExpressionSyntax
            or BaseObjectCreationExpressionSyntax or ParenthesizedExpressionSyntax
            ? value.WithoutTrivia() : SyntaxFactory.ParenthesizedExpression(value.WithoutTrivia());

    private SyntaxNode? Fail(SyntaxNode node, string what)
    {
        Failure ??= what;
        return node;
    }

    // What the sources say that a field or property holds: its initialiser or its one expression.
    private ExpressionSyntax? Value(ISymbol symbol)
    {
        if (depth == 0) return null;
        var value = sources.Declaration(symbol) switch
        {
            VariableDeclaratorSyntax { Initializer.Value: { } v } d when d.Parent?.Parent is FieldDeclarationSyntax => v,
            PropertyDeclarationSyntax { ExpressionBody.Expression: { } v } => v,
            PropertyDeclarationSyntax { Initializer.Value: { } v } => v,
            PropertyDeclarationSyntax
            {
                AccessorList.Accessors: [{ Body.Statements: [ReturnStatementSyntax { Expression: { } v }] },
                ..]
            } => v,
            PropertyDeclarationSyntax { AccessorList.Accessors: [{ ExpressionBody.Expression: { } v }, ..] } => v,
            _ => null,
        };
        // A value that is made when it is first asked for.
        if (value is AssignmentExpressionSyntax { RawKind: (int)SyntaxKind.CoalesceAssignmentExpression } late) value = late.Right;
        if (value is null or InitializerExpressionSyntax || Rewritten(value, null) is not { } rewritten) return null;
        // What the declaration says of the type is said where the value stands.
        return rewritten is ImplicitObjectCreationExpressionSyntax made && symbol is IFieldSymbol { Type: var type }
            ? SyntaxFactory.ObjectCreationExpression(
                SyntaxFactory.ParseTypeName(ValueCode.Name(type)).WithLeadingTrivia(SyntaxFactory.Space), made.ArgumentList,
                made.Initializer)
            : rewritten;
    }

    private SyntaxNode? Inline(InvocationExpressionSyntax call, IMethodSymbol method, MethodDeclarationSyntax declared)
    {
        var value = declared.ExpressionBody?.Expression
            ?? (declared.Body?.Statements is [ReturnStatementSyntax { Expression: { } v }] ? v : null);
        if (value is null || depth == 0 || declared.TypeParameterList is not null) return null;
        var given = new Dictionary<ISymbol, ExpressionSyntax>(SymbolEqualityComparer.Default);
        var parameters = (method.ReducedFrom ?? method).OriginalDefinition.Parameters.AsEnumerable();
        if (method.ReducedFrom is not null)
        {
            if (call.Expression is not MemberAccessExpressionSyntax access) return null;
            given[parameters.First()] = (ExpressionSyntax)Visit(access.Expression)!;
            parameters = parameters.Skip(1);
        }
        foreach (var (parameter, i) in parameters.Select((p, i) => (p, i)))
        {
            if (parameter.IsParams) return null;
            var argument = call.ArgumentList.Arguments.FirstOrDefault(a => a.NameColon?.Name.Identifier.Text == parameter.Name)
                ?? call.ArgumentList.Arguments.ElementAtOrDefault(i);
            if (argument is { RefOrOutKeyword.RawKind: not 0 }) return null;
            var expression = argument is not null ? (ExpressionSyntax)Visit(argument.Expression)!
                : (parameter.DeclaringSyntaxReferences[0].GetSyntax() as ParameterSyntax)?.Default?.Value;
            if (expression is null) return null;
            // What is used twice must not be made twice.
            if (expression is not (IdentifierNameSyntax or LiteralExpressionSyntax)
                && value.DescendantNodesAndSelf().OfType<IdentifierNameSyntax>()
                    .Count(n => n.Identifier.Text == parameter.Name) > 1) return null;
            given[parameter] = expression;
        }
        return Rewritten(value, given) is { } rewritten ? Parenthesised(rewritten) : null;
    }

    private ExpressionSyntax? Rewritten(ExpressionSyntax value, IReadOnlyDictionary<ISymbol, ExpressionSyntax>? given)
    {
        var inner = new Flattening(sources, sources.Model(value.SyntaxTree), given, depth - 1);
        var rewritten = (ExpressionSyntax?)inner.Visit(value);
        Failure ??= inner.Failure;
        return inner.Failure is null ? rewritten : null;
    }
}
