using System.Globalization;
using DocTuneLab.Corpus.Language;
using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Code;

/// <summary>Methods that decide: by states, limits, what may be missing, what may fail.</summary>
internal sealed class BranchRecipes(ReceiverMembers members)
{
    private static readonly Dictionary<string, string> s_none = new(StringComparer.Ordinal);

    private static bool IsSimple(MemberEntry m) => Calls.Usable(m) && !Roles.IsException(m.Owner)
        && m.TypeParameters.Count + m.Owner.TypeParameters.Count == 0;

    /// <summary>A text for each value of an enumeration that a member gives.</summary>
    public static CodeDraft? Switch(Scope scope, MemberEntry m)
    {
        if (!IsSimple(m) || m.Symbol.Kind is ApiKind.EnumMember or ApiKind.Operator
            || Literals.Members(scope.Index, m.Symbol.ReturnType) is not { Count: >= 2 and <= 6 } values)
            return null;
        var receiver = Calls.Receiver(scope, m, s_none);
        if (Calls.Use(scope, m, receiver, s_none, 0.4) is not { } value || scope.Outs.Count > 0) return null;
        List<string> lines = [$"return {value.Code} switch", "{"];
        var texts = new List<string>();
        foreach (var one in values.Take(scope.Random.Next(2, 5)))
        {
            scope.Use(one.Symbol);
            var text = scope.Say(Prose.Words(one.Symbol.Name), Prose.FirstSentence(one.Symbol.Summary) ?? one.Symbol.Name)
                .Replace("\"", "", StringComparison.Ordinal);
            lines.Add($"    {one.Owner.Path}.{one.Symbol.Name} => \"{text}\",");
            texts.Add($"\"{text}\"");
        }
        var other = scope.Pick<string>(["other", "unknown", "?"]);
        lines.AddRange([$"    _ => \"{other}\",", "};"]);
        var noun = StepWords.Noun(scope, m);
        return Ending.Draft(scope, "switch",
            scope.Say($"return {string.Join(" or ", texts)} for {noun}, and \"{other}\" for anything else",
                $"看{noun}，返回 {string.Join("、", texts)}，其余返回 \"{other}\""),
            new("string", lines, false), null);
    }

    /// <summary>Gives a value only where a flag of the same object allows it.</summary>
    public CodeDraft? Guard(Scope scope, MemberEntry m)
    {
        if (!IsSimple(m) || m.Symbol.IsStatic || m.Symbol.Kind is not (ApiKind.Method or ApiKind.Property) || Roles.LeadsNowhere(m)
            || m.Symbol.ReturnType is "bool" || TypeText.Awaited(m.Symbol.ReturnType) is not null
                || TypeText.AsyncElement(m.Symbol.ReturnType) is not null)
            return null;
        var flags = members.Of(m.Owner.Path).Where(f => f != m && f.Symbol is { ReturnType: "bool", Parameters.Count: 0 }
            && !f.Symbol.IsStatic
            && StepWords.Clause(scope, f) is not null).ToList();
        if (flags.Count == 0) return null;
        // What can be had at any time needs no test before it.
        if (m.Symbol.ReturnType is not ("void" or "")
            && m.Symbol.Exceptions.All(e => e.Type.StartsWith("Argument", StringComparison.Ordinal)))
            return null;
        var flag = scope.Pick(flags);
        var receiver = Calls.Receiver(scope, m, s_none);
        if (Calls.Use(scope, m, receiver, s_none, 0.35) is not { } value || scope.Outs.Count > 0) return null;
        var test = Calls.Use(scope, flag, receiver, s_none, 0)!.Value.Code;
        var not = scope.Chance(0.5);
        var (stop, clause) = (not ? test : $"!{test}", StepWords.Clause(scope, flag)!);
        var (request, told) = (StepWords.Step(scope, m), StepWords.Told(scope));
        if (value.Type.Length == 0)
            return Ending.Draft(scope, "guard",
                scope.Say($"{request}{told}, but {(not ? "not" : "only")} if {clause}; tell whether it was done",
                    $"{(not ? "除非" : "只有")}{clause}{(not ? "" : "才")}，{request}{told}；返回是否做了"),
                new("bool", [$"if ({stop}) return false;", $"{value.Code};", "return true;"], false), null);
        var type = TypeText.NotNull(value.Type);
        var (instead, words) = TypeText.IsNumber(type) ? ("0", "0") : ("null", "null");
        return Ending.Draft(scope, "guard",
            scope.Say($"return {words} {(not ? "if" : "unless")} {clause}; otherwise {request}{told}",
                $"{(not ? "如果" : "除非")}{clause}，返回 {words}；否则{request}{told}"),
            new(instead == "0" ? type : $"{type}?", [$"if ({stop}) return {instead};", $"return {value.Code};"], false), null);
    }

