using System.Text;
using DocTuneLab.Evaluation.Metrics;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Suites;

namespace DocTuneLab.Evaluation.Reports;

/// <summary>Writes results for people.</summary>
public static class MarkdownReport
{
    /// <summary>Metrics of one arm.</summary>
    public static string Of(EvaluationResult result)
    {
        var text = new StringBuilder();
        text.Append($"# {result.Arm}: {Cell(result.Subject)}\n\n| Metric | Value | 95% interval | Tasks |\n|---|---:|---|---:|\n");
        foreach (var m in result.Metrics)
        {
            Row(m.Title, m);
            foreach (var (label, tasks) in new[] { ("unseen", result.Patterns?.Unseen), ("seen", result.Patterns?.Seen) })
                if (m.Over((tasks ?? []).ToHashSet(StringComparer.Ordinal), result.Options) is { } part) Row("· " + label, part);
        }
        if (Figures.Unreadable(result) is { } unreadable) text.Append($"\n{unreadable}\n");
        foreach (var line in Figures.Patterns(result.Patterns)) text.Append($"\n{line}");
        text.Append('\n');
        text.Append($"\nSuite `{result.SuiteHash}`, extraction rule {result.ExtractorVersion}, grading rule {result.GraderVersion}, "
            + $"seed {result.Options.Seed}.\n");
        foreach (var line in (string[])[.. Figures.Unjudged(result), .. Figures.Unanswered(result)]) text.Append($"\n{Cell(line)}\n");
        text.Append(result.Sandbox is { } sandbox
            ? $"Answers were run ({sandbox.Name}). Not covered: {string.Join("; ", sandbox.NotCovered)}.\n"
            : "Answers were not run, so there is no pass rate.\n");
        return text.ToString();

        void Row(string title, MetricValue m) =>
            text.Append($"| {title} | {Figures.Value(m, m.Value)} | {Figures.Range(m.Interval, m.IsShare)} | {m.Tasks} |\n");
    }

    /// <summary>Several arms: what came out, metrics of all arms, each comparison, retention, preferences, symbols,
    /// flips, settings.</summary>
    /// <param name="report">The report.</param>
    /// <param name="flips">Most flips of each comparison that are shown in full.</param>
    public static string Of(EvaluationReport report, int flips = 20)
    {
        var text = new StringBuilder("# Evaluation\n\n");
        foreach (var line in Headlines(report)) text.Append($"- {line.ReplaceLineEndings(" ")}\n");
        text.Append($"\n## Arms\n\n| Metric | {string.Join(" | ", report.Results.Select(r => r.Arm))} | Tasks |\n"
            + $"|---|{string.Concat(report.Results.Select(_ => "---|"))}---:|\n");
        foreach (var m in report.Results.SelectMany(r => r.Metrics).DistinctBy(m => m.Name))
        {
            ArmsRow(text, m.Title, [.. report.Results.Select(r => r[m.Name])]);
            foreach (var (label, values) in Figures.Parts(report, m.Name)) ArmsRow(text, "· " + label, values);
        }
        foreach (var c in report.Comparisons)
        {
            text.Append($"\n## {Cell(c.FirstArm)} and {Cell(c.SecondArm)}\n\n");
            WriteMetrics(text, c);
            WriteFlips(text, c, flips);
        }
        if (report.Comparisons.Count > 0) text.Append(Legend);
        WriteGates(text, report.Gates);
        WritePreferences(text, report);
        WriteSymbols(text, [.. report.Results.Select(r => r.Arm)], report.Symbols, report.Invented);
        text.Append("\n## Settings\n\n| | |\n|---|---|\n");
        foreach (var (name, value) in report.Settings) text.Append($"| {Cell(name)} | {Cell(value)} |\n");
        return text.ToString();
    }

    /// <summary>What came out, one sentence a line.</summary>
    public static IReadOnlyList<string> Headlines(EvaluationReport report) =>
    [
        .. report.Comparisons.Select(Figures.Headline), .. report.Gates.Select(g => $"Retention gate of {g.Arm}: {Figures.Gate(g)}"),
        .. report.Results.SelectMany(Figures.Unjudged), .. report.Results.SelectMany(Figures.Unanswered),
        .. report.Results.Where(r => Figures.Unreadable(r) is not null).Select(r => $"{r.Arm}: {Figures.Unreadable(r)}"),
        .. Figures.Patterns(report.Patterns),
        .. report.Results[0].NotRun is { } why ? new[] { why } : [], .. Figures.Unreviewed(report.Results[0]),
    ];

    /// <summary>A metric with its interval.</summary>
    public static string Format(MetricValue m) => $"{Figures.Value(m, m.Value)} {Figures.Range(m.Interval, m.IsShare)}".TrimEnd();

