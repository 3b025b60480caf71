using DocTuneLab.Corpus.Language;
using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Code;

/// <summary>Classes that are asked for by an interface: the method that makes one, and the class itself.</summary>
internal sealed class ClassRecipes(ReceiverMembers members)
{
    // With the method that takes the objects, an interface of at most four members.
    private const int MostFeatures = 3;

    private readonly ClassFeatures _features = new(members);

    // What holds nothing to work with by itself.
    private static readonly string[] s_settings = ["Options", "Settings", "Builder", "Extensions", "Attribute"];

    private static readonly (string English, string Chinese)[] s_keepers =
    [
        ("register", "登记簿"), ("shelf", "架子"), ("box", "箱子"), ("list", "清单"), ("store", "仓库"), ("roll", "名册"),
        ("album", "集子"), ("collection", "集合"), ("tray", "托盘"), ("pile", "堆"),
    ];

    private static readonly (string English, string Chinese)[] s_tallies =
    [
        ("tally", "统计"), ("counter", "计数器"), ("summary", "汇总"), ("ledger", "台账"), ("account", "账目"), ("survey", "调查"),
        ("report", "报告"), ("score", "计分"),
    ];

    private static readonly (string English, string Chinese)[] s_watches =
    [
        ("memory", "记忆"), ("monitor", "监视器"), ("recorder", "记录器"), ("tracker", "跟踪器"), ("probe", "探头"), ("observer", "观察者"),
    ];

    private static readonly (string English, string Chinese)[] s_guards =
    [
        ("guard", "保护层"), ("shield", "防护"), ("keeper", "看守"), ("wrapper", "包装"), ("helper", "助手"), ("driver", "驱动"),
        ("operator", "操作员"),
    ];

    private static readonly (string Last, string Change)[] s_changes =
        [("Last", "Change"), ("Current", "Difference"), ("Latest", "Growth"), ("Newest", "Difference")];

    /// <summary>A class that works with the member; null where no shape fits it.</summary>
    public CodeDraft? Draft(Scope scope, MemberEntry m)
    {
        var type = m.Owner;
        if (!Calls.Usable(m) || m.Symbol.IsStatic || type.IsStatic || m.TypeParameters.Count + type.TypeParameters.Count > 0
            // What is said of the framework's own types is meant for their authors.
            || type.Symbol.Namespace == "System" || type.Symbol.Namespace.StartsWith("System.", StringComparison.Ordinal)
            || Roles.IsException(type) || !char.IsAsciiLetterUpper(type.Path[0]) || type.Path.Contains('.', StringComparison.Ordinal)
            || type.Symbol.Kind is ApiKind.Enum or ApiKind.Delegate
            || s_settings.Any(s => type.Path.EndsWith(s, StringComparison.Ordinal)))
            return null;
        List<Func<Scope, MemberEntry, CodeDraft?>> shapes = [];
        if (_features.Fits(scope, m)) shapes.AddRange([Collector, Collector]);
        if (IsMeasured(m)) shapes.Add(Memory);
        if (IsPassedOn(scope, m)) shapes.Add(Wrapper);
        return shapes.Count == 0 ? null : scope.Pick(shapes)(scope, m);
    }

