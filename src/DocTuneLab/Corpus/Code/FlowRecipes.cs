using DocTuneLab.Corpus.Language;
using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Code;

/// <summary>Steps after one another, each with what the one before gave: values are made, used, changed and read.</summary>
internal sealed class FlowRecipes(ReceiverMembers members)
{
    private static readonly Dictionary<string, string> s_none = new(StringComparer.Ordinal);

    private static bool IsSimple(MemberEntry m) => Calls.Usable(m) && m.TypeParameters.Count + m.Owner.TypeParameters.Count == 0
        && !Roles.LeadsNowhere(m) && !Roles.IsException(m.Owner) && m.Symbol.Name is not ("Dispose" or "DisposeAsync" or "GetType");

    /// <summary>Makes what the member takes from simple values, calls it, and goes on with what it gives.</summary>
    public CodeDraft? Made(Scope scope, MemberEntry m)
    {
        if (!IsSimple(m) || m.Symbol.Kind is ApiKind.EnumMember or ApiKind.Operator || m.Symbol.Parameters.Any(p =>
            p.Modifier is "ref" or "out")) return null;
        var taken = m.Symbol.Parameters.Where(p => p.DefaultValue is null && members.MakersOf(p.Type).Any(k => k != m))
            // Of two of a type nobody would know which is meant.
            .DistinctBy(p => p.Type).Take(2).ToList();
        var onMade = Calls.ReceiverType(m, s_none) is { } type && m.Symbol.Kind != ApiKind.ExtensionMethod
            && members.MakersOf(type).Count > 0;
        if (taken.Count == 0 && !onMade) return null;
        List<string> lines = [], requests = [];
        string? receiver = null;
        var isOnMade = false;
        if (onMade && (taken.Count == 0 || scope.Chance(0.3)))
        {
            if (Make(scope, members.MakersOf(m.Owner.Path), lines, requests) is not { } made) return null;
            (receiver, isOnMade) = (made.Code, true);
        }
        foreach (var p in taken)
        {
            var makers = members.MakersOf(p.Type).Where(k => k != m).ToList();
            if (Make(scope, makers, lines, requests) is not { } made) return null;
            scope.Offers.Add(made);
        }
        receiver ??= Calls.Receiver(scope, m, s_none);
        if (m.Symbol.Kind == ApiKind.ExtensionMethod && taken.Contains(m.Symbol.Parameters[0]))
        {
            // The object that the extension is called on is the one that was made.
            if (scope.Offers.FindIndex(o => Roles.Flows(scope.Index, o.From, o.Type, m, m.Symbol.Parameters[0])) is not (
                >= 0 and var at)) return null;
            scope.Parameters.RemoveAt(scope.Parameters.Count - 1);
            scope.Places.RemoveAt(scope.Places.Count - 1);
            (receiver, isOnMade) = (scope.Offers[at].Code, true);
            scope.Offers.RemoveAt(at);
        }
        if (Calls.Use(scope, m, receiver, s_none, 0.5) is not { } value || scope.Outs.Count > 0 || scope.Offers.Count > 0) return null;
        // An object that was made only to be waited for is gone.
        if (isOnMade && TypeText.Awaited(value.Type) is { Length: 0 }) return null;
        var step = StepWords.Step(scope, m);
        requests.Add((isOnMade ? StepWords.On(scope, Calls.ReceiverType(m, s_none)!, step) : step) + StepWords.Told(scope));
        var isAsync = TypeText.Awaited(value.Type) is not null;
        if (value.Type.Length == 0)
        {
            lines.Add($"{value.Code};");
            return Read(scope, m, receiver, lines, requests, "flow");
        }
        return Go(scope, value, m, lines, requests, isAsync);
    }

