using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Code;

/// <summary>Methods that use several members together: what a list of single calls never teaches.</summary>
internal sealed class CompositionRecipes
{
    private static readonly Dictionary<string, string> None = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<MemberEntry>> _byReceiver = new(StringComparer.Ordinal);
    private readonly Dictionary<TypeEntry, List<MemberEntry>> _finishers = [];

    public CompositionRecipes(ApiIndex index)
    {
        foreach (var m in index.Members.Where(m => Calls.Usable(m) && m.TypeParameters.Count == 0))
        {
            var receiver = m.Symbol.Kind == ApiKind.ExtensionMethod ? TypeText.Head(m.Symbol.Parameters[0].Type) : m.Symbol.IsStatic || m.Symbol.Kind is ApiKind.Constructor or ApiKind.Operator or ApiKind.EnumMember ? null : TypeText.Head(m.Owner.Path);
            if (receiver is null) continue;
            if (!_byReceiver.TryGetValue(receiver, out var list)) _byReceiver[receiver] = list = [];
            list.Add(m);
        }
        foreach (var type in index.Types)
        {
            var fluent = type.Members.Count(m => m.Symbol.Kind == ApiKind.Method && IsFluent(m));
            var ends = type.Members.Where(m => m.Symbol.Kind == ApiKind.Method && !IsFluent(m) && !m.Symbol.IsStatic && Calls.Usable(m)
                && (m.Symbol.Name.StartsWith("Build", StringComparison.Ordinal) || m.Symbol.Name.StartsWith("Create", StringComparison.Ordinal) || m.Symbol.Name.StartsWith("To", StringComparison.Ordinal) || m.Symbol.Name.StartsWith("Open", StringComparison.Ordinal))).ToList();
            if (fluent >= 2 && ends.Count > 0) _finishers[type] = ends;
        }
    }

    private static bool IsFluent(MemberEntry m) => !m.Symbol.IsStatic && m.Symbol.ReturnType.Length > 0 && TypeText.Head(m.Symbol.ReturnType) == TypeText.Head(m.Owner.Path);

    private List<MemberEntry> On(string type) => _byReceiver.TryGetValue(TypeText.Head(type), out var list) ? list : [];

    private static bool IsReadable(MemberEntry p) => p.Symbol.Kind is ApiKind.Property or ApiKind.Field && p.CanRead && !p.Symbol.IsStatic && p.Owner.TypeParameters.Count == 0;

    /// <summary>Calls a member on the result of another, two or three deep.</summary>
    public CodeDraft? Chain(Scope scope, MemberEntry m)
    {
        if (!Calls.Usable(m) || Calls.Fill(scope, m) is not { } map) return null;
        var receiver = Calls.Receiver(scope, m, map);
        if (Calls.Use(scope, m, receiver, map, 0.35) is not { } value || scope.Outs.Count > 0) return null;
        if (m.Symbol.Kind == ApiKind.Operator) value = value with { Code = $"({value.Code})" };
        var requests = new List<string> { Prose.Request(m, scope.Random) };
        var meanings = new List<string> { Prose.ThirdPerson(m) };
        var lines = new List<string>();
        var isAsync = false;
        var depth = scope.Random.Next(1, 3);
        for (var i = 0; i < depth; i++)
        {
            var type = TypeText.Awaited(value.Type) ?? value.Type;
            var next = On(type).Where(n => n.Owner.TypeParameters.Count == 0 && n != m).ToList();
            if (type.Length == 0 || next.Count == 0 || scope.Index.Find(TypeText.NotNull(type)) is null && next.TrueForAll(n => n.Symbol.Kind != ApiKind.ExtensionMethod)) break;
            var then = scope.Pick(next);
            var link = TypeText.IsNullable(type) ? "!" : "";
            if (TypeText.Awaited(value.Type) is not null || i > 0 || scope.Chance(0.5))
            {
                var local = scope.Local(scope.NameFor(TypeText.NotNull(type)));
                lines.Add($"var {local} = {(TypeText.Awaited(value.Type) is null ? "" : "await ")}{value.Code}{link};");
                isAsync |= TypeText.Awaited(value.Type) is not null;
                value = value with { Code = local };
                link = "";
            }
            if (value.Code.StartsWith("new ", StringComparison.Ordinal) && value.Code.EndsWith('}')) break;
            if (Calls.Use(scope, then, value.Code + link, None, 0.5) is not { } result || scope.Outs.Count > 0) return null;
            value = result;
            requests.Add(Prose.Request(then, scope.Random));
            meanings.Add(Prose.ThirdPerson(then));
        }
        if (requests.Count == 1) return null;
        var (returns, end, endsAsync) = Ending.Deliver(scope, value);
        if (isAsync && !endsAsync) returns = returns == "void" ? "Task" : $"Task<{returns}>";
        return Ending.Draft(scope, "chain", Then(scope, requests), returns, [.. lines, .. end], isAsync || endsAsync, $"It {string.Join("; then it ", meanings)}.", null);
    }

