using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Library.Guidance;

/// <summary>Whether an argument that has just ended fits some overload: by number, and by type where its type is known.</summary>
internal static class ArgumentCheck
{
    /// <summary>Why no overload takes the arguments so far; null where one may.</summary>
    /// <param name="guide">The frame.</param>
    /// <param name="code">Code that ends before the comma or parenthesis.</param>
    /// <param name="closes">Whether a parenthesis follows, so that nothing else comes.</param>
    public static string? Fault(CodeGuide guide, string code, bool closes)
    {
        var tree = guide.Tree(code + (closes ? ")" : "," + NamePlace.Placeholder));
        var root = tree.GetRoot();
        var at = root.FindToken(guide.Frame.Head.Length + code.Length);
        var list = at.Parent as ArgumentListSyntax ?? (at.Parent as TupleExpressionSyntax)?.Parent as ArgumentListSyntax;
        if (list is null || !at.IsKind(closes ? SyntaxKind.CloseParenToken : SyntaxKind.CommaToken)) return null;
        var model = guide.Scope.Model(tree);
        IReadOnlyList<IMethodSymbol> methods = list.Parent switch
        {
            InvocationExpressionSyntax call => [.. model.GetMemberGroup(call.Expression).OfType<IMethodSymbol>()],
            ObjectCreationExpressionSyntax made when model.GetSymbolInfo(made.Type).Symbol is INamedTypeSymbol
            { TypeKind: TypeKind.Class or TypeKind.Struct, IsAbstract: false } type
                => [.. type.InstanceConstructors.Where(c => model.IsAccessible(made.SpanStart, c))],
            _ => [],
        };
        // An error type, a delegate, or what may be declared later.
        if (methods.Count == 0 || methods.Any(m => m.MethodKind is MethodKind.LocalFunction or MethodKind.DelegateInvoke)) return null;
        var arguments = list.Arguments.Take(closes ? list.Arguments.Count : list.Arguments.Count - 1).ToList();
        var more = !closes;
        if (arguments.Any(a => a.NameColon is not null || a.Expression.ContainsDiagnostics)) return null;
        var fitting = methods.Where(m => Takes(m, arguments.Count, more)).ToList();
        if (fitting.Count == 0)
            return $"no overload of {methods[0].Name} takes {(more ? "more than " : "")}{arguments.Count} "
                + (arguments.Count == 1 ? "argument" : "arguments");
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            fitting.RemoveAll(m => !Accepts(model, m, i, argument));
            if (fitting.Count == 0)
                return $"no overload of {methods[0].Name} takes {model.GetTypeInfo(argument.Expression).Type?.ToDisplayString()} "
                    + $"as argument {i + 1}";
        }
        return null;
    }

    private static bool Takes(IMethodSymbol method, int count, bool more) =>
        method.Parameters.Any(p => p.IsParams)
            ? more || count >= method.Parameters.Count(p => !p.IsOptional && !p.IsParams)
            : count + (more ? 1 : 0) <= method.Parameters.Length && (more || count >= method.Parameters.Count(p => !p.IsOptional));

    private static bool Accepts(SemanticModel model, IMethodSymbol method, int index, ArgumentSyntax argument)
    {
        var parameter = method.Parameters[Math.Min(index, method.Parameters.Length - 1)];
        if (parameter.IsParams) return true;
        var isByReference = argument.RefKindKeyword.RawKind != 0;
        if (argument.RefKindKeyword.IsKind(SyntaxKind.OutKeyword) != (parameter.RefKind == RefKind.Out)) return false;
        if (isByReference || parameter.RefKind == RefKind.Ref) return true;
        var type = model.GetTypeInfo(argument.Expression).Type;
        if (type is null && model.GetMemberGroup(argument.Expression).Length > 0)
            return parameter.Type.TypeKind is TypeKind.Delegate or TypeKind.TypeParameter
                || parameter.Type.SpecialType is SpecialType.System_Object or SpecialType.System_Delegate
                    or SpecialType.System_MulticastDelegate
                || HasTypeParameter(parameter.OriginalDefinition.Type);
        // Without a type of its own an expression takes that of the parameter; type parameters are inferred later.
        if (type is null or { TypeKind: TypeKind.Error or TypeKind.Dynamic } || HasTypeParameter(parameter.OriginalDefinition.Type))
            return true;
        return model.Compilation is CSharpCompilation compilation
            && (compilation.ClassifyConversion(type, parameter.Type) is { IsImplicit: true }
                || model.ClassifyConversion(argument.Expression, parameter.Type) is { IsImplicit: true });
    }

    private static bool HasTypeParameter(ITypeSymbol type) => type switch
    {
        ITypeParameterSymbol => true,
        IArrayTypeSymbol array => HasTypeParameter(array.ElementType),
        INamedTypeSymbol named => named.TypeArguments.Any(HasTypeParameter),
        _ => false,
    };
}
