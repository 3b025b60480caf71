using DocTuneLab.Corpus.Language;
using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Code;

/// <summary>Methods that use several members together: what a list of single calls never teaches.</summary>
internal sealed class CompositionRecipes
{
    private static readonly Dictionary<string, string> s_none = new(StringComparer.Ordinal);
    private readonly ReceiverMembers _members;
    private readonly Dictionary<TypeEntry, List<MemberEntry>> _finishers = [];

    public CompositionRecipes(ApiIndex index, ReceiverMembers members)
    {
        _members = members;
        foreach (var type in index.Types)
        {
            var fluent = type.Members.Count(m => m.Symbol.Kind == ApiKind.Method && IsFluent(m));
            var ends = type.Members.Where(m => m.Symbol.Kind == ApiKind.Method && !IsFluent(m) && !m.Symbol.IsStatic
                && m.TypeParameters.Count == 0 && Calls.Usable(m)
                && (m.Symbol.Name.StartsWith("Build", StringComparison.Ordinal)
                    || m.Symbol.Name.StartsWith("Create", StringComparison.Ordinal)
                    || (m.Symbol.Name.StartsWith("To", StringComparison.Ordinal) && m.Symbol.Name != "ToString")
                    || m.Symbol.Name.StartsWith("Open", StringComparison.Ordinal)))
                .ToList();
            // A builder that another type hands out may end with a word of its own:
            // then what takes nothing and gives another type of the library is its product.
            if (ends.Count == 0 && !type.Constructors.Any())
                ends = [.. type.Members.Where(m => m.Symbol is { Kind: ApiKind.Method, IsStatic: false, Parameters.Count: 0 }
                    && m.TypeParameters.Count == 0 && Calls.Usable(m) && !IsFluent(m)
                    && index.Find(TypeText.Awaited(m.Symbol.ReturnType) ?? m.Symbol.ReturnType) is { } made && made != type)];
            if (fluent >= 2 && ends.Count > 0) _finishers[type] = ends;
        }
    }

    private static bool IsFluent(MemberEntry m) =>
        !m.Symbol.IsStatic && m.Symbol.ReturnType.Length > 0 && TypeText.Head(m.Symbol.ReturnType) == TypeText.Head(m.Owner.Path);

    private IReadOnlyList<MemberEntry> On(string type) => _members.On(type);

    private static bool IsReadable(MemberEntry p) => ReceiverMembers.IsReadable(p);

