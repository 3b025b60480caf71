using System.Globalization;
using DocTuneLab.Corpus.Language;
using DocTuneLab.Library;
using Microsoft.CodeAnalysis.CSharp;

namespace DocTuneLab.Corpus.Code;

/// <summary>A method being written: its parameters, locals, the symbols it uses, and the literal values that its
/// instruction must state.</summary>
internal sealed class Scope(ApiIndex index, Random random, bool chinese = false)
{
    private static readonly string[] s_words = ["alpha", "north", "main", "blue", "A-17", "spare", "unit 4", "beta", "east", "demo"];
    private static readonly string[] s_ownNames =
    [
        "source", "target", "current", "given", "input", "first", "mine", "subject", "entry", "other", "selected", "chosen", "candidate",
        "it", "arg", "one", "main", "found", "from", "next", "thing", "that",
        "wanted", "left", "right", "low", "high", "start", "end", "second", "before", "after", "place", "part", "whole", "old", "fresh",
        "extra", "upper", "lower", "owner", "work", "box", "a", "b", "x", "y", "n", "t",
    ];
    private static readonly string[] s_ownPrefixes =
    [
        "my", "old", "new", "last", "main", "left", "other", "this", "our", "north", "first", "given", "some", "active", "inner"
    ];
    private const double OwnNameShare = 0.9;
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    public ApiIndex Index { get; } = index;
    public Random Random { get; } = random;
    public List<(string Type, string Name)> Parameters { get; } = [];
    public List<string> Symbols { get; } = [];
    /// <summary>Literal arguments in words: "capacity 10".</summary>
    public List<string> Settings { get; } = [];
    /// <summary>Locals declared by <c>out var</c>, with their types.</summary>
    public List<(string Type, string Name)> Outs { get; } = [];

    /// <summary>Whether parameters are named after their types, as in an example that shall explain itself. Default false.</summary>
    public bool PlainNames { get; init; }

    /// <summary>Whether the instruction is to be in Chinese, which the library's documentation must be, too.</summary>
    public bool IsChinese { get; } = chinese;

    /// <summary>The wording in the language of the instruction.</summary>
    public string Say(string english, string chinese) => IsChinese ? chinese : english;

    /// <summary>What a caller asks of the member, varied.</summary>
    public string Request(MemberEntry m) => IsChinese ? ChineseProse.Request(m, Random) : Prose.Request(m, Random);

    /// <summary>What a caller asks of the member, as documented.</summary>
    public string Plain(MemberEntry m) => IsChinese ? ChineseProse.Plain(m) : Prose.Plain(m);

    /// <summary>What the member is, as documented.</summary>
    public string Noun(MemberEntry m) => IsChinese ? ChineseProse.Noun(m) : Prose.Noun(m);

    /// <summary>What it does, as it follows "it".</summary>
    public string Does(MemberEntry m) => IsChinese ? ChineseProse.Plain(m) : Prose.ThirdPerson(m);

    public bool Chance(double share) => Random.NextDouble() < share;

    public T Pick<T>(IReadOnlyList<T> items) => items[Random.Next(items.Count)];

    public void Use(ApiSymbol symbol)
    {
        if (!Symbols.Contains(symbol.Id)) Symbols.Add(symbol.Id);
    }

    /// <summary>A parameter of the method; a second of the same name gets a number.</summary>
    public string Parameter(string type, string name)
    {
        // Callers name their variables as they like. Were every name to follow from its type, a model would learn the name by
        // heart instead of reading it in the signature.
        var unique = Local(!PlainNames && Chance(OwnNameShare) ? OwnName(type, name) : name);
        Parameters.Add((type, unique));
        return unique;
    }