    /// <summary>A text by whether a number is past a limit.</summary>
    public CodeDraft? Limit(Scope scope, MemberEntry m)
    {
        if (!IsSimple(m) || !ReceiverMembers.IsReadable(m) || !members.IsOrdered(m.Symbol.ReturnType)
            || (TypeText.IsNumber(m.Symbol.ReturnType) && !Roles.Orders(m)))
            return null;
        var (noun, place) = (StepWords.Noun(scope, m), Roles.PlaceOf(m, m.Symbol.ReturnType));
        var receiver = Calls.Receiver(scope, m, s_none);
        scope.Use(m.Symbol);
        var value = $"{receiver}.{m.Symbol.Name}";
        if (scope.Chance(0.45))
        {
            var other = scope.Parameter(new ValuePlace(m.Owner.Path, "other") { IsReceiver = true });
            var least = scope.Chance(0.4);
            var sign = least ? "<=" : ">=";
            string[] body = scope.Chance(0.5)
                ? [$"return {value} {sign} {other}.{m.Symbol.Name} ? {receiver} : {other};"]
                : [$"if ({value} {sign} {other}.{m.Symbol.Name}) return {receiver};", $"return {other};"];
            return Ending.Draft(scope, "larger",
                scope.Say($"return whichever of the two {StepWords.Many(scope, m.Owner.Path)} has the {(least ? "smaller" : "larger")} "
                    + $"{Bare(noun)}, the first if they are equal",
                $"两个 `{m.Owner.Path}` 中，返回{noun}较{(least ? "小" : "大")}的一个；相等就返回第一个"), new(m.Owner.Path, body, false), null);
        }
        var literal = scope.Literal(place);
        var limit = literal is { } l && scope.Chance(0.6) ? l : (scope.Parameter(place with { Name = "limit" }), "");
        if (limit.Item2.Length == 0) limit = (limit.Item1, scope.Say("the given limit", "给定的限值"));
        var isMoment = m.Symbol.ReturnType.StartsWith("Date", StringComparison.Ordinal);
        var past = isMoment ? "later than" : "above";
        var (high, low) = scope.Pick<(string, string)>(isMoment ? [("late", "in time"), ("over", "open")]
            : [("high", "normal"), ("too much", "fine"), ("over", "under"), ("warn", "ok")]);
        return Ending.Draft(scope, "limit", scope.Say($"return \"{high}\" if {noun} is {past} {limit.Item2}, else \"{low}\"",
            $"{noun}大于{limit.Item2}就返回 \"{high}\"，否则返回 \"{low}\""),
            new("string", [$"if ({value} > {limit.Item1}) return \"{high}\";", $"return \"{low}\";"], false), null);
    }

