namespace DocTuneLab.Evaluation.Statistics;

/// <summary>Holm's step-down correction (Holm 1979): keeps the chance of any false finding among several metrics at the
/// level of one.</summary>
internal static class Holm
{
    /// <summary>Adjusted p-values in the order of <paramref name="p"/>; NaN stays NaN and does not count.</summary>
    public static IReadOnlyList<double> Adjust(IReadOnlyList<double> p)
    {
        var order = Enumerable.Range(0, p.Count).Where(i => !double.IsNaN(p[i])).OrderBy(i => p[i]).ToArray();
        var adjusted = p.ToArray();
        double floor = 0;
        for (var rank = 0; rank < order.Length; rank++)
        {
            floor = Math.Max(floor, Math.Min(1, (order.Length - rank) * p[order[rank]]));
            adjusted[order[rank]] = floor;
        }
        return adjusted;
    }
}
