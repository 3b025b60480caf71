using DocTuneLab.Corpus.Language;
using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Code;

/// <summary>The use of a member in one line, as the answer to "how do I use it".</summary>
/// <param name="Code">The expression.</param>
/// <param name="Given">What stands in it: <c>WaterHead head</c>.</param>
/// <param name="Draft">The method around it, which must compile.</param>
internal sealed record UsageLine(string Code, IReadOnlyList<string> Given, CodeDraft Draft)
{
    /// <summary>The line for a member; null where code from outside has no such use.</summary>
    public static UsageLine? Of(ApiIndex index, MemberEntry member, Random random)
    {
        var scope = new Scope(index, random) { PlainNames = true };
        if (!Calls.Usable(member) || Calls.Fill(scope, member) is not { } map) return null;
        var receiver = Calls.Receiver(scope, member, map);
        if (Calls.Use(scope, member, receiver, map, 0) is not { } value) return null;
        var code = TypeText.Awaited(value.Type) is null ? value.Code : $"await {value.Code}";
        var (returns, lines, isAsync) = Ending.Deliver(scope, value);
        // An enumeration needs more than a line.
        if (isAsync && TypeText.AsyncElement(value.Type) is not null) return null;
        var body = new MethodBody(returns, returns is "void" or "Task" ? [.. lines] : [$"return {code};"], isAsync);
        return new(code, [.. scope.Parameters.Select(p => $"{p.Type} {p.Name}")],
            Ending.Draft(scope, SymbolFacts.Usage, "use it", body, "", member));
    }

    /// <summary>The answer.</summary>
    /// <param name="inChinese">Its language.</param>
    public string Answer(bool inChinese)
    {
        var given = string.Join(inChinese ? "、" : Given.Count > 2 ? ", " : " and ", Given.Select(g => $"`{g}`"));
        return Given.Count == 0 ? $"`{Code}`" : inChinese ? $"`{Code}`，其中有 {given}。" : $"`{Code}`, given {given}.";
    }
}
