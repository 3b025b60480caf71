using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Library.Guidance;

/// <summary>What an expression has to become at a place.</summary>
/// <param name="Types">Types one of which it has to convert to; null where any will do.</param>
/// <param name="IsValue">Whether it has to have a value at all.</param>
internal sealed record ExpectedTypes(IReadOnlyList<ITypeSymbol>? Types, bool IsValue)
{
    private static readonly ExpectedTypes s_anything = new(null, false);
    private static readonly ExpectedTypes s_value = new(null, true);

    /// <summary>What is expected of the expression that ends with a name, which is the end of the code.</summary>
    /// <param name="model">Meaning of the code.</param>
    /// <param name="name">The name, as yet unwritten.</param>
    public static ExpectedTypes At(SemanticModel model, SyntaxNode name)
    {
        for (var at = name; at.Parent is { } parent; at = parent)
            switch (parent)
            {
                case MemberAccessExpressionSyntax or MemberBindingExpressionSyntax or ConditionalAccessExpressionSyntax
                    or SwitchExpressionArmSyntax or BinaryExpressionSyntax { RawKind: (int)SyntaxKind.CoalesceExpression }:
                case ObjectCreationExpressionSyntax made when made.Type == at:
                case ConditionalExpressionSyntax choice when choice.Condition != at:
                case SwitchExpressionSyntax cases when cases.GoverningExpression != at:
                    continue;
                case ArgumentSyntax argument:
                    return Of(ArgumentCheck.Expected(model, argument));
                case EqualsValueClauseSyntax { Parent: VariableDeclaratorSyntax { Parent: VariableDeclarationSyntax declaration } }:
                    return declaration.Type.IsVar || declaration.Type is RefTypeSyntax ? s_value : Of(model, declaration.Type);
                case AssignmentExpressionSyntax { RawKind: (int)SyntaxKind.SimpleAssignmentExpression } assignment
                    when assignment.Right == at:
                    return assignment.Left is TupleExpressionSyntax or DeclarationExpressionSyntax ? s_value : Of(model, assignment.Left);
                case ReturnStatementSyntax or ArrowExpressionClauseSyntax:
                    return OfReturn(model.GetEnclosingSymbol(name.SpanStart) as IMethodSymbol);
                case ThrowStatementSyntax:
                    return Of([model.Compilation.GetTypeByMetadataName("System.Exception")]);
                case BinaryExpressionSyntax binary when binary.Right == at:
                    return s_value;
                default:
                    return s_anything;
            }
        return s_anything;
    }

    private static ExpectedTypes OfReturn(IMethodSymbol? method)
    {
        if (method is null or { MethodKind: MethodKind.AnonymousFunction } or { ReturnsVoid: true } or { RefKind: not RefKind.None })
            return s_anything;
        if (!method.IsAsync) return Of([method.ReturnType]);
        return method.ReturnType is INamedTypeSymbol { TypeArguments: [var result] } ? Of([result]) : s_anything;
    }

    private static ExpectedTypes Of(SemanticModel model, ExpressionSyntax expression) => Of([model.GetTypeInfo(expression).Type]);

    private static ExpectedTypes Of(IReadOnlyList<ITypeSymbol?>? types) => types is null or [] || types.Any(IsUncertain)
        ? s_value
        : new(types.OfType<ITypeSymbol>().ToList(), true);

    private static bool IsUncertain(ITypeSymbol? type) => type is null
        or { TypeKind: TypeKind.Error or TypeKind.Dynamic or TypeKind.Pointer or TypeKind.FunctionPointer }
        || type.SpecialType is SpecialType.System_Object or SpecialType.System_Void || TypeReach.HasTypeParameter(type);
}
