using System.Globalization;
using DocTuneLab.Library.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Library.Guidance;

/// <summary>
/// Ends of a method's body that compile: blocks that are open are closed, and what the method returns is a variable, a member of one, or
/// what the library's members make of those in scope; where it returns nothing, one of their calls or a property that is set. No constant,
/// no default and nothing thrown: such an end would be right by its type alone.
/// </summary>
internal static class TypedEndings
{
    // With more members, only what reads all of the parameters.
    private const int MostAtOnePlace = 48, MostOfElement = 6, MostOfVariable = 3, MostMembers = 2, MostToReadAll = 3;

    // Blocks that are closed before a value is returned, and ends of which the compiler is asked.
    private const int MostLevels = 3, MostLooked = 144;
    private const string Value = "return " + NamePlace.Placeholder;
    private static readonly CompositionBounds s_few = new() { FewestMembers = 1, MostMembers = MostMembers, Results = MostAtOnePlace };

    /// <summary>Texts that may follow the code.</summary>
    /// <param name="guide">The frame.</param>
    /// <param name="code">Code of a body, as far as a statement's end.</param>
    /// <param name="open">Blocks that are open.</param>
    /// <param name="isFull">Whether only ends behind which the answer does not fall short are wanted.</param>
    public static IReadOnlyList<string> Of(CodeGuide guide, string code, int open, bool isFull)
    {
        if ((guide.Frame.HoldsTypes && !guide.Frame.HoldsMembers) || !guide.Layers.HasFlag(GuideLayers.Types)) return [];
        var unread = ParameterUse.Unread(guide, code);
        var few = Ends(s_few);
        // An end that leaves a parameter unread, or hands it back, does not do what was asked.
        if (Compiling(few.Where(IsFull)) is { Count: > 0 } full) return full;
        if (unread.Count > 0
            && Compiling(Ends(s_few with { MostMembers = MostToReadAll, MustUse = unread }).Where(IsFull)) is { Count: > 0 } more)
            return more;
        return isFull ? [] : Compiling(few);

        // Where a value is returned, what encloses it is closed behind it.
        List<string> Ends(CompositionBounds bounds) => [.. Enumerable.Range(0, Math.Min(open, MostLevels) + 1)
            .SelectMany(closed => Last(guide, code + Close(code, open, closed), open - closed, unread, bounds)
                .Select(value => Close(code, open, closed) + value)
                .Select(ending => ending + Close(code + ending, open - closed, open - closed)))
            .Prepend(Close(code, open, open))];

        bool IsFull(string end) => ParameterUse.Shortfall(guide, code + end) is null;

        List<string> Compiling(IEnumerable<string> ends) =>
            [.. ends.Take(MostLooked).Where(e => StatementCheck.Objection(guide, code + e) is null)];
    }

    /// <summary>Values that may stand at the end of the code, where it is known what is expected there.</summary>
    /// <param name="guide">The frame.</param>
    /// <param name="code">Code that ends before an expression.</param>
    public static IReadOnlyList<string> Values(CodeGuide guide, string code)
    {
        var tree = guide.Tree(code + NamePlace.Placeholder);
        var at = tree.Length - NamePlace.Placeholder.Length;
        if (!guide.Layers.HasFlag(GuideLayers.Types) || tree.GetRoot().FindToken(at).Parent is not IdentifierNameSyntax name) return [];
        var model = guide.Scope.Model(tree);
        var place = new Place(guide, model, at, s_few);
        return [.. (ExpectedTypes.At(model, name).Types ?? []).SelectMany(place.Values).Distinct(StringComparer.Ordinal)
            .Take(MostAtOnePlace)];
    }

    // The last statement: a value that is returned, or a call where none is and something is yet to be done.
    private static IEnumerable<string> Last(CodeGuide guide, string code, int level, IReadOnlyList<string> unread, CompositionBounds bounds)
    {
        var tree = guide.Tree(code + Value);
        var model = guide.Scope.Model(tree);
        var at = tree.Length - NamePlace.Placeholder.Length;
        if (model.GetEnclosingSymbol(at) is not IMethodSymbol method) return [];
        // Behind a statement that has returned already, nothing is done.
        if (tree.GetRoot().FindToken(at).Parent?.FirstAncestorOrSelf<StatementSyntax>() is { } last
            && guide.Scope.Whole(tree).AnalyzeControlFlow(last) is { Succeeded: true, StartPointIsReachable: false })
            return [];
        if (method.ReturnsVoid) return unread.Count == 0 ? [] : new Place(guide, model, at, bounds with { MustUse = unread })
            .Composed(CompositionSearch.Nothing).Select(call => $"{Line(code, level)}{call};");
        var place = new Place(guide, model, at, bounds);
        var values = !method.IsAsync ? place.Values(method.ReturnType)
            : method.ReturnType is INamedTypeSymbol { TypeArguments: [var result] }
                ? place.Values(result).Concat(place.Values(method.ReturnType).Select(v => $"await {v}"))
                : [];
        return values.Distinct(StringComparer.Ordinal).Take(MostAtOnePlace).Select(v => $"{Line(code, level)}return {v};");
    }

