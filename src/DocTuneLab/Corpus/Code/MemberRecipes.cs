using DocTuneLab.Corpus.Language;
using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Code;

/// <summary>Methods around one member.</summary>
internal static class MemberRecipes
{
    /// <summary>The member on a receiver that is passed in; the arguments are parameters or literals.</summary>
    public static CodeDraft? Direct(Scope scope, MemberEntry m)
    {
        if (!Calls.Usable(m) || Calls.Fill(scope, m) is not { } map) return null;
        var request = scope.Request(m);
        var receiver = Calls.Receiver(scope, m, map);
        // An exception tells what happened: its values are given.
        var literals = m.Symbol.Kind == ApiKind.Constructor && Roles.IsException(m.Owner) ? 0 : 0.3;
        if (Calls.Use(scope, m, receiver, map, literals) is not { } value) return null;
        if (scope.Outs is [var o] && value.Type == "bool")
        {
            if (scope.Chance(0.5))
                return Ending.Draft(scope, "try-out", request + scope.Say("; return null if that fails", "；不成就返回 null"),
                    new(o.Type.TrimEnd('?') + "?", [$"return {value.Code} ? {o.Name} : null;"], false), m);
            var fallback = scope.Parameter(o.Type, "fallback");
            return Ending.Draft(scope, "try-out",
                request + scope.Say("; otherwise return the fallback", "；不成就返回给定的后备值"),
                new(o.Type, [$"return {value.Code} ? {o.Name} : {fallback};"], false), m);
        }
        // Of several, nobody would know which is wanted.
        if (scope.Outs.Count > 1) return null;
        if (scope.Outs.Count == 1 && value.Type.Length == 0)
            return Ending.Draft(scope, "out", request,
                new(scope.Outs[0].Type, [$"{value.Code};", $"return {scope.Outs[0].Name};"], false), m);
        var (type, lines, isAsync) = Ending.Deliver(scope, value);
        if (type == "void" && receiver.Length > 0 && scope.Parameters[0].Name == receiver && scope.Chance(0.2))
        {
            type = scope.Parameters[0].Type;
            lines.Add($"return {receiver};");
            request += scope.Say($" and return the {Prose.Words(TypeText.Head(type))}", "，并把它返回");
        }
        return Ending.Draft(scope, "direct", request, new(type, lines, isAsync), m);
    }

    /// <summary>A "try" member, whose value is what it hands out.</summary>
    public static CodeDraft? TryOut(Scope scope, MemberEntry m) =>
        m.Symbol.ReturnType == "bool" && m.Symbol.Parameters.Count(p => p.Modifier == "out") == 1 ? Direct(scope, m) : null;

    /// <summary>Assigns a property or an indexer.</summary>
    public static CodeDraft? Assign(Scope scope, MemberEntry m)
    {
        if (!m.CanWrite || m.IsInitOnly || m.Symbol.Obsolete is not null || scope.Fill(m.Owner.TypeParameters) is not { } map) return null;
        var receiver = Calls.Receiver(scope, m, map);
        if (Calls.Use(scope, m, receiver, map, 0.3) is not { } target) return null;
        var place = Roles.PlaceOf(m, target.Type);
        string value, words;
        if (scope.Chance(0.5) && scope.Literal(place) is { } literal) (value, words) = literal;
        else
        {
            value = scope.Parameter(place);
            words = scope.Pick<string>([scope.Say("the given value", "给定的值"), $"`{value.TrimStart('@')}`"]);
        }
        var verb = scope.Pick<string>(["set", "change", "set"]);
        var request = scope.Say($"{verb} {scope.Noun(m)} to {words}", $"把{scope.Noun(m)}{(verb == "set" ? "设" : "改")}为 {words}");
        return Ending.Draft(scope, "assign", request, new("void", [$"{target.Code} = {value};"], false), m);
    }