    /// <summary>Calls a member on the result of another, two or three deep.</summary>
    public CodeDraft? Chain(Scope scope, MemberEntry m)
    {
        if (!Calls.Usable(m) || Roles.LeadsNowhere(m) || Roles.IsException(m.Owner) || Calls.Fill(scope, m) is not { } map) return null;
        var receiver = Calls.Receiver(scope, m, map);
        if (Calls.Use(scope, m, receiver, map, 0.35) is not { } value || scope.Outs.Count > 0) return null;
        var from = m;
        if (m.Symbol.Kind == ApiKind.Operator) value = value with { Code = $"({value.Code})" };
        var requests = new List<string> { StepWords.Step(scope, m) + StepWords.Told(scope) };
        var lines = new List<string>();
        var isAsync = false;
        var depth = scope.Random.Next(1, 3);
        for (var i = 0; i < depth; i++)
        {
            var type = TypeText.Awaited(value.Type) ?? value.Type;
            if (Roles.LeadsNowhere(from)) break;
            var next = On(type).Where(n => n.Owner.TypeParameters.Count == 0 && n != m && n != from
                && Follows(scope, from, type, n)).ToList();
            if (type.Length == 0
                || next.Count == 0
                || scope.Index.Find(TypeText.NotNull(type)) is null && next.TrueForAll(n => n.Symbol.Kind != ApiKind.ExtensionMethod))
                break;
            var then = scope.Pick(next);
            var link = TypeText.IsNullable(type) ? "!" : "";
            if (TypeText.Awaited(value.Type) is not null || i > 0 || scope.Chance(0.5))
            {
                var local = scope.Local(scope.NameFor(TypeText.NotNull(type)));
                var whole = value.Code.StartsWith('(') && from.Symbol.Kind == ApiKind.Operator ? value.Code[1..^1] : value.Code;
                lines.Add($"var {local} = {(TypeText.Awaited(value.Type) is null ? "" : "await ")}{whole}{link};");
                isAsync |= TypeText.Awaited(value.Type) is not null;
                value = value with { Code = local };
                link = "";
            }
            if (value.Code.StartsWith("new ", StringComparison.Ordinal) && value.Code.EndsWith('}')) break;
            if (Calls.Use(scope, then, value.Code + link, s_none, 0.5) is not { } result || scope.Outs.Count > 0) return null;
            if (i == depth - 1) StepWords.Reads(scope, type, then);
            (value, from) = (result, then);
            requests.Add(StepWords.On(scope, type, StepWords.Step(scope, then)) + StepWords.Told(scope));
        }
        if (requests.Count == 1) return null;
        // An object that was made only to be changed or waited for is gone.
        if (m.Symbol.Kind == ApiKind.Constructor && (TypeText.Awaited(value.Type) ?? value.Type).Length == 0) return null;
        var (returns, end, endsAsync) = Ending.Deliver(scope, value);
        if (isAsync && !endsAsync) returns = returns == "void" ? "Task" : $"Task<{returns}>";
        return Ending.Draft(scope, "chain", StepWords.Then(scope, requests), new(returns, [.. lines, .. end], isAsync || endsAsync), null);
    }

    // What comes of the one is what the other is called on: by type where the library made the type, else by role as well.
    private static bool Follows(Scope scope, MemberEntry from, string type, MemberEntry next) =>
        !Roles.LeadsNowhere(next) && !Roles.Echoes(from, next)
            && next.Symbol.Name is not ("GetType" or "GetEnumerator" or "Dispose" or "DisposeAsync" or "Deconstruct")
        && (next.Symbol.Kind != ApiKind.ExtensionMethod
            ? Roles.IsOwn(scope.Index, type)
            // What a value was measured in makes that value again.
            : (next.Symbol.ReturnType != from.Owner.Path
                && Roles.Flows(scope.Index, from, TypeText.NotNull(type), next, next.Symbol.Parameters[0]))
                || (TypeText.Element(type) is { } element && TypeText.Element(next.Symbol.Parameters[0].Type) == element
                    && Roles.IsOwn(scope.Index, element)));

    /// <summary>A builder from its start to its product.</summary>
    public CodeDraft? Builder(Scope scope, MemberEntry m)
    {
        // A value that can be added to is no builder.
        if (m.Owner.Symbol.Kind == ApiKind.Struct || !_finishers.TryGetValue(m.Owner, out var finishers)
            || scope.Fill(m.Owner.TypeParameters) is not { } map)
            return null;
        var starts = m.Owner.Constructors.Where(Calls.Usable).Concat(scope.Index.Members.Where(s => s.Symbol.IsStatic
            && s.Symbol.Kind is ApiKind.Method or ApiKind.Property && s.Owner.TypeParameters.Count == 0 && s.TypeParameters.Count == 0
            && s.Symbol.Parameters.All(p => p.Modifier != "this")
            && s.Symbol.Kind != ApiKind.ExtensionMethod && TypeText.Head(s.Symbol.ReturnType) == TypeText.Head(m.Owner.Path))).ToList();
        if (starts.Count == 0) return null;
        var steps = m.Owner.Members
            .Where(s => s.Symbol.Kind == ApiKind.Method && IsFluent(s) && Calls.Usable(s) && s.TypeParameters.Count == 0 && s != m)
            .OrderBy(_ => scope.Random.Next())
            .Take(scope.Random.Next(1, 4))
            .ToList();
        if (m.Symbol.Kind == ApiKind.Method && IsFluent(m) && Calls.Usable(m) && m.TypeParameters.Count == 0)
            steps.Insert(scope.Random.Next(steps.Count + 1), m);
        if (Calls.Use(scope, scope.Pick(starts), "", map, 0.8) is not { } value) return null;
        var requests = new List<string>();
        var opening = StepWords.Told(scope);
        foreach (var step in steps)
        {
            if (Calls.Use(scope, step, value.Code, map, 0.8) is not { } next || scope.Outs.Count > 0) return null;
            value = next;
            requests.Add(scope.Plain(step) + StepWords.Told(scope));
        }
        var finisher = scope.Pick(finishers);
        if (Calls.Use(scope, finisher, value.Code, map, 0.7) is not { } product || scope.Outs.Count > 0) return null;
        var code = Wrap(product.Code);
        var (returns, lines, isAsync) = Ending.Deliver(scope, product with { Code = code });
        var what =
            Prose.Words(TypeText.Head(TypeText.Awaited(returns) is { Length: > 0 } r ? r : returns)) is { Length: > 0 } w ? w : "result";
        var request = scope.Say($"build {Prose.WithArticle(what)}{opening}: {string.Join(", ", requests)}",
            $"造出 `{product.Type}`{opening}：{string.Join("；", requests)}");
        return Ending.Draft(scope, "builder", request, new(returns, lines, isAsync), null);
    }

