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
    /// <param name="mayGoOn">Whether the argument itself may still become one that fits.</param>
    public static string? Fault(CodeGuide guide, string code, bool closes, out bool mayGoOn)
    {
        mayGoOn = true;
        var tree = guide.Tree(code + (closes ? ")" : "," + NamePlace.Placeholder));
        var root = tree.GetRoot();
        var at = root.FindToken(guide.Scope.Opening.Length + code.Length);
        var list = at.Parent as ArgumentListSyntax ?? (at.Parent as TupleExpressionSyntax)?.Parent as ArgumentListSyntax;
        if (list is null || !at.IsKind(closes ? SyntaxKind.CloseParenToken : SyntaxKind.CommaToken)) return null;
        var model = guide.Scope.Model(tree);
        var methods = Methods(model, list.Parent);
        // An error type, a delegate, or what may be declared later.
        if (methods.Count == 0 || methods.Any(m => m.MethodKind is MethodKind.LocalFunction or MethodKind.DelegateInvoke)) return null;
        // Code that declares types may declare further overloads.
        if (guide.Frame.HoldsTypes && methods.Any(m => m.Locations.Any(l => l.SourceTree == tree))) return null;
        var arguments = list.Arguments.Take(closes ? list.Arguments.Count : list.Arguments.Count - 1).ToList();
        var more = !closes;
        if (arguments.Any(a => a.NameColon is not null || a.Expression.ContainsDiagnostics)) return null;
        // A local function of that name may come later.
        if (list.Parent is InvocationExpressionSyntax { Expression: SimpleNameSyntax }) return null;
        // So may an extension method.
        if (guide.Frame.HoldsTypes && list.Parent is InvocationExpressionSyntax) return null;
        // Arguments of a generic method, as long as they are open.
        if (more && arguments.Any(a => a.Expression.DescendantNodesAndSelf().Any(n => n.IsKind(SyntaxKind.LessThanExpression))))
            return null;
        var fitting = methods.Where(m => Takes(m, arguments.Count, more)).ToList();
        if (fitting.Count == 0)
            return $"no overload of {methods[0].Name} takes {(more ? "more than " : "")}{arguments.Count} "
                + (arguments.Count == 1 ? "argument" : "arguments");
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            fitting.RemoveAll(m => !Accepts(model, m, i, argument));
            if (fitting.Count > 0) continue;
            var type = model.GetTypeInfo(argument.Expression).Type;
            mayGoOn = type is null || i < arguments.Count - 1 || guide.Scope.Reach is not { } reach
                || methods.Any(m => i < m.Parameters.Length && reach.Reaches(type, m.Parameters[i].Type));
            return $"no overload of {methods[0].Name} takes {type?.ToDisplayString() ?? argument.ToString()} as argument {i + 1}";
        }
        return null;
    }

    /// <summary>Why what the code ends with cannot be called; null where it can, or may be declared later.</summary>
    /// <param name="guide">The frame.</param>
    /// <param name="code">Code that ends before the parenthesis.</param>
    public static string? Uncallable(CodeGuide guide, string code)
    {
        var tree = guide.Tree(code + "()");
        var at = tree.GetRoot().FindToken(guide.Scope.Opening.Length + code.Length);
        if (at.Parent is not ArgumentListSyntax { Parent: InvocationExpressionSyntax { Expression: { } called } }) return null;
        if (guide.Frame.HoldsTypes && called is not SimpleNameSyntax) return null;
        var model = guide.Scope.Model(tree);
        if (model.GetMemberGroup(called).Length > 0) return null;
        var found = model.GetSymbolInfo(called);
        var type = (found.Symbol ?? found.CandidateSymbols.FirstOrDefault()) switch
        {
            IPropertySymbol property => property.Type,
            IFieldSymbol field => field.Type,
            ILocalSymbol local => local.Type,
            IParameterSymbol parameter => parameter.Type,
            _ => null,
        };
        return type is null or { TypeKind: TypeKind.Delegate or TypeKind.Dynamic or TypeKind.Error or TypeKind.FunctionPointer } ? null
            : $"{called} is no method";
    }

    /// <summary>Types of the parameters that an argument may be for, of the overloads that take what stands before it; null where any
    /// may.</summary>
    public static IReadOnlyList<ITypeSymbol>? Expected(SemanticModel model, ArgumentSyntax argument)
    {
        if (argument.RefKindKeyword.RawKind != 0 || argument.Parent is not BaseArgumentListSyntax { Parent: { } call } list) return null;
        if (call is ElementAccessExpressionSyntax element && model.GetTypeInfo(element.Expression).Type is { } type)
            return type is INamedTypeSymbol ? Indexers(type, list.Arguments.IndexOf(argument)) : null;
        var index = list.Arguments.IndexOf(argument);
        if (argument.NameColon is null && list.Arguments.Take(index).Any(a => a.NameColon is not null)) return null;
        var methods = Methods(model, call).ToList();
        for (var i = 0; i < index; i++) methods.RemoveAll(m => i >= m.Parameters.Length || !Accepts(model, m, i, list.Arguments[i]));
        var parameters = argument.NameColon is { } name
            ? methods.Select(m => m.Parameters.FirstOrDefault(p => p.Name == name.Name.Identifier.ValueText))
            : methods.Select(m => m.Parameters.ElementAtOrDefault(index) ?? m.Parameters.LastOrDefault(p => p.IsParams));
        var known = parameters.OfType<IParameterSymbol>().ToList();
        return known.Any(p => p.IsParams || TypeReach.HasTypeParameter(p.OriginalDefinition.Type)) ? null : [.. known.Select(p => p.Type)];
    }

    /// <summary>Whether a method may stand as an argument: some overload takes a delegate there, or none is known yet.</summary>
    public static bool TakesMethod(SemanticModel model, ArgumentSyntax argument) =>
        argument.Parent is ArgumentListSyntax list && Methods(model, list.Parent) is var methods
            && (methods.Count == 0 || methods.Any(m => argument.NameColon is { } name
            ? m.Parameters.Any(p => p.Name == name.Name.Identifier.ValueText && p.Type.TypeKind == TypeKind.Delegate)
            : (m.Parameters.ElementAtOrDefault(list.Arguments.IndexOf(argument)) ?? m.Parameters.LastOrDefault(p => p.IsParams))
                is { Type.TypeKind: TypeKind.Delegate or TypeKind.TypeParameter or TypeKind.Array }));

    private static IReadOnlyList<ITypeSymbol>? Indexers(ITypeSymbol type, int index) => [.. type.GetMembers().OfType<IPropertySymbol>()
        .Where(p => p.IsIndexer && index < p.Parameters.Length).Select(p => p.Parameters[index].Type)];

    private static IReadOnlyList<IMethodSymbol> Methods(SemanticModel model, SyntaxNode? call) => call switch
    {
        InvocationExpressionSyntax invocation => [.. model.GetMemberGroup(invocation.Expression).OfType<IMethodSymbol>()],
        ObjectCreationExpressionSyntax made when model.GetSymbolInfo(made.Type).Symbol is INamedTypeSymbol
        { TypeKind: TypeKind.Class or TypeKind.Struct, IsAbstract: false } type
            => [.. type.InstanceConstructors.Where(c => model.IsAccessible(made.SpanStart, c))],
        _ => [],
    };

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
        // A type is no value; more of it may come.
        if (model.GetSymbolInfo(argument.Expression).Symbol is INamespaceOrTypeSymbol) return false;
        var type = model.GetTypeInfo(argument.Expression).Type;
        if (type is null && model.GetMemberGroup(argument.Expression).Length > 0)
            return parameter.Type.TypeKind is TypeKind.Delegate or TypeKind.TypeParameter
                || parameter.Type.SpecialType is SpecialType.System_Object or SpecialType.System_Delegate
                    or SpecialType.System_MulticastDelegate
                || TypeReach.HasTypeParameter(parameter.OriginalDefinition.Type);
        // Without a type of its own an expression takes that of the parameter; type parameters are inferred later.
        if (type is null or { TypeKind: TypeKind.Error or TypeKind.Dynamic }
            || TypeReach.HasTypeParameter(parameter.OriginalDefinition.Type))
            return true;
        return model.Compilation is CSharpCompilation compilation
            && (compilation.ClassifyConversion(type, parameter.Type) is { IsImplicit: true }
                || model.ClassifyConversion(argument.Expression, parameter.Type) is { IsImplicit: true });
    }
}
