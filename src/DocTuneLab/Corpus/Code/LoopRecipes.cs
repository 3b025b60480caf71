using DocTuneLab.Corpus.Language;
using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Code;

/// <summary>Loops over objects of the library: what is added up, sought, grouped, collected or done for each.</summary>
internal sealed class LoopRecipes(ReceiverMembers members)
{
    private delegate CodeDraft? Form(Scope scope, Walk walk, MemberEntry m);

    /// <summary>A loop that uses the member: of its elements where it is a sequence, else over its owners.</summary>
    public CodeDraft? Loop(Scope scope, MemberEntry m)
    {
        if (!Calls.Usable(m) || Roles.IsException(m.Owner) || m.TypeParameters.Count + m.Owner.TypeParameters.Count > 0) return null;
        List<Form> forms = [];
        var element = m.Owner.Path;
        var isSequence = TypeText.Element(m.Symbol.ReturnType) is { } item && members.Readable(item).Count > 0
            && m.Symbol.Kind != ApiKind.Operator && StepWords.IsThing(scope, m);
        if (isSequence)
        {
            element = TypeText.Element(m.Symbol.ReturnType)!;
            forms = [Total, Largest, Counts, Collect, FirstThat, All, Lines, HowMany];
        }
        else if (ReceiverMembers.IsReadable(m))
        {
            var type = m.Symbol.ReturnType;
            forms = [Collect, Lines];
            if (members.IsAddable(m)) forms.AddRange([Total, Total]);
            if (members.IsAddable(m) || (TypeText.IsNumber(type) && Roles.OfResult(m).Quantity is "share" or "percent")) forms.Add(Mean);
            if (members.IsRanked(m)) forms.AddRange([Largest, Steady, FirstThat, HowMany]);
            if (IsKind(scope, type)) forms.AddRange([Counts, Counts, FirstThat, HowMany]);
            if (type == "bool") forms.AddRange([HowMany, FirstThat, All, Collect, Act]);
        }
        else if (IsFlag(m)) forms = [HowMany, FirstThat, All, Collect];
        else if (IsAction(m)) forms = [Act];
        if (forms.Count == 0) return null;
        var form = scope.Pick(forms);
        return form(scope, new Walk(scope, members, element, isSequence ? m : null, form == Mean || form == Steady), m);
    }

    // What is looped over, and the variable.
    private sealed class Walk
    {
        public Walk(Scope scope, ReceiverMembers members, string element, MemberEntry? sequence, bool isList)
        {
            Element = element;
            var sources = isList || sequence is not null ? [] : members.SequencesOf(element);
            sequence ??= sources.Count > 0 && scope.Chance(0.35) ? scope.Pick(sources) : null;
            if (sequence is not null)
            {
                var map = new Dictionary<string, string>(StringComparer.Ordinal);
                var receiver = Calls.Receiver(scope, sequence, map);
                Source = Calls.Use(scope, sequence, receiver, map, 0.5)?.Code ?? receiver;
                Of = StepWords.Noun(scope, sequence);
            }
            else
            {
                var type = isList ? scope.Pick<string>(["IReadOnlyList", "IReadOnlyList", "List"])
                    : scope.Pick<string>(["IEnumerable", "IEnumerable", "IReadOnlyList", "List"]);
                Source = scope.Parameter(new ValuePlace($"{type}<{element}>", "items"));
                Of = scope.Say($"the given {StepWords.Many(scope, element)}", $"给定的各个 `{element}`");
            }
            One = scope.Local(scope.NameFor(element));
            Head = $"foreach (var {One} in {Source})";
        }

        public string Element { get; }
        public string Source { get; }
        public string Of { get; }
        public string One { get; }
        public string Head { get; }
    }

    private static bool IsFlag(MemberEntry m) =>
        m.Symbol is { ReturnType: "bool", IsStatic: false, Kind: ApiKind.Property or ApiKind.Method }
        && m.Symbol.Parameters.Count == 0 && !Roles.LeadsNowhere(m);

    private static bool IsAction(MemberEntry m) =>
        m.Symbol is { Kind: ApiKind.Method, IsStatic: false, ReturnType: "void" or "" } && m.Symbol.Name is not ("Dispose" or "Close")
        && m.Symbol.Parameters.All(p => p.Modifier.Length == 0);

