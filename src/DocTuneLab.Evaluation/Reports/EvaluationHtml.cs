using System.Globalization;
using System.Net;
using System.Text;
using DocTuneLab.Evaluation.Metrics;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Statistics;

namespace DocTuneLab.Evaluation.Reports;

/// <summary>The parts of an HTML report. They need no script and no style sheet, so they stand in a cell of a notebook as well
/// as on a page.</summary>
public static class EvaluationHtml
{
    private const string Left = " style=\"text-align:left;vertical-align:top\"";

    /// <summary>What came out, in sentences.</summary>
    public static string Headline(EvaluationReport report)
    {
        var html = new StringBuilder();
        foreach (var c in report.Comparisons) html.Append($"<p><strong>{Text(Figures.Headline(c))}</strong></p>");
        foreach (var g in report.Gates) html.Append($"<p>Retention gate of {Text(g.Arm)}: <strong>{Text(Figures.Gate(g))}</strong></p>");
        foreach (var line in report.Results.SelectMany(r => (string[])[.. Figures.Unjudged(r), .. Figures.Unanswered(r)]))
            html.Append($"<p>{Text(line)}</p>");
        foreach (var line in Figures.Patterns(report.Patterns)) html.Append($"<p>{Text(line)}</p>");
        if (report.Results[0].NotRun is { } why) html.Append($"<p>{Text(why)}</p>");
        foreach (var line in Figures.Unreviewed(report.Results[0])) html.Append($"<p>{Text(line)}</p>");
        return html.ToString();
    }

    /// <summary>Every metric of every arm with its interval.</summary>
    public static string Arms(EvaluationReport report)
    {
        var html = new StringBuilder("<div style=\"overflow-x:auto\"><table><thead><tr>"
            + $"<th{Left}>Metric</th>{string.Concat(report.Results.Select(r => $"<th>{Text(r.Arm)}</th>"))}<th>Tasks</th></tr>"
            + "</thead><tbody>");
        foreach (var m in report.Results.SelectMany(r => r.Metrics).DistinctBy(m => m.Name))
        {
            Row($"{Text(m.Title)}{(m.Primary ? " ★" : "")}", [.. report.Results.Select(r => r[m.Name])]);
            foreach (var (label, values) in Figures.Parts(report, m.Name)) Row(Part(label), values);
        }
        html.Append("</tbody></table></div>");
        foreach (var r in report.Results)
            if (Figures.Unreadable(r) is { } unreadable) html.Append($"<p><small>{Text(r.Arm)}: {Text(unreadable)}</small></p>");
        return html.ToString();

        void Row(string title, IReadOnlyList<MetricValue?> values) => html.Append($"<tr><td{Left}>{title}</td>")
            .Append(string.Concat(values.Select(v => v is null ? "<td></td>" : $"<td>{Cell(v.Value, v.Interval, v.IsShare)}</td>")))
            .Append($"<td>{values.OfType<MetricValue>().First().Tasks}</td></tr>");
    }

    /// <summary>Metrics of two arms with paired difference, p, verdict and what the suite could detect.</summary>
    public static string Metrics(Comparison comparison)
    {
        var html = new StringBuilder($"<div style=\"overflow-x:auto\"><table><thead><tr><th{Left}>Metric</th>"
            + $"<th>{Text(comparison.FirstArm)}</th><th>{Text(comparison.SecondArm)}</th><th>Difference</th><th>Verdict</th>"
            + "<th>Detectable</th></tr></thead><tbody>");
        foreach (var m in comparison.Metrics)
        {
            Row($"{Text(m.First.Title)}{(m.First.Primary ? " ★" : "")}", m);
            foreach (var (label, part) in Figures.Parts(comparison, m.First.Name)) Row(Part(label), part);
        }
        void Row(string title, MetricComparison m)
        {
            var share = m.First.IsShare;
            html
                .Append($"<tr><td{Left}>{title}</td>"
                    + $"<td>{Cell(m.First.Value, m.First.Interval, share)}</td><td>{Cell(m.Second.Value, m.Second.Interval, share)}</td>")
                .Append($"<td>{(m.Difference.Value > 0 ? "+" : "")}{Cell(m.Difference.Value, m.Difference.Interval, share)}</td>")
                .Append($"<td>{Verdict(m.Verdict)}<br><small>p {Text(Figures.Probability(m.HolmP ?? m.P))}</small></td>"
                    + $"<td>{Figures.Value(m.Detectable, share)}</td></tr>");
        }
        return html
            .Append("</tbody></table></div><p><small>★ primary metrics, their p values corrected together (Holm). "
                + "Second lines are 95% intervals by bootstrap over documents. ")
            .Append("<em>Better</em> and <em>worse</em> need p below 0.05 (randomisation of whole documents). <em>Detectable</em>: "
                + "the true difference that this suite finds 8 times of 10. n/a: none could be found, or no task could count. ")
            .Append(comparison.Unseen.Count + comparison.Seen.Count == 0 ? ""
                : "<em>Unseen</em> and <em>seen</em>: tasks whose solution or question training data does not show, and shows. ")
            .Append($"{comparison.CanShow}</small></p>")
            .ToString();
    }