    /// <summary>Constructs the owner with literal values, then uses the member.</summary>
    public static CodeDraft? Construct(Scope scope, MemberEntry m)
    {
        if (!Calls.Usable(m)
            || m.Symbol.IsStatic
            || m.Symbol.Kind is ApiKind.Constructor or ApiKind.Operator or ApiKind.EnumMember or ApiKind.ExtensionMethod)
            return null;
        var constructors = m.Owner.Constructors.Where(Calls.Usable).ToList();
        if (constructors.Count == 0 || Calls.Fill(scope, m) is not { } map) return null;
        var constructor = scope.Pick(constructors);
        if (Roles.IsException(m.Owner) || Roles.LeadsNowhere(m) || Roles.Echoes(constructor, m)
            // The declaration does that by itself.
            || m.Symbol.Name is "Dispose" or "DisposeAsync"
            // A subscription to what is gone at once.
            || m.Symbol.ReturnType is "IDisposable" or "IAsyncDisposable"
            // What a new object streams is nothing yet, or never ends.
            || TypeText.AsyncElement(m.Symbol.ReturnType) is not null) return null;
        if (Calls.Use(scope, constructor, "", map, 0.8) is not { } made) return null;
        var type = Prose.Words(m.Owner.Symbol.Name);
        var settings = scope.Settings.Count > 0
            ? scope.Say(" with " + string.Join(" and ", scope.Settings), $"（{string.Join("、", scope.Settings)}）")
            : "";
        scope.Settings.Clear();
        var local = scope.Local(scope.NameFor(m.Owner.Filled(map)));
        if (Calls.Use(scope, m, local, map, 0.6) is not { } value || scope.Outs.Count > 0) return null;
        var use = m.Owner.IsDisposable ? "using var" : m.Owner.IsAsyncDisposable ? "await using var" : "var";
        var (returns, lines, isAsync) = Ending.Deliver(scope, value);
        if (use == "await using var" && !isAsync)
        {
            isAsync = true;
            returns = returns == "void" ? "Task" : $"Task<{returns}>";
        }
        // An object that was made only to be changed is gone.
        if (returns == "Task") return null;
        var changes = returns == "void" ? Changes(m, local, made.Code, value.Code) : null;
        if (returns == "void")
        {
            if (changes is null) return null;
            returns = m.Owner.Filled(map);
            lines.Add($"return {local};");
        }
        if (use.StartsWith("using", StringComparison.Ordinal) && returns == m.Owner.Filled(map)) use = "var";
        var request = scope.IsChinese
            ? $"建立一个 `{m.Owner.Path}`{settings}，然后{scope.Request(m)}"
            : $"create {Prose.WithArticle(type)}{settings} and {StepWords.Step(scope, m)}";
        return Ending.Draft(scope, use == "var" ? "construct" : "using", request,
            new(returns, [$"{use} {local} = {made.Code};", .. lines], isAsync), null) is var draft && changes is not null
            ? draft with { Probe = changes, MustRun = true }
            : draft;
    }

    // Nobody shuts what was made shut: null where the new object says the same before the call and behind it.
    private static string? Changes(MemberEntry m, string local, string made, string call)
    {
        var reads = m.Owner.Members.Where(p => ReceiverMembers.IsReadable(p) && TypeText.Element(p.Symbol.ReturnType) is null)
            .Select(p => $"() => {local}.{p.Symbol.Name}").ToList();
        return reads.Count == 0 ? null : string.Join('\n',
        [
            $"var {local} = {made};", $"Func<object?>[] reads__ = [{string.Join(", ", reads)}];", "var before__ = new List<object?>();",
            "foreach (var read__ in reads__) before__.Add(Read__(read__));", $"{call};",
            "for (var i__ = 0; i__ < reads__.Length; i__++)", "    if (!Equals(before__[i__], Read__(reads__[i__]))) return true;",
            "return null;",
            "static object? Read__(Func<object?> read) { try { return read(); } catch (Exception) { return null; } }",
        ]);
    }