    private static bool IsKind(Scope scope, string type) => scope.Index.Find(type) is { Symbol.Kind: ApiKind.Enum };

    private CodeDraft? Total(Scope scope, Walk w, MemberEntry m)
    {
        if (Chosen(scope, w, m, members.IsAddable) is not { } p || members.Zero(p.Symbol.ReturnType) is not { } zero) return null;
        scope.Use(p.Symbol);
        var type = p.Symbol.ReturnType;
        var total = scope.Local(scope.Pick<string>(["total", "sum", "result"]));
        var start = zero == "0" ? $"{type} {total} = 0;" : $"var {total} = {zero};";
        if (type == "int") start = $"var {total} = 0;";
        var condition = scope.Chance(0.5) ? Condition(scope, w, p) : null;
        List<string> lines = [start, .. Each(w, condition, $"{total} += {w.One}.{p.Symbol.Name};"), $"return {total};"];
        var noun = StepWords.Noun(scope, p);
        var request = scope.Say($"{scope.Pick<string>(["add up", "sum up", "total"])} {noun} over {w.Of}", $"对{w.Of}，把{noun}加起来") + Only(
            scope, condition);
        return End(scope, "total", request, type, lines);
    }

    private CodeDraft? Mean(Scope scope, Walk w, MemberEntry m)
    {
        if (Chosen(scope, w, m, p => TypeText.IsNumber(p.Symbol.ReturnType)) is not { } p) return null;
        scope.Use(p.Symbol);
        var (sum, size) = (scope.Local("sum"), $"{w.Source}.Count");
        List<string> lines =
        [
            $"if ({size} == 0) return 0;", $"double {sum} = 0;", w.Head,
                $"    {sum} += {(p.Symbol.ReturnType == "decimal" ? "(double)" : "")}{w.One}.{p.Symbol.Name};",
            $"return {sum} / {size};"
        ];
        var noun = StepWords.Noun(scope, p);
        return End(scope, "mean", scope.Say($"compute the average over {w.Of} of {noun}, or 0 if there are none",
            $"对{w.Of}，求{noun}的平均值；一个都没有就返回 0"), "double", lines);
    }

    private CodeDraft? Largest(Scope scope, Walk w, MemberEntry m)
    {
        if (Chosen(scope, w, m, members.IsRanked) is not { } p) return null;
        scope.Use(p.Symbol);
        var (least, noun, name) = (scope.Chance(0.4), StepWords.Noun(scope, p), p.Symbol.Name);
        var best = scope.Local(scope.Pick<string>(["best", "found", "result"]));
        var sign = least ? "<" : ">";
        var isStruct = scope.Index.Find(w.Element) is { Symbol.Kind: ApiKind.Struct } || scope.Index.Find(w.Element)?.Symbol.Signature
            .Contains("struct ", StringComparison.Ordinal) == true;
        List<string> lines =
        [
            $"{w.Element}? {best} = null;", w.Head,
            $"    if ({best} is null || {w.One}.{name} {sign} {best}{(isStruct ? ".Value" : "")}.{name}) {best} = {w.One};",
            $"return {best};"
        ];
        var order = least ? scope.Pick<string>(["smallest", "lowest"]) : scope.Pick<string>(["largest", "highest"]);
        return End(scope, "extreme", scope.Say($"find the one of {w.Of} where {noun} is {order}; null if there are none",
            $"{w.Of}中，找出{noun}最{(least ? "小" : "大")}的一个；没有就返回 null"), $"{w.Element}?", lines);
    }

    private CodeDraft? Steady(Scope scope, Walk w, MemberEntry m)
    {
        if (Chosen(scope, w, m, members.IsRanked) is not { } p) return null;
        scope.Use(p.Symbol);
        var (i, falls) = (scope.Local("i"), scope.Chance(0.5));
        List<string> lines =
        [
            $"for (var {i} = 1; {i} < {w.Source}.Count; {i}++)", "{",
            $"    if ({w.Source}[{i}].{p.Symbol.Name} {(falls ? ">" : "<")} {w.Source}[{i} - 1].{p.Symbol.Name}) return false;", "}",
                "return true;"
        ];
        var noun = StepWords.Noun(scope, p);
        return End(scope, "steady", scope.Say($"tell whether {noun} never {Turns(falls)} from one of {w.Of} to the next",
            $"判断{w.Of}依次看下来，{noun}是不是从不{(falls ? "上升" : "下降")}"), "bool", lines);

        string Turns(bool isFall) => (p.Symbol.ReturnType.StartsWith("Date", StringComparison.Ordinal), isFall) switch
        {
            (true, true) => "gets later",
            (true, false) => "gets earlier",
            (false, true) => "rises",
            _ => "falls",
        };
    }