    /// <summary>Retention of each arm against its base.</summary>
    public static string Gates(IReadOnlyList<RetentionGate> gates)
    {
        if (gates.Count == 0) return "<p>Retention was not measured.</p>";
        var html = new StringBuilder($"<div style=\"overflow-x:auto\"><table><thead><tr><th{Left}>Arm</th><th{Left}>Measure</th>"
            + "<th>Loss</th><th>Limit</th><th>Status</th></tr></thead><tbody>");
        foreach (var (gate, c) in gates.SelectMany(g => g.Checks.Select(c => (g, c))))
            html.Append($"<tr><td{Left}>{Text(gate.Arm)}</td><td{Left}>{Text(c.Title)}</td>"
                + $"<td>{(c.Change > 0 ? "+" : "")}{Cell(c.Change, c.Interval, Figures.IsShare(c))}</td>"
                + $"<td>{Figures.Signed(c.Limit, Figures.IsShare(c))}</td>"
                + $"<td>{(c.Passes ? "" : "over the limit, ")}{c.Status.ToString().ToLowerInvariant()}</td></tr>");
        return html.Append("</tbody></table></div>").ToString();
    }

    /// <summary>Preferences of judges and people, and the ranking.</summary>
    public static string Preferences(EvaluationReport report)
    {
        if (report.Preferences.Count == 0) return "";
        var html = new StringBuilder($"<div style=\"overflow-x:auto\"><table><thead><tr><th{Left}>Judge</th><th{Left}>Arms</th>"
            + "<th>Votes</th><th>Not readable</th><th>Second preferred</th><th>p</th><th>Agreement</th><th>Verdict</th></tr></thead>"
            + "<tbody>");
        foreach (var p in report.Preferences)
            html.Append($"<tr><td{Left}>{Text(p.Judge)}</td><td{Left}>{Text(p.First)}, {Text(p.Second)}</td><td>{p.Readable}</td>"
                + $"<td>{p.Unreadable}</td>"
                + $"<td>{Cell(p.WinRate, p.Interval, true)}</td><td>{Text(Figures.Probability(p.P))}</td>"
                + $"<td>{Figures.Value(p.Agreement, true)}</td><td>{Verdict(p.Verdict)}</td></tr>");
        html.Append("</tbody></table></div><p><small>A tie, and two readings that disagree, count one half. p: "
            + "by randomisation of whole documents. Agreement: share of votes where both orders gave the same. "
            + "Readings that are not readable count nowhere.</small></p>");
        if (report.Ranking.Count > 0)
            html.Append("<p>Bradley-Terry strengths (log odds): ")
                .Append(Text(string.Join(", ",
                    report.Ranking.OrderByDescending(s => s.LogStrength)
                        .Select(s => $"{s.Name} {Figures.Signed(s.LogStrength, false)} ± {Figures.Value(s.StandardError, false)}"))))
                .Append("</p>");
        return html.ToString();
    }

