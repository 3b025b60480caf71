using System.Net;
using System.Text;

namespace DocTuneLab.Evaluation.Reports;

/// <summary>The report of an evaluation as one self-contained HTML file: no script, nothing loaded.</summary>
internal static class HtmlPage
{
    private const string Style = """
        :root{color-scheme:light dark}
        body{font:15px/1.5 system-ui,sans-serif;max-width:1000px;margin:0 auto;padding:1.2rem;color:#23262d;background:#fff}
        h1{font-size:1.5rem}
        h2{font-size:1.15rem;margin:2rem 0 .5rem}
        table{border-collapse:collapse;font-size:.9em}
        th,td{padding:.25em .6em;text-align:right;border-bottom:1px solid rgba(128,128,128,.25)}
        thead th{border-bottom:2px solid rgba(128,128,128,.45);vertical-align:bottom}
        pre,code{font:12.5px/1.4 ui-monospace,monospace}
        summary{cursor:pointer;margin:.6rem 0}
        small{opacity:.75}
        @media (prefers-color-scheme:dark){body{color:#d9dce3;background:#16181d}}
        """;

    /// <summary>The page.</summary>
    /// <param name="report">The report.</param>
    /// <param name="title">Heading.</param>
    /// <param name="flips">Most gains, and most losses, shown for each comparison.</param>
    public static string Of(EvaluationReport report, string title = "Evaluation", int flips = 20)
    {
        var html = new StringBuilder();
        html.Append($"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
            + $"content=\"width=device-width,initial-scale=1\"><title>{WebUtility.HtmlEncode(title)}</title><style>{Style}</style></head>"
            + $"<body><h1>{WebUtility.HtmlEncode(title)}</h1>");
        html.Append(EvaluationHtml.Headline(report));
        void Section(string heading, string content)
        {
            if (content.Length > 0) html.Append($"<h2>{WebUtility.HtmlEncode(heading)}</h2>{content}");
        }
        Section("Metrics",
            EvaluationHtml.Intervals(report) + $"<details><summary>as a table</summary>{EvaluationHtml.Arms(report)}</details>");
        foreach (var c in report.Comparisons) Section($"{c.SecondArm} against {c.FirstArm}", EvaluationHtml.Metrics(c));
        Section("Retention gate", EvaluationHtml.Gates(report.Gates));
        Section("Preferences", EvaluationHtml.Preferences(report));
        Section("By document", EvaluationHtml.Documents(report));
        Section("By member of the library", EvaluationHtml.Symbols(report));
        Section("Invented names", EvaluationHtml.Invented(report));
        foreach (var c in report.Comparisons)
            Section($"Changed outcomes, {c.FirstArm} → {c.SecondArm}",
                $"<details{(c == report.Main ? " open" : "")}><summary>{c.Flips.Count} "
                    + $"tasks</summary>{EvaluationHtml.Flips(c, flips)}</details>");
        Section("Where the compiler turned the model", GuideView.Html(report));
        Section("Settings", EvaluationHtml.Settings(report.Settings));
        return html.Append("</body></html>\n").ToString();
    }
}
