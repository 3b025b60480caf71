using System.Globalization;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Metrics;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Statistics;

namespace DocTuneLab.Evaluation.Reports;

/// <summary>Numbers as every report writes them.</summary>
internal static class Figures
{
    public static string Value(MetricValue metric, double value) => Value(value, metric.IsShare);

    public static string Value(double value, bool share) => double.IsNaN(value) ? "n/a"
        : share ? (value * 100).ToString("0.0", CultureInfo.InvariantCulture) + "%" : value.ToString("0.000", CultureInfo.InvariantCulture);

    public static string Signed(double value, bool share) => value > 0 ? "+" + Value(value, share) : Value(value, share);

    public static string Range(Interval interval, bool share) =>
        double.IsNaN(interval.Low) ? "" : $"[{Value(interval.Low, share)}, {Value(interval.High, share)}]";

    /// <summary>How much of what the judge said could not be read; none of it counts.</summary>
    public static string Unreadable(IReadOnlyList<OpenResult> open) =>
        $"{open.Sum(o => o.Unreadable)} of {open.Sum(o => o.Readings)} readings of the judge could not be read and do not count"
        + $"{(open.Count(o => o.Score is null) is > 0 and var lost ? $"; {lost} of {open.Count} open answers have no grade" : "")}.";

    public static string Probability(double p) =>
        double.IsNaN(p) ? "n/a" : p < 0.001 ? "<0.001" : p.ToString("0.000", CultureInfo.InvariantCulture);

    /// <summary>What the report says first: the primary metrics by verdict, and whatever else is worse.</summary>
    public static string Headline(Comparison comparison)
    {
        // What compiles and runs comes first, metrics that a user added last.
        List<string> order =
        [
            MetricNames.CompileRate, MetricNames.ApiRecall, MetricNames.Pass1, MetricNames.HallucinationRate, MetricNames.QaAccuracy
        ];
        var named = order.Select(n => comparison[n]).OfType<MetricComparison>()
            .Concat(comparison.Metrics.Where(m => m.First.Primary && !order.Contains(m.First.Name))).ToList();
        var worse = comparison.Metrics.Where(m => m.Verdict == ComparisonVerdict.Worse && !named.Contains(m));
        var rows = named.Concat(worse).Where(m => double.IsFinite(m.First.Value) && double.IsFinite(m.Second.Value)).ToList();
        var parts = Enum.GetValues<ComparisonVerdict>()
            .Select(v => (Verdict: v, Rows: rows.Where(r => r.Verdict == v).ToList()))
            .Where(p => p.Rows.Count > 0)
            .Select(p => $"{p.Verdict.ToString().ToLowerInvariant()}: {string.Join(", ", p.Rows.Select(Change))}");
        return rows.Count == 0 ? $"{comparison.SecondArm} against {comparison.FirstArm}: nothing was measured in both."
            : $"{comparison.SecondArm} against {comparison.FirstArm} is {string.Join("; ", parts)}.";

        static string Change(MetricComparison m) =>
            $"{Lower(m.First.Title)} ({Value(m.First, m.First.Value)} → {Value(m.First, m.Second.Value)})";

        static string Lower(string title) =>
            title.Length > 1 && char.IsLower(title[1]) ? char.ToLowerInvariant(title[0]) + title[1..] : title;
    }

    public static string Gate(RetentionGate gate) =>
        gate.Passes
            ? "passes"
            : $"fails: {string.Join(", ", gate.Checks.Where(c => !c.Passes).Select(c => $"{c.Title} {Signed(c.Change, IsShare(c))}"))}";

    /// <summary>Answers that were refused, and those on which the harness failed; empty where all were judged.</summary>
    public static IEnumerable<string> Unjudged(EvaluationResult result)
    {
        var code = result.Code.Concat(result.General).ToList();
        var refused = code.Where(c => c.Refused).ToList();
        if (refused.Count > 0)
            yield return $"{result.Arm}: {Answers(refused.Count)} refused, counted as failed ({refused[0].Task}: {refused[0].Message}).";
        var failed = code.Where(c => c.Status == ExecutionStatus.HarnessError).ToList();
        if (failed.Count > 0)
            yield return $"{result.Arm}: {Answers(failed.Count)} without a verdict, because the harness or the task failed; counted "
                + $"neither as passed nor as failed ({failed[0].Task}: {failed[0].Message}).";

        static string Answers(int count) => count == 1 ? "1 answer" : $"{count} answers";
    }

    public static bool IsShare(RetentionCheck check) => !check.Metric.EndsWith("bits_per_byte", StringComparison.Ordinal);
}
