using System.Globalization;
using System.Net;
using System.Text;
using DocTuneLab.Corpus;
using DocTuneLab.Evaluation;
using DocTuneLab.Evaluation.Metrics;

namespace DocTuneLab.Extension;

/// <summary>HTML of the experiment for a cell or the top of a report; every figure comes from the session.</summary>
public static class Summary
{
    private static readonly string[] s_headline = [MetricNames.CompileRate, MetricNames.ApiRecall, MetricNames.QaAccuracy, MetricNames.Pass1, MetricNames.HallucinationRate];

    /// <summary>Headline, metric table, counts and settings.</summary>
    public static string Html(LabSession lab)
    {
        if (lab.Comparison is not { } comparison || lab.Results is not { } results) throw new LabException("there is nothing to report yet: run #!evaluate first");
        var html = new StringBuilder();
        var rows = s_headline.Select(n => comparison[n]).OfType<MetricComparison>().Where(m => double.IsFinite(m.First.Value) && double.IsFinite(m.Second.Value)).ToArray();
        html.Append("<p><strong>").Append(Text(Sentence(rows))).Append("</strong></p>");
        html.Append(Table(comparison.Metrics));
        html.Append("<table><tbody>");
        Row("Documents", $"{lab.Documents!.Documents.Count} pages, {lab.Chunks.Count} chunks, {lab.Api!.Symbols.Count} public symbols, {lab.Documents.BrokenLinks.Count} broken links");
        if (lab.Corpus is { } corpus)
            Row("Corpus", $"{corpus.Samples.Count:N0} accepted samples ({corpus.Tokens:N0} tokens), {corpus.Rejected.Count:N0} rejected; {corpus.Coverage.UsedShare:P0} of the public members used in compiling code");
        Row("Suite", $"{results.Base.Code.Count} code tasks and {results.Base.Qa.Count} questions, held out; suite {comparison.SuiteHash[..12]}");
        if (lab.Training is { } training && lab.TrainingSettings is { } settings)
        {
            Row("Training", $"QLoRA (NF4) rank {settings.Lora.Rank}, {lab.Adapter!.ParameterCount:N0} trained parameters, {training.Steps} steps, {training.Tokens:N0} tokens in {training.Elapsed.TotalSeconds:F0} s; loss {training.FinalLoss:F3}, validation {training.BestEvalLoss:F3}{(training.Interrupted ? " (stopped before the planned steps)" : "")}");
            Row("Memory", $"{training.PeakMemoryBytes / 1048576.0:N0} MB at most while training");
        }
        Row("Base model", $"{Path.GetFileName(lab.Model!.Directory)}, {lab.Model.ParameterCount / 1e6:F1} M parameters, {lab.Model.WeightBytes / 1048576.0:F1} MB in NF4, computed in {lab.Model.ComputeType}; weights {lab.Model.Hash[..12]}");
        Row("Prompts", $"{lab.CodeTemplate.Name}, {lab.QaTemplate.Name}");
        Row("Sandbox", results.Base.Sandbox is { } sandbox ? $"{sandbox.Name}; not covered: {string.Join(", ", sandbox.NotCovered)}" : "answers were not run");
        Row("Seed", lab.Seed.ToString(CultureInfo.InvariantCulture));
        html.Append("</tbody></table>");
        return html.ToString();

        void Row(string name, string value) => html.Append("<tr><th style=\"text-align:left\">").Append(Text(name)).Append("</th><td>").Append(Text(value)).Append("</td></tr>");
    }

