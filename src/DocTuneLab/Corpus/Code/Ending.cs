using DocTuneLab.Corpus.Language;
using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Code;

/// <summary>How a method ends with a value: returned, awaited, collected, or done.</summary>
internal static class Ending
{
    // Callers in a hurry leave to the signature what it says.
    private const double ShortShare = 0.12;

    // Recipes that make what they work on: there a result may be what was put in, or what any new object says.
    private static readonly HashSet<string> s_computing = new(StringComparer.Ordinal) { "construct", "using", "flow", "chain" };

    /// <summary>Body lines and return type that deliver <paramref name="value"/>; awaits and enumerates what is asynchronous.</summary>
    public static (string ReturnType, List<string> Lines, bool IsAsync) Deliver(Scope scope, Value value)
    {
        if (TypeText.AsyncElement(value.Type) is { } item)
        {
            var items = scope.Local("items");
            var one = scope.Local("item");
            return ($"Task<List<{item}>>",
            [
                $"var {items} = new List<{item}>();", $"await foreach (var {one} in {value.Code})", $"    {items}.Add({one});",
                $"return {items};"
            ], true);
        }
        if (TypeText.Awaited(value.Type) is { } result)
            return result.Length == 0
                ? ("Task", [$"await {value.Code};"], true)
                : ($"Task<{result}>", [$"return await {value.Code};"], true);
        if (value.Type.Length == 0) return ("void", [$"{value.Code};"], false);
        return (value.Type, [$"return {value.Code};"], false);
    }

    // A call by itself is explained by what the documentation says of it; more than that, by what is done.
    private static string Meaning(Scope scope, string recipe, string request, MemberEntry? named) =>
        recipe is "direct" or "out" && named is not null ? MemberRecipes.Meaning(scope, named)
        : !scope.IsChinese && request.StartsWith("for each ", StringComparison.Ordinal)
            && request.IndexOf(", ", StringComparison.Ordinal) is > 0 and var at
            ? $"F{request[1..at]}, it {Prose.Telling(request[(at + 2)..])}."
        : scope.Say($"It {Prose.Telling(request)}.", $"这个方法{request}。");

    /// <summary>The draft of a method with that body.</summary>
    /// <param name="scope">The method being written.</param>
    /// <param name="recipe">Name of the recipe.</param>
    /// <param name="request">What the method is to do, as an imperative.</param>
    /// <param name="body">What does it.</param>
    /// <param name="named">The member that the method is about; null where it is about several.</param>
    public static CodeDraft Draft(Scope scope, string recipe, string request, MethodBody body, MemberEntry? named)
    {
        var hasSettings = scope.Settings.Count > 0;
        if (hasSettings)
        {
            request += scope.Say((request.Contains(" with ", StringComparison.Ordinal) ? ", using " : ", with ")
                + string.Join(" and ", scope.Settings), $"，其中 {string.Join("，", scope.Settings)}");
            scope.Settings.Clear();
        }
        var (returnType, lines, isAsync) = body;
        // A Chinese request has no words for a name; the members that the method uses have.
        var words = scope.IsChinese
            ? string.Join(' ', scope.Symbols.AsEnumerable().Reverse().Select(scope.Index.Member).OfType<MemberEntry>()
                .Select(m => Prose.Words(m.Symbol.Name)))
            : request.Replace("`", "", StringComparison.Ordinal);
        var name = Prose.MethodName(words, scope.Random);
        if (isAsync && scope.Chance(0.7) && !name.EndsWith("Async", StringComparison.Ordinal)) name += "Async";
        // Inside the class a method of a type's name would hide the type.
        if (scope.Index.Types.Any(t => t.Path == name) || scope.Parameters.Exists(p => TypeText.Head(p.Type) == name)) name += "Value";
        var signature = $"public static {(isAsync ? "async " : "")}{returnType} "
            + $"{name}({string.Join(", ", scope.Parameters.Select(p => $"{p.Type} {p.Name}"))})";
        var types = scope.Parameters.Select(p => p.Type.StartsWith("ref ", StringComparison.Ordinal) ? p.Type[4..] : p.Type)
            .Append(returnType);
        // One member with values that are given does what it does: whether it throws for our examples says nothing of the code.
        // What decides by its arguments is run nevertheless: a limit may have been misread.
        var isOneMember = recipe != "range" && !scope.HasLiterals
            && scope.Symbols.Count(s => !s.StartsWith("T:", StringComparison.Ordinal)) == 1;
        var (arguments, missing) = isOneMember || scope.Examples is null ? ([], null) : scope.Examples.For(scope.Places);
        return new CodeDraft(Instruction(scope, request, named), signature, string.Join('\n', lines), [.. scope.Symbols],
            scope.Index.UsingsFor(scope.Symbols, types), recipe,
            // What the documentation says of the call knows nothing of these values.
            Meaning(scope, recipe, request, hasSettings ? null : named))
        {
            Arguments = arguments,
            Probe = arguments.Count > 0 && s_computing.Contains(recipe) ? Dependence.Probe(scope, body, arguments) : null,
            // What any new object says is nothing to ask for, and only a run tells.
            MustRun = s_computing.Contains(recipe) && scope.Symbols.Exists(s => s.Contains("#ctor", StringComparison.Ordinal)),
            NotRun = isOneMember ? "one member alone" : missing is null ? "" : ExampleValues.Needs(missing),
        };
    }