    private string OwnName(string type, string name)
    {
        switch (Random.NextDouble())
        {
            case < 0.25: return Pick(s_ownNames);
            // What others call theirs, whatever that is.
            case < 0.5 when Index.ParameterNames.Count > 0: return Pick(Index.ParameterNames);
            // A word that says nothing of the type can only be read in the signature.
            case < 0.8 when Index.DocumentationWords.Count > 0: return Pick(Index.DocumentationWords);
            case < 0.9 when Index.DocumentationWords.Count > 0:
                return Pick(s_ownPrefixes) + Prose.UpperFirst(Pick(Index.DocumentationWords));
        }
        var words = Prose.Words(Chance(0.5) && char.IsUpper(TypeText.Head(type)[0]) ? TypeText.Head(type) : name.TrimStart('@')).Split(' ');
        return words[^1].Length > 0 && words[^1].All(char.IsAsciiLetter)
            ? Pick(s_ownPrefixes) + Prose.UpperFirst(words[^1].ToLowerInvariant())
            : Pick(s_ownNames);
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

    private static string Plural(string name) =>
        name.EndsWith("options", StringComparison.OrdinalIgnoreCase) || name.EndsWith("settings", StringComparison.OrdinalIgnoreCase)
            ? "items" : name.EndsWith('s') || name.EndsWith('x') ? name + "es" : name.EndsWith('y') ? name[..^1] + "ies" : name + "s";

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

    /// <summary>The expression for one argument: a literal that the instruction states, or a parameter of the method.</summary>
    public string Argument(ApiParameter parameter, IReadOnlyDictionary<string, string> map, double literals)
    {
        var type = TypeText.Substitute(parameter.Type, map);
        if (parameter.Modifier == "out")
        {
            var name = Local(parameter.Name);
            Outs.Add((type, name));
            return $"out var {name}";
        }
        var prefix = parameter.Modifier is "ref" or "in" ? parameter.Modifier + " " : "";
        if (prefix.Length == 0 && Lambda(type) is { } lambda && Chance(0.4 + literals / 2)) return lambda;
        if (prefix.Length == 0 && Chance(literals) && Literal(type, parameter.Name) is { } literal)
        {
            Settings.Add(Say($"{Prose.Words(parameter.Name)} {literal.Words}", $"`{parameter.Name}` 为 {literal.Words}"));
            return literal.Code;
        }
        return prefix + Parameter((prefix.Length > 0 && parameter.Modifier == "ref" ? "ref " : "") + type,
            Chance(0.75) ? parameter.Name : NameFor(type));
    }

    /// <summary>A value of a simple type in C# and in words; null where the type has no literals.</summary>
    public (string Code, string Words)? Literal(string type, string name)
    {
        static (string, string) Same(string code) => (code, code);
        var lower = name.ToLowerInvariant();
        switch (TypeText.NotNull(type))
        {
            case "string":
                var text = lower.Contains("path", StringComparison.Ordinal) || lower.Contains("file", StringComparison.Ordinal)
                    ? "data.txt"
                    : Pick(s_words);
                return Same($"\"{text}\"");
            case "int" or "short" or "byte" or "uint" or "ushort" or "sbyte":
                return Same(Pick<string>(["1", "2", "3", "4", "5", "8", "10", "12", "20", "50", "100"]));
            case "long" or "ulong": return Same(Pick<string>(["1", "10", "100", "1000"]));
            case "double": return Same(Pick<string>(["0.5", "1.5", "2.5", "10", "12.5", "40"]));
            case "float": return Same(Pick<string>(["0.5f", "1.5f", "2f"]));
            case "decimal": return Same(Pick<string>(["0.5m", "1.5m", "10m", "100m"]));
            case "bool": return Same(Chance(0.6) ? "true" : "false");
            case "char": return Same(Pick<string>(["'a'", "'x'", "'-'"]));
            case "TimeSpan":
                var n = Pick<int>([1, 2, 5, 10, 30]).ToString(CultureInfo.InvariantCulture);
                var unit = Pick<string>(["Seconds", "Minutes", "Milliseconds"]);
                var chinese = unit switch { "Seconds" => "秒", "Minutes" => "分钟", _ => "毫秒" };
                return ($"TimeSpan.From{unit}({n})", Say($"{n} {unit.ToLowerInvariant()}", $"{n} {chinese}"));
        }
        if (Index.Find(TypeText.NotNull(type)) is { Symbol.Kind: ApiKind.Enum } entry
            && entry.Members.Where(m => m.Symbol.Kind == ApiKind.EnumMember).ToList() is { Count: > 0 } members)
        {
            var member = Pick(members);
            Use(member.Symbol);
            return ($"{entry.Path}.{member.Symbol.Name}",
                Chance(0.5)
                    ? Say(Prose.Words(member.Symbol.Name), Prose.FirstSentence(member.Symbol.Summary) ?? member.Symbol.Name)
                    : $"`{member.Symbol.Name}`");
        }
        return null;
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
                if (Literal(member.Symbol.ReturnType, member.Symbol.Name) is not { } value) return null;
                Use(member.Symbol);
                Settings.Add(Say($"{Prose.Words(member.Symbol.Name)} {value.Words}", $"`{member.Symbol.Name}` 为 {value.Words}"));
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