    /// <summary>Calls what changes an object, then reads it: what it is now, or how much it changed.</summary>
    public CodeDraft? Effect(Scope scope, MemberEntry m)
    {
        if (!IsSimple(m) || m.Symbol is not { Kind: ApiKind.Method, IsStatic: false, ReturnType: "void" or "" }
            || m.Symbol.Parameters.Any(p => p.Modifier.Length > 0))
            return null;
        var readable = members.Readable(m.Owner.Path);
        if (readable.Count == 0) return null;
        var request = StepWords.Step(scope, m);
        var receiver = Calls.Receiver(scope, m, s_none);
        if (Calls.Use(scope, m, receiver, s_none, 0.4) is not { } call) return null;
        var told = StepWords.Told(scope);
        var measured = readable.Where(p => Roles.Sums(p) || p.Symbol.ReturnType == "TimeSpan" || members.HasOperator(p.Symbol.ReturnType,
            "op_Subtraction")).ToList();
        if (measured.Count > 0 && scope.Chance(0.4))
        {
            var p = scope.Pick(measured);
            scope.Use(p.Symbol);
            var before = scope.Local("before");
            return Ending.Draft(scope, "change", scope.Say($"{request}{told} and return by how much {StepWords.Noun(scope, p)} has grown",
                $"{request}{told}，并返回{StepWords.Noun(scope, p)}增加了多少"),
                new(p.Symbol.ReturnType, [$"var {before} = {receiver}.{p.Symbol.Name};", $"{call.Code};",
                    $"return {receiver}.{p.Symbol.Name} - {before};"], false),
                    null) with
            { Probe = Probe(p, receiver, [$"{call.Code};"]), MustRun = true };
        }
        return Read(scope, m, receiver, [$"{call.Code};"], [request + told], "effect");
    }

    /// <summary>How far two objects are apart in something that can be measured.</summary>
    public CodeDraft? Difference(Scope scope, MemberEntry m)
    {
        if (!ReceiverMembers.IsReadable(m) || !Calls.Usable(m) || Roles.IsException(m.Owner)) return null;
        var type = m.Symbol.ReturnType;
        var number = Roles.Sums(m) || (TypeText.IsNumber(type) && Roles.OfResult(m).Quantity is "percent" or "share" or "temperature");
        if (!number && type is not ("TimeSpan" or "DateTime" or "DateTimeOffset") && !(members.HasOperator(type, "op_Subtraction")
            && members.IsOrdered(type))) return null;
        var result = type is "DateTime" or "DateTimeOffset" ? "TimeSpan" : type is "byte" or "short" ? "int" : type;
        var (first, second) = (scope.Parameter(new ValuePlace(m.Owner.Path, "first") { IsReceiver = true }),
            scope.Parameter(new ValuePlace(m.Owner.Path, "second") { IsReceiver = true }));
        scope.Use(m.Symbol);
        var (a, b) = ($"{first}.{m.Symbol.Name}", $"{second}.{m.Symbol.Name}");
        string[] lines = number && scope.Chance(0.3)
            ? [$"var {scope.Local("difference")} = {a} - {b};", "return Math.Abs(difference);"]
            : [$"if ({a} > {b}) return {a} - {b};", $"return {b} - {a};"];
        if (lines.Length == 2 && lines[0].StartsWith("var ", StringComparison.Ordinal) && !lines[0].StartsWith("var difference ",
            StringComparison.Ordinal)) return null;
        var noun = StepWords.Noun(scope, m);
        return Ending.Draft(scope, "difference",
            scope.Say($"return how far two {StepWords.Many(scope, m.Owner.Path)} are apart in {noun}, never negative",
            $"返回两个 `{m.Owner.Path}` 的{noun}相差多少，不取负数"), new(result, lines, false), null);
    }

    private static (string Code, string Type, MemberEntry From)? Make(Scope scope, IReadOnlyList<MemberEntry> makers, List<string> lines,
        List<string> requests)
    {
        var maker = scope.Pick(makers);
        var request = StepWords.Step(scope, maker);
        var target = maker.Symbol.Kind == ApiKind.ExtensionMethod ? Place(scope, maker) : "";
        if (target is null || Calls.Use(scope, maker, target, s_none, 0.6) is not { } value || scope.Outs.Count > 0) return null;
        var local = scope.Local(scope.NameFor(value.Type));
        lines.Add($"var {local} = {value.Code};");
        requests.Add(request + StepWords.Told(scope));
        return (local, value.Type, maker);
    }

