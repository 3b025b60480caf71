using DocTuneLab.Evaluation.Metrics;
using DocTuneLab.Evaluation.Statistics;

namespace DocTuneLab.Evaluation;

/// <summary>What may be said of retention.</summary>
public enum GateStatus
{
    /// <summary>The whole interval of the change lies within the limit.</summary>
    Kept,
    /// <summary>The whole interval lies beyond the limit.</summary>
    Lost,
    /// <summary>The limit lies inside the interval.</summary>
    Inconclusive,
}

/// <summary>One measure of retention.</summary>
/// <param name="Metric">Name of the metric.</param>
/// <param name="Title">For people.</param>
/// <param name="Change">Loss: how much worse the arm is than its base. Bits per byte, or a share of tasks.</param>
/// <param name="Interval">95% interval of the loss.</param>
/// <param name="Limit">Largest loss that is accepted.</param>
/// <param name="Status">By the interval.</param>
public sealed record RetentionCheck(string Metric, string Title, double Change, Interval Interval, double Limit, GateStatus Status)
{
    /// <summary>Whether the loss itself is within the limit; what a build should stop on.</summary>
    public bool Passes => !(Change > Limit);
}

/// <summary>Whether an arm still knows what its base knew.</summary>
/// <param name="Arm">The arm.</param>
/// <param name="Checks">One for each retention metric that both have.</param>
public sealed record RetentionGate(string Arm, IReadOnlyList<RetentionCheck> Checks)
{
    /// <summary>Largest accepted rise of bits per byte.</summary>
    public const double DefaultBits = 0.02;

    /// <summary>Largest accepted fall of the share of plain C# tasks that pass.</summary>
    public const double DefaultShare = 0.05;

    /// <summary>No loss beyond its limit.</summary>
    public bool Passes => Checks.All(c => c.Passes);

    /// <summary>Checks the second arm of a comparison against the first; null where neither was measured on retention.</summary>
    /// <param name="comparison">Base and the other arm.</param>
    /// <param name="bits">Largest accepted rise of bits per byte.</param>
    /// <param name="share">Largest accepted fall of the share of plain C# tasks that pass.</param>
    public static RetentionGate? Of(Comparison comparison, double bits = DefaultBits, double share = DefaultShare)
    {
        string[] names = [MetricNames.TextBitsPerByte, MetricNames.CSharpBitsPerByte, MetricNames.GeneralPass1];
        var checks = names.Select(n => comparison[n]).OfType<MetricComparison>().Where(m => double.IsFinite(m.Difference.Value)).Select(m =>
        {
            var sign = m.First.HigherIsBetter ? -1 : 1;
            var (low, high) = (sign * m.Difference.Interval.Low, sign * m.Difference.Interval.High);
            var interval = sign > 0 ? new Interval(low, high) : new Interval(high, low);
            var limit = m.First.IsShare ? share : bits;
            var status = interval.High <= limit ? GateStatus.Kept : interval.Low > limit ? GateStatus.Lost : GateStatus.Inconclusive;
            return new RetentionCheck(m.First.Name, m.First.Title, sign * m.Difference.Value, interval, limit, status);
        }).ToList();
        return checks.Count == 0 ? null : new(comparison.Second, checks);
    }
}
