using System.Globalization;
using System.Text.RegularExpressions;
using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Language;

/// <summary>Facts that follow from the symbol records.</summary>
internal static partial class SymbolFacts
{
    /// <summary>Kind of the fact how something is used: its declaration says so, and code that compiles says it better.</summary>
    public const string Usage = "usage";

    /// <summary>Answer to "can it be assigned" of a property with an <c>init</c> accessor.</summary>
    public const string OnlyInitialised = "only in an object initializer";

    private const int LongestProse = 160;

    // Share of their words from which two members of one name are described alike.
    private const double Alike = 0.5;

    /// <summary>All facts about the library, in the order of its symbols.</summary>
    public static IEnumerable<Fact> All(ApiIndex index)
    {
        var declared = index.Members.Where(m => m.Symbol.Kind is not (ApiKind.Constructor or ApiKind.Operator or ApiKind.Indexer))
            .GroupBy(m => m.Symbol.Name, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Select(m => m.Owner).Distinct().Count(), StringComparer.Ordinal);
        var overloads = index.Members.GroupBy(m => m.Group, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
        // Two members with the same sentence cannot both be the answer to it.
        var sentences = index.Members.Select(Request)
            .Concat(index.Types.Select(t => Prose.FirstSentence(t.Symbol.Summary) ?? ""))
            .GroupBy(s => s, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(g => g.Key, g => g.Count(), StringComparer.OrdinalIgnoreCase);
        var named = index.Members.ToLookup(m => m.Symbol.Name, StringComparer.Ordinal);
        Dictionary<MemberEntry, HashSet<string>> words = [];
        foreach (var type in index.Types)
        {
            foreach (var fact in OfType(type, sentences)) yield return fact;
            foreach (var member in type.Members)
                foreach (var fact in OfMember(member, declared, overloads, sentences))
                    // Where another type has a member of that name for nearly the same, only who names the type says which is meant.
                    if (fact.Kind != "which-member" || !named[member.Symbol.Name]
                        .Any(o => o.Owner != member.Owner && AreAlike(Words(o), Words(member))))
                        yield return fact;
        }

        // Each is compared with many.
        HashSet<string> Words(MemberEntry m) => words.TryGetValue(m, out var known) ? known : words[m] =
            [.. Word().Matches(Request(m)).Select(w => w.Value.ToLowerInvariant()).Where(w => !Prose.IsStopWord(w))];
    }

    private static bool AreAlike(HashSet<string> one, HashSet<string> other)
    {
        var both = one.Count(other.Contains);
        return one.Count > 0 && both >= Alike * (one.Count + other.Count - both);
    }

    private static IEnumerable<Fact> OfType(TypeEntry type, Dictionary<string, int> sentences)
    {
        var s = type.Symbol;
        var name = Display(type);
        Fact Make(string kind, string answer, params (string, string)[] more) =>
            Build(kind, answer, [s.Id], [("type", name), ("member", name), .. more]);

        if (s.Namespace.Length > 0) yield return Make("namespace", s.Namespace);
        if (s.Kind is ApiKind.Class or ApiKind.Struct or ApiKind.Interface or ApiKind.Enum or ApiKind.Record or ApiKind.Delegate)
            yield return Make("kind", s.Kind.ToString().ToLowerInvariant());
        if (type.Bases.Count > 0 && s.Kind != ApiKind.Enum) yield return Make("base-types", string.Join(", ", type.Bases));
        if (Sentence(s.Summary) is not null)
        {
            if (Whole(s, name) is { } whole) yield return Make("summary", whole);
            if (Prose.FirstSentence(s.Summary) is { } first && sentences[first] == 1 && first.Length < 120
                && !first.Contains(s.Name.Split('<')[0], StringComparison.Ordinal))
                yield return Make("which-type", name, ("meaning", Prose.LowerFirst(first)));
        }
        var values = type.Members.Where(m => m.Symbol.Kind == ApiKind.EnumMember).Select(m => m.Symbol.Name).ToList();
        if (s.Kind == ApiKind.Enum && values.Count is > 0 and < 12)
        {
            yield return Make("enum-members", string.Join(", ", values));
            yield return Make("enum-count", Number(values.Count));
        }
        if (Replacement(s.Obsolete) is { } replacement) yield return Make("obsolete", replacement);
        else if (s.Obsolete is null && type.Constructors.Any()) yield return Make(Usage, s.Signature);
        foreach (var p in type.TypeParameters.Where(p => p.Constraint.Length > 0))
            yield return Make("constraint", p.Constraint, ("parameter", p.Name));
        foreach (var group in type.Members.Where(m => m.Symbol.Kind is ApiKind.Method or ApiKind.ExtensionMethod or ApiKind.Constructor)
            .GroupBy(m => m.Group, StringComparer.Ordinal)
            .Where(g => g.Count() > 1))
            foreach (var fact in OfOverloads(type, [.. group])) yield return fact;
    }

    private static IEnumerable<Fact> OfOverloads(TypeEntry type, IReadOnlyList<MemberEntry> overloads)
    {
        var first = overloads[0].Symbol;
        var name = first.Kind == ApiKind.Constructor ? $"new {Display(type)}" : $"{Display(type)}.{first.Name}";
        static string List(MemberEntry m) => $"({string.Join(", ", m.Arguments.Select(p => p.Type))})";
        yield return Build("overload-count", Number(overloads.Count), [.. overloads.Select(o => o.Symbol.Id)],
            [("member", name), ("name", first.Name), ("type", Display(type))]);
        if (overloads.Count <= 4)
            yield return Build("overloads", string.Join("; ", overloads.Select(List)), [.. overloads.Select(o => o.Symbol.Id)],
                [("member", name), ("name", first.Name), ("type", Display(type))]);
        foreach (var overload in overloads)
        {
            // A type that only this one takes tells it from the others.
            var own = overload.Arguments.Select(p => p.Type)
                .FirstOrDefault(t => !overloads.Any(o => o != overload && o.Arguments.Any(p => p.Type == t)));
            if (own is not null)
                yield return Build("overload-taking", List(overload), [overload.Symbol.Id],
                    [("member", name), ("name", first.Name), ("type", Display(type)), ("argument", own)]);
        }
    }

    private static IEnumerable<Fact> OfMember(MemberEntry m, Dictionary<string, int> declared, Dictionary<string, int> overloads,
        Dictionary<string, int> sentences)
    {
        var s = m.Symbol;
        var single = overloads[m.Group] == 1;
        // An overload is named by its parameter types; a member that has none, by its name alone.
        var member = s.Kind switch
        {
            ApiKind.Indexer => $"{Display(m.Owner)}[{string.Join(", ", s.Parameters.Select(p => p.Type))}]",
            ApiKind.Operator => $"{Display(m.Owner)} operator {OperatorSigns.Of(m)}",
            ApiKind.Constructor => $"new {Display(m.Owner)}({string.Join(", ", s.Parameters.Select(p => p.Type))})",
            _ when single => $"{Display(m.Owner)}.{s.Name}",
            _ => $"{Display(m.Owner)}.{s.Name}({string.Join(", ", m.Arguments.Select(p => p.Type))})",
        };
        Fact Make(string kind, string answer, params (string, string)[] more) =>
            Build(kind, answer, [s.Id], [("member", member), ("name", s.Name), ("type", Display(m.Owner)), .. more]);

        if (s.Kind is ApiKind.Method or ApiKind.ExtensionMethod && s.ReturnType.Length > 0) yield return Make("return-type", s.ReturnType);
        if (s.Kind is ApiKind.Property or ApiKind.Field or ApiKind.Indexer && s.ReturnType.Length > 0)
            yield return Make("property-type", s.ReturnType);
        if (single && s.Kind is ApiKind.Method or ApiKind.Property or ApiKind.ExtensionMethod or ApiKind.EnumMember)
            yield return Make("has-member", "yes");
        if (s.Kind is ApiKind.Method or ApiKind.Property) yield return Make("static-or-instance", s.IsStatic ? "static" : "instance");
        if (s.Kind == ApiKind.Property)
            yield return Make("settable", m.CanWrite ? "yes" : m.IsInitOnly ? OnlyInitialised : "no");
        if (s.Kind is ApiKind.Method or ApiKind.ExtensionMethod)
            yield return Make("is-async", TypeText.Awaited(s.ReturnType) is null ? "no" : "yes");
        if (s.Kind == ApiKind.ExtensionMethod) yield return Make("extends", s.Parameters[0].Type);
        if (s.Kind is not (ApiKind.Constructor or ApiKind.Operator or ApiKind.Indexer) && declared[s.Name] == 1)
            yield return Make("declaring-type", Display(m.Owner));
        if (m.Arguments.Count > 0 && s.Kind is ApiKind.Method or ApiKind.ExtensionMethod or ApiKind.Constructor)
        {
            yield return Make("parameter-names", string.Join(", ", m.Arguments.Select(p => p.Name)));
            yield return Make("parameter-count", Number(m.Arguments.Count));
        }
        if (s.Signature.Length < 140 && s.Kind != ApiKind.EnumMember) yield return Make("signature", s.Signature.TrimEnd(';'));
        if (s.Obsolete is null) yield return Make(Usage, s.Signature.TrimEnd(';'));
        foreach (var p in m.TypeParameters.Where(p => p.Constraint.Length > 0))
            yield return Make("constraint", p.Constraint, ("parameter", p.Name));
        foreach (var p in m.Arguments)
        {
            yield return Make("parameter-type", p.Type, ("parameter", p.Name));
            if (p.DefaultValue is not null) yield return Make("parameter-default", p.DefaultValue, ("parameter", p.Name));
            if (Sentence(p.Documentation) is { } meaning)
            {
                if (Prose.SaysMore(meaning, $"{p.Type} {p.Name}"))
                    yield return Make("parameter-meaning", meaning, ("parameter", p.Name));
                // In two words too many parameters are meant.
                if (m.Arguments.Count > 1 && (Prose.IsChinese(meaning) || meaning.Split(' ').Length > 2))
                    yield return Make("which-parameter", p.Name, ("meaning", Prose.LowerFirst(meaning.TrimEnd('.', '。'))));
            }
        }
        foreach (var group in s.Exceptions.GroupBy(e => e.Type, StringComparer.Ordinal))
            foreach (var e in group.Take(2))
            {
                // Behind a semicolon stands a comment.
                if (Prose.FirstSentence(e.Condition)?.Split(';', '；')[0].TrimEnd() is not { Length: > 3 and < 140 } condition) continue;
                var lower = Prose.LowerFirst(condition);
                var bare = lower.Replace("thrown when ", "", StringComparison.Ordinal)
                    .Replace("thrown if ", "", StringComparison.Ordinal);
                var when = lower.StartsWith("when ", StringComparison.Ordinal) || lower.StartsWith("if ", StringComparison.Ordinal) ? lower
                    : Prose.IsChinese(lower) ? $"({lower})"
                    : $"if {bare}";
                yield return Make("exception-when", e.Type, ("when", when), ("condition", condition));
                if (group.Count() == 1)
                    yield return Make("exception-condition", Prose.IsChinese(condition) ? condition + "。" : Prose.UpperFirst(when) + ".",
                        ("exception", e.Type));
            }
        if (s.Exceptions.Count > 0)
            yield return Make("exceptions", string.Join(", ", s.Exceptions.Select(e => e.Type).Distinct(StringComparer.Ordinal)));
        if (Replacement(s.Obsolete) is { } replacement) yield return Make("obsolete", replacement);
        if (m.ConstantValue is not null) yield return Make("constant", m.ConstantValue);
        if (Sentence(s.Summary) is { } summary)
        {
            if (Whole(s, $"{Display(m.Owner)}.{s.Name}") is { } whole) yield return Make("summary", whole);
            var request = Request(m);
            if (sentences[request] == 1 && request.Length < 130
                && !(Prose.IsChinese(request) && request.Contains(s.Name, StringComparison.Ordinal)) && s.Obsolete is null
                && s.Kind is not (ApiKind.Constructor or ApiKind.Operator))
            {
                var kind = s.Kind switch
                {
                    ApiKind.Method => "method",
                    ApiKind.ExtensionMethod => "extension method",
                    ApiKind.Property => "property",
                    ApiKind.Event => "event",
                    ApiKind.EnumMember => "enum value",
                    ApiKind.Indexer => "indexer",
                    _ => "field"
                };
                var does = s.Kind switch
                {
                    ApiKind.EnumMember => $"is described as: {Prose.LowerFirst(summary.TrimEnd('.', '。'))}",
                    ApiKind.Event => $"lets me {request}",
                    _ => Prose.IsChinese(request) ? request : Prose.ThirdPerson(m)
                };
                var name = s.Kind == ApiKind.Indexer ? "this[]" : s.Name;
                yield return Make("which-member", $"{Display(m.Owner)}.{name}", ("request", request), ("kind", kind), ("does", does));
                // Whoever names the type asks for the member's name alone.
                yield return Make("member-name", name, ("request", request), ("kind", kind), ("does", does));
            }
        }
        if (Sentence(s.Returns) is { } returns && returns.Length < 120 && Prose.SaysMore(returns, $"{s.ReturnType} {s.Name}"))
            yield return Make("returns", returns);
    }

    // Documentation in Chinese is asked about in its own words: English ones could only repeat the name, which is the answer.
    private static string Request(MemberEntry m) => Prose.IsChinese(m.Symbol.Summary ?? "") ? ChineseProse.Plain(m) : Prose.Plain(m);

    /// <summary>How prose names a type: with its type parameters.</summary>
    public static string Display(TypeEntry type) =>
        type.TypeParameters.Count == 0 ? type.Path : $"{type.Path}<{string.Join(", ", type.TypeParameters.Select(p => p.Name))}>";

    /// <summary>The member named by an obsolete message such as "Use X instead."; null where it names none.</summary>
    public static string? Replacement(string? message)
    {
        if (message is null) return null;
        var match = UseInstead().Match(message);
        return match.Success ? match.Groups[1].Value.TrimEnd('.', '(', ')') : null;
    }

    public static Fact Build(string kind, string answer, IReadOnlyList<string> symbols,
        IReadOnlyList<(string Name, string Value)> values) =>
        new(kind, values.DistinctBy(v => v.Name).ToDictionary(v => v.Name, v => v.Value, StringComparer.Ordinal), answer, symbols, []);

    // What is asked for by its purpose is answered in a sentence.
    private static string? Whole(ApiSymbol s, string name) => Prose.FirstSentence(s.Summary) is { } said && Prose.SaysMore(said, name)
        ? Sentence(Prose.Whole(said, name, s.Kind is ApiKind.Method or ApiKind.ExtensionMethod or ApiKind.Operator))
        : null;

    private static string? Sentence(string? text) =>
        Prose.FirstSentence(text) is { } s && s.Length <= LongestProse ? Prose.UpperFirst(s) + (Prose.IsChinese(s) ? "。" : ".") : null;

    private static string Number(int n) => n.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(?i:\buse|replaced by|call|prefer)\s+[`']?([A-Z][A-Za-z0-9_]*(?:\.[A-Z][A-Za-z0-9_]*)*(?:<[A-Za-z, ]+>)?)")]
    private static partial Regex UseInstead();
    [GeneratedRegex(@"[\p{L}\p{Nd}]+")]
    private static partial Regex Word();
}
