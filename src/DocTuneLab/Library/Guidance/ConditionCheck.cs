using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Library.Guidance;

/// <summary>Whether what stands between the parentheses of a statement is a condition, or something that can be gone through.</summary>
internal static class ConditionCheck
{
    /// <summary>Why the parenthesis may not close yet; null where it may.</summary>
    /// <param name="guide">The frame.</param>
    /// <param name="code">Code that ends before the parenthesis.</param>
    public static string? Fault(CodeGuide guide, string code)
    {
        var tree = guide.Tree(code + ");");
        var at = tree.GetRoot().FindToken(guide.Scope.Opening.Length + code.Length);
        var expression = at.Parent switch
        {
            IfStatementSyntax one => one.Condition,
            WhileStatementSyntax loop => loop.Condition,
            DoStatementSyntax loop => loop.Condition,
            ForEachStatementSyntax each => each.Expression,
            _ => null,
        };
        if (expression is null || !at.IsKind(SyntaxKind.CloseParenToken) || expression.ContainsDiagnostics) return null;
        // What a lambda takes is certain only when the call around it is whole.
        if (expression.FirstAncestorOrSelf<AnonymousFunctionExpressionSyntax>() is not null) return null;
        var model = guide.Scope.Model(tree);
        var type = model.GetTypeInfo(expression).Type;
        if (type is null && model.GetMemberGroup(expression) is [var method, ..]) return $"{method.Name} is a method that is not called";
        if (type is null or { TypeKind: TypeKind.Error or TypeKind.Dynamic }) return null;
        if (at.Parent is ForEachStatementSyntax loopOver)
            return model.GetForEachStatementInfo(loopOver).GetEnumeratorMethod is null && type.TypeKind != TypeKind.Array
                ? $"{type.ToDisplayString()} has nothing to go through" : null;
        return type.SpecialType == SpecialType.System_Boolean || type is INamedTypeSymbol { BaseType.SpecialType: SpecialType.None }
            || type.GetMembers("op_True").Length > 0
            || model.ClassifyConversion(expression, model.Compilation.GetSpecialType(SpecialType.System_Boolean)).IsImplicit
                ? null : $"{type.ToDisplayString()} is no condition";
    }
}