    // Takes objects one by one, and knows something of all of them.
    private CodeDraft? Collector(Scope scope, MemberEntry m)
    {
        var type = m.Owner.Path;
        var one = scope.Local(scope.NameFor(type));
        if (_features.Of(scope, m, one) is not { } main) return null;
        var keeps = main.Type.Contains(type, StringComparison.Ordinal);
        var (english, chinese) = scope.Pick(keeps ? s_keepers : s_tallies);
        var sketch = new ClassSketch(scope, Stem(type), english);
        var verb = scope.Pick<string>(keeps ? ["Add", "Put", "Take", "Keep"] : ["Note", "Add", "Enter", "Record"]);
        var room = keeps && scope.Chance(0.35) ? Room(scope) : null;
        List<ClassFeature?> all = [main];
        if (room is not null || scope.Chance(0.4)) all.Add(ClassFeatures.Counted(scope));
        var others = members.Of(type).Where(o => o != m && _features.Fits(scope, o)).ToList();
        if (others.Count > 0 && scope.Chance(0.6)) all.Add(_features.Of(scope, scope.Pick(others), one));
        if (all.Count == 1 || scope.Chance(0.3)) all.Add(ClassFeatures.End(scope, type, one));
        foreach (var feature in all.Take(MostFeatures).OrderBy(_ => scope.Random.Next())) sketch.Add(feature);
        if (sketch.Features.Count < 2 || !sketch.IsFree) return null;
        sketch.Call = $"{(room is null ? "void" : "bool")} {verb}({type} {one})";
        List<string> words = [.. sketch.Features.Select(f => f.Words)];
        if (room is not null)
        {
            sketch.Before = [$"if (Count == {room})\n    return false;"];
            sketch.After = ["return true;"];
            words.Insert(0, scope.Say($"takes at most `{room}` of them in all, of whatever kind, and says of each whether it was taken",
                $"不论哪种，总共最多收 `{room}` 个，每次说出收没收"));
        }
        ClassFeatures.TryWithTwo(sketch, verb, type);
        return sketch.Draft("class", Asked(scope, Many(scope, english, chinese, type), words), Maker(scope, english, false));
    }

    // Reads an object time after time, and knows how what it reads has changed.
    private static CodeDraft? Watch(Scope scope, MemberEntry m, string zero)
    {
        var (type, noun, p) = (m.Owner.Path, StepWords.Noun(scope, m), m.Symbol.Name);
        var (english, chinese) = scope.Pick(s_watches);
        var sketch = new ClassSketch(scope, p, english);
        var it = scope.Parameter(new ValuePlace(type, scope.NameFor(type)) { IsReceiver = true });
        var (last, changed) = scope.Pick(s_changes);
        var verb = scope.Pick<string>(["Look", "Read", "Update", "Check"]);
        sketch.Add(new(m.Symbol.ReturnType, last, scope.Say($"knows {noun} as it was read last, first when it is made",
            $"记得最近一次读到的{noun}，建立时先读一次"), $"{last} = {it}.{p};")
        {
            Start = $" = {it}.{p};",
            Check = $"Equals(it__.{last}, {it}.{p})",
        });
        List<string> words = [sketch.Features[0].Words];
        var returns = scope.Chance(0.5);
        if (!returns)
        {
            sketch.Add(new(Change(m), changed, "", "") { Start = Start(zero) });
            sketch.Before = [$"{changed} = {it}.{p} - {last};"];
            words.Add(scope.Say($"with each `{verb}` finds by how much that has grown since the time before",
                $"每次 `{verb}` 得出比前一次增加了多少"));
        }
        else
        {
            var before = scope.Local("before");
            (sketch.Before, sketch.After) = ([$"var {before} = {last};"], [$"return {last} - {before};"]);
            words.Add(scope.Say($"with each `{verb}` reads it anew and says by how much it has grown", $"每次 `{verb}` 重新读，说出增加了多少"));
        }
        if (returns || scope.Chance(0.4))
        {
            sketch.Add(new("int", $"{verb}s", "", $"{verb}s++;") { Check = $"it__.{verb}s == 1" });
            words.Add(scope.Say("counts how often that was done", "数一共做了几次"));
        }
        sketch.Call = $"{(returns ? Change(m) : "void")} {verb}()";
        sketch.Use.Add($"it__.{verb}();");
        return sketch.IsFree ? sketch.Draft("class-memory", Asked(scope, Around(scope, english, chinese, type), words),
            Maker(scope, english, true)) : null;
    }

