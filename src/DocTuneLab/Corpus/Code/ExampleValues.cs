using DocTuneLab.Corpus.Language;
using DocTuneLab.Library;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DocTuneLab.Corpus.Code;

/// <summary>
/// Example values for the parameters of a method, as C# expressions, found by a bounded search over literals, constructors and static
/// members that give the type. What needs a callback, a stream or something else that cannot be made so has none.
/// </summary>
internal sealed class ExampleValues
{
    private const int Deepest = 3, Sets = 3, Items = 3, Built = 9, LongestExample = 700;

    private static readonly int[] s_hours = [6, 8, 11, 14, 18, 21];

    private static readonly Dictionary<string, string[]> s_framework = new(StringComparer.Ordinal)
    {
        ["CancellationToken"] = ["CancellationToken.None"],
        // In their order, because parameters such as "from" and "to" are filled in theirs.
        ["DateTime"] = [.. s_hours.Select(h => $"new DateTime(2024, 5, 17, {h}, 30, 0)")],
        ["DateTimeOffset"] = [.. s_hours.Select(h => $"new DateTimeOffset(2024, 5, 17, {h}, 30, 0, TimeSpan.Zero)")],
        ["DateOnly"] = [.. s_hours.Select(h => $"new DateOnly(2024, 5, {h})")],
        ["TimeOnly"] = [.. s_hours.Select(h => $"new TimeOnly({h}, 15)")],
        ["Guid"] = ["new Guid(\"6f9619ff-8b86-d011-b42d-00c04fc964ff\")", "Guid.Empty"],
        ["Uri"] = ["new Uri(\"https://example.com/a\")"],
        ["Version"] = ["new Version(1, 2, 3)", "new Version(2, 0)"],
        ["TimeProvider"] = ["TimeProvider.System"],
        ["IFormatProvider"] = ["System.Globalization.CultureInfo.InvariantCulture"],
        ["CultureInfo"] = ["System.Globalization.CultureInfo.InvariantCulture"],
        ["StringComparer"] = ["StringComparer.Ordinal"],
        ["StringComparison"] = ["StringComparison.Ordinal"],
        ["DayOfWeek"] = ["DayOfWeek.Monday", "DayOfWeek.Friday"],
        ["object"] = ["\"alpha\"", "17"],
        ["Random"] = ["new Random(1)"],
    };