    /// <summary>An object initialiser with several properties.</summary>
    public static CodeDraft? Initialise(Scope scope, MemberEntry m)
    {
        if (m.Symbol.Kind is not ApiKind.Property || !(m.CanWrite || m.IsInitOnly) || m.Symbol.IsStatic) return null;
        if (!m.Owner.Constructors.Any(c => c.Symbol.Parameters.Count == 0 && Calls.Usable(c))
            || scope.Fill(m.Owner.TypeParameters) is not { } map)
            return null;
        var others = m.Owner.Members
            .Where(p => p != m && p.Symbol.Kind == ApiKind.Property && !p.Symbol.IsStatic && (p.CanWrite || p.IsInitOnly)
                && p.Symbol.Obsolete is null)
            .ToList();
        var chosen = others.Where(p => p.IsRequired)
            .Append(m)
            .Concat(others.Where(p => !p.IsRequired).OrderBy(_ => scope.Random.Next()).Take(scope.Random.Next(0, 3)))
            .ToList();
        var parts = chosen.Select(p =>
        {
            scope.Use(p.Symbol);
            return $"{p.Symbol.Name} = {scope.Argument(Roles.PlaceOf(p, TypeText.Substitute(p.Symbol.ReturnType, map)), "", 0.75)}";
        }).ToList();
        var type = m.Owner.Filled(map);
        var owner = Prose.WithArticle(Prose.Words(m.Owner.Symbol.Name));
        return Ending.Draft(scope, "initialise", scope.Say($"create {owner}", $"建立一个 `{m.Owner.Path}`"),
            new(type, [$"return new {type} {{ {string.Join(", ", parts)} }};"], false), null);
    }

    /// <summary>Catches a documented exception.</summary>
    public static CodeDraft? Catch(Scope scope, MemberEntry m)
    {
        // Nobody catches ArgumentNullException to go on.
        var exceptions = m.Symbol.Exceptions.Where(e => e.Type != "ArgumentNullException").ToList();
        if (exceptions.Count == 0 || !Calls.Usable(m) || HasTry(m) || Calls.Fill(scope, m) is not { } map) return null;
        var exception = scope.Pick(exceptions);
        var receiver = Calls.Receiver(scope, m, map);
        // A call whose values all stand in the code either throws or does not.
        if (Calls.Use(scope, m, receiver, map, 0) is not { } value
            || scope.Outs.Count > 0 || scope.Parameters.Count == 0
            || TypeText.AsyncElement(value.Type) is not null)
            return null;
        if (scope.Index.Find(exception.Type) is { } known) scope.Use(known.Symbol);
        var awaited = TypeText.Awaited(value.Type);
        var result = awaited ?? value.Type;
        var call = awaited is null ? value.Code : $"await {value.Code}";
        var when = Prose.FirstSentence(exception.Condition) is { } c && !Prose.IsChinese(c) && c.Length < 90 ? Prose.LowerFirst(c) : null;
        var request = scope.Request(m);
        string type;
        string[] lines;
        if (result.Length == 0 || scope.Chance(0.1))
        {
            type = "bool";
            // Whoever asks for a value wants it, and whoever asks only whether it can be had, says so.
            if (result.Length > 0) request = scope.Say($"tell whether one can {scope.Plain(m)}", $"判断能不能{scope.Plain(m)}");
            var isStatement = result.Length == 0 || m.Symbol.Kind is ApiKind.Method or ApiKind.ExtensionMethod or ApiKind.Constructor;
            lines =
            [
                "try", "{", $"    {(isStatement ? "" : "_ = ")}{call};", "    return true;", "}",
                $"catch ({exception.Type})", "{", "    return false;", "}"
            ];
            request += scope.IsChinese
                ? $"；成功返回 true，遇到 `{exception.Type}` 返回 false"
                : result.Length > 0 ? $"; that is false on `{exception.Type}`"
                : scope.Pick<string>(
                [
                    $"; return true on success and false on `{exception.Type}`",
                    when is null
                        ? $"; return whether it worked, catching `{exception.Type}`"
                        : $", and return false if it throws because {when}".Replace("because when ", "when ", StringComparison.Ordinal)
                            .Replace("because if ", "if ", StringComparison.Ordinal)
                ]);
        }
        else
        {
            type = TypeText.NotNull(result);
            var fallback = scope.Parameter(type, "fallback");
            lines = ["try", "{", $"    return {call};", "}", $"catch ({exception.Type})", "{", $"    return {fallback};", "}"];
            request += scope.Say($"; return the fallback on `{exception.Type}`", $"；遇到 `{exception.Type}` 就返回后备值");
        }
        return Ending.Draft(scope, "catch", request, new(awaited is null ? type : $"Task<{type}>", lines, awaited is not null), m);
    }

