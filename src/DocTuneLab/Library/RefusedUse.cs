using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace DocTuneLab.Library;

/// <summary>
/// What the compiler refuses to do with a value of the library where no name is written: an operator, a conversion, an index, a loop, a
/// pattern, a deconstruction, <c>await</c>, <c>using</c>, <c>with</c>. It is misuse of the type, or of its operator where it has one for
/// other operands.
/// </summary>
internal static class RefusedUse
{
    private const string Indexer = "this[]";

    /// <summary>Errors of the compiler, and what they refuse.</summary>
    private static readonly Dictionary<string, string> s_errors = new(StringComparer.Ordinal)
    {
        ["CS0019"] = "operator",
        ["CS0034"] = "operator",
        ["CS0023"] = "operator",
        ["CS0035"] = "operator",
        ["CS0021"] = Indexer,
        ["CS8985"] = "pattern",
        ["CS8986"] = "pattern",
        ["CS0029"] = "op_Implicit",
        ["CS0266"] = "op_Implicit",
        ["CS0037"] = "op_Implicit",
        ["CS9174"] = "op_Implicit",
        ["CS0030"] = "op_Explicit",
        ["CS0039"] = "op_Explicit",
        ["CS0077"] = "op_Explicit",
        ["CS1579"] = "GetEnumerator",
        ["CS8414"] = "GetEnumerator",
        ["CS0202"] = "GetEnumerator",
        ["CS8411"] = "GetAsyncEnumerator",
        ["CS8412"] = "GetAsyncEnumerator",
        ["CS8415"] = "GetAsyncEnumerator",
        ["CS8129"] = "Deconstruct",
        ["CS8132"] = "Deconstruct",
        ["CS8121"] = "pattern",
        ["CS8117"] = "pattern",
        ["CS8781"] = "pattern",
        ["CS9135"] = "pattern",
        ["CS1061"] = "GetAwaiter",
        ["CS1929"] = "GetAwaiter",
        ["CS1986"] = "GetAwaiter",
        ["CS4001"] = "GetAwaiter",
        ["CS1674"] = "Dispose",
        ["CS8418"] = "Dispose",
        ["CS8410"] = "DisposeAsync",
        ["CS8417"] = "DisposeAsync",
        ["CS0185"] = "lock",
        ["CS0155"] = "throw",
        ["CS1922"] = "Add",
        ["CS8858"] = "with",
    };

    /// <summary>Whether an error may be one.</summary>
    public static bool IsOne(Diagnostic error) => s_errors.ContainsKey(error.Id);

    /// <summary>The misuse that an error speaks of; null where the library has no part in it, or an earlier error is its cause.</summary>
    public static SymbolUse? Of(Diagnostic error, SemanticModel model, LibraryIndex index, WrappedCode code)
    {
        var node = model.SyntaxTree.GetRoot().FindNode(error.Location.SourceSpan, getInnermostNodeForTie: true);
        var (name, types) = Involved(s_errors[error.Id], node, model);
        if (types.Any(t => t is IErrorTypeSymbol)) return null;
        var type = types.Select(Underlying).FirstOrDefault(t => t is not null && index.Owns(t.ContainingAssembly));
        if (type is null) return null;
        var member = (name == Indexer
            ? type.GetMembers().FirstOrDefault(m => m is IPropertySymbol { IsIndexer: true })
            : type.GetMembers(name).FirstOrDefault()) ?? Conversion(name, type);
        var id = (member ?? type).OriginalDefinition.GetDocumentationCommentId();
        return new(name is "pattern" or "lock" or "throw" or "with" ? type.Name : name, SymbolUseKind.Misuse, id, true,
            code.LineOf(node.SpanStart), null);
    }

    private static (string Name, IReadOnlyList<ITypeSymbol?> Types) Involved(string what, SyntaxNode node, SemanticModel model)
    {
        ITypeSymbol? TypeOf(SyntaxNode n) => model.GetTypeInfo(n).Type;
        switch (what)
        {
            case "operator":
                return node switch
                {
                    BinaryExpressionSyntax b => (OperatorName(b), [TypeOf(b.Left), TypeOf(b.Right)]),
                    AssignmentExpressionSyntax a => (OperatorName(a), [TypeOf(a.Left), TypeOf(a.Right)]),
                    PrefixUnaryExpressionSyntax u => (OperatorName(u), [TypeOf(u.Operand)]),
                    PostfixUnaryExpressionSyntax u => (OperatorName(u), [TypeOf(u.Operand)]),
                    _ => (what, []),
                };
            case Indexer:
                return (what, node switch
                {
                    ElementAccessExpressionSyntax e => [TypeOf(e.Expression)],
                    _ => node.FirstAncestorOrSelf<ConditionalAccessExpressionSyntax>() is { } c ? [TypeOf(c.Expression)] : [],
                });
            case "op_Explicit":
                return (what, node switch
                {
                    CastExpressionSyntax c => [TypeOf(c.Type), TypeOf(c.Expression)],
                    BinaryExpressionSyntax b => [TypeOf(b.Right), TypeOf(b.Left)],
                    ForEachStatementSyntax f => [TypeOf(f.Type), Element(TypeOf(f.Expression))],
                    _ => Both(node, model),
                });
            case "op_Implicit":
                return (what, node switch
                {
                    CastExpressionSyntax cast => [TypeOf(cast.Type), TypeOf(cast.Expression)],
                    { Parent: ExpressionElementSyntax { Parent: { } list } } =>
                        [Element(model.GetTypeInfo(list).ConvertedType), TypeOf(node)],
                    _ => Both(node, model),
                });
            case "pattern":
                return (what, OfPattern(node, model));
            case "Deconstruct":
                return (what, node.FirstAncestorOrSelf<PatternSyntax>() is not null ? OfPattern(node, model)
                    : node.Parent is ForEachVariableStatementSyntax ? [Element(TypeOf(node))] : [TypeOf(node)]);
            case "GetAwaiter":
                return (what, node is AwaitExpressionSyntax wait ? [TypeOf(wait.Expression)] : []);
            case "Dispose" or "DisposeAsync":
                return (what, [node switch
                {
                    VariableDeclarationSyntax d => TypeOf(d.Type),
                    LocalDeclarationStatementSyntax d => TypeOf(d.Declaration.Type),
                    UsingStatementSyntax { Declaration.Type: { } declared } => TypeOf(declared),
                    UsingStatementSyntax { Expression: { } used } => TypeOf(used),
                    _ => TypeOf(node),
                }]);
            case "Add":
                return (what, node.FirstAncestorOrSelf<BaseObjectCreationExpressionSyntax>() is { } made ? [TypeOf(made)] : []);
            case "with":
                return (what, node.FirstAncestorOrSelf<WithExpressionSyntax>() is { } copied ? [TypeOf(copied.Expression)] : []);
            default:
                return (what, [TypeOf(node)]);
        }
    }