    /// <summary>LINQ over a sequence of library objects, or of a member's results.</summary>
    public CodeDraft? Query(Scope scope, MemberEntry m)
    {
        string source, element, of;
        // Nobody collects exceptions.
        if (Roles.IsException(m.Owner)) return null;
        if (IsReadable(m) && scope.Chance(0.6))
        {
            // The member becomes the selector over a given sequence of its owners.
            element = m.Owner.Path;
            source = scope.Parameter($"{scope.Pick<string>(["IEnumerable", "IReadOnlyList", "List"])}<{element}>",
                scope.NameFor($"IEnumerable<{element}>"));
            of = scope.Say($"the given {Prose.Words(m.Owner.Symbol.Name)} objects", $"给定的各个 `{m.Owner.Path}`");
        }
        else
        {
            if (!Calls.Usable(m) || !StepWords.IsThing(scope, m)
                || TypeText.Element(m.Symbol.ReturnType) is not { } item
                || m.Owner.TypeParameters.Count + m.TypeParameters.Count > 0)
                return null;
            var receiver = Calls.Receiver(scope, m, s_none);
            if (Calls.Use(scope, m, receiver, s_none, 0.35) is not { } value) return null;
            (source, element) = (value.Code, item);
            of = StepWords.Noun(scope, m);
        }
        // What was asked for by a value has it.
        var properties = On(element).Where(p => IsReadable(p)
            && (p == m || !m.Symbol.Parameters.Any(given => given.Type == p.Symbol.ReturnType && !Roles.IsPlain(given.Type)))).ToList();
        var selector = properties.Contains(m) ? m : properties.Count > 0 ? scope.Pick(properties) : null;
        var x = scope.Local(selector is null
            ? "x" : TypeText.Head(element).Length > 1 ? char.ToLowerInvariant(TypeText.Head(element)[0]).ToString() : "x");
        if (selector is null)
        {
            // "The first of the way": what is one thing in the words is no sequence there.
            if (!StepWords.IsSeveral(scope, of)) return null;
            var (call, type, words) = scope.Pick<(string, string, string)>(
            [
                (".Count()", "int", scope.Say("count ", "数一数有几个：")),
                (".ToList()", $"List<{element}>", scope.Say("collect ", "收集")),
                (".Any()", "bool", scope.Say("tell whether there are any of ", "判断有没有：")),
                (".First()", element, scope.Say("return the first of ", "返回第一个："))
            ]);
            return Ending.Draft(scope, "linq", $"{words}{of}", new(type, [$"return {source}{call};"], false), m);
        }
        scope.Use(selector.Symbol);
        var p = $"{x}.{selector.Symbol.Name}";
        var t = selector.Symbol.ReturnType;
        // A list of lists is nothing that anyone wants.
        if (TypeText.Element(t) is not null) return null;
        var noun = StepWords.Noun(scope, selector);
        List<(string Code, string Type, string Request)> forms =
        [
            ($"{source}.Select({x} => {p}).ToList()", $"List<{t}>",
                scope.Say($"list {noun} for each of {of}", $"对{of}，列出{noun}")),
        ];
        var sorted = ($"{source}.OrderBy({x} => {p}).ToList()", $"List<{element}>",
            scope.Say($"sort {of} by {noun}", $"把{of}按{noun}排序"));
        if (t == "bool")
        {
            forms =
            [
                ($"{source}.Count({x} => {p})", "int",
                    scope.Say($"count those of {of} for which `{selector.Symbol.Name}` is true",
                        $"{of}中，数一数有几个的 `{selector.Symbol.Name}` 为真")),
                ($"{source}.Where({x} => {p}).ToList()", $"List<{element}>",
                    scope.Say($"keep those of {of} where {Holds(scope, selector)}", $"{of}中，只留下{Holds(scope, selector)}的")),
                ($"{source}.Any({x} => {p})", "bool",
                    scope.Say($"tell whether for any of {of} this holds: {Holds(scope, selector)}",
                        $"{of}中，判断有没有一个{Holds(scope, selector)}")),
                ($"{source}.All({x} => {p})", "bool",
                    scope.Say($"tell whether for all of {of} this holds: {Holds(scope, selector)}",
                        $"{of}中，判断是不是每一个都{Holds(scope, selector)}")),
            ];
        }
        else if (TypeText.IsNumber(t))
        {
            var limit = scope.Literal(Roles.PlaceOf(selector, t))!.Value.Code;
            if (Roles.Sums(selector))
                forms.Add(($"{source}.Sum({x} => {p})", t, scope.Say($"add up {noun} over {of}", $"对{of}，把{noun}加起来")));
            if (Roles.Orders(selector))
                forms.Add(($"{source}.Max({x} => {p})", t,
                    scope.Say($"find the largest: {noun}, among {of}", $"{of}中，{noun}最大是多少")));
            forms.Add(sorted);
            forms.Add(($"{source}.Where({x} => {p} > {limit}).ToList()", $"List<{element}>",
                scope.Say($"keep those of {of} where {noun} is above {limit}", $"{of}中，只留下{noun}大于 {limit} 的")));
            forms.Add(($"{source}.Count({x} => {p} >= {limit})", "int",
                scope.Say($"count those of {of} where {noun} is at least {limit}",
                    $"{of}中，数一数有几个{noun}不小于 {limit}")));
        }
        else if (t == "string")
        {
            forms.Add(($"string.Join(\", \", {source}.Select({x} => {p}))", "string",
                scope.Say($"join {noun} of all of {of} with commas", $"对{of}，把{noun}用逗号连起来")));
            forms.Add(sorted);
        }
        else if (scope.Index.Find(t) is { Symbol.Kind: ApiKind.Enum } && scope.Literal(Roles.PlaceOf(selector, t)) is { } value)
        {
            forms.Add(($"{source}.Where({x} => {p} == {value.Code}).ToList()", $"List<{element}>",
                scope.Say($"keep those of {of} where {noun} is {value.Words}", $"{of}中，只留下{noun}为 {value.Words} 的")));
            forms.Add(($"{source}.Count({x} => {p} == {value.Code})", "int",
                scope.Say($"count those of {of} where {noun} is {value.Words}", $"{of}中，数一数有几个{noun}为 {value.Words}")));
        }
        var form = scope.Pick(forms);
        return Ending.Draft(scope, "linq", form.Request, new(form.Type, [$"return {form.Code};"], false), null);
    }