    // Braces on lines of their own.
    private static string Close(string code, int open, int count) => count == 0 ? ""
        : Line(code, open - 1) + string.Join("\n", Enumerable.Range(1, count).Select(n => (n > 1 ? Indent(open - n) : "") + "}"));

    private static string Line(string code, int level)
    {
        var end = code[code.TrimEnd().Length..];
        return code.Length == 0 || end.Contains('\n') ? "" : "\n" + Indent(level);
    }

    private static string Indent(int level) => new(' ', 4 * level);

    /// <summary>A place where a value is to be returned.</summary>
    private sealed class Place(CodeGuide guide, SemanticModel model, int at, CompositionBounds bounds)
    {
        private readonly TypeReach _reach = guide.Scope.ReachAt(model, at);

        private readonly List<(string Name, ITypeSymbol Type)> _given = [.. model.LookupSymbols(at).Select(s => s switch
        {
            ILocalSymbol local => (local.Name, local.Type),
            IParameterSymbol parameter => (parameter.Name, parameter.Type),
            _ => default,
        }).Where(g => g.Type is not null and not { TypeKind: TypeKind.Error } && g.Name != NamePlace.Placeholder)];

        /// <summary>Expressions of a type: of a tuple those of its elements, of a collection also such of one element.</summary>
        public IEnumerable<string> Values(ITypeSymbol goal) => goal switch
        {
            INamedTypeSymbol { IsTupleType: true } tuple => Together([.. tuple.TupleElements.Select(e => e.Type)],
                $"({string.Join(", ", tuple.TupleElements.Select((_, i) => $"{{{i}}}"))})"),
            INamedTypeSymbol { Name: "Dictionary" or "IDictionary" or "IReadOnlyDictionary", TypeArguments: [var key, var value] } =>
                One(goal).Concat(Together([key, value], $"new Dictionary<{Text(key)}, {Text(value)}> {{{{ [{{0}}] = {{1}} }}}}")),
            IArrayTypeSymbol array => One(goal).Concat(Together([array.ElementType], "[{0}]")),
            INamedTypeSymbol { TypeArguments: [var element] } named when named.AllInterfaces.Append(named)
                .Any(i => i.SpecialType == SpecialType.System_Collections_IEnumerable
                    || i.OriginalDefinition.SpecialType == SpecialType.System_Collections_Generic_IEnumerable_T)
                => One(goal).Concat(Together([element], "[{0}]")),
            _ => One(goal),
        };

        private IEnumerable<string> Together(IReadOnlyList<ITypeSymbol> types, string form)
        {
            IEnumerable<string[]> all = [[]];
            foreach (var values in types.Select(t => One(t).Take(MostOfElement).ToList()))
                all = all.SelectMany(a => values.Select(v => (string[])[.. a, v]));
            return all.Select(a => string.Format(CultureInfo.InvariantCulture, form, a));
        }

        private IEnumerable<string> One(ITypeSymbol goal) => _given.Where(g => _reach.Converts(g.Type, goal)).Select(g => g.Name)
            .Concat(_given.Where(g => !_reach.Converts(g.Type, goal)).SelectMany(g => model
                .LookupSymbols(at, g.Type, includeReducedExtensionMethods: true)
                .Select(m => (Type: TypeOf(m), Code: $"{g.Name}.{m.Name}{(m is IMethodSymbol ? "()" : "")}"))
                .Where(m => m.Type is not null && _reach.Converts(m.Type, goal)).OrderBy(m => m.Code.EndsWith(')'))
                .Select(m => m.Code).Distinct().Take(MostOfVariable)))
            .Concat(Composed(Text(goal)));

        /// <summary>What the library's members make of what is given; what needs nothing of it is a constant.</summary>
        public IEnumerable<string> Composed(string goal)
        {
            var given = _given.Select(g => g.Name).ToHashSet(StringComparer.Ordinal);
            foreach (var made in guide.Compositions.Find(goal, [.. _given.Select(g => new GivenValue(g.Name, Text(g.Type)))], bounds))
            {
                var names = SyntaxFactory.ParseExpression(made.Code).DescendantTokens().Select(t => t.Text).ToList();
                if (names.Exists(given.Contains) && !names.Exists(TypeReach.IsOfAll)) yield return made.Code;
            }
        }

        // Of what follows a dot without arguments.
        private static ITypeSymbol? TypeOf(ISymbol member) => member switch
        {
            { CanBeReferencedByName: false } or IMethodSymbol { ReturnsVoid: true } => null,
            { IsStatic: true } and not IMethodSymbol { MethodKind: MethodKind.ReducedExtension } => null,
            IFieldSymbol field => field.Type,
            IPropertySymbol property => property.Type,
            IMethodSymbol method when !TypeReach.IsOfAll(method.Name) && method.Parameters.All(p => p.IsOptional || p.IsParams)
                && !TypeReach.HasTypeParameter(method.ReturnType) => method.ReturnType,
            _ => null,
        };

        private static string Text(ITypeSymbol type) => type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat);
    }
}
