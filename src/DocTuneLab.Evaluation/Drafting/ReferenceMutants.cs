using DocTuneLab.Library;
using DocTuneLab.Library.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>A wrong answer that is near to the right one.</summary>
/// <param name="Member">Documentation id of the member that is missing or another.</param>
/// <param name="Body">The body.</param>
/// <param name="Decides">Whether the tests ask for too little where this one passes: the member is missing, or a property is another.
/// Of other methods in a method's place one that fails is enough, since some do the same by another name.</param>
/// <param name="IsLess">Whether it is the reference without something.</param>
internal sealed record Mutant(string Member, string Body, bool Decides, bool IsLess = false);

/// <summary>References with one member of the library left out, or another of the same parameters in its place; and answers that are
/// shorter than the reference and give something of its type.</summary>
internal static class ReferenceMutants
{
    private const int MostSiblings = 4, MostProperties = 12, Most = 36, MostShort = 12;

    /// <summary>Mutants, whether they compile or not.</summary>
    public static IReadOnlyList<Mutant> Of(DraftMethod method, ApiModel api)
    {
        List<Mutant> mutants = [];
        var body = method.Declaration.Body!;
        foreach (var node in body.DescendantNodes())
        {
            switch (node)
            {
                case InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax access } call
                    when method.Model.GetSymbolInfo(call).Symbol is IMethodSymbol called && method.Types.IsOfLibrary(called):
                    {
                        var id = Id(called);
                        if (id is null) break;
                        if (call.Parent is ExpressionStatementSyntax { Parent: BlockSyntax } statement
                            && access.Expression is IdentifierNameSyntax)
                            mutants.Add(new(id,
                                Text(body.RemoveNode(statement, SyntaxRemoveOptions.KeepNoTrivia)!), Decides: true, IsLess: true));
                        if (method.Model.GetSymbolInfo(access.Expression).Symbol is not INamedTypeSymbol)
                            mutants.Add(new(id, Text(body.ReplaceNode(call, access.Expression)), Decides: true, IsLess: true));
                        else foreach (var argument in call.ArgumentList.Arguments)
                            mutants.Add(new(id, Text(body.ReplaceNode(call, argument.Expression)), Decides: true, IsLess: true));
                        // What is cut into parts may have had one.
                        foreach (var whole in call.ArgumentList.Arguments.Select(a => a.Expression).Append(access.Expression)
                            .Where(w => IsPartOf(method, w, call)))
                            mutants.Add(new(id, Text(body.ReplaceNode(call, Alone(whole))), Decides: true));
                        if (call.ArgumentList.Arguments.Count > 0)
                            mutants.Add(new(id,
                                Text(body.ReplaceNode(call.ArgumentList, WithoutLast(call.ArgumentList))), Decides: true, IsLess: true));
                        mutants.AddRange(Renamed(id, access, called));
                        if (call.ArgumentList.Arguments is [var a, var b, ..])
                            mutants.Add(new(id, Text(body.ReplaceNode(call.ArgumentList, call.ArgumentList
                                .ReplaceNodes([a, b], (old, _) => old == a ? b : a))), Decides: false));
                        break;
                    }
                // An order or a choice by what the library says.
                case InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax access } call
                    when method.Types.UsesLibrary(call.ArgumentList, method.Model):
                    mutants.Add(new("", Text(body.ReplaceNode(call, access.Expression)), Decides: true, IsLess: true));
                    mutants.Add(new("", Text(body.ReplaceNode(call, call.WithArgumentList(SyntaxFactory.ArgumentList()))), Decides: true));
                    foreach (var one in (string[])["First()", "Last()", "ElementAt(1)"])
                        mutants.Add(new("", Text(body.ReplaceNode(call, SyntaxFactory.ParseExpression($"{access.Expression}.{one}"))),
                            Decides: true));
                    // The largest of a part is not a part of the largest.
                    if (call is
                        {
                            Parent: MemberAccessExpressionSyntax { Parent: not InvocationExpressionSyntax } part,
                            ArgumentList.Arguments: [{ Expression: SimpleLambdaExpressionSyntax { ExpressionBody: { } asked } of }]
                        }
                        && access.Name.Identifier.Text is "Max" or "Min")
                        mutants.Add(new("", Text(body.ReplaceNode(part, call.ReplaceNode(of, of.WithExpressionBody(
                            SyntaxFactory.ParseExpression($"{asked}.{part.Name}"))))), Decides: true));
                    // By what else is asked of the items.
                    foreach (var other in body.DescendantNodes().OfType<SimpleLambdaExpressionSyntax>()
                        .Where(l => call.ArgumentList.Arguments is [{ Expression: SimpleLambdaExpressionSyntax own }]
                            && l.ToString() != own.ToString() && l.Parameter.Identifier.Text == own.Parameter.Identifier.Text))
                        mutants.Add(new("", Text(body.ReplaceNode(call.ArgumentList.Arguments[0].Expression, other)), Decides: true));
                    break;
                case BaseObjectCreationExpressionSyntax { ArgumentList.Arguments.Count: > 0 } made
                    when method.Model.GetSymbolInfo(made).Symbol is { } constructor && method.Types.IsOfLibrary(constructor)
                        && Id(constructor) is { } id:
                    mutants.Add(new(id,
                        Text(body.ReplaceNode(made.ArgumentList, WithoutLast(made.ArgumentList))), Decides: true, IsLess: true));
                    break;
                case AssignmentExpressionSyntax { Parent: InitializerExpressionSyntax initialiser } set
                    when method.Model.GetSymbolInfo(set.Left).Symbol is { } property && method.Types.IsOfLibrary(property)
                        && Id(property) is { } id:
                    mutants.Add(new(id, Text(body.ReplaceNode(initialiser, initialiser
                        .WithExpressions(initialiser.Expressions.Remove(set)))), Decides: true, IsLess: true));
                    break;
                case AssignmentExpressionSyntax { Parent: ExpressionStatementSyntax statement } set
                    when method.Model.GetSymbolInfo(set.Left).Symbol is { } property && method.Types.IsOfLibrary(property)
                        && Id(property) is { } id:
                    mutants.Add(new(id, Text(body.RemoveNode(statement, SyntaxRemoveOptions.KeepNoTrivia)!), Decides: true, IsLess: true));
                    break;
                case MemberAccessExpressionSyntax { Parent: not InvocationExpressionSyntax } access
                    when method.Model.GetSymbolInfo(access).Symbol is { } value and (IPropertySymbol or IFieldSymbol)
                        && method.Types.IsOfLibrary(value) && Id(value) is { } id:
                    mutants.AddRange(Renamed(id, access, value));
                    break;
            }
        }
        return [.. mutants.DistinctBy(m => m.Body).Where(m => m.Body != Text(body)).Take(Most)];

        IEnumerable<Mutant> Renamed(string id, MemberAccessExpressionSyntax access, ISymbol member) => Siblings(member, api).Select(other =>
            new Mutant(id, Text(body.ReplaceToken(access.Name.Identifier,
                SyntaxFactory.Identifier(other).WithTriviaFrom(access.Name.Identifier))), Decides: member is not IMethodSymbol));
    }

    /// <summary>Answers that do less: a part of the reference alone, what goes in handed back, and what a search over types makes of it
    /// with fewer members. Where one passes, the tests do not ask for the rest.</summary>
    public static IReadOnlyList<Mutant> Shorter(DraftMethod method, CompositionSearch search)
    {
        var body = method.Declaration.Body!;
        var result = ((ReturnStatementSyntax)body.Statements[^1]).Expression!;
        var parts = result.DescendantNodes().OfType<ExpressionSyntax>().Where(e => Gives(method, e)).Select(e => e.ToString());
        var given = method.Parameters.Select(p => new GivenValue(p.Name, p.Type)).ToList();
        var members = method.Members().Count;
        var composed = members < 2 || given.Count == 0 ? [] : search.Find(method.Usage.Type.TrimEnd('?'), given,
            new() { FewestMembers = 1, MostMembers = Math.Min(members - 1, 2), Breadth = MostShort, Results = MostShort })
            .Select(c => c.Code);
        var before = Text(body.WithStatements(SyntaxFactory.List(body.Statements.SkipLast(1))));
        return [.. parts.Select(p => $"{before}\nreturn {p};")
            .Concat(method.Parameters.Select(p => p.Name).Concat(new CopiedValues(method).Answers()).Concat(composed)
                .Concat(ByFramework(method)).Append(Handed(method, result)).OfType<string>()
                .Select(c => $"return {c};"))
            .Where(b => b.Trim() != Text(body).Trim()).Distinct(StringComparer.Ordinal).Take(3 * MostShort)
            .Select(b => new Mutant("", b, Decides: true))];
    }

    // What needs no library: an item of what goes in, how many there are, or its text.
    private static IEnumerable<string> ByFramework(DraftMethod method)
    {
        var wanted = method.ResultType;
        foreach (var parameter in method.Declaration.ParameterList.Parameters.Select(p => method.Model.GetDeclaredSymbol(p)!))
        {
            var (name, isText) = (parameter.Name, parameter.Type.SpecialType == SpecialType.System_String);
            var element = DataTypes.Element(parameter.Type);
            string[] answers = isText && wanted?.SpecialType == SpecialType.System_Char
                || (element is not null && SymbolEqualityComparer.Default.Equals(element, wanted)) ? ["First()", "Last()", "ElementAt(1)"]
                : wanted?.SpecialType == SpecialType.System_String ? isText ? ["Trim()", "ToLowerInvariant()", "ToUpperInvariant()"]
                    : ["ToString()"]
                : wanted?.SpecialType == SpecialType.System_Int32 && (isText || element is not null) ? ["Count()"] : [];
            foreach (var answer in answers) yield return $"{name}.{answer}";
        }
    }

    // Where it still compiles, what was given last may change nothing.
    private static ArgumentListSyntax WithoutLast(ArgumentListSyntax arguments) =>
        arguments.WithArguments(arguments.Arguments.RemoveAt(arguments.Arguments.Count - 1));

    private static bool IsPartOf(DraftMethod method, ExpressionSyntax whole, ExpressionSyntax call)
    {
        var (part, all) = (method.Model.GetTypeInfo(whole).Type, method.Model.GetTypeInfo(call).Type);
        return part is not null && SymbolEqualityComparer.Default.Equals(part, DataTypes.Element(all));
    }

    private static ExpressionSyntax Alone(ExpressionSyntax whole) => SyntaxFactory.ParseExpression($"new[] {{ {whole} }}");

    // A tuple of what goes in, where each part is of the type of something that does.
    private static string? Handed(DraftMethod method, ExpressionSyntax result)
    {
        if (method.ResultType is not INamedTypeSymbol { IsTupleType: true } tuple || result is not TupleExpressionSyntax) return null;
        var parameters = method.Declaration.ParameterList.Parameters.Select(p => method.Model.GetDeclaredSymbol(p)!).ToList();
        List<string> parts = [];
        foreach (var element in tuple.TupleElements)
        {
            var fitting = parameters.FirstOrDefault(p => !parts.Contains(p.Name) && method.Model.Compilation
                .ClassifyConversion(p.Type, element.Type).IsImplicit) ?? parameters.FirstOrDefault(p => method.Model.Compilation
                .ClassifyConversion(p.Type, element.Type).IsImplicit);
            if (fitting is null) return null;
            parts.Add(fitting.Name);
        }
        return $"({string.Join(", ", parts)})";
    }

    private static bool Gives(DraftMethod method, ExpressionSyntax part) => part is not LiteralExpressionSyntax
        && !part.Ancestors().TakeWhile(a => a is not ReturnStatementSyntax).Any(a => a is AnonymousFunctionExpressionSyntax)
        && method.Model.GetTypeInfo(part).Type is { } type && method.ResultType is { } wanted
        && method.Model.Compilation.ClassifyConversion(type, wanted).IsImplicit;

    private static string? Id(ISymbol symbol) => ((symbol as IMethodSymbol)?.ReducedFrom ?? symbol).OriginalDefinition
        .GetDocumentationCommentId();

    // Other members of the type that take and give the same.
    private static IEnumerable<string> Siblings(ISymbol symbol, ApiModel api)
    {
        var definition = ((symbol as IMethodSymbol)?.ReducedFrom ?? symbol).OriginalDefinition;
        if (api.Find(definition.GetDocumentationCommentId() ?? "") is not { } known || api.TypeOf(known) is not { } type) return [];
        return api.MembersOf(type.Id).Where(m => m.Name != known.Name && m.Kind == known.Kind && m.IsStatic == known.IsStatic
                && m.ReturnType == known.ReturnType && m.Obsolete is null
                && m.Parameters.Select(p => p.Type).SequenceEqual(known.Parameters.Select(p => p.Type), StringComparer.Ordinal))
            .Select(m => m.Name).Distinct(StringComparer.Ordinal)
            .Take(known.Kind == ApiKind.Property ? MostProperties : MostSiblings);
    }

    private static string Text(SyntaxNode body) => string.Join('\n', ((BlockSyntax)body).Statements.Select(s => s.ToString()));
}
