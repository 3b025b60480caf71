using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>Finds in a block the values that somebody looks at, and cuts out what leads to each of them.</summary>
internal sealed class UsageReader(BoundSources sources, string source, Action<string> refused)
{
    private const int MostTogether = 3;
    private const string OfOthers = "it does not use the library";

    private sealed record Look(IReadOnlyList<StatementSyntax> Before, ExpressionSyntax Looked, IReadOnlyList<ExpressionSyntax> Data,
        ExpressionSyntax? Expected);

    private readonly Dictionary<INamedTypeSymbol, SourceMembers> _classes = new(SymbolEqualityComparer.Default);

    /// <summary>The uses in a method's body, one for each value.</summary>
    /// <param name="body">A block, or the expression of a method that is one.</param>
    /// <param name="place">Where it stands.</param>
    /// <param name="parameters">The method's parameters.</param>
    /// <param name="values">Values for them.</param>
    public IEnumerable<Usage> Read(SyntaxNode body, string place, IReadOnlyList<(string Type, string Name)> parameters,
        IReadOnlyList<IReadOnlyList<string>> values)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        List<Usage> found = [];
        // Values at the end say most: what is looked at before is often a part of them.
        foreach (var look in (body is BlockSyntax block ? Looks(block, []) : Looks((ExpressionSyntax)body, [])).Reverse())
        {
            var (usage, why) = Cut(look, place);
            // Some tests say what they expect where others say what they look at.
            if (usage is null && look.Expected is { } swapped && (look.Looked is LiteralExpressionSyntax || why == OfOthers))
                usage = Cut(look with { Looked = swapped, Expected = look.Looked }, place).Usage;
            if (usage is null)
            {
                refused(why);
                continue;
            }
            var own = parameters.Where(p => Mentions(usage, p.Name)).ToList();
            if (!seen.Add($"{string.Join('\n', usage.Body)}\n{usage.Result}")) continue;
            if (own.Count > 0 && values.Count == 0)
            {
                refused("its values stand elsewhere");
                continue;
            }
            var at = own.Select(p => parameters.ToList().IndexOf(p)).ToList();
            found.Add(usage with { Parameters = own, Values = [.. values.Select(v => (IReadOnlyList<string>)[.. at.Select(i => v[i])])] });
        }
        return found.GroupBy(u => $"{string.Join(", ", u.Parameters)}\n{string.Join('\n', u.Body)}", StringComparer.Ordinal).Reverse()
            .SelectMany(g => Together([.. g]));
    }

    // Several values that the same statements lead to are one result; where they differ by their data alone, they are one use with
    // several values.
    private static IEnumerable<Usage> Together(IReadOnlyList<Usage> same)
    {
        var kinds = same.GroupBy(u => Bare(u.Result), StringComparer.Ordinal).ToList();
        return kinds is [var alike] ? alike : [Joined([.. kinds.Select(k => k.First())])];
    }

    // Code but for its literals.
    private static string Bare(string code)
    {
        var parsed = SyntaxFactory.ParseExpression(code);
        return parsed.ReplaceNodes(parsed.DescendantNodesAndSelf().OfType<LiteralExpressionSyntax>(), (old, _) =>
            SyntaxFactory.IdentifierName(old.Kind().ToString())).ToString();
    }

    // Code but for its casts.
    private static string Uncast(string code)
    {
        var parsed = SyntaxFactory.ParseExpression(code);
        return parsed.ReplaceNodes(parsed.DescendantNodesAndSelf().Where(n => n is CastExpressionSyntax or ParenthesizedExpressionSyntax),
            (_, now) => now is CastExpressionSyntax cast ? cast.Expression : ((ParenthesizedExpressionSyntax)now).Expression).ToString();
    }

    private static Usage Joined(IReadOnlyList<Usage> several)
    {
        // As what it is taken makes it no other value.
        var parts = several.DistinctBy(u => Uncast(u.Result), StringComparer.Ordinal).Take(MostTogether).Reverse().ToList();
        return parts.Count == 1 ? parts[0] : parts[0] with
        {
            Result = $"({string.Join(", ", parts.Select(p => p.Result))})",
            Type = $"({string.Join(", ", parts.Select(p => p.Type))})",
            Parameters = [.. parts.SelectMany(p => p.Parameters).Distinct()],
            Values = parts.MaxBy(p => p.Parameters.Count)!.Values,
        };
    }

    private static bool Mentions(Usage usage, string name) => usage.Body.Append(usage.Result).Any(t =>
        SyntaxFactory.ParseTokens(t).Any(k => k.IsKind(SyntaxKind.IdentifierToken) && k.ValueText == name));

    // Each value that is looked at, with the statements that are run before.
    private static IEnumerable<Look> Looks(BlockSyntax block, IReadOnlyList<StatementSyntax> outer)
    {
        List<StatementSyntax> before = [.. outer];
        foreach (var statement in block.Statements)
        {
            if (statement is BlockSyntax inner)
            {
                foreach (var look in Looks(inner, before)) yield return look;
                continue;
            }
            if (statement is ExpressionStatementSyntax { Expression: var expression } && Assertions.Of(expression) is not null)
                foreach (var look in Looks(expression, before)) yield return look;
            else before.Add(statement);
        }
    }

    private static IEnumerable<Look> Looks(ExpressionSyntax expression, IReadOnlyList<StatementSyntax> before) =>
        Assertions.Of(expression) is { } assertion
            ? assertion.Looked.Select(l => new Look([.. before], l, assertion.Others, assertion.Expected)) : [];

    private (Usage? Usage, string Why) Cut(Look look, string place)
    {
        var (before, looked, data, expected) = look;
        var model = sources.Model(looked.SyntaxTree);
        var wide = Widest(looked, model);
        string? call = null, cast = null;
        ITypeSymbol? type = wide is null ? null : model.GetTypeInfo(wide).Type;
        if (wide is null)
        {
            if (Observed(looked, data, model) is { } observed) (wide, call, type) = (looked, observed.Call, observed.Type);
            else if (Said(model.GetTypeInfo(looked).Type, looked.SpanStart, model) is { } said)
                (wide, call, type) = (looked, said.Call, said.Type);
            else if (model.GetTypeInfo(looked).Type?.SpecialType == SpecialType.System_Object && expected is not null
                && model.GetTypeInfo(expected).Type is { } real && sources.Types.IsRecordOfData(real))
                (wide, cast, type) = (looked, $"({ValueCode.Name(real)})", real);
            else return (null, "the value is none that can be compared");
        }
        if (type is null) return (null, "the value has no known type");
        List<StatementSyntax> kept = [];
        var needed = Locals(wide, model);
        foreach (var argument in data.Where(_ => call is not null)) needed.UnionWith(Locals(argument, model));
        // What is done to a local that is needed may be done after it was handed to another: all that touches either is kept.
        var touched = before.Select(b => Locals(b, model)).ToList();
        for (var changed = true; changed;)
        {
            changed = false;
            foreach (var names in touched.Where(t => t.Overlaps(needed) && !t.IsSubsetOf(needed)))
            {
                needed.UnionWith(names);
                changed = true;
            }
        }
        for (var i = 0; i < before.Count; i++)
        {
            if (!touched[i].Overlaps(needed)) continue;
            if (before[i].DescendantNodesAndSelf().OfType<ExpressionSyntax>().Any(e => Assertions.IsAssertion(e)))
                return (null, "it needs what an assertion gives");
            kept.Add(before[i]);
        }
        if (kept.Count > 8) return (null, "it takes more than eight statements");
        if (Unknown(kept.Cast<SyntaxNode>().Append(wide), model) is { } unknown) return (null, $"it uses what is not there: {unknown}");
        var flat = new Flattening(sources, MembersOf(model.GetEnclosingSymbol(looked.SpanStart)?.ContainingType), model);
        var body = kept.ConvertAll(s => flat.Visit(s)!.WithoutTrivia().NormalizeWhitespace("    ", "\n").ToFullString());
        var result = cast + flat.Visit(wide)!.WithoutTrivia() + call;
        if (flat.Failure is not null) return (null, $"it needs a {flat.Failure.Split(' ')[1]} of the sources");
        List<SyntaxNode> all = [.. kept, wide, .. flat.Put];
        if (!all.Exists(n => sources.Types.UsesLibrary(n, sources.Model(n.SyntaxTree)))) return (null, OfOthers);
        var (context, why) = OwnTypes.Of(sources, all, cast is null ? null : type);
        if (context is null) return (null, why);
        return (new(source, place, body, result)
        {
            Type = ValueCode.Name(type),
            Context = context,
            Usings = sources.Usings(wide),
        }, "");
    }

    // A class is searched once for what its fields are given, not for each value that its tests look at.
    private SourceMembers MembersOf(INamedTypeSymbol? type)
    {
        if (type is null) return new(sources, null);
        return _classes.TryGetValue(type, out var known) ? known : _classes[type] = new(sources, type);
    }

    /// <summary>The largest value around what is looked at that can be compared: the object, not one property of it.</summary>
    private ExpressionSyntax? Widest(ExpressionSyntax looked, SemanticModel model)
    {
        ExpressionSyntax? widest = null;
        for (ExpressionSyntax? part = looked; part is not null;)
        {
            var type = model.GetTypeInfo(part).Type;
            if (model.GetSymbolInfo(part).Symbol is not INamespaceOrTypeSymbol && sources.Types.IsData(type)
                && part is not LiteralExpressionSyntax)
                widest = part;
            part = part switch
            {
                MemberAccessExpressionSyntax m => m.Expression,
                ElementAccessExpressionSyntax e => e.Expression,
                ParenthesizedExpressionSyntax p => p.Expression,
                AwaitExpressionSyntax a when widest is null => a.Expression,
                // What is called on a list of results is a look at the list; what a member of the library makes is not looked through.
                InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax m } i
                    when !sources.Types.IsOfLibrary(model.GetSymbolInfo(i).Symbol) => m.Expression,
                PostfixUnaryExpressionSyntax { RawKind: (int)SyntaxKind.SuppressNullableWarningExpression } s => s.Operand,
                _ => null,
            };
        }
        return widest;
    }

    /// <summary>A call of the library that makes something comparable of a value of its own and of data that stands beside it.</summary>
    private (string Call, ITypeSymbol Type)? Observed(ExpressionSyntax value, IReadOnlyList<ExpressionSyntax> data, SemanticModel model)
    {
        if (model.GetTypeInfo(value).Type is not INamedTypeSymbol type || !sources.Types.IsOfLibrary(type)) return null;
        foreach (var argument in data)
        {
            var given = model.GetTypeInfo(argument).Type;
            if (!sources.Types.IsData(given)) continue;
            var calls = model.LookupSymbols(value.SpanStart, type, includeReducedExtensionMethods: true).OfType<IMethodSymbol>()
                .Where(m => m is { IsStatic: false, IsGenericMethod: false } or { MethodKind: MethodKind.ReducedExtension }
                    && m.TypeArguments.All(a => a.TypeKind != TypeKind.TypeParameter) && sources.Types.IsOfLibrary(m)
                    && m.Parameters.Length > 0 && m.Parameters.Skip(1).All(p => p.IsOptional)
                    && SymbolEqualityComparer.Default.Equals(m.Parameters[0].Type, given))
                .OrderBy(m => m.Parameters.Length).ThenBy(m => m.Name, StringComparer.Ordinal)
                .Select(m => (Call: $".{m.Name}({argument})", Type: m.ReturnType)).ToList();
            if (calls.Find(c => sources.Types.IsData(c.Type)) is { Call: not null } direct) return direct;
            // What the library's own result says of itself; a flag says least.
            foreach (var (call, said) in calls.Select(c => (c.Call, Said: Said(c.Type, value.SpanStart, model)))
                .OrderBy(c => c.Said?.Type.SpecialType == SpecialType.System_Boolean))
                if (said is { } of) return (call + of.Call, of.Type);
        }
        return null;
    }

    /// <summary>What a value of the library says of itself: its text, else a property; null where it says nothing.</summary>
    private (string Call, ITypeSymbol Type)? Said(ITypeSymbol? type, int at, SemanticModel model) => IsTold(type)
        ? (".ToString()", model.Compilation.GetSpecialType(SpecialType.System_String))
        : Shown(type, at, model) is { } property ? ($".{property.Name}", property.Type)
        // Of a list what each of its items says.
        : !sources.Types.IsOfLibrary(type) && Sequence(type) is { TypeArguments: [var item] } sequence && sources.Types.IsOfLibrary(item)
            && Said(item, at, model) is { } each
            ? ($".Select(x => x{each.Call})", sequence.OriginalDefinition.Construct(each.Type)) : null;

    private static INamedTypeSymbol? Sequence(ITypeSymbol? type) => type?.AllInterfaces.Append(type).OfType<INamedTypeSymbol>()
        .FirstOrDefault(i => i.OriginalDefinition.SpecialType == SpecialType.System_Collections_Generic_IEnumerable_T);

    /// <summary>Whether the library says in a text of its own what a value of the type is; what the compiler makes of a record is none.
    /// </summary>
    private bool IsTold(ITypeSymbol? type)
    {
        for (; sources.Types.IsOfLibrary(type); type = type!.BaseType)
            if (type!.GetMembers(nameof(ToString)).OfType<IMethodSymbol>()
                .FirstOrDefault(m => m is { IsOverride: true, Parameters.Length: 0 }) is { } text)
                return !text.IsImplicitlyDeclared && !text.GetAttributes().Any(a => a.AttributeClass?.Name == "CompilerGeneratedAttribute");
        return false;
    }

    /// <summary>A property by which a value of the library says what it is: a text before a number, and a flag last; null where it has
    /// none.</summary>
    private IPropertySymbol? Shown(ITypeSymbol? type, int at, SemanticModel model)
    {
        if (type is not INamedTypeSymbol || !sources.Types.IsOfLibrary(type)) return null;
        return model.LookupSymbols(at, type).OfType<IPropertySymbol>()
            .Where(p => p is { IsStatic: false, IsIndexer: false, GetMethod.DeclaredAccessibility: Accessibility.Public }
                && sources.Types.IsOfLibrary(p) && sources.Types.IsData(p.Type))
            .OrderBy(p => p.Type.SpecialType switch
            {
                SpecialType.System_String => 0,
                SpecialType.System_Boolean => 3,
                SpecialType.None => p.Type.TypeKind == TypeKind.Enum ? 2 : 1,
                _ => 1,
            }).ThenBy(p => p.Name, StringComparer.Ordinal).FirstOrDefault();
    }

    // Locals and parameters that a node names.
    private static HashSet<ISymbol> Locals(SyntaxNode node, SemanticModel model)
    {
        HashSet<ISymbol> found = new(SymbolEqualityComparer.Default);
        foreach (var name in node.DescendantNodesAndSelf())
        {
            var symbol = name switch
            {
                IdentifierNameSyntax n => model.GetSymbolInfo(n).Symbol,
                VariableDeclaratorSyntax or SingleVariableDesignationSyntax or LocalFunctionStatementSyntax => model
                    .GetDeclaredSymbol(name),
                _ => null,
            };
            if (symbol is ILocalSymbol or IMethodSymbol { MethodKind: MethodKind.LocalFunction }) found.Add(symbol);
        }
        return found;
    }

    private static string? Unknown(IEnumerable<SyntaxNode> nodes, SemanticModel model)
    {
        foreach (var name in nodes.SelectMany(n => n.DescendantNodesAndSelf()).OfType<SimpleNameSyntax>())
        {
            if (name.Identifier.Text is "var" or "_" or "nameof" or "dynamic") continue;
            var info = model.GetSymbolInfo(name);
            if (info.Symbol is null && info.CandidateSymbols.Length == 0 && model.GetTypeInfo(name).Type is null or IErrorTypeSymbol)
                return "a name";
        }
        return null;
    }
}