    // A colleague names the job, and now and then the member.
    private static string Instruction(Scope scope, string request, MemberEntry? named)
    {
        // Nobody writes an operator's name, and the name of a value is the answer.
        if (named?.Symbol.Kind is ApiKind.Operator or ApiKind.EnumMember) named = null;
        if (scope.IsChinese) return InChinese(scope, request, named);
        var upper = Prose.UpperFirst(request);
        var receiver = named is null || scope.Parameters.Count == 0 || !Roles.IsOwn(scope.Index, scope.Parameters[0].Type)
            ? null
            : Prose.Words(TypeText.Head(scope.Parameters[0].Type));
        var isLoop = request.StartsWith("for each", StringComparison.Ordinal);
        // Of several steps none can go.
        if (!isLoop && named is not null && scope.Chance(ShortShare) && Prose.Short(request) is { } few) return $"{Prose.UpperFirst(few)}.";
        // "the tank" of the documentation is the parameter `tank` to whoever wrote the signature.
        var direct = receiver is null
            ? request
            : request.Replace($"the {receiver}", $"`{scope.Parameters[0].Name}`", StringComparison.Ordinal);
        var (verb, rest) = request.Split(' ', 2) is [var v, var r] ? (v, r) : (request, "");
        var asksValue = verb is "get" or "return" or "read" or "give" or "fetch" or "find"
            && rest.StartsWith("the ", StringComparison.Ordinal);
        var asksWhether = rest.StartsWith("whether ", StringComparison.Ordinal);
        return scope.Random.Next(27) switch
        {
            _ when isLoop => $"{upper}.",
            18 or 19 when asksValue => Asked(),
            18 or 19 when asksWhether =>
                $"{scope.Pick<string>(["I want to know", "Tell me", "Find out", "Check", "I have to know"])} {rest}.",
            18 => $"Please {request}.",
            19 => $"I want to {request}.",
            20 => $"I need to {request}.",
            21 => $"{upper}, please.",
            22 => $"We have to {request}.",
            0 when receiver is not null => $"Given {Prose.WithArticle(receiver)}, {request}.",
            1 when receiver is not null => $"For the given {receiver}, {request}.",
            2 => $"Write code to {request}.",
            3 => $"Write a method to {request}.",
            4 when named is not null => $"{upper}. Use `{named.Symbol.DisplayName}`.",
            5 when named is not null => $"Use `{named.Symbol.Name}` to {request}.",
            6 when named is not null => $"{upper} (`{named.Owner.Path}`).",
            7 when !request.Contains(';', StringComparison.Ordinal) => $"How do I {request}?",
            8 or 9 when direct != request => $"{Prose.UpperFirst(direct)}.",
            _ => $"{upper}.",
        };

        string Asked()
        {
            var lead = scope.Pick<string>(["What is", "Tell me", "I want", "Give me", "I need", "Hand me", "Show me"]);
            return $"{lead} {rest}{(lead == "What is" ? "?" : ".")}";
        }
    }

    private static string InChinese(Scope scope, string request, MemberEntry? named)
    {
        var receiver = named is null || scope.Parameters.Count == 0 || scope.Index.Find(scope.Parameters[0].Type) is not { } type
            ? null
            : type.Path;
        return scope.Random.Next(15) switch
        {
            0 => $"写一个方法：{request}。",
            1 => $"请{request}。",
            2 => $"用 C# 实现：{request}。",
            3 => $"怎样{request}？",
            4 => $"我要{request}。",
            5 when receiver is not null => $"给定一个 `{receiver}`，{request}。",
            6 when named is not null => $"{request}。用 `{named.Symbol.DisplayName}`。",
            7 when named is not null => $"{request}（`{named.Owner.Path}`）。",
            _ => $"{request}。",
        };
    }
}