    private readonly ApiIndex _index;
    private readonly Dictionary<string, List<MemberEntry>> _makers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<string>> _documented = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Type, string Role, int Depth, int Variant), string?> _made = [];

    /// <param name="index">The library.</param>
    /// <param name="documented">Examples of its documentation: what they make is a value as well.</param>
    /// <param name="filled">Whether what is made of nothing comes after all else that is made by a constructor.</param>
    public ExampleValues(ApiIndex index, IReadOnlyList<CodeDraft> documented, bool filled = false)
    {
        _index = index;
        foreach (var example in documented) Read(example);
        foreach (var m in index.Members.Where(m => Calls.Usable(m) && m.TypeParameters.Count == 0 && m.Owner.TypeParameters.Count == 0))
        {
            var type = m.Symbol.Kind == ApiKind.Constructor ? m.Owner.Path
                : m.Symbol.IsStatic && m.Symbol.Kind is ApiKind.Method or ApiKind.Property or ApiKind.Field ? m.Symbol.ReturnType
                : IsProduct(m) ? m.Symbol.ReturnType : null;
            if (type is null || index.Find(TypeText.NotNull(type)) is not { } made || TypeText.IsNullable(type)) continue;
            // What takes the type to give it begins nowhere.
            if (m.Symbol.Parameters.Any(p => p.Modifier is "ref" or "out" || TypeText.NotNull(p.Type) == made.Path)) continue;
            Add(made.Path, m);
            foreach (var b in made.Bases) Add(b, m);
        }
        foreach (var makers in _makers.Values)
        {
            var ordered = makers.OrderBy(m => filled && IsEmpty(m) ? Built - 1 : Cost(m)).ToList();
            makers.Clear();
            makers.AddRange(ordered);
        }
    }

    /// <summary>Up to three lists of arguments for the places; none where one of them cannot be filled, and which.</summary>
    public (IReadOnlyList<IReadOnlyList<string>> Arguments, string? Missing) For(IReadOnlyList<ValuePlace> places)
    {
        var sets = new List<IReadOnlyList<string>>();
        for (var set = 0; set < Sets; set++)
        {
            var list = new List<string>();
            for (var i = 0; i < places.Count; i++)
            {
                if (Value(places[i], set + i, Deepest) is not { } value) return ([], places[i].Type);
                list.Add(value);
            }
            if (!sets.Exists(s => s.SequenceEqual(list))) sets.Add(list);
        }
        return (sets, null);
    }

    /// <summary>What a type that has no example values is, for the account.</summary>
    public static string Needs(string type) => TypeText.Head(type) switch
    {
        "Func" or "Action" or "Predicate" or "Comparison" or "EventHandler" => "needs a callback",
        "IAsyncEnumerable" or "Stream" or "TextReader" or "TextWriter" or "StreamReader" or "StreamWriter" => "needs a stream",
        _ => "needs what cannot be made",
    };

    private void Add(string type, MemberEntry maker)
    {
        if (!_makers.TryGetValue(type, out var list)) _makers[type] = list = [];
        list.Add(maker);
    }

    // What has values in it says more than what is empty; what needs little is made first.
    private static int Cost(MemberEntry m) => m.Symbol.Kind switch
    {
        ApiKind.Constructor when IsEmpty(m) => 2,
        ApiKind.Constructor => m.Symbol.Parameters.Count,
        ApiKind.Method when !m.Symbol.IsStatic => Built,
        ApiKind.Method when m.Symbol.Parameters.Count == 0 => 3,
        ApiKind.Method => 1 + m.Symbol.Parameters.Count,
        _ => 6,
    };

    private static bool IsEmpty(MemberEntry m) => m.Symbol is { Kind: ApiKind.Constructor, Parameters.Count: 0 };

    // The end of a builder: what another type of the library gives when it is done.
    private bool IsProduct(MemberEntry m) => m.Symbol is { Kind: ApiKind.Method, IsStatic: false, Parameters.Count: 0 }
        && (m.Symbol.Name.StartsWith("Build", StringComparison.Ordinal) || m.Symbol.Name.StartsWith("Create", StringComparison.Ordinal))
        && _index.Find(m.Symbol.ReturnType) is { } made && made != m.Owner;

    private string? Value(ValuePlace place, int variant, int depth)
    {
        var type = place.Type.StartsWith("ref ", StringComparison.Ordinal) ? place.Type[4..] : place.Type;
        var core = TypeText.NotNull(type);
        if (Literals.For(place with { Type = core }) is { Count: > 0 } literals) return literals[variant % literals.Count];
        if (s_framework.TryGetValue(TypeText.Head(core), out var known) && !core.Contains('<', StringComparison.Ordinal)
            && !core.EndsWith(']'))
            return known[variant % known.Length];
        var key = (core, $"{place.Role}", depth, variant);
        if (_made.TryGetValue(key, out var made)) return made;
        _made[key] = null; // what needs itself cannot be made
        return _made[key] = Composed(place with { Type = core }, variant, depth);
    }

    private string? Composed(ValuePlace place, int variant, int depth)
    {
        var type = place.Type;
        if (Literals.Members(_index, type) is { Count: > 0 } members)
            return $"{members[variant % members.Count].Owner.Path}.{members[variant % members.Count].Symbol.Name}";
        if (TypeText.Element(type) is { } element) return Sequence(type, element, variant, depth);
        if (TypeText.Head(type) is "Dictionary" or "IReadOnlyDictionary" or "IDictionary" && TypeText.Arguments(type) is [var k, var v])
        {
            var pairs = Enumerable.Range(0, 2).Select(i => (Value(new(k, "key"), variant + i, depth), Value(new(v, "value"), variant + i,
                depth)))
                .ToList();
            return pairs.Exists(p => p.Item1 is null || p.Item2 is null)
                ? null
                : $"new Dictionary<{k}, {v}> {{ "
                    + $"{string.Join(", ", pairs.DistinctBy(p => p.Item1).Select(p => $"[{p.Item1}] = {p.Item2}"))} }}";
        }
        if (depth == 0) return null;
        var shown = _documented.GetValueOrDefault(Local(type)) ?? [];
        var makers = _makers.GetValueOrDefault(type) ?? [];
        // What only a builder makes is made as the documentation shows it: how its parts belong together is known there alone.
        if (shown.Count > 0 && (variant % 2 == 1 || makers.Count == 0 || Cost(makers[0]) >= Built)) return Shown(type,
            shown[variant / 2 % shown.Count]);
        // Another way for another variant, as far as there are ways.
        var found = makers.Select(m => Made(m, variant, depth - 1)).OfType<string>().Take(2).ToList();
        return found.Count > 0 ? found[variant % 4 == 3 ? found.Count - 1 : 0] : shown.Count > 0 ? Shown(type, shown[0]) : null;
    }

    private static string Shown(string type, string statements) => $"((Func<{type}>)(() => {{ {statements} return {Local(type)}; }}))()";

    // What pages call a thing: the last word of its type, in small letters.
    private static string Local(string type) => Roles.Words(TypeText.Head(type))[^1];

    // The statements of an example up to the one that declares a local.
    private void Read(CodeDraft example)
    {
        if (!example.Signature.EndsWith("()", StringComparison.Ordinal) || example.Signature.Contains("async ",
            StringComparison.Ordinal)) return;
        if (SyntaxFactory.ParseStatement($"{{{example.Body}\n}}") is not BlockSyntax block || block.ContainsDiagnostics) return;
        foreach (var statement in block.Statements.OfType<LocalDeclarationStatementSyntax>())
        {
            if (statement.Declaration.Variables is not [{ Initializer.Value: not LiteralExpressionSyntax } variable]) continue;
            var text = string.Join('\n', block.Statements.TakeWhile(s => s != statement).Append(statement).Select(s => s.ToString()));
            if (text.Length > LongestExample) break;
            var name = variable.Identifier.Text;
            if (!_documented.TryGetValue(name, out var list)) _documented[name] = list = [];
            if (list.Count < 4) list.Add(text);
        }
    }

    private string? Sequence(string type, string element, int variant, int depth)
    {
        var items = Enumerable.Range(0, Items).Select(i => Value(new(element, "item"), variant + i, depth)).ToList();
        if (items.Contains(null)) return null;
        var list = string.Join(", ", items);
        return TypeText.Head(type) switch
        {
            "[]" or "IEnumerable" or "IReadOnlyList" or "IReadOnlyCollection" => $"new {element}[] {{ {list} }}",
            "List" or "IList" or "ICollection" => $"new List<{element}> {{ {list} }}",
            "HashSet" or "ISet" or "IReadOnlySet" => $"new HashSet<{element}> {{ {list} }}",
            "Queue" or "Stack" => $"new {TypeText.Head(type)}<{element}>(new {element}[] {{ {list} }})",
            _ => null,
        };
    }

    private string? Made(MemberEntry m, int variant, int depth)
    {
        var target = m.Symbol.Kind == ApiKind.Method && !m.Symbol.IsStatic ? Value(new(m.Owner.Path, "it"), variant, depth) : m.Owner.Path;
        if (target is null) return null;
        if (m.Symbol.Kind is ApiKind.Property or ApiKind.Field) return $"{target}.{m.Symbol.Name}";
        var arguments = new List<string>();
        foreach (var p in m.Symbol.Parameters)
        {
            if (p.DefaultValue is not null || p.Modifier == "params") break;
            if (Value(Roles.PlaceOf(m, p, p.Type), variant + arguments.Count, depth) is not { } value) return null;
            arguments.Add(value);
        }
        var call = m.Symbol.Kind == ApiKind.Constructor ? $"new {target}" : $"{target}.{m.Symbol.Name}";
        var required = m.Symbol.Kind == ApiKind.Constructor && arguments.Count == 0 ? m.Owner.Members.Where(p => p.IsRequired).ToList()
            : [];
        var set = required.Select(p => (p.Symbol.Name, Value: Value(Roles.PlaceOf(p, p.Symbol.ReturnType), variant, depth))).ToList();
        if (set.Exists(s => s.Value is null)) return null;
        return $"{call}({string.Join(", ", arguments)})"
            + (set.Count == 0 ? "" : $" {{ {string.Join(", ", set.Select(s => $"{s.Name} = {s.Value}"))} }}");
    }
}
