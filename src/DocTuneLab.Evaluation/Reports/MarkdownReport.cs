using System.Globalization;
using System.Text;
using DocTuneLab.Evaluation.Metrics;
using DocTuneLab.Evaluation.Statistics;

namespace DocTuneLab.Evaluation.Reports;

/// <summary>Writes results for people.</summary>
public static class MarkdownReport
{
    /// <summary>Metrics of one arm.</summary>
    public static string Of(EvaluationResult result)
    {
        var text = new StringBuilder();
        text.Append($"# {result.Arm}: {Cell(result.Subject)}\n\n| Metric | Value | 95% interval | Tasks |\n|---|---:|---|---:|\n");
        foreach (var m in result.Metrics) text.Append($"| {m.Title} | {Value(m, m.Value)} | {Range(m, m.Interval)} | {m.Tasks} |\n");
        text.Append($"\nSuite `{result.SuiteHash}`, extraction rule {result.ExtractorVersion}, grading rule {result.GraderVersion}, seed {result.Options.Seed}.\n");
        text.Append(result.Sandbox is { } sandbox
            ? $"Answers were run ({sandbox.Name}). Not covered: {string.Join("; ", sandbox.NotCovered)}.\n"
            : "Answers were not run, so there is no pass rate.\n");
        return text.ToString();
    }

    /// <summary>Two arms: metrics, what may be said of them, flips, symbols, invented names.</summary>
    /// <param name="comparison">The comparison.</param>
    /// <param name="flips">Most flips shown in full.</param>
    public static string Of(Comparison comparison, int flips = 20)
    {
        var text = new StringBuilder();
        text.Append($"# {Cell(comparison.First)} and {Cell(comparison.Second)}\n\n");
        text.Append("| Metric | First | Second | Difference | p | Verdict | Detectable |\n|---|---|---|---|---:|---|---:|\n");
        foreach (var m in comparison.Metrics)
        {
            var p = m.HolmP is { } holm ? $"{Probability(holm)} (Holm)" : Probability(m.P);
            text.Append($"| {(m.First.Primary ? $"**{m.First.Title}**" : m.First.Title)} | {Value(m.First, m.First.Value)} {Range(m.First, m.First.Interval)} | ")
                .Append($"{Value(m.Second, m.Second.Value)} {Range(m.Second, m.Second.Interval)} | {Signed(m.First, m.Difference.Value)} {Range(m.First, m.Difference.Interval)} | ")
                .Append($"{p} | {m.Verdict.ToString().ToLowerInvariant()} | {Value(m.First, m.Detectable)} |\n");
        }
        text.Append("\nBrackets are 95% intervals (bootstrap over documents). Bold metrics are primary: their p is corrected over all primary metrics (Holm). ")
            .Append("*better* and *worse* need an interval of the difference without zero and, for primary metrics, p below 0.05; all else is *inconclusive*. ")
            .Append("*Detectable* is the true difference that this suite would find 8 times of 10.\n");
        WriteFlips(text, comparison, flips);
        if (comparison.Symbols.Count > 0)
        {
            text.Append("\n## Symbols\n\n| Symbol | Tasks that need it | Used, first | Used, second | Misused, first | Misused, second |\n|---|---:|---:|---:|---:|---:|\n");
            foreach (var s in comparison.Symbols)
                text.Append($"| `{Cell(s.Id)}` | {s.GoldTasks} | {s.FirstRecalled} | {s.SecondRecalled} | {s.FirstMisused} | {s.SecondMisused} |\n");
        }
        if (comparison.Invented.Count > 0)
        {
            text.Append("\n## Invented names\n\n| Name | Nearest real member | First | Second |\n|---|---|---:|---:|\n");
            foreach (var n in comparison.Invented) text.Append($"| `{Cell(n.Name)}` | {(n.Suggestion is null ? "" : $"`{Cell(n.Suggestion)}`")} | {n.First} | {n.Second} |\n");
        }
        if (comparison.NotCovered.Count > 0) text.Append($"\nThe sandbox does not cover: {string.Join("; ", comparison.NotCovered)}.\n");
        return text.ToString();
    }

    private static void WriteFlips(StringBuilder text, Comparison comparison, int limit)
    {
        if (comparison.Flips.Count == 0) return;
        text.Append($"\n## Changed outcomes\n\n{comparison.Flips.Count(f => f.Gain)} gained, {comparison.Flips.Count(f => !f.Gain)} not.\n");
        foreach (var flip in comparison.Flips.Take(limit))
        {
            text.Append($"\n### {flip.Task}: {flip.Before} → {flip.After}\n");
            WriteSide(text, flip, flip.BeforeText, flip.BeforeDiagnostics);
            WriteSide(text, flip, flip.AfterText, flip.AfterDiagnostics);
        }
        if (comparison.Flips.Count > limit) text.Append($"\n… and {comparison.Flips.Count - limit} more.\n");
    }

    private static void WriteSide(StringBuilder text, Flip flip, string answer, IReadOnlyList<string> diagnostics)
    {
        // A fence longer than any in the answer, or the answer could break out of it.
        var fence = new string('`', Math.Max(3, LongestRun(answer) + 1));
        text.Append($"\n{fence}{(flip.Kind == TaskKind.Code ? "csharp" : "text")}\n{answer.TrimEnd('\n')}\n{fence}\n");
        foreach (var d in diagnostics.Take(3)) text.Append($"- {Cell(d)}\n");
    }

    private static int LongestRun(string text)
    {
        int longest = 0, run = 0;
        foreach (var c in text) longest = Math.Max(longest, run = c == '`' ? run + 1 : 0);
        return longest;
    }

    private static string Value(MetricValue metric, double value) =>
        double.IsNaN(value) ? "n/a" : metric.IsShare ? $"{(value * 100).ToString("0.0", CultureInfo.InvariantCulture)}%" : value.ToString("0.000", CultureInfo.InvariantCulture);

    private static string Signed(MetricValue metric, double value) => value > 0 ? "+" + Value(metric, value) : Value(metric, value);

    private static string Range(MetricValue metric, Interval interval) =>
        double.IsNaN(interval.Low) ? "" : $"[{Value(metric, interval.Low)}, {Value(metric, interval.High)}]";

    private static string Probability(double p) => double.IsNaN(p) ? "n/a" : p < 0.001 ? "<0.001" : p.ToString("0.000", CultureInfo.InvariantCulture);

    private static string Cell(string text) => text.Replace("|", "\\|").Replace("\r", "").Replace('\n', ' ');
}