    // Knows what was noted last, and how that differs from what came before.
    private CodeDraft? Memory(Scope scope, MemberEntry m)
    {
        if (members.Zero(Change(m)) is not { } zero) return null;
        scope.Use(m.Symbol);
        if (Changes(m) && scope.Chance(0.6)) return Watch(scope, m, zero);
        var (type, noun, p) = (m.Owner.Path, StepWords.Noun(scope, m), m.Symbol.Name);
        var (english, chinese) = scope.Pick(s_watches);
        var sketch = new ClassSketch(scope, p, english);
        var (one, known) = (scope.Local(scope.NameFor(type)), scope.Local("known"));
        var (last, changed) = scope.Pick(s_changes);
        var more = m.Symbol.ReturnType.StartsWith("Date", StringComparison.Ordinal) ? "later" : "more";
        var nothing = zero == "0" ? "0" : scope.Say("nothing", "零");
        sketch.Add(new($"{m.Symbol.ReturnType}?", last, scope.Say($"remembers of the last one {noun} (null before the first)",
            $"记得最后一个的{noun}（没有时为 null）"), $"{last} = {one}.{p};")
        { Check = $"Equals(it__.{last}, second__.{p})" });
        sketch.Add(new(Change(m), changed, scope.Say(
            $"knows how much {more} that is than with the one before ({nothing} until there are two)", $"知道比前一个多多少（不到两个时为{nothing}）"), "")
        {
            Start = Start(zero),
            Check = $"Equals(it__.{changed}, second__.{p} - first__.{p})",
        });
        if (scope.Chance(0.35)) sketch.Add(ClassFeatures.Counted(scope));
        var note = scope.Pick<string>(["Note", "Add", "Record", "See"]);
        sketch.Call = $"void {note}({type} {one})";
        sketch.Before = [$"if ({last} is {{ }} {known})\n    {changed} = {one}.{p} - {known};"];
        ClassFeatures.TryWithTwo(sketch, note, type);
        return sketch.IsFree ? sketch.Draft("class-memory",
            Asked(scope, Many(scope, english, chinese, type), [.. sketch.Features.Select(f => f.Words)]),
            Maker(scope, english, false)) : null;
    }

    // Stands before an object, and passes on what is asked of it.
    private CodeDraft? Wrapper(Scope scope, MemberEntry m)
    {
        var (type, name) = (m.Owner.Path, m.Symbol.Name);
        var (english, chinese) = scope.Pick(s_guards);
        var sketch = new ClassSketch(scope, Stem(type), english);
        var it = scope.Parameter(new ValuePlace(type, scope.NameFor(type)) { IsReceiver = true });
        scope.Use(m.Symbol);
        List<(string Type, string Name)> passed = [];
        foreach (var a in m.Arguments.Where(a => a.DefaultValue is null))
        {
            passed.Add((a.Type, scope.Local(a.Name)));
            sketch.Tried.Add((passed[^1].Name, Roles.PlaceOf(m, a, a.Type)));
        }
        var arguments = string.Join(", ", passed.Select(a => a.Name));
        var words = Catching(scope, m, sketch, $"{it}.{name}({arguments})") ?? Counting(scope, m, sketch, $"{it}.{name}({arguments})");
        var asked = sketch.Call;
        sketch.Call += $"({string.Join(", ", passed.Select(a => $"{a.Type} {a.Name}"))})";
        var got = asked.StartsWith("void ", StringComparison.Ordinal) ? "" : "var got__ = ";
        sketch.Use.Add($"{got}it__.{asked.Split(' ')[^1]}({arguments});");
        var readable = members.Readable(type).Where(p => StepWords.IsThing(scope, p)
            && TypeText.Element(p.Symbol.ReturnType) is null).ToList();
        if (readable.Count > 0 && scope.Chance(0.45))
        {
            var p = scope.Pick(readable).Symbol;
            scope.Use(p);
            var shown = p.ReturnType == "bool" || scope.Chance(0.5) ? p.Name : $"Current{p.Name}";
            sketch.Add(new(p.ReturnType, shown, "", "") { Gives = $"{it}.{p.Name}", Check = $"Equals(it__.{shown}, {it}.{p.Name})" });
            words = [.. words, scope.Say($"shows `{p.Name}` of the {Prose.Words(type)}", $"给出它的 `{p.Name}`")];
        }
        return sketch.IsFree && !sketch.Features.Any(f => f.Name == asked.Split(' ')[^1])
            ? sketch.Draft("class-wrapper", Asked(scope, Around(scope, english, chinese, type), words), Maker(scope, english, true))
            : null;
    }