    /// <summary>A builder from its start to its product.</summary>
    public CodeDraft? Builder(Scope scope, MemberEntry m)
    {
        if (!_finishers.TryGetValue(m.Owner, out var finishers) || scope.Fill(m.Owner.TypeParameters) is not { } map) return null;
        var starts = m.Owner.Constructors.Where(Calls.Usable).Concat(scope.Index.Members.Where(s => s.Symbol.IsStatic && s.Symbol.Kind is ApiKind.Method or ApiKind.Property && s.Owner.TypeParameters.Count == 0 && s.TypeParameters.Count == 0 && s.Symbol.Parameters.All(p => p.Modifier != "this")
            && s.Symbol.Kind != ApiKind.ExtensionMethod && TypeText.Head(s.Symbol.ReturnType) == TypeText.Head(m.Owner.Path))).ToList();
        if (starts.Count == 0) return null;
        var steps = m.Owner.Members.Where(s => s.Symbol.Kind == ApiKind.Method && IsFluent(s) && Calls.Usable(s) && s.TypeParameters.Count == 0 && s != m).OrderBy(_ => scope.Random.Next()).Take(scope.Random.Next(1, 4)).ToList();
        if (m.Symbol.Kind == ApiKind.Method && IsFluent(m) && Calls.Usable(m) && m.TypeParameters.Count == 0) steps.Insert(scope.Random.Next(steps.Count + 1), m);
        if (Calls.Use(scope, scope.Pick(starts), "", map, 0.8) is not { } value) return null;
        var requests = new List<string>();
        var opening = Told(scope);
        foreach (var step in steps)
        {
            if (Calls.Use(scope, step, value.Code, map, 0.8) is not { } next || scope.Outs.Count > 0) return null;
            value = next;
            requests.Add(Prose.Plain(step) + Told(scope));
        }
        var finisher = scope.Pick(finishers);
        if (Calls.Use(scope, finisher, value.Code, map, 0.7) is not { } product || scope.Outs.Count > 0) return null;
        var code = Wrap(product.Code);
        var (returns, lines, isAsync) = Ending.Deliver(scope, product with { Code = code });
        var what = Prose.Words(TypeText.Head(TypeText.Awaited(returns) is { Length: > 0 } r ? r : returns)) is { Length: > 0 } w ? w : "result";
        var request = $"build {Prose.WithArticle(what)}{opening}: {string.Join(", ", requests)}";
        return Ending.Draft(scope, "builder", request, returns, lines, isAsync, $"It builds {Prose.WithArticle(what)} step by step.", null);
    }