    /// <summary>Acts on every element of a given sequence.</summary>
    public static CodeDraft? Each(Scope scope, MemberEntry m)
    {
        if (m.Symbol.Kind != ApiKind.Method || m.Symbol.IsStatic || !Calls.Usable(m)
            || m.Owner.TypeParameters.Count + m.TypeParameters.Count > 0)
            return null;
        if (!(m.Symbol.ReturnType is "void" or "" || TypeText.Awaited(m.Symbol.ReturnType) == "")) return null;
        var sequence = scope.Parameter($"{scope.Pick<string>(["IEnumerable", "IReadOnlyList"])}<{m.Owner.Path}>",
            scope.NameFor($"IEnumerable<{m.Owner.Path}>"));
        var one = scope.Local(scope.NameFor(m.Owner.Path));
        if (Calls.Use(scope, m, one, s_none, 0.4) is not { } value || scope.Outs.Count > 0) return null;
        var isAsync = value.Type.Length > 0;
        var each = scope.Say($"for each given {Prose.Words(m.Owner.Symbol.Name)}, ", $"对给定的每个 `{m.Owner.Path}`，");
        string[] lines = [$"foreach (var {one} in {sequence})", $"    {(isAsync ? "await " : "")}{value.Code};"];
        return Ending.Draft(scope, "each", each + scope.Request(m), new(isAsync ? "Task" : "void", lines, isAsync), m);
    }