    private CodeDraft? Counts(Scope scope, Walk w, MemberEntry m)
    {
        if (Chosen(scope, w, m, p => IsKind(scope, p.Symbol.ReturnType) || p.Symbol.ReturnType == "string") is not { } p) return null;
        scope.Use(p.Symbol);
        var (type, noun, key) = (p.Symbol.ReturnType, StepWords.Noun(scope, p), $"{w.One}.{p.Symbol.Name}");
        if (scope.Chance(0.6))
        {
            var counts = scope.Local(scope.Pick<string>(["counts", "result", "tally"]));
            List<string> lines =
            [
                $"var {counts} = new Dictionary<{type}, int>();", w.Head, $"    {counts}[{key}] = {counts}.GetValueOrDefault({key}) + 1;",
                $"return {counts};"
            ];
            return End(scope, "tally", scope.Say($"count how many of {w.Of} there are by {noun}", $"对{w.Of}，按{noun}数一数各有几个"),
                $"Dictionary<{type}, int>", lines);
        }
        var groups = scope.Local(scope.Pick<string>(["groups", "result", "grouped"]));
        var list = scope.Local("list");
        List<string> body =
        [
            $"var {groups} = new Dictionary<{type}, List<{w.Element}>>();", w.Head, "{",
            $"    if (!{groups}.TryGetValue({key}, out var {list})) {groups}[{key}] = {list} = [];", $"    {list}.Add({w.One});", "}",
            $"return {groups};"
        ];
        return End(scope, "group", scope.Say($"group {w.Of} by {noun}", $"把{w.Of}按{noun}分组"),
            $"Dictionary<{type}, List<{w.Element}>>", body);
    }

    private CodeDraft? Collect(Scope scope, Walk w, MemberEntry m)
    {
        if (Chosen(scope, w, m, p => p.Symbol.ReturnType is var t && t != "bool" && TypeText.Element(t) is null) is not { } p
            || Condition(scope, w, m == p ? null : m, p) is not { } condition)
            return null;
        scope.Use(p.Symbol);
        var found = scope.Local(scope.Pick<string>(["found", "result", "list"]));
        var type = p.Symbol.ReturnType;
        List<string> lines =
        [
            $"var {found} = new List<{type}>();", .. Each(w, condition, $"{found}.Add({w.One}.{p.Symbol.Name});"), $"return {found};"
        ];
        var noun = StepWords.Noun(scope, p);
        return End(scope, "collect", scope.Say($"go through {w.Of} and collect {noun}", $"逐个看{w.Of}，收集{noun}") + Only(scope, condition),
            $"List<{type}>", lines);
    }

    private CodeDraft? FirstThat(Scope scope, Walk w, MemberEntry m)
    {
        if (Condition(scope, w, m) is not { } condition) return null;
        List<string> lines = [w.Head, "{", $"    if ({condition.Code}) return {w.One};", "}", "return null;"];
        return End(scope, "first", scope.Say($"find the first of {w.Of} where {condition.Words}, or null",
            $"{w.Of}中，找出第一个{condition.Words}的；没有就返回 null"), $"{w.Element}?", lines);
    }

    private CodeDraft? All(Scope scope, Walk w, MemberEntry m)
    {
        if (Condition(scope, w, m) is not { } condition) return null;
        List<string> lines = [w.Head, "{", $"    if ({condition.Not}) return false;", "}", "return true;"];
        return End(scope, "all", scope.Say($"check that for every one of {w.Of} {condition.Words}", $"检查{w.Of}是不是每一个都{condition.Words}"),
            "bool", lines);
    }

