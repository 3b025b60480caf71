using System.Text.RegularExpressions;
using DocTuneLab.Conversations;
using DocTuneLab.Documents.Model;

namespace DocTuneLab.Prompts;

/// <summary>
/// Passages of pages before a request: one way to find, cut and show them, in the prompts of arms with documents and in the samples that
/// teach to read such prompts (RAFT, arXiv 2403.10131).
/// </summary>
/// <param name="search">Passages for a query, best first.</param>
/// <param name="tokens">Budget of the passages together, by <see cref="Chunk.TokenCount"/>; what does not fit is left out.</param>
public sealed partial class Passages(Func<string, IReadOnlyList<Chunk>> search, int tokens = Passages.DefaultTokens)
{
    /// <summary>Budget unless told otherwise.</summary>
    public const int DefaultTokens = 480;

    /// <summary>Passages that a search should give: more than fit, so that small ones find room behind large ones.</summary>
    public const int Candidates = 12;

    /// <summary>What is searched for a programming task.</summary>
    public static string QueryOf(string instruction, string signature, string context) => $"{instruction} {signature} {context}";

    /// <summary>The turns with the passages for a query before the request; the turns as they are where none fits.</summary>
    /// <param name="turns">Turns, the request last.</param>
    /// <param name="query">What is searched.</param>
    public IReadOnlyList<Message> Before(IReadOnlyList<Message> turns, string query) => With(turns, query).Turns;

    /// <summary>Likewise, and which passages they are.</summary>
    /// <param name="turns">Turns, the request last.</param>
    /// <param name="query">What is searched.</param>
    public (IReadOnlyList<Message> Turns, IReadOnlyList<Chunk> Shown) With(IReadOnlyList<Message> turns, string query)
    {
        var shown = Fitting(search(query), tokens, c => c.TokenCount);
        return (Put(turns, shown), shown);
    }

    /// <summary>The passages for a query that fit the budget and the room that a sample leaves.</summary>
    /// <param name="query">What is searched.</param>
    /// <param name="isAllowed">Whether a passage may be among them.</param>
    /// <param name="room">Tokens that the sample leaves.</param>
    /// <param name="count">Counts the tokens of a sample.</param>
    internal IReadOnlyList<Chunk> For(string query, Func<Chunk, bool> isAllowed, int room, Func<string, int> count) =>
        Fitting(search(query).Where(isAllowed), Math.Min(tokens, room), c => Math.Max(c.TokenCount, count(c.Text) + 2));

    /// <summary>Turns with passages before the request.</summary>
    /// <param name="turns">Turns, the request last.</param>
    /// <param name="passages">Passages, in their order.</param>
    internal static IReadOnlyList<Message> Put(IReadOnlyList<Message> turns, IReadOnlyList<Chunk> passages)
    {
        if (passages.Count == 0) return turns;
        var text = string.Concat(passages.Select(c => $"{Readable(c.Text).Trim()}\n\n"));
        return [.. turns.SkipLast(1), turns[^1] with { Content = text + turns[^1].Content }];
    }

    // The marks of a callout are for whoever draws the page; in plain text "> [!NOTE]" is "Note:", and its lines are lines. Code stays.
    private static string Readable(string text)
    {
        var lines = new List<string>();
        string? fence = null, title = null;
        var quoted = false;
        foreach (var line in text.Split('\n'))
        {
            var plain = line;
            if (fence is null && Callout().Match(line) is { Success: true } callout)
            {
                (quoted, title) = (callout.Groups["quote"].Success, Title(callout));
                plain = callout.Groups["rest"].Value.Trim();
                if (plain.Length == 0) continue;
            }
            else if (fence is null && line.Trim() == ":::") continue;
            else if (quoted && Quote().Match(line) is { Success: true } mark) plain = line[mark.Length..];
            else quoted = false;
            if (Fence().Match(plain) is { Success: true } found)
                fence = fence is null ? found.Groups[1].Value : plain.Trim() == fence ? null : fence;
            if (title is not null && plain.Trim().Length > 0) (plain, title) = ($"{title}: {plain.TrimStart()}", null);
            lines.Add(plain);
        }
        return string.Join('\n', lines);

        static string Title(Match callout)
        {
            var kind = callout.Groups["kind"].Value.ToLowerInvariant();
            return callout.Groups["title"].Value is { Length: > 0 } own ? own : char.ToUpperInvariant(kind[0]) + kind[1..];
        }
    }

    [GeneratedRegex(@"^[ \t]*(?:(?<quote>(?:>[ \t]?)+)\[!(?<kind>\w+)\][+-]?(?<rest>.*)"
        + @"|(?:!!!|\?\?\?\+?|:{3,})[ \t]*(?<kind>[A-Za-z]+)(?:[ \t]+""(?<title>[^""]*)"")?[ \t]*(?<rest>))$")]
    private static partial Regex Callout();
    [GeneratedRegex(@"^[ \t]*(?:>[ \t]?)+")]
    private static partial Regex Quote();
    [GeneratedRegex(@"^[ \t]*(`{3,}|~{3,})")]
    private static partial Regex Fence();

    private static List<Chunk> Fitting(IEnumerable<Chunk> found, int left, Func<Chunk, int> cost)
    {
        var fitting = new List<Chunk>();
        foreach (var chunk in found)
        {
            if (cost(chunk) is var taken && taken > left) continue;
            left -= taken;
            fitting.Add(chunk);
        }
        return fitting;
    }
}