    /// <summary>What a collection holds.</summary>
    private static ITypeSymbol? Element(ITypeSymbol? collection) => collection switch
    {
        IArrayTypeSymbol array => array.ElementType,
        INamedTypeSymbol { TypeArguments: [var only] } => only,
        _ => null,
    };

    /// <summary>What a value is, and what it should have become.</summary>
    private static IReadOnlyList<ITypeSymbol?> Both(SyntaxNode node, SemanticModel model)
    {
        var info = model.GetTypeInfo(node);
        return [info.ConvertedType, info.Type];
    }

    private static IReadOnlyList<ITypeSymbol?> OfPattern(SyntaxNode node, SemanticModel model) =>
        node.FirstAncestorOrSelf<PatternSyntax>() is { } pattern && model.GetOperation(pattern) is IPatternOperation matched
            ? [matched.InputType, matched.NarrowedType] : [];

    private static INamedTypeSymbol? Underlying(ITypeSymbol? type) => type switch
    {
        INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T } n => n.TypeArguments[0] as INamedTypeSymbol,
        INamedTypeSymbol n => n,
        _ => null,
    };

    private static ISymbol? Conversion(string name, INamedTypeSymbol type) =>
        name is "op_Implicit" or "op_Explicit"
            ? type.GetMembers("op_Explicit").Concat(type.GetMembers("op_Implicit")).FirstOrDefault() : null;

    private static string OperatorName(ExpressionSyntax node) => node.Kind() switch
    {
        SyntaxKind.AddExpression or SyntaxKind.AddAssignmentExpression => "op_Addition",
        SyntaxKind.SubtractExpression or SyntaxKind.SubtractAssignmentExpression => "op_Subtraction",
        SyntaxKind.MultiplyExpression or SyntaxKind.MultiplyAssignmentExpression => "op_Multiply",
        SyntaxKind.DivideExpression or SyntaxKind.DivideAssignmentExpression => "op_Division",
        SyntaxKind.ModuloExpression or SyntaxKind.ModuloAssignmentExpression => "op_Modulus",
        SyntaxKind.EqualsExpression => "op_Equality",
        SyntaxKind.NotEqualsExpression => "op_Inequality",
        SyntaxKind.LessThanExpression => "op_LessThan",
        SyntaxKind.LessThanOrEqualExpression => "op_LessThanOrEqual",
        SyntaxKind.GreaterThanExpression => "op_GreaterThan",
        SyntaxKind.GreaterThanOrEqualExpression => "op_GreaterThanOrEqual",
        SyntaxKind.BitwiseAndExpression or SyntaxKind.LogicalAndExpression or SyntaxKind.AndAssignmentExpression => "op_BitwiseAnd",
        SyntaxKind.BitwiseOrExpression or SyntaxKind.LogicalOrExpression or SyntaxKind.OrAssignmentExpression => "op_BitwiseOr",
        SyntaxKind.ExclusiveOrExpression or SyntaxKind.ExclusiveOrAssignmentExpression => "op_ExclusiveOr",
        SyntaxKind.LeftShiftExpression or SyntaxKind.LeftShiftAssignmentExpression => "op_LeftShift",
        SyntaxKind.RightShiftExpression or SyntaxKind.RightShiftAssignmentExpression => "op_RightShift",
        SyntaxKind.UnaryMinusExpression => "op_UnaryNegation",
        SyntaxKind.UnaryPlusExpression => "op_UnaryPlus",
        SyntaxKind.LogicalNotExpression => "op_LogicalNot",
        SyntaxKind.BitwiseNotExpression => "op_OnesComplement",
        SyntaxKind.PreIncrementExpression or SyntaxKind.PostIncrementExpression => "op_Increment",
        SyntaxKind.PreDecrementExpression or SyntaxKind.PostDecrementExpression => "op_Decrement",
        _ => node.ChildTokens().FirstOrDefault().Text,
    };
}
