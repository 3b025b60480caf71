using System.Text.RegularExpressions;
using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Language;

/// <summary>What members of a library do, as their documentation says it, in the form of a request: "create a parser which …".</summary>
public sealed partial class MemberRequests
{
    private readonly Dictionary<string, MemberEntry> _members;
    private readonly Dictionary<string, ApiSymbol> _others;

    /// <summary>Requests for the members of a library.</summary>
    /// <param name="symbols">Its symbols.</param>
    public MemberRequests(IReadOnlyList<ApiSymbol> symbols)
    {
        ArgumentNullException.ThrowIfNull(symbols);
        _members = new ApiIndex(symbols).Members.ToDictionary(m => m.Symbol.Id, StringComparer.Ordinal);
        // The index leaves out what samples cannot name, such as members of a type within a generic one; code can still call it.
        _others = symbols.Where(s => s.ContainingType is not null && !_members.ContainsKey(s.Id)).DistinctBy(s => s.Id)
            .ToDictionary(s => s.Id, StringComparer.Ordinal);
    }

    /// <summary>The request, without capital and full stop; in words of the member's name where the documentation has none. Null for what
    /// is no member of the library.</summary>
    public string? Of(string id)
    {
        var symbol = _members.TryGetValue(id, out var member) ? member.Symbol : _others.GetValueOrDefault(id);
        if (symbol is null) return null;
        var isAction = symbol.Kind is ApiKind.Method or ApiKind.ExtensionMethod or ApiKind.Constructor or ApiKind.Operator;
        // A request in words of the name alone has no code in it: it would give the member away.
        var said = member is not null && Prose.FirstSentence(symbol.Summary) is not null ? Prose.Plain(member)
            : Prose.FirstSentence(symbol.Summary) is { } sentence && !Prose.IsChinese(sentence)
                ? Prose.Imperative(sentence, isAction) : null;
        // "Transition from the state": of what gives nothing a noun is a verb.
        if (isAction && symbol.ReturnType is "void" or "Task" && said?.StartsWith("get ", StringComparison.Ordinal) == true)
            said = Prose.LowerFirst(Prose.FirstSentence(symbol.Summary)!);
        // In "a parser which parses and returns" the second verb is the parser's, too.
        if (said is not null && symbol.Summary is { } whole)
            said = Relative().Replace(said, m => whole.Contains($"and {m.Groups[2].Value}s ", StringComparison.Ordinal)
                ? $"{m.Groups[1].Value}{m.Groups[2].Value}s" : m.Value);
        return said is not null && !said.Contains($"{symbol.Name}`", StringComparison.Ordinal) ? said
            : Words(symbol.Name) is var words && isAction ? words : Flag().IsMatch(words) ? $"tell whether it {words}" : $"get the {words}";
    }

    /// <summary>A name in words: "retry strategy options".</summary>
    public static string Words(string name) => Prose.Words(name);

    [GeneratedRegex("^(?:is|has|can) ")]
    private static partial Regex Flag();
    [GeneratedRegex(@"((?:which|that) [a-z]+s and )([a-z]+)\b")]
    private static partial Regex Relative();
}