    /// <summary>A comparison as rows of text: metric, both arms, difference, p, verdict, detectable. Behind a metric follow the rows of
    /// unseen and of seen tasks, where these are known.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Rows(Comparison comparison)
    {
        return [.. comparison.Metrics.SelectMany(m => (IReadOnlyList<IReadOnlyList<string>>)
        [
            Row(m.First.Title + (m.First.Primary ? " *" : ""), m),
            .. Figures.Parts(comparison, m.First.Name).Select(p => Row("· " + p.Label, p.Metric)),
        ])];

        static IReadOnlyList<string> Row(string title, MetricComparison m) =>
        [
            title, Format(m.First), Format(m.Second),
            $"{Figures.Signed(m.Difference.Value, m.First.IsShare)} {Figures.Range(m.Difference.Interval, m.First.IsShare)}".TrimEnd(),
            Figures.Probability(m.HolmP ?? m.P), m.Verdict.ToString().ToLowerInvariant(), Figures.Value(m.First, m.Detectable),
        ];
    }

    /// <summary>Two arms: metrics, what may be said of them, flips, symbols, invented names.</summary>
    /// <param name="comparison">The comparison.</param>
    /// <param name="flips">Most flips shown in full.</param>
    public static string Of(Comparison comparison, int flips = 20)
    {
        var text = new StringBuilder();
        text.Append($"# {Cell(comparison.First)} and {Cell(comparison.Second)}\n\n");
        WriteMetrics(text, comparison);
        text.Append(Legend);
        WriteFlips(text, comparison, flips);
        WriteSymbols(text, [comparison.FirstArm, comparison.SecondArm], comparison.Symbols, comparison.Invented);
        if (comparison.NotCovered.Count > 0) text.Append($"\nThe sandbox does not cover: {string.Join("; ", comparison.NotCovered)}.\n");
        return text.ToString();
    }

    private static void ArmsRow(StringBuilder text, string title, IReadOnlyList<MetricValue?> values)
    {
        var cells = values.Select(v => v is null ? "" : $"{Figures.Value(v, v.Value)} {Figures.Range(v.Interval, v.IsShare)}");
        text.Append($"| {title} | {string.Join(" | ", cells)} | {values.OfType<MetricValue>().First().Tasks} |\n");
    }

    private const string Legend = "\nBrackets are 95% intervals (bootstrap over documents). Bold metrics are primary: "
        + "their p is corrected over all primary metrics (Holm). "
        + "*better* and *worse* need p below 0.05 (randomisation of whole documents); all else is *inconclusive*. "
        + "*Detectable* is the true difference that this suite would find 8 times of 10; n/a where it could find none. *Unseen* and *seen* "
        + "rows are of the tasks whose solution or question training data does not show, and shows, their p corrected among themselves.\n";

    private static void WriteMetrics(StringBuilder text, Comparison comparison)
    {
        text.Append($"{comparison.CanShow}\n\n")
            .Append("| Metric | First | Second | Difference | p | Verdict | Detectable |\n|---|---|---|---|---:|---|---:|\n");
        foreach (var m in comparison.Metrics)
        {
            Row(m.First.Primary ? $"**{m.First.Title}**" : m.First.Title, m);
            foreach (var (label, part) in Figures.Parts(comparison, m.First.Name)) Row("· " + label, part);
        }

        void Row(string title, MetricComparison m)
        {
            var share = m.First.IsShare;
            var p = m.HolmP is { } holm ? $"{Figures.Probability(holm)} (Holm)" : Figures.Probability(m.P);
            text
                .Append($"| {title} | {Figures.Value(m.First, m.First.Value)} "
                    + $"{Figures.Range(m.First.Interval, share)} | ")
                .Append($"{Figures.Value(m.Second, m.Second.Value)} {Figures.Range(m.Second.Interval, share)} | "
                    + $"{Figures.Signed(m.Difference.Value, share)} {Figures.Range(m.Difference.Interval, share)} | ")
                .Append($"{p} | {m.Verdict.ToString().ToLowerInvariant()} | {Figures.Value(m.First, m.Detectable)} |\n");
        }
    }

    private static void WriteGates(StringBuilder text, IReadOnlyList<RetentionGate> gates)
    {
        if (gates.Count == 0) return;
        text.Append("\n## Retention gate\n\n| Arm | Measure | Loss | 95% interval | Limit | |\n|---|---|---:|---|---:|---|\n");
        foreach (var gate in gates)
            foreach (var c in gate.Checks)
                text.Append($"| {Cell(gate.Arm)} | {c.Title} | {Figures.Signed(c.Change, Figures.IsShare(c))} | "
                    + $"{Figures.Range(c.Interval, Figures.IsShare(c))} | {Figures.Signed(c.Limit, Figures.IsShare(c))} | "
                    + $"{c.Status.ToString().ToLowerInvariant()}{(c.Passes ? "" : ", over the limit")} |\n");
    }

