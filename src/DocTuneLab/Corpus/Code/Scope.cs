using System.Globalization;
using DocTuneLab.Corpus.Language;
using DocTuneLab.Library;
using Microsoft.CodeAnalysis.CSharp;

namespace DocTuneLab.Corpus.Code;

/// <summary>A method being written: its parameters, locals, the symbols it uses, and the literal values that its
/// instruction must state.</summary>
internal sealed class Scope(ApiIndex index, Random random, bool chinese = false, ExampleValues? examples = null) : Voice(random, chinese)
{
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    public ApiIndex Index { get; } = index;
    /// <summary>Values for the method's parameters, to run it with; null where nothing is run.</summary>
    public ExampleValues? Examples { get; } = examples;
    public List<(string Type, string Name)> Parameters { get; } = [];
    /// <summary>What each parameter takes, in their order.</summary>
    public List<ValuePlace> Places { get; } = [];
    public List<string> Symbols { get; } = [];
    /// <summary>Literal arguments in words: "capacity 10".</summary>
    public List<string> Settings { get; } = [];
    /// <summary>Arguments that a step before gave, in words: "that water lot as `lot`".</summary>
    public List<string> Handed { get; } = [];
    /// <summary>What the outcome of the steps must differ from: the same read of what was there before them.</summary>
    public List<string> Known { get; } = [];
    /// <summary>Whether a literal stands in the code.</summary>
    public bool HasLiterals { get; private set; }
    /// <summary>Values at hand, with the member that gave each: arguments are taken from them where the roles agree.</summary>
    public List<(string Code, string Type, MemberEntry From)> Offers { get; } = [];
    /// <summary>Locals declared by <c>out var</c>, with their types.</summary>
    public List<(string Type, string Name)> Outs { get; } = [];

    /// <summary>Whether parameters are named after their types, as in an example that shall explain itself. Default false.</summary>
    public bool PlainNames { get; init; }

    public void Use(ApiSymbol symbol)
    {
        if (!Symbols.Contains(symbol.Id)) Symbols.Add(symbol.Id);
    }

    /// <summary>A parameter of the method; a second of the same name gets a number.</summary>
    public string Parameter(string type, string name) => Parameter(new ValuePlace(type, name));

    /// <summary>A parameter of the method for a place: the place says what it is called and which values fit.</summary>
    public string Parameter(ValuePlace place)
    {
        var unique = Local(PlainNames ? place.Name : ParameterNames.For(this, place));
        Parameters.Add((place.Type, unique));
        Places.Add(place);
        return unique;
    }

    /// <summary>An unused identifier.</summary>
    public string Local(string name)
    {
        var plain = name.TrimStart('@');
        var bare = plain;
        for (var n = 2; !_names.Add(bare); n++) bare = plain + n.ToString(CultureInfo.InvariantCulture);
        return SyntaxFacts.GetKeywordKind(bare) == SyntaxKind.None
            && SyntaxFacts.GetContextualKeywordKind(bare) is not (SyntaxKind.AwaitKeyword or SyntaxKind.FieldKeyword)
            ? bare
            : "@" + bare;
    }

    /// <summary>A variable name for a value of that type: its own name or its last word.</summary>
    public string NameFor(string type)
    {
        var element = TypeText.Element(type) ?? TypeText.AsyncElement(type);
        if (element is not null)
            return TypeText.Head(element) is var e && char.IsUpper(e[0]) && Index.Find(element) is not null
                ? Plural(CamelLast(e))
                : "items";
        var head = TypeText.Head(type);
        if (head == "string") return "text";
        if (head is "(" or "[]" || !char.IsUpper(head[0])) return "value";
        return CamelLast(head) is var name && char.IsLetter(name[0]) ? name : "value";
    }

    private string CamelLast(string head)
    {
        if (head.Length > 2 && head[0] == 'I' && char.IsUpper(head[1])) head = head[1..];
        var words = Prose.Words(head).Split(' ');
        if (words.Length > 1 && Chance(0.35)) return words[^1].ToLowerInvariant();
        return string.Concat(words.Select((w, i) => i == 0 ? w.ToLowerInvariant() : Prose.UpperFirst(w)));
    }