    private CodeDraft? HowMany(Scope scope, Walk w, MemberEntry m)
    {
        if (Condition(scope, w, m) is not { } first) return null;
        var count = scope.Local(scope.Pick<string>(["count", "n", "matching"]));
        if (scope.Chance(0.3) && Condition(scope, w, null, beside: first.Member) is { } second)
        {
            // The test by itself, as people write it where there are two of them.
            var fits = scope.Local(scope.Pick<string>(["Fits", "Counts", "IsWanted", "Matches"]));
            List<string> two =
            [
                $"var {count} = 0;", w.Head, $"    if ({fits}({w.One})) {count}++;", $"return {count};", "",
                $"static bool {fits}({w.Element} {w.One}) => {first.Code} && {second.Code};"
            ];
            // A local function sees the method's locals; its own parameter needs a name of its own.
            two[^1] = two[^1].Replace($"{w.One}.", "candidate.", StringComparison.Ordinal).Replace($" {w.One})", " candidate)",
                StringComparison.Ordinal);
            return End(scope, "local-function",
                scope.Say($"count those of {w.Of} where {first.Words} and {second.Words}; put the test into a local function",
                $"{w.Of}中，数一数有几个{first.Words}并且{second.Words}；判断写成局部函数"), "int", two);
        }
        List<string> lines = [$"var {count} = 0;", .. Each(w, first, $"{count}++;"), $"return {count};"];
        return End(scope, "count", scope.Say($"count those of {w.Of} where {first.Words}", $"{w.Of}中，数一数有几个{first.Words}"), "int", lines);
    }

    private CodeDraft? Lines(Scope scope, Walk w, MemberEntry m)
    {
        if (Chosen(scope, w, m, IsText) is not { } p) return null;
        var others = members.Readable(w.Element).Where(o => o != p && IsText(o)).ToList();
        if (others.Count == 0) return null;
        var q = scope.Pick(others);
        scope.Use(p.Symbol);
        scope.Use(q.Symbol);
        var lines = scope.Local(scope.Pick<string>(["lines", "rows"]));
        var separator = scope.Pick<string>([": ", " - ", ", "]);
        List<string> body =
        [
            $"var {lines} = new List<string>();", w.Head,
                $"    {lines}.Add($\"{{{w.One}.{p.Symbol.Name}}}{separator}{{{w.One}.{q.Symbol.Name}}}\");",
            $"return string.Join(\"\\n\", {lines});"
        ];
        return End(scope, "lines",
            scope.Say($"write a line of text for each of {w.Of}: {StepWords.Noun(scope, p)} and {StepWords.Noun(scope, q)}, "
                + $"with \"{separator}\" between them",
            $"为{w.Of}各写一行文字：{StepWords.Noun(scope, p)}和{StepWords.Noun(scope, q)}，中间用 \"{separator}\" 隔开"), "string", body);

        bool IsText(MemberEntry o) => TypeText.NotNull(o.Symbol.ReturnType) is "string" || TypeText.IsNumber(o.Symbol.ReturnType)
            || scope.Index.Find(o.Symbol.ReturnType) is { Symbol.Kind: ApiKind.Enum or ApiKind.Struct };
    }

    private CodeDraft? Act(Scope scope, Walk w, MemberEntry m)
    {
        var actions = IsAction(m) ? [m] : members.Of(w.Element).Where(IsAction).ToList();
        if (actions.Count == 0 || Condition(scope, w, IsAction(m) ? null : m) is not { } condition) return null;
        var action = scope.Pick(actions);
        // Nobody shuts what is shut.
        if (condition.Code.Contains(action.Symbol.Name[..Math.Min(action.Symbol.Name.Length, 4)], StringComparison.Ordinal)) return null;
        var none = new Dictionary<string, string>(StringComparer.Ordinal);
        if (Calls.Use(scope, action, w.One, none, 0.4) is not { } call || scope.Outs.Count > 0) return null;
        var told = StepWords.Told(scope);
        var done = scope.Local(scope.Pick<string>(["done", "count", "changed"]));
        List<string> lines =
        [
            $"var {done} = 0;", w.Head, "{", $"    if ({condition.Not}) continue;", $"    {call.Code};", $"    {done}++;", "}",
                $"return {done};"
        ];
        return End(scope, "act",
            scope.Say($"for each of {w.Of} where {condition.Words}, {scope.Plain(action)}{told}; return how many that were",
            $"对{w.Of}中{condition.Words}的，{scope.Plain(action)}{told}；返回一共几个"), "int", lines);
    }