    private static void WritePreferences(StringBuilder text, EvaluationReport report)
    {
        if (report.Preferences.Count == 0) return;
        text.Append("\n## Preferences\n\n| Judge | Arms | Votes | Readings not readable | Second preferred | 95% interval | p "
            + "| Agreement of two readings | Verdict |\n|---|---|---:|---:|---:|---|---:|---:|---|\n");
        foreach (var p in report.Preferences)
            text.Append($"| {Cell(p.Judge)} | {Cell(p.First)}, {Cell(p.Second)} | {p.Readable} | {p.Unreadable} | "
                + $"{Figures.Value(p.WinRate, true)} | "
                + $"{Figures.Range(p.Interval, true)} | {Figures.Probability(p.P)} | {Figures.Value(p.Agreement, true)} | "
                + $"{p.Verdict.ToString().ToLowerInvariant()} |\n");
        if (report.Ranking.Count == 0) return;
        text.Append("\nBradley-Terry strengths (log odds to the first; half a vote added for each side):\n\n");
        foreach (var s in report.Ranking.OrderByDescending(s => s.LogStrength))
            text.Append($"- {Cell(s.Name)}: {Figures.Signed(s.LogStrength, false)} ± {Figures.Value(s.StandardError, false)}\n");
    }

    private static void WriteSymbols(StringBuilder text, IReadOnlyList<string> arms, IReadOnlyList<SymbolRow> symbols,
        IReadOnlyList<InventedRow> invented)
    {
        if (symbols.Count > 0)
        {
            text.Append($"\n## Symbols\n\n| Symbol | Tasks that need it "
                + $"|{string.Concat(arms.Select(a => $" {Cell(a)}: used where needed / right / misused |"))}\n|---|---:|"
                + $"{string.Concat(arms.Select(_ => "---|"))}\n");
            foreach (var s in symbols)
                text.Append($"| `{Cell(s.Id)}` | {s.GoldTasks} "
                    + $"|{string.Concat(s.Arms.Select(a => $" {a.Recalled} / {a.Right} / {a.Misused} |"))}\n");
        }
        if (invented.Count > 0)
        {
            text.Append($"\n## Invented names\n\n| Name | Nearest real member |{string.Concat(arms.Select(a => $" {Cell(a)} |"))}\n"
                + $"|---|---|{string.Concat(arms.Select(_ => "---:|"))}\n");
            foreach (var n in invented)
                text.Append($"| `{Cell(n.FullName)}` | {(n.Suggestion is null ? "" : $"`{Cell(n.Suggestion)}`")} "
                    + $"|{string.Concat(n.Counts.Select(c => $" {c} |"))}\n");
        }
    }

    private static void WriteFlips(StringBuilder text, Comparison comparison, int limit)
    {
        if (comparison.Flips.Count == 0) return;
        text.Append(
            $"\n## Changed outcomes\n\n{comparison.Flips.Count(f => f.Gain)} gained, {comparison.Flips.Count(f => !f.Gain)} lost.\n");
        foreach (var flip in comparison.Flips.Take(limit))
        {
            text.Append($"\n### {flip.Task}: {flip.Before.Text()} → {flip.After.Text()}\n");
            WriteSide(text, flip, flip.BeforeText, flip.BeforeDiagnostics);
            WriteSide(text, flip, flip.AfterText, flip.AfterDiagnostics);
        }
        if (comparison.Flips.Count > limit) text.Append($"\n… and {comparison.Flips.Count - limit} more.\n");
    }

    private static void WriteSide(StringBuilder text, Flip flip, string answer, IReadOnlyList<string> diagnostics)
    {
        // A fence longer than any in the answer, or the answer could break out of it.
        var fence = new string('`', Math.Max(3, LongestRun(answer) + 1));
        var isCode = flip.Kind is not (TaskKind.Qa or TaskKind.Members);
        text.Append($"\n{fence}{(isCode ? "csharp" : "text")}\n{answer.TrimEnd('\n')}\n{fence}\n");
        foreach (var d in diagnostics.Take(3)) text.Append($"- {Cell(d)}\n");
    }

    private static int LongestRun(string text)
    {
        int longest = 0, run = 0;
        foreach (var c in text) longest = Math.Max(longest, run = c == '`' ? run + 1 : 0);
        return longest;
    }

    private static string Cell(string text) => text.Replace("|", "\\|").Replace("\r", "").Replace('\n', ' ');
}
