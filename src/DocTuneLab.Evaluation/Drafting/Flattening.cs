using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>
/// Rewrites code so that it stands alone: members that a <c>using static</c> brought in get their type before them, and what the sources
/// declare beside it in one expression (a field with its value, a property, a helper) is put in its place.
/// </summary>
/// <param name="sources">The sources.</param>
/// <param name="members">Members of the class that the code stands in.</param>
/// <param name="model">Model of the tree that is rewritten.</param>
internal sealed class Flattening(BoundSources sources, SourceMembers members, SemanticModel model) : CSharpSyntaxRewriter
{
    private const int Deepest = 6;

    private readonly List<SyntaxNode> _put = [];

    // Of what is put in a place: its parameters' expressions, itself, and how deep it lies.
    private IReadOnlyDictionary<ISymbol, ExpressionSyntax>? _arguments;
    private ExpressionSyntax? _root;
    private int _depth;

    /// <summary>What the sources declare and was put in its place.</summary>
    public IReadOnlyList<SyntaxNode> Put => _put;

    /// <summary>The first thing that cannot stand alone; null where there is none.</summary>
    public string? Failure { get; private set; }

    public override SyntaxNode? VisitIdentifierName(IdentifierNameSyntax node) => Name(node) ?? base.VisitIdentifierName(node);

    public override SyntaxNode? VisitGenericName(GenericNameSyntax node) =>
        IsQualified(node) ? base.VisitGenericName(node) : Name((SimpleNameSyntax)base.VisitGenericName(node)!, node);

    public override SyntaxNode? VisitInvocationExpression(InvocationExpressionSyntax node)
    {
        if (model.GetSymbolInfo(node).Symbol is IMethodSymbol { MethodKind: MethodKind.Ordinary or MethodKind.ReducedExtension } method
            && members.Declaration(method) is MethodDeclarationSyntax declared)
            return Inline(node, method, declared) ?? Fail(node, $"the helper {method.Name}");
        return base.VisitInvocationExpression(node);
    }

    public override SyntaxNode? VisitMemberAccessExpression(MemberAccessExpressionSyntax node)
    {
        // this.Field, Fixture.Value: the same as the name alone.
        if (node.Expression is ThisExpressionSyntax or BaseExpressionSyntax) return Visit(node.Name);
        if (model.GetSymbolInfo(node).Symbol is IFieldSymbol { IsStatic: true } or IPropertySymbol { IsStatic: true }
            && model.GetSymbolInfo(node.Name).Symbol is { } member && member.ContainingType.TypeKind != TypeKind.Enum
            && members.Declaration(member) is not null && Value(member) is { } value)
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
        if (symbol is IParameterSymbol && _arguments?.TryGetValue(symbol.OriginalDefinition, out var argument) == true)
            return Parenthesised(argument);
        if (symbol is ILocalSymbol local && IsOutside(local))
            return SourceMembers.Made(local, model) is { } made && Once(local) && Rewritten(made, _arguments) is { } value
                ? Parenthesised(value) : Fail(node, $"the local {local.Name}");
        if (symbol is IMethodSymbol { IsStatic: true, MethodKind: MethodKind.Ordinary } or IPropertySymbol { IsStatic: true }
            or IFieldSymbol { IsStatic: true } && sources.Types.IsOfLibrary(symbol))
            return Qualified(symbol.ContainingType, node);
        if (symbol is IMethodSymbol { MethodKind: MethodKind.Ordinary } helper && members.Declaration(helper) is not null)
            return Fail(node, $"the helper {helper.Name}");
        if (symbol is not (IFieldSymbol or IPropertySymbol) || symbol.ContainingType.TypeKind == TypeKind.Enum
            || members.Declaration(symbol) is null) return null;
        return Value(symbol) is { } held ? Parenthesised(held) : Fail(node, $"the field {symbol.Name}");
    }

    // A local of the helper or set-up method that what is put here stands in.
    private bool IsOutside(ILocalSymbol local) => _root is not null && local.DeclaringSyntaxReferences is [var one]
        && !_root.Span.Contains(one.Span);

    // What is used twice must not be made twice.
    private bool Once(ILocalSymbol local) => _root!.DescendantNodesAndSelf().OfType<IdentifierNameSyntax>()
        .Count(n => n.Identifier.ValueText == local.Name) == 1;

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
        if (_depth == Deepest) return null;
        var value = members.Declaration(symbol) switch
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
            _ => members.Assigned(symbol),
        };
        // A value that is made when it is first asked for.
        if (value is AssignmentExpressionSyntax { RawKind: (int)SyntaxKind.CoalesceAssignmentExpression } late) value = late.Right;
        if (value is null or InitializerExpressionSyntax || Rewritten(value, null) is not { } rewritten) return null;
        // What the declaration says of the type is said where the value stands.
        return Typed(rewritten, symbol is IFieldSymbol { Type: var field } ? field : ((IPropertySymbol)symbol).Type);
    }

    private static ExpressionSyntax Typed(ExpressionSyntax value, ITypeSymbol type) => value is ImplicitObjectCreationExpressionSyntax made
        ? SyntaxFactory.ObjectCreationExpression(
            SyntaxFactory.ParseTypeName(ValueCode.Name(type)).WithLeadingTrivia(SyntaxFactory.Space), made.ArgumentList, made.Initializer)
        : value;

    // What a helper returns: its one expression, or what stands behind its locals and behind calls of other helpers without a result.
    private ExpressionSyntax? Returned(MethodDeclarationSyntax declared) => declared.ExpressionBody?.Expression
        ?? (declared.Body is { Statements: [.., ReturnStatementSyntax { Expression: { } value }] } body
            && body.Statements.SkipLast(1).All(IsAside) ? value : null);

    private bool IsAside(StatementSyntax statement) => statement is LocalDeclarationStatementSyntax
        || (statement is ExpressionStatementSyntax { Expression: InvocationExpressionSyntax call }
            && sources.Model(call.SyntaxTree).GetSymbolInfo(call).Symbol is IMethodSymbol { ReturnsVoid: true } called
            && members.Declaration(called) is not null);

    private SyntaxNode? Inline(InvocationExpressionSyntax call, IMethodSymbol method, MethodDeclarationSyntax declared)
    {
        var value = Returned(declared);
        if (value is null || _depth == Deepest || declared.TypeParameterList is not null) return null;
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
        return Rewritten(value, given) is { } rewritten ? Parenthesised(Typed(rewritten, method.ReturnType)) : null;
    }

    private ExpressionSyntax? Rewritten(ExpressionSyntax value, IReadOnlyDictionary<ISymbol, ExpressionSyntax>? given)
    {
        var inner = new Flattening(sources, members, sources.Model(value.SyntaxTree))
        {
            _arguments = given,
            _root = value,
            _depth = _depth + 1,
        };
        var rewritten = (ExpressionSyntax?)inner.Visit(value);
        Failure ??= inner.Failure;
        _put.Add(value);
        _put.AddRange(inner._put);
        return inner.Failure is null ? rewritten : null;
    }
}
