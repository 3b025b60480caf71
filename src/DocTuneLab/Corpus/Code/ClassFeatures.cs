using DocTuneLab.Corpus.Language;

namespace DocTuneLab.Corpus.Code;

/// <summary>What a class can know of objects that it takes one by one, by their members.</summary>
internal sealed class ClassFeatures(ReceiverMembers members)
{
    // The objects that a class is tried with.
    private const string First = "first__", Second = "second__";

    private static readonly string[] s_prefixes = ["Is", "Has", "Was"];

    /// <summary>Whether there is something to know of many objects by the member.</summary>
    public bool Fits(Scope scope, MemberEntry m) => ReceiverMembers.IsReadable(m) && (m.Symbol.ReturnType == "bool"
        ? StepWords.Clause(scope, m) is not null
        : Forms(scope, m).Count > 0);

    /// <summary>One thing to know of the objects; null where what it needs is there already.</summary>
    /// <param name="scope">The method.</param>
    /// <param name="m">A member that <see cref="Fits"/>.</param>
    /// <param name="one">The object that is taken.</param>
    public ClassFeature? Of(Scope scope, MemberEntry m, string one)
    {
        scope.Use(m.Symbol);
        return m.Symbol.ReturnType == "bool"
            ? Those(scope, m, new(m.Symbol.Name, "", StepWords.Clause(scope, m)!), one)
            : scope.Pick(Forms(scope, m))(scope, m, one);
    }

    /// <summary>How many were taken.</summary>
    public static ClassFeature Counted(Scope scope) =>
        new("int", "Count", scope.Say("counts all that it has taken", "数一共收了几个"), "Count++;") { Check = "it__.Count == 2" };

    /// <summary>The object that came first, or last.</summary>
    public static ClassFeature End(Scope scope, string type, string one)
    {
        var (isFirst, name) = scope.Pick<(bool, string)>([(true, "First"), (false, "Last"), (false, "Newest"), (false, "Latest")]);
        return isFirst
            ? new($"{type}?", name, scope.Say("keeps the one that came first (null before it)",
                "记住最先来的一个（没有时为 null）"), $"{name} ??= {one};")
            { Check = $"Equals(it__.{name}, {First})" }
            : new($"{type}?", name, scope.Say("keeps the one that came last (null before the first)",
                "记住最后来的一个（没有时为 null）"), $"{name} = {one};")
            { Check = $"Equals(it__.{name}, {Second})" };
    }

    /// <summary>Makes the sketch try itself with two objects.</summary>
    public static void TryWithTwo(ClassSketch sketch, string verb, string type)
    {
        foreach (var name in (string[])[First, Second])
        {
            sketch.Tried.Add((name, new ValuePlace(type, name) { IsReceiver = true }));
            sketch.Use.Add($"it__.{verb}({name});");
        }
    }

    private List<Func<Scope, MemberEntry, string, ClassFeature?>> Forms(Scope scope, MemberEntry m) =>
    [
        .. members.IsRanked(m) ? [Extreme, Extreme, Past] : Array.Empty<Func<Scope, MemberEntry, string, ClassFeature?>>(),
        .. members.IsAddable(m) ? [Total, Total] : Array.Empty<Func<Scope, MemberEntry, string, ClassFeature?>>(),
        .. Literals.Members(scope.Index, m.Symbol.ReturnType).Count > 1 ? [OfKind]
            : Array.Empty<Func<Scope, MemberEntry, string, ClassFeature?>>(),
    ];

    // A test of an object: what is compared, with what, in words.
    private readonly record struct Test(string Name, string Compared, string Words);

    private static ClassFeature Those(Scope scope, MemberEntry m, Test test, string one)
    {
        var name = s_prefixes.FirstOrDefault(p => test.Name.StartsWith(p, StringComparison.Ordinal)
            && test.Name.Length > p.Length && char.IsAsciiLetterUpper(test.Name[p.Length])) is { } prefix
            ? test.Name[prefix.Length..] : test.Name;
        // Of what can, must or does something, the name is no noun.
        if (m.Symbol.ReturnType == "bool" && name == test.Name) name = scope.Pick<string>(["Matching", "Hits", "Found"]);
        var (first, second) = (Holds(First), Holds(Second));
        if (scope.Chance(0.35))
        {
            var field = $"_{char.ToLowerInvariant(name[0])}{name[1..]}";
            return new($"IReadOnlyList<{m.Owner.Path}>", name,
                scope.Say($"keeps those where {test.Words}, in the order in which they came", $"按先后留下{test.Words}的"),
                $"if ({Holds(one)})\n    {field}.Add({one});")
            {
                Gives = field,
                Field = $"private readonly List<{m.Owner.Path}> {field} = [];",
                Check = $"it__.{name}.Count == ({first} ? 1 : 0) + ({second} ? 1 : 0)",
            };
        }
        return new("int", name, scope.Say($"counts those where {test.Words}", $"数有几个{test.Words}"), $"if ({Holds(one)})\n    {name}++;")
        {
            Check = $"it__.{name} == ({first} ? 1 : 0) + ({second} ? 1 : 0)",
        };

        string Holds(string it) => $"{it}.{m.Symbol.Name}{test.Compared}";
    }

