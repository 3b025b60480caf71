using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using DocTuneLab.Corpus;
using DocTuneLab.Evaluation.Reports;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Experiments;

namespace DocTuneLab.Extension.Views;

/// <summary>HTML of the experiment for a cell or the top of a report; every figure comes from the session.</summary>
public static partial class Summary
{
    /// <summary>Headline, metric table, counts and settings.</summary>
    public static string Html(LabSession lab)
    {
        var report = lab.Report;
        if (report is null && lab.Corpus is null && lab.Training is null)
            throw new LabException("there is nothing to report yet: run #!corpus generate, #!train or #!evaluate first");
        var html = new StringBuilder();
        if (lab.Corpus is not null && lab.Documents is not null && lab.CorpusStage.Warning is { } warning)
            html.Append(Warning(warning)["text/html"]);
        if (report is not null)
        {
            html.Append(EvaluationHtml.Headline(report));
            foreach (var comparison in report.Comparisons) html.Append(EvaluationHtml.Metrics(comparison));
            if (report.Gates.Count > 0) html.Append("<p>Retention gate</p>").Append(EvaluationHtml.Gates(report.Gates));
            html.Append(GuideView.Html(report, 4)).Append(EvaluationHtml.Preferences(report));
        }
        html.Append("<table><tbody>");
        if (lab.Documents is { } documents)
            Row("Documents",
                $"{documents.Set.Documents.Count} pages, {documents.Chunks.Count} chunks, {documents.Library.Api.Symbols.Count} public "
                    + $"symbols, {documents.Set.BrokenLinks.Count} broken links");
        if (lab.Corpus is { } corpus)
            Row("Corpus",
                $"{corpus.Samples.Count:N0} accepted samples ({corpus.Tokens:N0} tokens), {corpus.Rejected.Count:N0} rejected; "
                    + $"{corpus.Coverage.UsedShare:P0} of the public members used in compiling code");
        if (report is not null && lab.Suite is { } suite)
        {
            var asked = report.Results[0].Answers.Select(x => x.Task).Concat(report.Results[0].References.Select(r => r.Task)).ToHashSet();
            var tasks = suite.Named(asked).Hashes().Select(h => $"{h.Count} {KindName(h.Kind)}");
            Row("Suite", $"{string.Join(", ", tasks)}; held out");
        }
        if (lab.Training is { } training)
        {
            Row("Training",
                (lab.Adapter is { } adapter ? $"QLoRA (NF4) rank {adapter.Config.Rank}, {adapter.ParameterCount:N0} trained parameters, "
                    : $"adapter in {training.AdapterDirectory}, ") + $"{training.Steps} steps, "
                    + $"{training.Tokens:N0} tokens in {training.Elapsed.TotalSeconds:F0} s; loss {training.FinalLoss:F3}, validation "
                    + $"{training.BestEvalLoss:F3}{(training.Interrupted ? " (stopped before the planned steps)" : "")}");
            Row("Memory",
                $"{training.PeakMemoryBytes / 1048576.0:N0} MB at most while "
                    + $"training{(training.PeakGpuMemoryBytes is { } gpu ? $", {gpu / 1048576.0:N0} MB in use on the GPU" : "")}");
        }
        foreach (var (name, value) in report?.Settings ?? new Dictionary<string, string>()) Row(name, value);
        html.Append("</tbody></table>");
        return html.ToString();

        void Row(string name, string value) =>
            html.Append($"<tr><th style=\"text-align:left\">{Text(name)}</th><td>{Text(value)}</td></tr>");
    }

    /// <summary>What a summary says, for who sees no HTML: a line a row.</summary>
    public static string Plain(string html) => WebUtility.HtmlDecode(Tags().Replace(html
        .Replace("</th>", ": ", StringComparison.Ordinal).Replace("</tr>", "\n", StringComparison.Ordinal)
        .Replace("</p>", "\n", StringComparison.Ordinal), "")).Trim();

    [GeneratedRegex("<[^>]+>")]
    private static partial Regex Tags();

    /// <summary>Something that a reader must know before the figures.</summary>
    public static Dictionary<string, object> Warning(string text) => new()
    {
        ["text/html"] = $"<p style=\"border-left:4px solid #c77700;padding:.3em .8em\"><strong>Warning.</strong> {Text(text)}</p>",
        ["text/plain"] = $"Warning. {text}",
    };

    private static string KindName(TaskKind kind) => kind switch
    {
        TaskKind.Code => "programming tasks",
        TaskKind.Qa => "closed questions",
        TaskKind.Open => "open questions",
        TaskKind.Completion => "gaps",
        TaskKind.Members => "questions about members",
        TaskKind.General => "plain C# tasks",
        _ => "retention texts",
    };

    /// <summary>One sample of each kind with its checks.</summary>
    public static string Samples(IReadOnlyList<Sample> samples)
    {
        var html = new StringBuilder();
        foreach (var sample in samples.GroupBy(s => s.Kind).OrderBy(g => g.Key).Select(g => g.First()))
        {
            html.Append("<div style=\"border:1px solid rgba(128,128,128,.3);border-radius:6px;padding:.6em .9em;margin:.5em "
                + "0\"><small><strong>").Append(sample.Kind).Append("</strong> · ")
                .Append(string.Join(" ", sample.Checks.Select(c => Text((c.Passed ? "✓ " : "✗ ") + c.Name)))).Append("</small>");
            foreach (var message in sample.Messages)
                html.Append("<pre style=\"margin:.3em 0;white-space:pre-wrap\">").Append(Text(message.Role)).Append(": ")
                    .Append(Text(message.Content)).Append("</pre>");
            html.Append("</div>");
        }
        return html.ToString();
    }

    /// <summary>A table; the first column is a row's title.</summary>
    public static string Table((string[] Columns, IReadOnlyList<string[]> Rows) table)
    {
        // Many columns of short numbers: narrow, so that a page shows all of them.
        const string Cell = "padding:.35em .5em;white-space:nowrap";
        var html = new StringBuilder("<table style=\"font-size:.82em\"><thead><tr>");
        foreach (var column in table.Columns) html.Append("<th style=\"padding:.35em .5em\">").Append(Text(column)).Append("</th>");
        html.Append("</tr></thead><tbody>");
        foreach (var row in table.Rows)
        {
            html.Append($"<tr><th style=\"{Cell};text-align:left;border-bottom-width:1px\">").Append(Text(row[0])).Append("</th>");
            foreach (var cell in row[1..]) html.Append($"<td style=\"{Cell}\">").Append(Text(cell)).Append("</td>");
            html.Append("</tr>");
        }
        return html.Append("</tbody></table>").ToString();
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
