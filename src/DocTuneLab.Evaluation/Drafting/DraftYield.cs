namespace DocTuneLab.Evaluation.Drafting;

/// <summary>What one source of drafts gave.</summary>
/// <param name="Source">Its name.</param>
/// <param name="Found">Uses of the library that were found.</param>
/// <param name="Drafted">Of these, drafts that were tried.</param>
/// <param name="Proved">Of these, tasks.</param>
/// <param name="Fallen">Why the others fell, most frequent first.</param>
public sealed record DraftYield(string Source, int Found, int Drafted, int Proved, IReadOnlyList<(string Why, int Count)> Fallen);

/// <summary>Counts what becomes of drafts.</summary>
internal sealed class YieldCount
{
    private readonly Dictionary<string, (int Found, int Drafted, int Proved, Dictionary<string,
        int> Fallen)> _sources = new(StringComparer.Ordinal);

    public void Found(string source) => Change(source, s => s with { Found = s.Found + 1 });

    public void Drafted(string source) => Change(source, s => s with { Drafted = s.Drafted + 1 });

    public void Proved(string source) => Change(source, s => s with { Proved = s.Proved + 1 });

    public void Fell(string source, string why) => Change(source, s =>
    {
        s.Fallen[why] = s.Fallen.GetValueOrDefault(why) + 1;
        return s;
    });

    public IReadOnlyList<DraftYield> All => [.. _sources.Select(s => new DraftYield(s.Key, s.Value.Found, s.Value.Drafted, s.Value.Proved,
        [.. s.Value.Fallen.OrderByDescending(f => f.Value).ThenBy(f => f.Key, StringComparer.Ordinal).Select(f => (f.Key, f.Value))]))];

    private void Change(string source, Func<(int Found, int Drafted, int Proved, Dictionary<string, int> Fallen),
        (int, int, int, Dictionary<string, int>)> change) =>
        _sources[source] = change(_sources.TryGetValue(source, out var known) ? known : (0, 0, 0, new(StringComparer.Ordinal)));
}
