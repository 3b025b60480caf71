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
        : share ? (value * 100).ToString("0.0", CultureInfo.InvariantCulture) + "%"
        : value.ToString(Math.Abs(value) < 100 ? "0.000" : "0.0", CultureInfo.InvariantCulture);

    public static string Signed(double value, bool share) => value > 0 ? "+" + Value(value, share) : Value(value, share);

    public static string Range(Interval interval, bool share) =>
        double.IsNaN(interval.Low) ? "" : $"[{Value(interval.Low, share)}, {Value(interval.High, share)}]";

    /// <summary>How much of what the judge said of an arm could not be read, and so does not count; null where all could.</summary>
    public static string? Unreadable(EvaluationResult arm) => arm.Open is var open && open.All(o => o.Unreadable == 0) ? null
        : $"{open.Sum(o => o.Unreadable)} of {open.Sum(o => o.Readings)} readings of the judge could not be read and do not count"
        + $"{(open.Count(o => o.Score is null) is > 0 and var lost ? $"; {lost} of {open.Count} open answers have no grade" : "")}.";

    /// <summary>How many drafted tasks nobody has decided on; empty for none.</summary>
    public static IReadOnlyList<string> Unreviewed(EvaluationResult result) => result.Unreviewed == 0 ? []
        : [$"{result.Unreviewed} programming tasks were drafted and proved, and nobody has reviewed them (doctune suite review)."];

    /// <summary>What a server did not answer, or not to the end; empty where it answered all.</summary>
    public static IReadOnlyList<string> Unanswered(EvaluationResult result)
    {
        var refused = result.Answers.Where(a => a.Unanswered is not null).ToList();
        var cut = result.Answers.Count(a => a.IsCutOff);
        List<string> said = [];
        if (refused.Count > 0)
            said.Add($"{result.Arm}: {refused.Count} of {result.Answers.Count} prompts were not answered and count as wrong ("
                + string.Join("; ", refused.GroupBy(a => a.Unanswered!, StringComparer.Ordinal).OrderByDescending(g => g.Count()).Take(3)
                    .Select(g => $"{g.Count()} × {g.Key}")) + ").");
        if (cut > 0)
            said.Add($"{result.Arm}: {cut} of {result.Answers.Count} answers were cut off at the limit of tokens; "
                + "raise that of the answer, or the endpoint's reasoningTokens.");
        return said;
    }

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
        // Of what no training sample shows, where that is known and there are such tasks; frozen texts are neither seen nor unseen.
        var known = comparison.Patterns is { IsKnown: true };
        var all = comparison.Metrics.Select(m =>
        {
            var (unseen, seen) = (Find(comparison.Unseen, m), Find(comparison.Seen, m));
            var aside = !known || seen is null ? "" : unseen is null ? "; seen only" : $"; seen {Change(seen)}";
            return (Metric: unseen ?? m, Aside: aside);
        }).ToList();
        var named = order.SelectMany(n => all.Where(m => m.Metric.First.Name == n))
            .Concat(all.Where(m => m.Metric.First.Primary && !order.Contains(m.Metric.First.Name))).ToList();
        var worse = all.Where(m => m.Metric.Verdict == ComparisonVerdict.Worse && !named.Contains(m));
        var rows = named.Concat(worse)
            .Where(m => double.IsFinite(m.Metric.First.Value) && double.IsFinite(m.Metric.Second.Value)).ToList();
        var parts = Enum.GetValues<ComparisonVerdict>()
            .Select(v => (Verdict: v, Rows: rows.Where(r => r.Metric.Verdict == v).ToList()))
            .Where(p => p.Rows.Count > 0)
            .Select(p => $"{p.Verdict.ToString().ToLowerInvariant()}: "
                + string.Join(", ", p.Rows.Select(r => $"{Lower(r.Metric.First.Title)} ({Change(r.Metric)}{r.Aside})")));
        var arms = $"{comparison.SecondArm} against {comparison.FirstArm}";
        var where = !known ? "" : comparison.Unseen.Count > 0 ? ", on tasks that no training sample shows,"
            : ", on nothing but tasks that training samples show,";
        return rows.Count == 0 ? $"{arms}: nothing was measured in both." : $"{arms}{where} is {string.Join("; ", parts)}.";

        static string Change(MetricComparison m) => $"{Value(m.First, m.First.Value)} → {Value(m.First, m.Second.Value)}";

        static MetricComparison? Find(IReadOnlyList<MetricComparison> metrics, MetricComparison like) =>
            metrics.FirstOrDefault(m => m.First.Name == like.First.Name);

        static string Lower(string title) =>
            title.Length > 1 && char.IsLower(title[1]) ? char.ToLowerInvariant(title[0]) + title[1..] : title;
    }

    /// <summary>What is seen, in sentences; so that the split cannot be overlooked, it is said too where there is none.</summary>
    public static IReadOnlyList<string> Patterns(TaskPatterns? patterns)
    {
        const string Unknown = "No training data was given, so seen and unseen tasks could not be told apart.";
        if (patterns is null) return [Unknown];
        var tasks = patterns.Seen.Count + patterns.Unseen.Count;
        var samples = string.Create(CultureInfo.InvariantCulture, $"{patterns.Samples:N0} training ")
            + (patterns.Samples == 1 ? "sample" : "samples");
        List<string> lines = [patterns.IsKnown
            ? $"{patterns.Seen.Count} of {tasks} tasks are seen: their solution, or question, stands in the {samples} "
                + "but for names, literals and numbers."
            : Unknown];
        if (patterns.CodeTasks > 0)
            lines.Add($"{patterns.NoChoice.Count} of {patterns.CodeTasks} programming tasks leave no choice: their solution is one step, "
                + "which whoever teaches the member has to show.");
        return lines;
    }

    /// <summary>A metric of a comparison over unseen and over seen tasks, with the words for its row.</summary>
    public static IEnumerable<(string Label, MetricComparison Metric)> Parts(Comparison comparison, string metric) =>
        new[] { ("unseen", comparison.Unseen), ("seen", comparison.Seen) }
            .SelectMany(p => p.Item2.Where(m => m.First.Name == metric).Select(m => ($"{p.Item1} ({Count(m.First.Tasks)})", m)));

    /// <summary>A metric of all arms over unseen and over seen tasks; an arm that lacks it is null.</summary>
    public static IEnumerable<(string Label, IReadOnlyList<MetricValue?> Values)> Parts(EvaluationReport report, string metric) =>
        new[] { ("unseen", report.Unseen), ("seen", report.Seen) }
            .Select(p => (p.Item1, (IReadOnlyList<MetricValue?>)[.. p.Item2.Select(r => r[metric])]))
            .Where(p => p.Item2.Any(v => v is not null));

    private static string Count(int tasks) => tasks == 1 ? "1 task" : $"{tasks} tasks";

    public static string Gate(RetentionGate gate) =>
        gate.Passes
            ? "passes"
            : $"fails: {string.Join(", ", gate.Checks.Where(c => !c.Passes).Select(c => $"{c.Title} {Signed(c.Change, IsShare(c))}"))}";

    /// <summary>Answers that were refused, and those on which the harness failed; empty where all were judged.</summary>
    public static IEnumerable<string> Unjudged(EvaluationResult result)
    {
        var code = result.Code.Concat(result.General).ToList();
        foreach (var refused in code.Where(c => c.Refused).GroupBy(c => c.Message == AnswerScorer.ByHand).Select(g => g.ToList()))
            yield return $"{result.Arm}: {Answers(refused.Count)} refused, counted as failed ({refused[0].Task}: {refused[0].Message}).";
        var failed = code.Where(c => c.Status == ExecutionStatus.HarnessError).ToList();
        if (failed.Count > 0)
            yield return $"{result.Arm}: {Answers(failed.Count)} without a verdict, because the harness or the task failed; counted "
                + $"neither as passed nor as failed ({failed[0].Task}: {failed[0].Message}).";

        var silent = result.Members.Where(m => m.Denies is null).ToList();
        if (silent.Count > 0)
            yield return $"{result.Arm}: {silent.Count} of {result.Members.Count} answers about members say neither that the member exists "
                + $"nor that it does not; counted neither way ({Asked(silent[0])}).";

        static string Asked(MemberResult member) => member.Member.Length > 0 ? member.Member : member.Task;

        static string Answers(int count) => count == 1 ? "1 answer" : $"{count} answers";
    }

    public static bool IsShare(RetentionCheck check) => !check.Metric.EndsWith("bits_per_byte", StringComparison.Ordinal);
}
