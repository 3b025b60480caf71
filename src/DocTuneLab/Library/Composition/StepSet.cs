namespace DocTuneLab.Library.Composition;

/// <summary>The steps that are possible with the types met so far.</summary>
internal sealed class StepSet(StepSource source, IReadOnlyList<GivenValue> given)
{
    private readonly SortedDictionary<string, Step> _steps =
        new(source.Closed.DistinctBy(s => s.Key).ToDictionary(s => s.Key, StringComparer.Ordinal), StringComparer.Ordinal);
    private readonly HashSet<string> _met = new(StringComparer.Ordinal);

    /// <summary>The steps as they are now, in ordinal order of their keys.</summary>
    public IReadOnlyList<Step> All => [.. _steps.Values];

    /// <summary>Takes in what a type brings with it.</summary>
    public void Meet(string type)
    {
        if (!_met.Add(type)) return;
        foreach (var step in source.Of(type, given)) _steps.TryAdd(step.Key, step);
    }
}