    // What is passed on may fail as documented: that is counted and told. Null where nothing is documented.
    private static List<string>? Catching(Scope scope, MemberEntry m, ClassSketch sketch, string call)
    {
        // Nobody goes on after an argument that is missing.
        var exceptions = m.Symbol.Exceptions.Where(e => e.Type != "ArgumentNullException").ToList();
        if (exceptions.Count == 0) return null;
        var exception = scope.Pick(exceptions);
        if (scope.Index.Find(exception.Type) is { } known) scope.Use(known.Symbol);
        var count = scope.Pick<string>(["Failures", "Refused", "Failed", "Missed", "Errors"]);
        var when = scope.Say($"because of `{exception.Type}`", $"遇到 `{exception.Type}` ");
        if (!scope.IsChinese && scope.Chance(0.6) && Prose.FirstSentence(exception.Condition) is { Length: < 90 } said
            && !Prose.IsChinese(said))
            when = $", which is {(said.Split(' ')[0] is "When" or "If" ? "" : "when ")}{Prose.LowerFirst(said)} (`{exception.Type}`)";
        var result = Result(m);
        var (done, failed, isNull) = result.Length == 0 ? ($"    {call};\n    return true;", "false", "!got__")
            : ($"    return {call};", "null", "got__ is null");
        sketch.Call = result.Length == 0 ? $"bool Try{m.Symbol.Name}" : $"{result}? {m.Symbol.Name}";
        sketch.Before = [$"try\n{{\n{done}\n}}\ncatch ({exception.Type})\n{{\n    {count}++;\n    return {failed};\n}}"];
        sketch.Add(new("int", count, "", "") { Check = $"it__.{count} == ({isNull} ? 1 : 0)" });
        return result.Length == 0
            ? [Does(scope, m), scope.Say("says whether that worked", "说出成不成"),
                scope.Say($"counts how often it did not{Joined(when)}",
                    $"{when}就算不成，并数有几次")]
            : [Does(scope, m), scope.Say($"gives null instead{Joined(when).Replace(", which is", "", StringComparison.Ordinal)}",
                $"{when}就给 null"),
                scope.Say("counts how often that was", "并数有几次")];
    }

    private static string Joined(string when) => when.StartsWith(',') ? when : $" {when}";

    private static List<string> Counting(Scope scope, MemberEntry m, ClassSketch sketch, string call)
    {
        var count = scope.Pick<string>(["Calls", "Times", "Uses", "Done"]);
        var result = Result(m);
        sketch.Call = $"{(result.Length == 0 ? "void" : result)} {m.Symbol.Name}";
        sketch.Before = [$"{count}++;", result.Length == 0 ? $"{call};" : $"return {call};"];
        sketch.Add(new("int", count, "", "") { Check = $"it__.{count} == 1" });
        return [Does(scope, m), scope.Say("counts how often it was asked to", "数一共被叫了几次")];
    }

    private static string Does(Scope scope, MemberEntry m) =>
        scope.IsChinese ? StepWords.Step(scope, m) : Prose.Telling(StepWords.Step(scope, m));

    private static string Result(MemberEntry m) => m.Symbol.ReturnType is "void" ? "" : m.Symbol.ReturnType;

