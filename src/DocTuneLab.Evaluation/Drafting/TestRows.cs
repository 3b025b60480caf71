using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>
/// The values that a test is run with: those of its attributes, and those of a static member that an attribute names (xunit's
/// <c>MemberData</c>, NUnit's <c>TestCaseSource</c>, MSTest's <c>DynamicData</c>).
/// </summary>
internal static class TestRows
{
    private static readonly HashSet<string> s_rows = new(StringComparer.Ordinal) { "InlineData", "TestCase", "DataRow" };

    private static readonly HashSet<string> s_members = new(StringComparer.Ordinal)
    {
        "MemberData", "TestCaseSource", "DynamicData", "ClassData",
    };

    /// <summary>Lists of C# expressions, one for each of the method's parameters; what cannot stand alone is left out.</summary>
    /// <param name="method">A test.</param>
    /// <param name="sources">The files that it stands in.</param>
    public static IReadOnlyList<IReadOnlyList<string>> Of(MethodDeclarationSyntax method, BoundSources sources)
    {
        var count = method.ParameterList.Parameters.Count;
        List<IReadOnlyList<string>> rows = [];
        foreach (var attribute in UnitTestDrafts.Attributes(method))
        {
            var name = UnitTestDrafts.NameOf(attribute);
            IReadOnlyList<ExpressionSyntax> given = [.. attribute.ArgumentList?.Arguments.Where(a => a.NameEquals is null)
                .Select(a => a.Expression) ?? []];
            if (s_rows.Contains(name)) rows.Add([.. given.Select(e => e.ToString())]);
            else if (s_members.Contains(name) && Named(attribute, given, method, sources) is { } member)
            {
                var model = sources.Model(member.SyntaxTree);
                // What a class holds is searched once for all its rows.
                var members = new SourceMembers(sources, model.GetDeclaredSymbol(member) is { } symbol
                    ? symbol as INamedTypeSymbol ?? symbol.ContainingType : null);
                rows.AddRange(Rows(member, count).Select(r => Alone(r, new(sources, members, model), model))
                    .OfType<IReadOnlyList<string>>());
            }
        }
        return [.. rows.Where(r => r.Count == count)];
    }

    // What is given to a method that makes rows is not followed.
    private static SyntaxNode? Named(AttributeSyntax attribute, IReadOnlyList<ExpressionSyntax> given, MethodDeclarationSyntax method,
        BoundSources sources)
    {
        var model = sources.Model(method.SyntaxTree);
        var types = given.Concat(attribute.ArgumentList?.Arguments.Where(a => a.NameEquals is not null).Select(a => a.Expression) ?? [])
            .OfType<TypeOfExpressionSyntax>().Select(t => model.GetTypeInfo(t.Type).Type).OfType<INamedTypeSymbol>().ToList();
        if (UnitTestDrafts.NameOf(attribute) == "ClassData")
            return types is [var rows] ? sources.Declaration(rows) : null;
        if (given.Where(e => e is not TypeOfExpressionSyntax).ToList() is not [var named]
            || model.GetConstantValue(named) is not { HasValue: true, Value: string name }) return null;
        for (var type = types.FirstOrDefault() ?? model.GetDeclaredSymbol(method)?.ContainingType; type is not null; type = type.BaseType)
            if (type.GetMembers(name).FirstOrDefault() is { } member) return sources.Declaration(member);
        return null;
    }

    // new object[] { a, b }; { a, b } of a collection; new TestCaseData(a, b); rows.Add(a, b); [a, b] within brackets.
    private static IEnumerable<IReadOnlyList<ExpressionSyntax>> Rows(SyntaxNode member, int count)
    {
        foreach (var node in member.DescendantNodes(n => !IsRow(n, count)))
        {
            if (!IsRow(node, count)) continue;
            yield return node switch
            {
                ArrayCreationExpressionSyntax array => [.. array.Initializer!.Expressions],
                InitializerExpressionSyntax row => [.. row.Expressions],
                BaseObjectCreationExpressionSyntax made => [.. made.ArgumentList!.Arguments.Select(a => a.Expression)],
                InvocationExpressionSyntax call => [.. call.ArgumentList.Arguments.Select(a => a.Expression)],
                CollectionExpressionSyntax list => [.. list.Elements.Cast<ExpressionElementSyntax>().Select(e => e.Expression)],
                _ => [],
            };
        }
    }

    private static bool IsRow(SyntaxNode node, int count) => node switch
    {
        ArrayCreationExpressionSyntax { Type.ElementType: var type, Initializer.Expressions: { } items } =>
            items.Count == count && type.ToString().TrimEnd('?') is "object" or "Object" && !items.Any(i => IsRow(i, count)),
        InitializerExpressionSyntax { RawKind: (int)SyntaxKind.ComplexElementInitializerExpression, Expressions: var items } =>
            items.Count == count,
        ObjectCreationExpressionSyntax { Type: var type, ArgumentList.Arguments: var items } =>
            items.Count == count && type.ToString().Split('.')[^1].Split('<')[0] is "TestCaseData" or "TheoryDataRow",
        InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.Text: "Add" } } call =>
            call.ArgumentList.Arguments.Count == count && call.Parent is ExpressionStatementSyntax
            && !call.ArgumentList.Arguments.Any(a => IsRow(a.Expression, count)),
        CollectionExpressionSyntax { Elements: var items, Parent: ExpressionElementSyntax } =>
            items.Count == count && items.All(i => i is ExpressionElementSyntax),
        _ => false,
    };

    private static List<string>? Alone(IReadOnlyList<ExpressionSyntax> row, Flattening flat, SemanticModel model)
    {
        List<string> values = [];
        foreach (var value in row)
        {
            // A local or parameter of the member is not there any more.
            if (value.DescendantNodesAndSelf().OfType<IdentifierNameSyntax>().Select(n => model.GetSymbolInfo(n).Symbol)
                .Any(s => s is ILocalSymbol or IParameterSymbol && !value.Span.Contains(s.Locations[0].SourceSpan))) return null;
            values.Add(flat.Visit(value)!.WithoutTrivia().NormalizeWhitespace(" ", " ").ToFullString());
        }
        return flat.Failure is null ? values : null;
    }
}