    // "12.LitresLot()" or "litres.LitresLot()": what an extension of a simple type is called on.
    private static string? Place(Scope scope, MemberEntry maker)
    {
        var first = maker.Symbol.Parameters[0];
        var code = scope.Argument(Roles.PlaceOf(maker, first, first.Type), "", 0.6);
        return code.StartsWith('-') ? $"({code})" : code;
    }

    // Goes on with a result where there is a step that makes sense, and returns what comes of it.
    private CodeDraft? Go(Scope scope, Value value, MemberEntry from, List<string> lines, List<string> requests, bool isAsync)
    {
        var type = TypeText.Awaited(value.Type) ?? value.Type;
        var next = TypeText.IsNullable(type) || type.Length == 0 ? [] : members.Of(type).Where(n => n != from && IsSimple(n)
            && !Roles.Echoes(from, n) && n.Symbol.Name is not ("ToString" or "Deconstruct")
            && n.Symbol.Kind is ApiKind.Property or ApiKind.Method && TypeText.Awaited(n.Symbol.ReturnType) is null
                && n.Symbol.ReturnType is not ("void" or "")
            && n.Symbol.Parameters.All(p => p.Modifier.Length == 0)).ToList();
        if (next.Count > 0 && scope.Chance(0.65))
        {
            var local = scope.Local(scope.NameFor(type));
            lines.Add($"var {local} = {(isAsync ? "await " : "")}{value.Code};");
            var then = scope.Pick(next);
            if (Calls.Use(scope, then, local, s_none, 0.5) is not { } result || scope.Outs.Count > 0) return null;
            StepWords.Reads(scope, type, then);
            requests.Add(StepWords.On(scope, type, StepWords.Step(scope, then)) + StepWords.Told(scope));
            var (gives, last, endsAsync) = Ending.Deliver(scope, result);
            if (isAsync && !endsAsync) gives = $"Task<{gives}>";
            return Draft(scope, "flow", requests, new(gives, [.. lines, .. last], isAsync || endsAsync));
        }
        var (returns, end, ends) = Ending.Deliver(scope, value);
        return Draft(scope, "flow", requests, new(returns, [.. lines, .. end], ends));
    }

    // Reads one or two properties of the object that was changed.
    private CodeDraft? Read(Scope scope, MemberEntry m, string receiver, List<string> lines, List<string> requests, string recipe)
    {
        var readable = m.Symbol.Kind == ApiKind.ExtensionMethod || m.Symbol.IsStatic ? [] : members.Readable(m.Owner.Path).ToList();
        if (readable.Count == 0) return null;
        var p = scope.Pick(readable);
        scope.Use(p.Symbol);
        var noun = StepWords.Noun(scope, p);
        requests.Add(scope.Say($"return {noun}", $"返回{noun}"));
        lines.Add($"return {receiver}.{p.Symbol.Name};");
        var draft = Draft(scope, recipe, requests, new(p.Symbol.ReturnType, lines, false));
        return recipe == "effect" ? draft with { Probe = Probe(p, receiver, lines.SkipLast(1)), MustRun = true } : draft;
    }

    // Null where what is read is the same before and after: then nobody reads it for that.
    private static string Probe(MemberEntry read, string receiver, IEnumerable<string> lines)
    {
        var value = $"{receiver}.{read.Symbol.Name}";
        return string.Join('\n', [$"var before__ = {value};", .. lines, $"return Equals(before__, {value}) ? null : (object?)true;"]);
    }

    private static CodeDraft Draft(Scope scope, string recipe, List<string> requests, MethodBody body)
    {
        var request = StepWords.Then(scope, requests);
        return Ending.Draft(scope, recipe, request, body, null);
    }
}