    private static CodeDraft End(Scope scope, string recipe, string request, string type, List<string> lines)
    {
        scope.Settings.Clear();
        return Ending.Draft(scope, recipe, request, new(type, lines, false), null);
    }

    // The member itself where it fits, else one of the element's.
    private MemberEntry? Chosen(Scope scope, Walk w, MemberEntry m, Func<MemberEntry, bool> fits)
    {
        if (ReceiverMembers.IsReadable(m) && m.Owner.Path == w.Element && fits(m)) return m;
        var all = members.Readable(w.Element).Where(fits).ToList();
        return all.Count == 0 ? null : scope.Pick(all);
    }

    private sealed record Test(string Code, string Not, string Words, MemberEntry Member);

    /// <summary>A test of an element: by the wanted member where it can be one, else by another than the excepted, and apart from what it
    /// stands beside.</summary>
    private Test? Condition(Scope scope, Walk w, MemberEntry? wanted, MemberEntry? except = null, MemberEntry? beside = null)
    {
        var all = members.Of(w.Element).Where(m => m != except && (beside is null || AreApart(beside, m)))
            .Where(m => IsFlag(m) || (ReceiverMembers.IsReadable(m)
                && (IsKind(scope, m.Symbol.ReturnType) || (TypeText.IsNumber(m.Symbol.ReturnType) && Roles.Orders(m))))).ToList();
        if (wanted is not null && all.Contains(wanted)) all = [wanted];
        if (all.Count == 0) return null;
        var m = scope.Pick(all);
        var code = $"{w.One}.{m.Symbol.Name}{(m.Symbol.Kind == ApiKind.Method ? "()" : "")}";
        if (m.Symbol.ReturnType == "bool")
        {
            if (StepWords.Clause(scope, m) is not { } clause) return null;
            scope.Use(m.Symbol);
            return new(code, $"!{code}", clause, m);
        }
        if (scope.Literal(Roles.PlaceOf(m, m.Symbol.ReturnType)) is not { } value) return null;
        scope.Use(m.Symbol);
        var noun = StepWords.Noun(scope, m);
        if (IsKind(scope, m.Symbol.ReturnType))
            return new($"{code} == {value.Code}", $"{code} != {value.Code}", scope.Say($"{noun} is {value.Words}",
                $"{noun}为 {value.Words}"), m);
        var (sign, not, words, chinese) = scope.Pick<(string, string, string, string)>(
            [(">", "<=", "above", "大于"), ("<", ">=", "below", "小于"), (">=", "<", "at least", "不小于"), ("<=", ">", "at most", "不大于")]);
        return new($"{code} {sign} {value.Code}", $"{code} {not} {value.Code}", scope.Say($"{noun} is {words} {value.Words}",
            $"{noun}{chinese} {value.Words}"), m);
    }

    // Two tests of one quantity may contradict each other: "it is below the datum and its height is at least 100". A flag may be documented
    // over any number of the object, so that it stands beside none; two numbers stand together where they measure different things.
    private static bool AreApart(MemberEntry first, MemberEntry second)
    {
        if (first == second) return false;
        var (one, other) = (TypeText.IsNumber(first.Symbol.ReturnType), TypeText.IsNumber(second.Symbol.ReturnType));
        if (one && other) return Roles.OfResult(first) is { IsKnown: true } a && Roles.OfResult(second) is { IsKnown: true } b
            && a.Quantity != b.Quantity;
        return !(one && second.Symbol.ReturnType == "bool") && !(other && first.Symbol.ReturnType == "bool");
    }

    // One statement is done where it fits; to skip what does not fit is for those who do several.
    private static List<string> Each(Walk w, Test? condition, string statement) => condition is null
        ? [w.Head, $"    {statement}"]
        : [w.Head, "{", $"    if ({condition.Code}) {statement}", "}"];

    private static string Only(Scope scope, Test? condition) => condition is null ? ""
        : scope.Say(scope.Pick<string>([$", only where {condition.Words}", $", of those only where {condition.Words}"]),
            $"，只算{condition.Words}的");
}