    /// <summary>Decides by a bool member, or compares a value.</summary>
    public CodeDraft? Conditional(Scope scope, MemberEntry m)
    {
        if (!Calls.Usable(m) || m.Symbol.ReturnType != "bool" || m.Symbol.Kind is ApiKind.Operator || Calls.Fill(scope, m) is not { } map)
            return null;
        var receiver = Calls.Receiver(scope, m, map);
        if (Calls.Use(scope, m, receiver, map, 0.35) is not { } test || scope.Outs.Count > 0) return null;
        var told = scope.Say("tell whether ", "判断是否");
        if (!scope.Plain(m).StartsWith(told, StringComparison.Ordinal)) return null;
        var question = scope.Plain(m)[scope.Say("tell ", "判断").Length..];
        var actions = receiver.Length == 0
            ? []
            : On(m.Owner.Path).Where(a => a.Symbol.Kind == ApiKind.Method && a.Symbol.ReturnType is "void" or "" && a != m).ToList();
        if (actions.Count > 0 && m.Owner.TypeParameters.Count == 0 && scope.Chance(0.5))
        {
            var action = scope.Pick(actions);
            if (action.Symbol.Kind == ApiKind.Constructor || Calls.Use(scope, action, receiver, map, 0.4) is not { Type: "" } call)
                return null;
            var not = scope.Chance(0.35);
            return Ending.Draft(scope, "conditional",
                scope.Say($"check {question}; if {(not ? "not" : "so")}, {scope.Plain(action)}",
                    $"判断{question}；{(not ? "不" : "")}成立就{scope.Plain(action)}"),
                new("void", [$"if ({(not ? "!" : "")}{test.Code})", $"    {call.Code};"], false), null);
        }
        var (yes, no) = scope.Pick<(string, string)>([("yes", "no"), ("on", "off"), ("ok", "bad")]);
        return Ending.Draft(scope, "conditional",
            scope.Say($"return \"{yes}\" or \"{no}\" depending on {question}", $"看{question}，返回 \"{yes}\" 或 \"{no}\""),
            new("string", [$"return {test.Code} ? \"{yes}\" : \"{no}\";"], false), m);
    }