    private static string Plural(string name)
    {
        if (name.EndsWith("options", StringComparison.OrdinalIgnoreCase) || name.EndsWith("settings", StringComparison.OrdinalIgnoreCase))
            return "items";
        if (name.EndsWith('s') || name.EndsWith('x') || name.EndsWith("ch", StringComparison.Ordinal)
            || name.EndsWith("sh", StringComparison.Ordinal))
            return name + "es";
        return name.EndsWith('y') && name.Length > 1 && !"aeiou".Contains(name[^2], StringComparison.Ordinal)
            ? name[..^1] + "ies"
            : name + "s";
    }

    /// <summary>Concrete types for type parameters; null where a constraint cannot be met from here.</summary>
    public Dictionary<string, string>? Fill(params IReadOnlyList<TypeParameter>[] lists)
    {
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var parameter in lists.SelectMany(l => l))
        {
            var constraint = parameter.Constraint;
            string[] pool = constraint switch
            {
                "" or "notnull" => ["int", "string", "string", "double"],
                _ when Has("Enum") => ["DayOfWeek"],
                _ when Has("struct") || Has("unmanaged") || Has("INumber") => ["int", "double"],
                _ when Starts("class,") && Implementing(constraint) is { Length: > 0 } own => own,
                _ when Starts("class") && !Has("new()") => ["string"],
                _ when Starts("IComparable") || Has("IEquatable") || Starts("notnull,") => ["int", "string"],
                _ => [.. Index.Types.Where(t => t.TypeParameters.Count == 0 && !t.IsStatic && Is(t, constraint.Split(',')[0]))
                    .Select(t => t.Path)
                    .Take(6)],
            };
            if (pool.Length == 0) return null;
            map[parameter.Name] = Pick(pool);

            bool Has(string part) => constraint.Contains(part, StringComparison.Ordinal);
            bool Starts(string part) => constraint.StartsWith(part, StringComparison.Ordinal);
        }
        return map;
    }

    private static bool Is(TypeEntry type, string path) => type.Path == path || type.Bases.Contains(path);

    // Classes of the library that are what a constraint such as "class, IShelved" asks for.
    private string[] Implementing(string constraint)
    {
        var wanted = constraint.Split(", ").Where(c => Index.Find(c) is not null).ToList();
        return wanted.Count == 0
            ? []
            : [.. Index.Types.Where(t => t.Symbol.Kind is ApiKind.Class or ApiKind.Record && t.TypeParameters.Count == 0 && !t.IsStatic
                && wanted.TrueForAll(w => Is(t, w)))
                .Select(t => t.Path)
                .Take(6)];
    }

    /// <summary>The expression for one argument: a value at hand, a literal that the instruction states, or a parameter of the method.
    /// </summary>
    /// <param name="m">The member that is called.</param>
    /// <param name="parameter">Its parameter.</param>
    /// <param name="map">Type parameters filled in.</param>
    /// <param name="literals">Share of arguments that become literals.</param>
    public string Argument(MemberEntry m, ApiParameter parameter, IReadOnlyDictionary<string, string> map, double literals)
    {
        var type = TypeText.Substitute(parameter.Type, map);
        if (parameter.Modifier == "out")
        {
            var name = Local(parameter.Name);
            Outs.Add((type, name));
            return $"out var {name}";
        }
        if (parameter.Modifier.Length == 0 && Offers.FindIndex(o => Roles.Flows(Index, o.From, o.Type, m, parameter)) is >= 0 and var at)
        {
            var offer = Offers[at];
            Offers.RemoveAt(at);
            Handed.Add(Say($"{StepWords.That(offer.Type)} as `{parameter.Name}`", $"`{parameter.Name}` 用得到的 `{offer.Type}`"));
            return offer.Code;
        }
        var place = Roles.PlaceOf(m, parameter, type) with { KeepsName = m.Symbol.Parameters.Count(p => p.Type == parameter.Type) > 1 };
        return Argument(place, parameter.Modifier is "ref" or "in" ? parameter.Modifier : "", literals);
    }

    /// <summary>The expression for a place: a literal that the instruction states, or a parameter of the method.</summary>
    public string Argument(ValuePlace place, string modifier, double literals)
    {
        if (modifier.Length == 0 && Lambda(place.Type) is { } lambda && Chance(0.4 + literals / 2)) return lambda;
        if (modifier.Length == 0 && Chance(literals) && Literal(place) is { } literal)
        {
            Settings.Add(Say($"`{place.Name}` = {literal.Words}", $"`{place.Name}` 为 {literal.Words}"));
            return literal.Code;
        }
        return modifier.Length == 0
            ? Parameter(place)
            : $"{modifier} {Parameter(modifier == "ref" ? place with { Type = "ref " + place.Type } : place)}";
    }

    /// <summary>A value of a simple type in C# and in words; null where the type has no literals.</summary>
    public (string Code, string Words)? Literal(ValuePlace place)
    {
        HasLiterals = true;
        if (Literals.Members(Index, place.Type) is { Count: > 0 } members)
        {
            var member = Pick(members);
            Use(member.Symbol);
            return ($"{member.Owner.Path}.{member.Symbol.Name}",
                Chance(0.5)
                    ? Say(Prose.Words(member.Symbol.Name), Prose.FirstSentence(member.Symbol.Summary) ?? member.Symbol.Name)
                    : $"`{member.Symbol.Name}`");
        }
        if (TypeText.NotNull(place.Type) == "TimeSpan")
        {
            var n = Pick<int>([1, 2, 5, 10, 30]).ToString(CultureInfo.InvariantCulture);
            var unit = Pick<string>(["Seconds", "Minutes", "Hours"]);
            var chinese = unit switch { "Seconds" => "秒", "Minutes" => "分钟", _ => "小时" };
            return ($"TimeSpan.From{unit}({n})", Say($"{n} {(n == "1" ? unit[..^1] : unit).ToLowerInvariant()}", $"{n} {chinese}"));
        }
        return Literals.For(place) is { Count: > 0 } literals && Pick(literals) is var code ? (code, code) : null;
    }

    /// <summary>A short lambda for the usual delegate types; null where none is natural.</summary>
    public string? Lambda(string type)
    {
        type = TypeText.NotNull(type);
        var arguments = TypeText.Arguments(type);
        switch (TypeText.Head(type))
        {
            case "Predicate" when arguments is [var p]: return Condition(p, "x");
            case "Func" when arguments is [var a, "bool"]: return Condition(a, "x");
            case "Func" when arguments is [var a, var r]:
                if (a == r)
                    return TypeText.IsNumber(a) ? $"x => x * {Random.Next(2, 5)}" : a == "string" ? "x => x.ToUpperInvariant()" : null;
                if (a == "string" && r == "int") return "x => x.Length";
                if (r == "string") return "x => $\"{x}\"";
                if (Index.Find(a) is { } entry
                    && entry.Members.Where(m => m.Symbol.Kind == ApiKind.Property && !m.Symbol.IsStatic && m.Symbol.ReturnType == r)
                        .ToList() is { Count: > 0 } fits)
                {
                    var property = Pick(fits);
                    Use(property.Symbol);
                    return $"x => x.{property.Symbol.Name}";
                }
                return null;
            case "Action" when arguments is [var target] && Index.Find(target) is { } options:
                var settable = options.Members
                    .Where(m => m.Symbol.Kind == ApiKind.Property && m.CanWrite && !m.Symbol.IsStatic && m.Symbol.Obsolete is null)
                    .ToList();
                if (settable.Count == 0) return null;
                var member = Pick(settable);
                if (Literal(Roles.PlaceOf(member, member.Symbol.ReturnType)) is not { } value) return null;
                Use(member.Symbol);
                Settings.Add(Say($"`{member.Symbol.Name}` = {value.Words}", $"`{member.Symbol.Name}` 为 {value.Words}"));
                return $"x => x.{member.Symbol.Name} = {value.Code}";
            default: return null;
        }

        string? Condition(string of, string x)
        {
            if (TypeText.IsNumber(of)) return $"{x} => {x} > {Random.Next(1, 10)}";
            if (of == "string") return $"{x} => {x}.Length > {Random.Next(1, 6)}";
            if (Index.Find(of) is not { } entry
                || entry.Members.Where(m => m.Symbol.Kind == ApiKind.Property && !m.Symbol.IsStatic && m.Symbol.ReturnType == "bool")
                    .ToList() is not { Count: > 0 } flags)
                return null;
            var flag = Pick(flags);
            Use(flag.Symbol);
            return $"{x} => {x}.{flag.Symbol.Name}";
        }
    }
}