    /// <summary>Tasks whose outcome changed, with both answers and what the compiler said.</summary>
    /// <param name="comparison">Two arms.</param>
    /// <param name="count">Most gains, and most losses, shown.</param>
    public static string Flips(Comparison comparison, int count)
    {
        var html = new StringBuilder($"<p>{comparison.Flips.Count(f => f.Gain)} gained, {comparison.Flips.Count(f => !f.Gain)} "
            + $"lost.</p><div style=\"overflow-x:auto\"><table><thead><tr><th{Left}>Task</th><th{Left}>{Text(comparison.FirstArm)}</th>"
            + $"<th{Left}>{Text(comparison.SecondArm)}</th></tr></thead><tbody>");
        foreach (var flip in comparison.Flips.Where(f => f.Gain).Take(count).Concat(comparison.Flips.Where(f => !f.Gain).Take(count)))
        {
            html.Append($"<tr><td{Left}>{Text(flip.Task)} {(flip.Gain ? "▲" : "▼")}</td>");
            Side(flip.Before.Text(), flip.BeforeText, flip.BeforeDiagnostics);
            Side(flip.After.Text(), flip.AfterText, flip.AfterDiagnostics);
            html.Append("</tr>");
        }
        return html.Append("</tbody></table></div>").ToString();

        void Side(string outcome, string answer, IReadOnlyList<string> diagnostics) => html
            .Append($"<td{Left}><small>{Text(outcome)}</small><pre style=\"margin:0;white-space:pre-wrap;overflow-wrap:anywhere;"
                + $"min-width:11em\">{Text(Short(answer, 600))}</pre>")
            .Append(string.Concat(diagnostics.Take(2)
                .Select(d => $"<small style=\"display:block;overflow-wrap:anywhere\">{Text(Short(d, 240))}</small>")))
            .Append("</td>");
    }

    // Two or three arms side by side leave no room for a whole title.
    private static readonly Dictionary<string, string> s_shortTitles = new(StringComparer.Ordinal)
    {
        [MetricNames.CompileRate] = "compiles",
        [MetricNames.ApiRecall] = "recall",
        [MetricNames.Pass1] = "pass@1",
        [MetricNames.QaAccuracy] = "questions",
    };

