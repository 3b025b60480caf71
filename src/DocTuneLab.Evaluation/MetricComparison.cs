using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Statistics;

namespace DocTuneLab.Evaluation;

/// <summary>One metric of two arms.</summary>
/// <param name="First">Base.</param>
/// <param name="Second">The other arm.</param>
/// <param name="Difference">Second minus first, over the tasks that both have.</param>
/// <param name="P">The paired randomisation test over documents, exact where few of them differ.</param>
/// <param name="HolmP"><paramref name="P"/> corrected over the primary metrics; null for the others.</param>
/// <param name="Detectable">True difference that this suite would find 8 times of 10; NaN where it can find none.</param>
/// <param name="Verdict">
/// Better or worse, where <paramref name="HolmP"/>, or <paramref name="P"/> where there is none, is below 0.05.
/// </param>
public sealed record MetricComparison(
    MetricValue First, MetricValue Second, PairedDifference Difference, double P, double? HolmP, double Detectable,
    ComparisonVerdict Verdict)
{
    /// <summary>Compares every metric that both arms have; p values of primary metrics are corrected together.</summary>
    /// <exception cref="LabException">A metric counts a task twice.</exception>
    internal static IReadOnlyList<MetricComparison> Of(EvaluationResult first, EvaluationResult second)
    {
        var pairs = first.Metrics.Where(m => second[m.Name] is not null).Select(m => (A: m, B: second[m.Name]!)).ToList();
        foreach (var (a, b) in pairs)
        {
            ThrowIfTwice(a, first.Arm);
            ThrowIfTwice(b, second.Arm);
        }
        var (seed, draws) = (first.Options.Seed, first.Options.BootstrapDraws);
        var differences = pairs.Select(p => Bootstrap.Difference(p.A.Observations, p.B.Observations, seed, draws)).ToList();
        var holm = Holm.Adjust([.. differences.Select((d, i) => pairs[i].A.Primary ? d.P : double.NaN)]);
        var looks = holm.Count(p => !double.IsNaN(p));
        return [.. pairs.Select((p, i) =>
        {
            double? corrected = p.A.Primary ? holm[i] : null;
            var d = differences[i];
            var detectable = Statistics.Detectable.Difference(d.StandardError, d.Documents, p.A.Primary ? Math.Max(1, looks) : 1);
            return new MetricComparison(p.A, p.B, d, d.P, corrected, detectable, Say(p.A, d, corrected ?? d.P));
        })];
    }

    private static void ThrowIfTwice(MetricValue metric, string arm)
    {
        if (metric.Observations.GroupBy(o => o.Task, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new LabException(
                $"{arm}: the metric \"{metric.Name}\" counts the task \"{twice.Key}\" twice, so arms cannot be paired. "
                + "Expected one observation of a task.");
    }

    private static ComparisonVerdict Say(MetricValue metric, PairedDifference difference, double p)
    {
        // NaN (too few documents) compares false, and so says nothing.
        if (!(p < Statistics.Detectable.Level)) return ComparisonVerdict.Inconclusive;
        return difference.Value > 0 == metric.HigherIsBetter ? ComparisonVerdict.Better : ComparisonVerdict.Worse;
    }
}