    private static ClassFeature OfKind(Scope scope, MemberEntry m, string one)
    {
        var kind = scope.Pick(Literals.Members(scope.Index, m.Symbol.ReturnType));
        scope.Use(kind.Symbol);
        var noun = StepWords.Noun(scope, m);
        return Those(scope, m, new(kind.Symbol.Name, $" == {kind.Owner.Path}.{kind.Symbol.Name}",
            scope.Say($"{noun} is `{kind.Symbol.Name}`", $"{noun}为 `{kind.Symbol.Name}`")), one);
    }

    private static ClassFeature? Past(Scope scope, MemberEntry m, string one)
    {
        if (scope.Parameters.Exists(p => p.Name == "limit")) return null;
        var (below, noun) = (scope.Chance(0.4), StepWords.Noun(scope, m));
        var limit = scope.Parameter(Roles.PlaceOf(m, m.Symbol.ReturnType) with { Name = "limit" });
        var side = (m.Symbol.ReturnType.StartsWith("Date", StringComparison.Ordinal), below) switch
        {
            (true, true) => "before",
            (true, false) => "after",
            (_, true) => "below",
            _ => "above",
        };
        return Those(scope, m, new(Prose.UpperFirst(side), $" {(below ? "<" : ">")} {limit}",
            scope.Say($"{noun} is {side} the limit", $"{noun}{(below ? "小于" : "大于")}限值")), one);
    }

    private ClassFeature Total(Scope scope, MemberEntry m, string one)
    {
        var (p, zero) = (m.Symbol.Name, members.Zero(m.Symbol.ReturnType)!);
        // Two sums are told apart by what is added up.
        var name = $"{scope.Pick<string>(["Total", "All"])}{p}";
        return new(m.Symbol.ReturnType, name, scope.Say($"adds up {StepWords.Noun(scope, m)}", $"把{StepWords.Noun(scope, m)}加起来"),
            $"{name} += {one}.{p};")
        {
            Start = zero == "0" ? "" : $" = {zero};",
            Check = $"Equals(it__.{name}, {(zero == "0" ? $"default({m.Symbol.ReturnType})" : zero)} + {First}.{p} + {Second}.{p})",
        };
    }

    private static ClassFeature Extreme(Scope scope, MemberEntry m, string one)
    {
        var (p, least, noun, best) = (m.Symbol.Name, scope.Chance(0.4), StepWords.Noun(scope, m), scope.Local("best"));
        var name = m.Symbol.ReturnType.StartsWith("Date", StringComparison.Ordinal) ? least ? "Earliest" : "Latest"
            : scope.Pick<string>(least ? ["Smallest", "Lowest", "Least"] : ["Largest", "Highest", "Greatest"]);
        var (sign, order) = (least ? "<" : ">", name.ToLowerInvariant());
        var wins = $"{Second}.{p} {sign} {First}.{p}";
        if (scope.Chance(0.5))
            return new($"{m.Owner.Path}?", name, scope.Say($"knows the one where {noun} is {order} (null before the first)",
                $"知道{noun}最{(least ? "小" : "大")}的一个（没有时为 null）"),
                $"if ({name} is not {{ }} {best} || {one}.{p} {sign} {best}.{p})\n    {name} = {one};")
            { Check = $"Equals(it__.{name}, {wins} ? {Second} : {First})" };
        var value = name + p;
        return new($"{m.Symbol.ReturnType}?", value, scope.Say($"remembers {noun} where it was {order} (null before the first)",
            $"记得{noun}最{(least ? "小" : "大")}是多少（没有时为 null）"),
            $"if ({value} is not {{ }} {best} || {one}.{p} {sign} {best})\n    {value} = {one}.{p};")
        { Check = $"Equals(it__.{value}, {wins} ? {Second}.{p} : {First}.{p})" };
    }
}