    /// <summary>Metrics of both arms with intervals, paired difference and verdict.</summary>
    public static string Table(IReadOnlyList<MetricComparison> metrics)
    {
        var html = new StringBuilder("<table><thead><tr><th>Metric</th><th>Base</th><th>Tuned</th><th>Difference</th><th>p</th><th>Verdict</th></tr></thead><tbody>");
        foreach (var m in metrics)
        {
            string Value(double v) => double.IsNaN(v) ? "n/a" : m.First.IsShare ? (100 * v).ToString("F1", CultureInfo.InvariantCulture) + "%" : v.ToString("F3", CultureInfo.InvariantCulture);
            string Cell(double v, Evaluation.Statistics.Interval interval) => Value(v) + (double.IsNaN(interval.Low) ? "" : $"<br><small style=\"white-space:nowrap\">{Value(interval.Low)} to {Value(interval.High)}</small>");
            var p = m.HolmP ?? m.P;
            html.Append("<tr><td>").Append(Text(m.First.Title)).Append(m.First.Primary ? " ★" : "").Append("</td><td>").Append(Cell(m.First.Value, m.First.Interval))
                .Append("</td><td>").Append(Cell(m.Second.Value, m.Second.Interval)).Append("</td><td>").Append(m.Difference.Value > 0 ? "+" : "").Append(Cell(m.Difference.Value, m.Difference.Interval))
                .Append("</td><td>").Append(double.IsNaN(p) ? "n/a" : p < 0.0001 ? "&lt;0.0001" : p.ToString("G2", CultureInfo.InvariantCulture)).Append("</td><td>").Append(m.Verdict.ToString().ToLowerInvariant()).Append("</td></tr>");
        }
        return html.Append("</tbody></table><p><small>★ primary metrics, their p values corrected together (Holm). Second lines are 95% intervals by bootstrap over documents; n/a: no task could count.</small></p>").ToString();
    }

    /// <summary>One sample of each kind with its checks.</summary>
    public static string Samples(IReadOnlyList<Sample> samples)
    {
        var html = new StringBuilder();
        foreach (var sample in samples.GroupBy(s => s.Kind).OrderBy(g => g.Key).Select(g => g.First()))
        {
            html.Append("<div style=\"border:1px solid rgba(128,128,128,.3);border-radius:6px;padding:.6em .9em;margin:.5em 0\"><small><strong>").Append(sample.Kind).Append("</strong> · ")
                .Append(string.Join(" ", sample.Checks.Select(c => Text((c.Passed ? "✓ " : "✗ ") + c.Name)))).Append("</small>");
            foreach (var message in sample.Messages) html.Append("<pre style=\"margin:.3em 0;white-space:pre-wrap\">").Append(Text(message.Role)).Append(": ").Append(Text(message.Content)).Append("</pre>");
            html.Append("</div>");
        }
        return html.ToString();
    }

    /// <summary>Tasks whose outcome changed, with both answers.</summary>
    public static string Flips(Comparison comparison, int count)
    {
        var html = new StringBuilder($"<p>{comparison.Flips.Count(f => f.Gain)} gained, {comparison.Flips.Count(f => !f.Gain)} lost.</p><table><thead><tr><th>Task</th><th>Base</th><th>Tuned</th></tr></thead><tbody>");
        foreach (var flip in comparison.Flips.Where(f => f.Gain).Take(count).Concat(comparison.Flips.Where(f => !f.Gain).Take(count)))
        {
            html.Append("<tr><td>").Append(Text(flip.Task)).Append(flip.Gain ? " ▲" : " ▼").Append("</td>");
            Cell(flip.Before, flip.BeforeText, flip.BeforeDiagnostics);
            Cell(flip.After, flip.AfterText, flip.AfterDiagnostics);
            html.Append("</tr>");
        }
        return html.Append("</tbody></table>").ToString();

        void Cell(string outcome, string answer, IReadOnlyList<string> diagnostics) => html.Append("<td style=\"text-align:left;vertical-align:top\"><small>").Append(Text(outcome)).Append("</small><pre style=\"margin:0;white-space:pre-wrap\">")
            .Append(Text(answer.Length > 600 ? answer[..600] + " …" : answer)).Append("</pre><small>").Append(Text(diagnostics.FirstOrDefault() ?? "")).Append("</small></td>");
    }

    private static string Sentence(IReadOnlyList<MetricComparison> rows)
    {
        string Names(ComparisonVerdict verdict) => string.Join(", ", rows.Where(r => r.Verdict == verdict).Select(r =>
            $"{r.First.Title} ({100 * r.First.Value:F1}% → {100 * r.Second.Value:F1}%)"));
        var parts = new List<string>();
        if (Names(ComparisonVerdict.Better) is { Length: > 0 } better) parts.Add("better: " + better);
        if (Names(ComparisonVerdict.Worse) is { Length: > 0 } worse) parts.Add("worse: " + worse);
        if (Names(ComparisonVerdict.Inconclusive) is { Length: > 0 } open) parts.Add("inconclusive: " + open);
        return "Against the base model, the tuned model is " + string.Join("; ", parts) + ".";
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