    /// <summary>LINQ over a sequence of library objects, or of a member's results.</summary>
    public CodeDraft? Query(Scope scope, MemberEntry m)
    {
        string source, element, of;
        if (IsReadable(m) && scope.Chance(0.6))
        {
            // The member becomes the selector over a given sequence of its owners.
            element = m.Owner.Path;
            source = scope.Parameter($"{scope.Pick<string>(["IEnumerable", "IReadOnlyList", "List"])}<{element}>", scope.NameFor($"IEnumerable<{element}>"));
            of = $"the given {Prose.Words(m.Owner.Symbol.Name)} objects";
        }
        else
        {
            if (!Calls.Usable(m) || TypeText.Element(m.Symbol.ReturnType) is not { } item || m.Owner.TypeParameters.Count + m.TypeParameters.Count > 0) return null;
            var receiver = Calls.Receiver(scope, m, None);
            if (Calls.Use(scope, m, receiver, None, 0.35) is not { } value) return null;
            (source, element) = (value.Code, item);
            of = Prose.Noun(m);
        }
        var properties = On(element).Where(IsReadable).ToList();
        var selector = properties.Contains(m) ? m : properties.Count > 0 ? scope.Pick(properties) : null;
        var x = scope.Local(selector is null ? "x" : TypeText.Head(element).Length > 1 ? char.ToLowerInvariant(TypeText.Head(element)[0]).ToString() : "x");
        if (selector is null)
        {
            var (call, type, words) = scope.Pick<(string, string, string)>([(".Count()", "int", "count"), (".ToList()", $"List<{element}>", "collect"), (".Any()", "bool", "tell whether there are any of"), (".First()", element, "return the first of")]);
            return Ending.Draft(scope, "linq", $"{words} {of}", type, [$"return {source}{call};"], false, MemberRecipes.Meaning(m), m);
        }
        scope.Use(selector.Symbol);
        var p = $"{x}.{selector.Symbol.Name}";
        var t = selector.Symbol.ReturnType;
        var noun = Prose.Noun(selector);
        List<(string Code, string Type, string Request)> forms = [($"{source}.Select({x} => {p}).ToList()", $"List<{t}>", $"list {noun} for each of {of}")];
        if (t == "bool")
        {
            forms =
            [
                ($"{source}.Count({x} => {p})", "int", $"count those of {of} for which `{selector.Symbol.Name}` is true"), ($"{source}.Where({x} => {p}).ToList()", $"List<{element}>", $"keep those of {of} where {Holds(selector)}"),
                ($"{source}.Any({x} => {p})", "bool", $"tell whether for any of {of} this holds: {Holds(selector)}"), ($"{source}.All({x} => {p})", "bool", $"tell whether for all of {of} this holds: {Holds(selector)}"),
            ];
        }
        else if (TypeText.IsNumber(t))
        {
            var limit = scope.Literal(t, selector.Symbol.Name)!.Value.Code;
            forms.Add(($"{source}.Sum({x} => {p})", t, $"add up {noun} over {of}"));
            forms.Add(($"{source}.Max({x} => {p})", t, $"find the largest: {noun}, among {of}"));
            forms.Add(($"{source}.OrderBy({x} => {p}).ToList()", $"List<{element}>", $"sort {of} by {noun}"));
            forms.Add(($"{source}.Where({x} => {p} > {limit}).ToList()", $"List<{element}>", $"keep those of {of} where {noun} is above {limit}"));
            forms.Add(($"{source}.Count({x} => {p} >= {limit})", "int", $"count those of {of} where {noun} is at least {limit}"));
        }
        else if (t == "string")
        {
            forms.Add(($"string.Join(\", \", {source}.Select({x} => {p}))", "string", $"join {noun} of all of {of} with commas"));
            forms.Add(($"{source}.OrderBy({x} => {p}).ToList()", $"List<{element}>", $"sort {of} by {noun}"));
        }
        else if (scope.Index.Find(t) is { Symbol.Kind: ApiKind.Enum } && scope.Literal(t, selector.Symbol.Name) is { } value)
        {
            forms.Add(($"{source}.Where({x} => {p} == {value.Code}).ToList()", $"List<{element}>", $"keep those of {of} where {noun} is {value.Words}"));
            forms.Add(($"{source}.Count({x} => {p} == {value.Code})", "int", $"count those of {of} where {noun} is {value.Words}"));
        }
        var form = scope.Pick(forms);
        return Ending.Draft(scope, "linq", form.Request, form.Type, [$"return {form.Code};"], false, $"It does this: {form.Request}.", null);
    }