    private static bool IsPassedOn(Scope scope, MemberEntry m) => m.Symbol.Kind == ApiKind.Method
        && m.Owner.Symbol.Kind is ApiKind.Class or ApiKind.Interface
        && m.Symbol.Name is not ("Dispose" or "DisposeAsync" or "Close" or "GetType" or "ToString" or "GetHashCode" or "Equals"
            or "GetEnumerator")
        && !Roles.LeadsNowhere(m) && m.Symbol.Parameters.All(p => p.Modifier.Length == 0)
        && Result(m) is var result && !TypeText.IsNullable(result) && result is not ("bool" or "IDisposable" or "IAsyncDisposable")
        && TypeText.Awaited(result) is null && TypeText.AsyncElement(result) is null && TypeText.Element(result) is null
        && result != m.Owner.Path && !scope.Plain(m).StartsWith("call `", StringComparison.Ordinal);

    // What can be subtracted from what it was.
    private bool IsMeasured(MemberEntry m) => ReceiverMembers.IsReadable(m) && (Roles.Sums(m)
        || (TypeText.IsNumber(m.Symbol.ReturnType) && Roles.OfResult(m).Quantity is "percent" or "share" or "temperature")
        || m.Symbol.ReturnType is "TimeSpan" or "DateTime" or "DateTimeOffset"
        || (members.HasOperator(m.Symbol.ReturnType, "op_Subtraction") && members.IsOrdered(m.Symbol.ReturnType)))
        && m.Symbol.ReturnType is not ("byte" or "short" or "uint" or "ulong");

    private static string Change(MemberEntry m) =>
        m.Symbol.ReturnType is "DateTime" or "DateTimeOffset" ? "TimeSpan" : m.Symbol.ReturnType;

    // Whether an object's property can be another later: something does something to the object, and it is not what it was made with.
    private static bool Changes(MemberEntry m) => m.Owner.Symbol.Kind == ApiKind.Class
        && (m.CanWrite || (m.Owner.Members.Any(o => o.Symbol is { Kind: ApiKind.Method, IsStatic: false, ReturnType: "void" or "" })
            && !m.Owner.Constructors.Any(c => Roles.Echoes(c, m))));

    private static string Start(string zero) => zero == "0" ? "" : $" = {zero};";

    // How many it takes: of the caller's choice.
    private static string Room(Scope scope)
    {
        var name = scope.Local(scope.Pick<string>(["room", "size", "capacity", "places"]));
        scope.Parameters.Add(("int", name));
        scope.Places.Add(new ValuePlace("int", name) { Role = new("count", ""), Range = new(2, 20) });
        return name;
    }

    // "Gate" of a weir gate.
    private static string Stem(string type) => Prose.UpperFirst(Prose.Words(type).Split(' ')[^1]);

    private static string Many(Scope scope, string english, string chinese, string type) =>
        scope.Say($"{english} {scope.Pick<string>(["of", "for"])} {StepWords.Many(scope, type)}", $"`{type}` 的{chinese}");

    private static string Around(Scope scope, string english, string chinese, string type) =>
        scope.Say($"{english} for {Prose.WithArticle(Prose.Words(type))}", $"一个 `{type}` 的{chinese}");

    private static string Maker(Scope scope, string noun, bool isAround) => scope.Pick<string>(isAround
        ? ["{0}For", "{0}Of", "Make{0}", "New{0}"]
        : ["New{0}", "Make{0}", "Create{0}", "Open{0}", "Start{0}"]).Replace("{0}", Prose.UpperFirst(noun), StringComparison.Ordinal);

    private static string Asked(Scope scope, string what, List<string> words)
    {
        if (scope.IsChinese) return $"{scope.Pick<string>(["写", "请写", "我要", "实现"])}{what}：{string.Join("，", words)}。";
        var list = words.Count == 1 ? words[0] : $"{string.Join(", ", words.SkipLast(1))}{(words.Count > 2 ? "," : "")} and {words[^1]}";
        var a = Prose.WithArticle(what);
        return scope.Random.Next(8) switch
        {
            0 => $"I need {a}: it {list}.",
            1 => $"We want {a}. It {list}.",
            2 => $"Make {a} that {list}.",
            3 => $"Implement {a}: it {list}.",
            4 or 5 => $"Write {a}. It {list}.",
            _ => $"Write {a}: it {list}.",
        };
    }
}