    /// <summary>Several properties of one object: interpolated, or as a tuple.</summary>
    public CodeDraft? Several(Scope scope, MemberEntry m)
    {
        if (!IsReadable(m) || !Calls.Usable(m) || !IsPlain(scope, m)) return null;
        var others = On(m.Owner.Path).Where(p => IsReadable(p) && p != m && p.Owner == m.Owner && IsPlain(scope, p))
            .OrderBy(_ => scope.Random.Next())
            .Take(scope.Random.Next(1, 3))
            .ToList();
        if (others.Count == 0) return null;
        var all = others.Prepend(m).OrderBy(_ => scope.Random.Next()).ToList();
        var receiver = scope.Parameter(m.Owner.Path, scope.NameFor(m.Owner.Path));
        foreach (var p in all) scope.Use(p.Symbol);
        var nouns = string.Join(scope.Say(" and ", "和"), all.Select(p => StepWords.Noun(scope, p)));
        if (scope.Chance(0.5))
        {
            var separator = scope.Pick<string>([": ", " - ", ", ", " / ", " "]);
            var text = "$\"" + string.Join(separator, all.Select(p => $"{{{receiver}.{p.Symbol.Name}}}")) + "\"";
            return Ending.Draft(scope, "interpolate",
                scope.Say($"format {nouns}, separated by \"{separator}\"", $"把{nouns}写成文字，中间用 \"{separator}\" 隔开"),
                new("string", [$"return {text};"], false), null);
        }
        var types = string.Join(", ", all.Select(p => p.Symbol.ReturnType));
        var values = string.Join(", ", all.Select(p => $"{receiver}.{p.Symbol.Name}"));
        return Ending.Draft(scope, "tuple", scope.Say($"return {nouns} as a tuple", $"把{nouns}作为元组返回"),
            new($"({types})", [$"return ({values});"], false), null);
    }

    /// <summary>A fallback for what may be null.</summary>
    public static CodeDraft? Fallback(Scope scope, MemberEntry m)
    {
        if (!Calls.Usable(m) || !TypeText.IsNullable(m.Symbol.ReturnType) || Calls.Fill(scope, m) is not { } map) return null;
        var request = scope.Request(m);
        var receiver = Calls.Receiver(scope, m, map);
        if (Calls.Use(scope, m, receiver, map, 0.35) is not { } value || scope.Outs.Count > 0) return null;
        var type = TypeText.NotNull(value.Type);
        if (scope.Literal(Roles.PlaceOf(m, type)) is { } literal && scope.Chance(0.5))
            return Ending.Draft(scope, "fallback",
                request + scope.Say($"; use {literal.Words} if there is none", $"；没有就用 {literal.Words}"),
                new(type, [$"return {value.Code} ?? {literal.Code};"], false), m);
        var fallback = scope.Parameter(type, "fallback");
        return Ending.Draft(scope, "fallback",
            request + scope.Say("; if there is none, return the fallback", "；没有就返回给定的后备值"),
            new(type, [$"return {value.Code} ?? {fallback};"], false), m);
    }

    // A collection in a text or a tuple teaches nothing.
    private static bool IsPlain(Scope scope, MemberEntry p) =>
        TypeText.NotNull(p.Symbol.ReturnType) is "string" or "TimeSpan" or "DateTime" or "DateTimeOffset" or "Guid" or "char"
        || TypeText.IsNumber(TypeText.NotNull(p.Symbol.ReturnType))
        || scope.Index.Find(TypeText.NotNull(p.Symbol.ReturnType)) is { Symbol.Kind: ApiKind.Enum or ApiKind.Struct };

    // The condition that a bool property states.
    private static string Holds(Scope scope, MemberEntry flag) =>
        StepWords.Noun(scope, flag) is var noun && scope.Say("whether ", "是否") is var whether
            && noun.StartsWith(whether, StringComparison.Ordinal)
            ? noun[whether.Length..]
            : scope.Say($"`{flag.Symbol.Name}` is true", $" `{flag.Symbol.Name}` 为真");

    // Long chains stand one call a line, as people write them.
    private static string Wrap(string code)
    {
        if (code.Length < 80) return code;
        var depth = 0;
        var text = new System.Text.StringBuilder();
        for (var i = 0; i < code.Length; i++)
        {
            if (code[i] is '(' or '{') depth++;
            if (code[i] is ')' or '}') depth--;
            if (code[i] == '.' && depth == 0 && i > 0 && code[i - 1] == ')') text.Append("\n    ");
            text.Append(code[i]);
        }
        return text.ToString();
    }
}