    // Whoever has TryParse does not catch what Parse throws.
    private static bool HasTry(MemberEntry m) =>
        m.Owner.Members.Exists(o => o.Symbol.ReturnType == "bool" && o.Symbol.Name == "Try" + m.Symbol.Name);

    /// <summary>Counts how often an event is raised while an action runs.</summary>
    public static CodeDraft? Subscribe(Scope scope, MemberEntry m)
    {
        if (m.Symbol.Kind != ApiKind.Event || m.Symbol.IsStatic || m.Symbol.Obsolete is not null
            || scope.Fill(m.Owner.TypeParameters) is not { } map)
            return null;
        scope.Use(m.Symbol);
        var receiver = scope.Parameter(m.Owner.Filled(map), scope.NameFor(m.Owner.Filled(map)));
        var handler = TypeText.Head(m.Symbol.ReturnType) is "EventHandler"
            ? "(_, _)"
            : TypeText.Arguments(TypeText.NotNull(m.Symbol.ReturnType)).Count switch { 1 => "_", 0 => "()", _ => "(_, _)" };
        if (scope.Chance(0.5))
        {
            var action = scope.Parameter("Action", "action");
            return Ending.Draft(scope, "event",
                scope.Say($"count how often `{m.Symbol.Name}` is raised while the action runs",
                    $"数一数操作期间 `{m.Symbol.Name}` 发生了几次"),
                new("int",
                    ["var count = 0;", $"{receiver}.{m.Symbol.Name} += {handler} => count++;", $"{action}();", "return count;"], false), m);
        }
        var type = m.Symbol.ReturnType.TrimEnd('?');
        var given = scope.Parameter(type, "handler");
        return Ending.Draft(scope, "event",
            scope.Pick<string>(
            [
                scope.Say($"subscribe the handler to `{m.Symbol.Name}`", $"用给定的方法订阅 `{m.Symbol.Name}`"),
                scope.Say($"attach the handler to the {Prose.Words(m.Symbol.Name)} event",
                    $"`{m.Symbol.Name}` 发生时调用给定的方法"),
            ]),
            new("void", [$"{receiver}.{m.Symbol.Name} += {given};"], false), m);
    }

    /// <summary>The documentation's own sentence, as an answer to "what does it do".</summary>
    public static string Meaning(Scope scope, MemberEntry m)
    {
        var sentence = Prose.FirstSentence(m.Symbol.Summary);
        var returns = Prose.FirstSentence(m.Symbol.Returns);
        if (scope.IsChinese)
        {
            if (sentence is null || m.Symbol.Kind == ApiKind.EnumMember) return $"返回 `{m.Owner.Path}.{m.Symbol.Name}`。";
            var adds = returns is not null && Prose.IsChinese(returns) && !sentence.Contains(returns, StringComparison.Ordinal);
            return $"这个方法{ChineseProse.Plain(m)}。{(adds ? $"结果是：{returns}。" : "")}";
        }
        if (m.Symbol.Kind == ApiKind.EnumMember)
            return $"It returns `{m.Owner.Path}.{m.Symbol.Name}`{(sentence is null || Prose.IsChinese(sentence) ? "" : $": {sentence}")}.";
        var does = sentence is not null && !Prose.IsChinese(sentence)
            ? $"{Prose.UpperFirst(sentence)}."
            : $"It {Prose.Telling(Prose.Plain(m))}.";
        return returns is null || Prose.IsChinese(returns) || does.Contains(returns, StringComparison.OrdinalIgnoreCase) ? does
            : $"{does} The result: {Prose.LowerFirst(returns)}.";
    }
}