    /// <summary>Acts on every element of a given sequence.</summary>
    public CodeDraft? Each(Scope scope, MemberEntry m)
    {
        if (m.Symbol.Kind != ApiKind.Method || m.Symbol.IsStatic || !Calls.Usable(m) || m.Owner.TypeParameters.Count + m.TypeParameters.Count > 0) return null;
        if (!(m.Symbol.ReturnType is "void" or "" || TypeText.Awaited(m.Symbol.ReturnType) == "")) return null;
        var sequence = scope.Parameter($"{scope.Pick<string>(["IEnumerable", "IReadOnlyList"])}<{m.Owner.Path}>", scope.NameFor($"IEnumerable<{m.Owner.Path}>"));
        var one = scope.Local(scope.NameFor(m.Owner.Path));
        if (Calls.Use(scope, m, one, None, 0.4) is not { } value || scope.Outs.Count > 0) return null;
        var isAsync = value.Type.Length > 0;
        return Ending.Draft(scope, "each", $"for each given {Prose.Words(m.Owner.Symbol.Name)}, {Prose.Request(m, scope.Random)}", isAsync ? "Task" : "void",
            [$"foreach (var {one} in {sequence})", $"    {(isAsync ? "await " : "")}{value.Code};"], isAsync, MemberRecipes.Meaning(m), m);
    }

    /// <summary>Decides by a bool member, or compares a value.</summary>
    public CodeDraft? Conditional(Scope scope, MemberEntry m)
    {
        if (!Calls.Usable(m) || m.Symbol.ReturnType != "bool" || m.Symbol.Kind is ApiKind.Operator || Calls.Fill(scope, m) is not { } map) return null;
        var receiver = Calls.Receiver(scope, m, map);
        if (Calls.Use(scope, m, receiver, map, 0.35) is not { } test || scope.Outs.Count > 0) return null;
        if (!Prose.Plain(m).StartsWith("tell whether ", StringComparison.Ordinal)) return null;
        var question = Prose.Plain(m)["tell ".Length..];
        var actions = receiver.Length == 0 ? [] : On(m.Owner.Path).Where(a => a.Symbol.Kind == ApiKind.Method && a.Symbol.ReturnType is "void" or "" && a != m).ToList();
        if (actions.Count > 0 && m.Owner.TypeParameters.Count == 0 && scope.Chance(0.5))
        {
            var action = scope.Pick(actions);
            if (action.Symbol.Kind == ApiKind.Constructor || Calls.Use(scope, action, receiver, map, 0.4) is not { Type: "" } call) return null;
            var not = scope.Chance(0.35);
            return Ending.Draft(scope, "conditional", $"check {question}; if {(not ? "not" : "so")}, {Prose.Plain(action)}", "void", [$"if ({(not ? "!" : "")}{test.Code})", $"    {call.Code};"], false, $"It checks {question} and acts on it.", null);
        }
        var (yes, no) = scope.Pick<(string, string)>([("yes", "no"), ("on", "off"), ("ok", "bad"), ("true", "false")]);
        return Ending.Draft(scope, "conditional", $"return \"{yes}\" or \"{no}\" depending on {question}", "string", [$"return {test.Code} ? \"{yes}\" : \"{no}\";"], false, $"It returns \"{yes}\" or \"{no}\" depending on {question}.", m);
    }