    /// <summary>Checks an argument against its documented range before the call.</summary>
    public static CodeDraft? RangeCheck(Scope scope, MemberEntry m)
    {
        if (!IsSimple(m) || m.Symbol.Kind is not (ApiKind.Method or ApiKind.Constructor or ApiKind.ExtensionMethod)
            || TypeText.Awaited(m.Symbol.ReturnType) is not null || TypeText.AsyncElement(m.Symbol.ReturnType) is not null)
            return null;
        var checkedOnes = m.Arguments.Where(p => p.Modifier.Length == 0 && TypeText.IsNumber(p.Type)
            && Roles.PlaceOf(m, p, p.Type).Range is { Min: not null } or { Max: not null }).ToList();
        if (checkedOnes.Count != 1) return null;
        // Only what the documentation says of both ends, not what any share or count is; "more than zero" is no limit of a real number.
        var range = ValueRange.Documented(checkedOnes[0].Documentation);
        if (range is { Min: null, Max: null } || range.IsEmpty
            || (checkedOnes[0].Type is "double" or "float" or "decimal" && range.Min == 1 && range.Max is null))
            return null;
        var receiver = Calls.Receiver(scope, m, s_none);
        if (Calls.Use(scope, m, receiver, s_none, 0) is not { } value || scope.Outs.Count > 0) return null;
        var at = scope.Places.FindIndex(p => p.Name == checkedOnes[0].Name && p.Type == checkedOnes[0].Type);
        if (at < 0) return null;
        var name = scope.Parameters[at].Name;
        var (min, max) = (Text(range.Min), Text(range.Max));
        var test = (min, max) switch
        {
            (not null, not null) => $"{name} is < {min} or > {max}",
            (not null, null) => $"{name} < {min}",
            _ => $"{name} > {max}",
        };
        var words = (min, max) switch
        {
            (not null, not null) => scope.Say($"is not from {min} to {max}", $"不在 {min} 到 {max} 之间"),
            (not null, null) => scope.Say($"is below {min}", $"小于 {min}"),
            _ => scope.Say($"is above {max}", $"大于 {max}"),
        };
        var request = StepWords.Step(scope, m);
        if (value.Type.Length == 0)
            return Ending.Draft(scope, "range", scope.Say($"{request}; do nothing and return false if `{name}` {words}",
                $"{request}；`{name}` {words}就什么都不做，返回 false"),
                new("bool", [$"if ({test}) return false;", $"{value.Code};", "return true;"], false), m);
        var type = TypeText.NotNull(value.Type);
        if (type == "bool" || TypeText.Element(type) is not null) return null;
        return Ending.Draft(scope, "range", scope.Say($"{request}; return null if `{name}` {words}", $"{request}；`{name}` {words}就返回 null"),
            new($"{type}?", [$"if ({test}) return null;", $"return {value.Code};"], false), m);

        static string? Text(double? number) => number?.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Uses what a "try" member hands out, where it succeeds.</summary>
    public CodeDraft? TryThen(Scope scope, MemberEntry m)
    {
        if (!IsSimple(m) || m.Symbol.ReturnType != "bool" || m.Symbol.Parameters.Count(p => p.Modifier == "out") != 1) return null;
        var given = TypeText.NotNull(m.Symbol.Parameters.First(p => p.Modifier == "out").Type);
        var next = members.Of(given).Where(n => n.Symbol.Kind is ApiKind.Property or ApiKind.Method
            && n.Symbol.ReturnType is not ("void" or "")
            && !Roles.LeadsNowhere(n) && TypeText.Awaited(n.Symbol.ReturnType) is null
                && n.Symbol.Name is not ("GetType" or "ToString")).ToList();
        if (next.Count == 0) return null;
        var request = StepWords.Step(scope, m);
        var receiver = Calls.Receiver(scope, m, s_none);
        if (Calls.Use(scope, m, receiver, s_none, 0.2) is not { } test || scope.Outs is not [var o]) return null;
        var told = StepWords.Told(scope);
        var then = scope.Pick(next);
        if (Calls.Use(scope, then, o.Name, s_none, 0.5) is not { } value || scope.Outs.Count > 1 || value.Type.Length == 0) return null;
        var type = TypeText.NotNull(value.Type);
        return Ending.Draft(scope, "try-then",
            scope.Say($"{request}{told}; if that fails return null, otherwise {StepWords.Step(scope, then)}",
            $"{request}{told}；不成就返回 null，否则{StepWords.Step(scope, then)}"),
            new($"{type}?", [$"if (!{test.Code}) return null;", $"return {value.Code};"], false), null);
    }

    /// <summary>Goes on with a result that may be missing.</summary>
    public CodeDraft? NullThen(Scope scope, MemberEntry m)
    {
        if (!IsSimple(m) || !TypeText.IsNullable(m.Symbol.ReturnType) || m.Symbol.Kind == ApiKind.EnumMember) return null;
        var type = TypeText.NotNull(m.Symbol.ReturnType);
        var next = members.Of(type).Where(n => n.Symbol.Kind is ApiKind.Property or ApiKind.Method && !Roles.LeadsNowhere(n)
            && n.Symbol.Name is not ("ToString" or "Equals") && TypeText.Awaited(n.Symbol.ReturnType) is null).ToList();
        if (next.Count == 0) return null;
        var request = StepWords.Step(scope, m);
        var receiver = Calls.Receiver(scope, m, s_none);
        if (Calls.Use(scope, m, receiver, s_none, 0.35) is not { } value || scope.Outs.Count > 0) return null;
        var told = StepWords.Told(scope);
        var local = scope.Local(scope.NameFor(type));
        var then = scope.Pick(next);
        if (Calls.Use(scope, then, local, s_none, 0.5) is not { } result || scope.Outs.Count > 0) return null;
        var step = StepWords.Step(scope, then);
        if (result.Type.Length == 0)
            return Ending.Draft(scope, "null-then", scope.Say($"{request}{told}; if there is one, {step} and return true, else false",
                $"{request}{told}；有的话{step}并返回 true，否则返回 false"),
                new("bool", [$"if ({value.Code} is not {{ }} {local}) return false;", $"{result.Code};", "return true;"], false), null);
        var gives = TypeText.NotNull(result.Type);
        return Ending.Draft(scope, "null-then", scope.Say($"{request}{told}; return null if there is none, otherwise {step}",
            $"{request}{told}；没有就返回 null，否则{step}"),
            new($"{gives}?", scope.Chance(0.5)
                ? [$"if ({value.Code} is not {{ }} {local}) return null;", $"return {result.Code};"]
                : [$"var {local} = {value.Code};", $"if ({local} is null) return null;",
                    $"return {Dotted(result.Code, local, IsStruct(scope, type))};"], false), null);
    }

    private static bool IsStruct(Scope scope, string type) =>
        scope.Index.Find(type)?.Symbol is { } s && (s.Kind is ApiKind.Struct or ApiKind.Enum
            || s.Signature.Contains("struct ", StringComparison.Ordinal));

    private static string Dotted(string code, string local, bool isStruct) =>
        isStruct ? code.Replace($"{local}.", $"{local}.Value.", StringComparison.Ordinal) : code;

    private static string Bare(string noun) => noun.StartsWith("the ", StringComparison.Ordinal) ? noun[4..] : noun;
}