    /// <summary>The primary metrics that are shares, the more the better, of each document by arm:
    /// what compiles, passes and is answered right.</summary>
    public static string Documents(EvaluationReport report)
    {
        var present = report.Results.SelectMany(r => r.Metrics)
            .Where(m => m is { Primary: true, HigherIsBetter: true, IsShare: true })
            .DistinctBy(m => m.Name)
            .Select(m => (m.Name, Title: s_shortTitles.GetValueOrDefault(m.Name, m.Title))).ToList();
        var documents = present.SelectMany(s => report.Results.SelectMany(r => r[s.Name]?.Observations ?? []))
            .Select(o => o.Cluster)
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal);
        var html = new StringBuilder("<div style=\"overflow-x:auto\"><table><thead><tr><th "
            + $"rowspan=\"2\"{Left}>Document</th>"
            + $"{string.Concat(present.Select(s => $"<th colspan=\"{report.Results.Count}\">{Text(s.Title)}</th>"))}</tr><tr>"
            + $"{string.Concat(present.SelectMany(_ => report.Results.Select(r => $"<th><small>{Text(r.Arm)}</small></th>")))}</tr></thead>"
            + "<tbody>");
        foreach (var document in documents)
        {
            html.Append($"<tr><td{Left}>{Text(document)}</td>");
            foreach (var (metric, result) in present.SelectMany(s => report.Results.Select(r => (s.Name, r))))
                html.Append(Heat(Statistics.Bootstrap.Estimate((result[metric]?.Observations ?? []).Where(o => o.Cluster == document))));
            html.Append("</tr>");
        }
        return html.Append("</tbody></table></div>").ToString();
    }

    /// <summary>Members that tasks need: in which share of these tasks each arm uses them, and how often it uses them wrongly.</summary>
    /// <param name="report">The report.</param>
    /// <param name="count">Most members shown.</param>
    public static string Symbols(EvaluationReport report, int count = 60)
    {
        var rows = report.Symbols.Where(s => s.GoldTasks > 0 || s.Arms.Any(a => a.Misused > 0)).ToList();
        var html = new StringBuilder($"<div style=\"overflow-x:auto\"><table><thead><tr><th rowspan=\"2\"{Left}>Member</th><th "
            + $"rowspan=\"2\">Tasks</th><th colspan=\"{report.Results.Count}\">used where needed</th><th "
            + $"colspan=\"{report.Results.Count}\">misused</th></tr>"
            + "<tr>"
            + $"{string.Concat(Enumerable.Repeat(string.Concat(report.Results.Select(r => $"<th><small>{Text(r.Arm)}</small></th>")), 2))}"
            + "</tr></thead><tbody>");
        foreach (var s in rows.Take(count))
            html.Append($"<tr><td{Left}><code style=\"overflow-wrap:anywhere\">{Text(ShortId(s.Id))}</code></td>"
                + $"<td>{s.GoldTasks}</td>"
                + $"{string.Concat(s.Arms.Select(a => Heat(s.GoldTasks == 0 ? double.NaN : (double)a.Recalled / s.GoldTasks)))}"
                + $"{string.Concat(s.Arms.Select(a => $"<td>{(a.Misused == 0 ? "" : a.Misused)}</td>"))}</tr>");
        html.Append("</tbody></table></div>");
        if (rows.Count > count) html.Append($"<p><small>and {rows.Count - count} more</small></p>");
        return html.ToString();
    }

    /// <summary>Names that do not exist, with the nearest real member.</summary>
    /// <param name="report">The report.</param>
    /// <param name="count">Most names shown.</param>
    public static string Invented(EvaluationReport report, int count = 40)
    {
        if (report.Invented.Count == 0) return "<p>No arm invented a name.</p>";
        var html = new StringBuilder($"<div style=\"overflow-x:auto\"><table><thead><tr><th{Left}>Invented</th><th{Left}>Nearest real "
            + $"member</th>{string.Concat(report.Results.Select(r => $"<th>{Text(r.Arm)}</th>"))}</tr></thead><tbody>");
        foreach (var n in report.Invented.Take(count))
            html.Append($"<tr><td{Left}><code>{Text(Short(n.FullName, 60))}</code></td>"
                + $"<td{Left}>{(n.Suggestion is null ? "" : $"<code>{Text(n.Suggestion)}</code>")}</td>"
                + $"{string.Concat(n.Counts.Select(c => $"<td>{c}</td>"))}</tr>");
        html.Append("</tbody></table></div>");
        if (report.Invented.Count > count) html.Append($"<p><small>and {report.Invented.Count - count} more</small></p>");
        return html.ToString();
    }

    /// <summary>Settings, hashes and limits.</summary>
    internal static string Settings(IReadOnlyDictionary<string, string> settings) =>
        $"<table><tbody>{string.Concat(settings.Select(s => $"<tr><th{Left}>{Text(s.Key)}</th><td{Left}>{Text(s.Value)}</td></tr>"))}"
            + "</tbody></table>";

    /// <summary>Shares of all arms with their intervals, as a drawing.</summary>
    public static string Intervals(EvaluationReport report)
    {
        // All metrics over all tasks, then the primary ones over those that training data does not show, and shows.
        var names = new[] { ("", report.Results), (", unseen", report.Unseen), (", seen", report.Seen) }
            .SelectMany(p => p.Item2.SelectMany(r => r.Metrics)
                .Where(m => m.IsShare && double.IsFinite(m.Value) && (m.Primary || p.Item2 == report.Results))
                .DistinctBy(m => m.Name).Select(m => (m.Name, Title: m.Title + p.Item1, Arms: p.Item2))).ToList();
        string[] colours = ["#7d8592", "#b98a1d", "#4269d0", "#a463f2", "#3ca951", "#ff725c", "#9c6b4e", "#6cc5b0", "#ff8ab7", "#97bbf5"];
        var step = (report.Results.Count * 11) + 14;
        var height = (names.Count * step) + 34;
        var svg = new StringBuilder($"<svg role=\"img\" aria-label=\"Metrics with 95% intervals\" viewBox=\"0 0 640 {height}\" "
            + "style=\"width:100%;max-width:720px;height:auto\" font-family=\"system-ui,sans-serif\" font-size=\"11\" "
            + "fill=\"currentColor\">");
        double X(double share) => 236 + (Math.Clamp(share, 0, 1) * 384);
        string N(double v) => v.ToString("0.#", CultureInfo.InvariantCulture);
        for (var tick = 0; tick <= 4; tick++)
            svg.Append($"<line x1=\"{N(X(tick / 4.0))}\" x2=\"{N(X(tick / 4.0))}\" y1=\"22\" y2=\"{height - 6}\" stroke=\"currentColor\" "
                + $"stroke-opacity=\".15\"/><text x=\"{N(X(tick / 4.0))}\" y=\"16\" text-anchor=\"middle\" "
                + $"fill-opacity=\".7\">{tick * 25}%</text>");
        for (var i = 0; i < names.Count; i++)
        {
            var top = 30 + (i * step);
            svg.Append($"<text x=\"226\" y=\"{top + ((step - 14) / 2) + 4}\" text-anchor=\"end\">{Text(names[i].Title)}</text>");
            for (var a = 0; a < report.Results.Count; a++)
            {
                if (names[i].Arms[a][names[i].Name] is not { } v || !double.IsFinite(v.Value)) continue;
                var y = top + (a * 11) + 5;
                if (double.IsFinite(v.Interval.Low))
                    svg.Append($"<line x1=\"{N(X(v.Interval.Low))}\" x2=\"{N(X(v.Interval.High))}\" y1=\"{y}\" y2=\"{y}\" "
                        + $"stroke=\"{colours[a % colours.Length]}\" stroke-width=\"2\"/>");
                svg.Append($"<circle cx=\"{N(X(v.Value))}\" cy=\"{y}\" r=\"4\" fill=\"{colours[a % colours.Length]}\">"
                    + $"<title>{Text($"{report.Results[a].Arm}: {Figures.Value(v, v.Value)} {Figures.Range(v.Interval, true)}")}</title>"
                    + $"</circle>");
            }
        }
        svg.Append("</svg>");
        var legend = string.Concat(report.Results.Select((r, a) => "<span style=\"margin-right:1.2em;white-space:nowrap\"><span "
            + $"style=\"display:inline-block;width:.7em;height:.7em;border-radius:50%;background:{colours[a % colours.Length]}\"></span> "
            + $"{Text(r.Arm)}</span>"));
        return $"<p>{legend}</p>{svg}";
    }

    private static string Part(string label) => $"<small style=\"padding-left:1em\">{label}</small>";

    private static string Heat(double share)
    {
        if (double.IsNaN(share)) return "<td></td>";
        // Blue of growing strength on any background; the number stands in the cell, so colour is never the only sign.
        var alpha = (0.06 + (0.6 * share)).ToString("0.##", CultureInfo.InvariantCulture);
        return $"<td style=\"background:rgba(66,105,208,{alpha});text-align:center\">"
            + $"{(share * 100).ToString("0", CultureInfo.InvariantCulture)}</td>";
    }

    private static string Verdict(ComparisonVerdict verdict) => verdict switch
    {
        ComparisonVerdict.Better => "▲ better",
        ComparisonVerdict.Worse => "▼ worse",
        _ => "inconclusive",
    };

    private static string Cell(double value, Statistics.Interval interval, bool share) =>
        Figures.Value(value, share) + (double.IsNaN(interval.Low)
            ? ""
            : $"<br><small style=\"white-space:nowrap\">{Figures.Value(interval.Low, share)} to "
                + $"{Figures.Value(interval.High, share)}</small>");

    // The kind letter and the namespaces of parameters say little and cost the width of a phone.
    private static string ShortId(string id)
    {
        var open = id.IndexOf('(', StringComparison.Ordinal);
        return open < 0 ? id[2..] : id[2..open] + "("
            + string.Join(", ", id[(open + 1)..].TrimEnd(')').Split(',').Select(p => p[(p.LastIndexOf('.') + 1)..])) + ")";
    }

    private static string Short(string text, int length) => text.Length > length ? text[..length] + " …" : text;

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