    /// <summary>Several properties of one object: interpolated, or as a tuple.</summary>
    public CodeDraft? Several(Scope scope, MemberEntry m)
    {
        if (!IsReadable(m) || !Calls.Usable(m) || !IsPlain(scope, m)) return null;
        var others = On(m.Owner.Path).Where(p => IsReadable(p) && p != m && p.Owner == m.Owner && IsPlain(scope, p)).OrderBy(_ => scope.Random.Next()).Take(scope.Random.Next(1, 3)).ToList();
        if (others.Count == 0) return null;
        var all = others.Prepend(m).OrderBy(_ => scope.Random.Next()).ToList();
        var receiver = scope.Parameter(m.Owner.Path, scope.NameFor(m.Owner.Path));
        foreach (var p in all) scope.Use(p.Symbol);
        var nouns = string.Join(" and ", all.Select(Prose.Noun));
        if (scope.Chance(0.5))
        {
            var separator = scope.Pick<string>([": ", " - ", ", ", " / ", " "]);
            var text = "$\"" + string.Join(separator, all.Select(p => $"{{{receiver}.{p.Symbol.Name}}}")) + "\"";
            return Ending.Draft(scope, "interpolate", $"format {nouns}, separated by \"{separator}\"", "string", [$"return {text};"], false, $"It formats {nouns} as text.", null);
        }
        return Ending.Draft(scope, "tuple", $"return {nouns} as a tuple", $"({string.Join(", ", all.Select(p => p.Symbol.ReturnType))})", [$"return ({string.Join(", ", all.Select(p => $"{receiver}.{p.Symbol.Name}"))});"], false, $"It returns {nouns} as a tuple.", null);
    }

    /// <summary>A fallback for what may be null.</summary>
    public static CodeDraft? Fallback(Scope scope, MemberEntry m)
    {
        if (!Calls.Usable(m) || !TypeText.IsNullable(m.Symbol.ReturnType) || Calls.Fill(scope, m) is not { } map) return null;
        var request = Prose.Request(m, scope.Random);
        var receiver = Calls.Receiver(scope, m, map);
        if (Calls.Use(scope, m, receiver, map, 0.35) is not { } value || scope.Outs.Count > 0) return null;
        var type = TypeText.NotNull(value.Type);
        if (scope.Literal(type, "fallback") is { } literal && scope.Chance(0.5))
            return Ending.Draft(scope, "fallback", $"{request}; use {literal.Words} if there is none", type, [$"return {value.Code} ?? {literal.Code};"], false, MemberRecipes.Meaning(m), m);
        var fallback = scope.Parameter(type, "fallback");
        return Ending.Draft(scope, "fallback", $"{request}; if there is none, return the fallback", type, [$"return {value.Code} ?? {fallback};"], false, MemberRecipes.Meaning(m), m);
    }

    // A collection in a text or a tuple teaches nothing.
    private static bool IsPlain(Scope scope, MemberEntry p) => TypeText.NotNull(p.Symbol.ReturnType) is "string" or "bool" or "TimeSpan" or "DateTime" or "DateTimeOffset" or "Guid" or "char" || TypeText.IsNumber(TypeText.NotNull(p.Symbol.ReturnType))
        || scope.Index.Find(TypeText.NotNull(p.Symbol.ReturnType)) is { Symbol.Kind: ApiKind.Enum or ApiKind.Struct };

    private static string Then(Scope scope, List<string> requests) => string.Join(scope.Pick<string>([", then ", " and then ", "; after that, "]), requests);

    // The condition that a bool property states.
    private static string Holds(MemberEntry flag) => Prose.Noun(flag) is var noun && noun.StartsWith("whether ", StringComparison.Ordinal) ? noun[8..] : $"`{flag.Symbol.Name}` is true";

    // The literals of one step are told beside that step.
    private static string Told(Scope scope)
    {
        if (scope.Settings.Count == 0) return "";
        var told = $" ({string.Join(", ", scope.Settings)})";
        scope.Settings.Clear();
        return told;
    }

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
