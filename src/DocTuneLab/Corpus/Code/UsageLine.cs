using DocTuneLab.Corpus.Language;
using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Code;

/// <summary>The use of a member in one line, as the answer to "how do I use it".</summary>
/// <param name="Code">The statement.</param>
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
        var (returns, _, isAsync) = Ending.Deliver(scope, value);
        if (TypeText.AsyncElement(value.Type) is not null)
            return Line($"await foreach (var {scope.Local("item")} in {value.Code}) Console.WriteLine(item);", "Task", true);
        var code = isAsync ? $"await {value.Code}" : value.Code;
        if (returns is "void" or "Task") return Line($"{code};", returns, isAsync);
        var local = scope.Local(LocalOf(scope, member, TypeText.Awaited(value.Type) ?? value.Type));
        var statement = $"var {local} = {code};";
        // A value of an enumeration is met where something is compared with it.
        if (member.Symbol.Kind == ApiKind.EnumMember && Compared(index, member) is { } read)
        {
            var owner = scope.Parameter(new ValuePlace(read.Owner.Path, scope.NameFor(read.Owner.Path)) { IsReceiver = true });
            statement = $"var is{member.Symbol.Name} = {owner}.{read.Symbol.Name} == {value.Code};";
            scope.Use(read.Symbol);
        }
        return Line(statement, isAsync ? "Task" : "void", isAsync);

        UsageLine Line(string text, string type, bool awaits) => new(text, [.. scope.Parameters.Select(p => $"{p.Type} {p.Name}")],
            Ending.Draft(scope, SymbolFacts.Usage, "use it", new(type, [text], awaits), member));
    }

    // What a caller would call the result: a property by its name, else by its type.
    private static string LocalOf(Scope scope, MemberEntry member, string type) =>
        member.Symbol.Kind is ApiKind.Property or ApiKind.Field && !member.Symbol.IsStatic
            ? char.ToLowerInvariant(member.Symbol.Name[0]) + member.Symbol.Name[1..]
            : Roles.IsOwn(scope.Index, type) ? scope.NameFor(type) : "result";

    private static MemberEntry? Compared(ApiIndex index, MemberEntry value) => index.Members.FirstOrDefault(m =>
        ReceiverMembers.IsReadable(m) && m.Symbol.Obsolete is null && m.Symbol.ReturnType == value.Owner.Path);

    /// <summary>The answer.</summary>
    /// <param name="inChinese">Its language.</param>
    public string Answer(bool inChinese)
    {
        var given = string.Join(inChinese ? "、" : Given.Count > 2 ? ", " : " and ", Given.Select(g => $"`{g}`"));
        return Given.Count == 0 ? $"`{Code}`" : inChinese ? $"`{Code}`，其中有 {given}。" : $"`{Code}`, given {given}.";
    }
}
