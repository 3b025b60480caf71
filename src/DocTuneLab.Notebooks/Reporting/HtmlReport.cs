using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using DocTuneLab.Notebooks.Formats;
using DocTuneLab.Notebooks.Languages.Mermaid;

namespace DocTuneLab.Notebooks.Reporting;

/// <summary>
/// An executed notebook as one HTML file that needs nothing else: styles are inside, local images become data, and a content security
/// policy forbids every request, so that the report looks the same on a machine without a network.
/// </summary>
public static class HtmlReport
{
    /// <summary>Outputs of cells with this tag are shown at the top.</summary>
    public const string SummaryTag = "summary";

    /// <summary>The code of cells with this tag is left out.</summary>
    public const string HideInputTag = "hide-input";

    // Plotly compiles some of its shaders and expressions, hence eval; blob: is for its image export.
    private const string Policy = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: "
        + "blob:; font-src data:; media-src data:";

    /// <summary>Writes the report. An existing file is replaced in one step.</summary>
    /// <exception cref="NotebookException">The file cannot be written.</exception>
    public static void Write(Notebook notebook, string path) => AtomicFile.Write(path, Render(notebook));

    /// <summary>The report as text.</summary>
    public static string Render(Notebook notebook)
    {
        ArgumentNullException.ThrowIfNull(notebook);
        var facts = notebook.Metadata["papermill"] as JsonObject ?? [];
        var input = facts["input_path"]?.ToString();
        var folder = Path.GetDirectoryName(Path.GetFullPath(input ?? "notebook.ipynb"))!;
        var markdown = new ReportMarkdown(folder);
        var outputs = new OutputRenderer(markdown);

        // The summary comes first on the page, so it is rendered first:
        // what must be there only once (plotly.js) then stands before its use.
        var summary = new StringBuilder();
        foreach (var cell in notebook.Cells.Where(IsSummary))
            outputs.Append(summary, cell);
        var body = new StringBuilder();
        // The report says at its top, in its own way, that the run failed.
        foreach (var cell in notebook.Cells.Where(cell => !cell.HasTag(Running.NotebookRunner.ErrorTag)))
            AppendCell(body, cell, outputs, markdown);

        var title = markdown.Title?.Text ?? (input is null ? "Notebook" : Path.GetFileNameWithoutExtension(input));
        return new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
            .Append($"<meta http-equiv=\"Content-Security-Policy\" content=\"{Policy}\">\n")
            .Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" "
                + "content=\"light dark\">\n")
            .Append($"<title>{WebUtility.HtmlEncode(title)}</title>\n<style>\n{ReportStyle.Css}</style>\n</head>\n<body>\n")
            .Append("<main>\n")
            .Append(Top(notebook, facts, input, title, markdown.Title?.Id, summary.ToString()))
            // Beside the text where there is room; else a reader meets the title first.
            .Append(Contents(markdown.Headings))
            .Append(body)
            .Append(markdown.HasDiagrams
                ? $"{MermaidDiagram.Library()}\n<script>mermaid.initialize({{startOnLoad:false,theme:matchMedia('(prefers-color-scheme: "
                    + "dark)').matches?'dark':'default'});mermaid.run({querySelector:'.text .mermaid'});</script>\n"
                : "")
            .Append("</main>\n</body>\n</html>\n")
            .ToString();
    }

    private static bool HasFailed(NotebookCell cell) =>
        !cell.HasTag(Running.NotebookRunner.MayFailTag) && cell.Outputs.Any(output => output?["output_type"]?.ToString() == "error");

    private static bool IsSummary(NotebookCell cell) => cell.Kind == CellKind.Code && cell.HasTag(SummaryTag);

    private static void AppendCell(StringBuilder html, NotebookCell cell, OutputRenderer outputs, ReportMarkdown markdown)
    {
        if (cell.Kind == CellKind.Markdown)
        {
            html.Append("<section class=\"text\">\n")
                .Append(markdown.ToHtml(cell.Source, cell.Other["attachments"] as JsonObject))
                .Append("</section>\n");
            return;
        }
        if (cell.Kind == CellKind.Raw || cell.Source.Trim().Length == 0 && cell.Outputs.Count == 0)
            return;
        var failed = HasFailed(cell);
        html.Append($"<section class=\"cell{(failed ? " failed" : "")}\"{(failed ? " id=\"failure\"" : "")}>\n");
        if (!cell.HasTag(HideInputTag) && cell.Source.Trim().Length > 0)
            AppendCode(html, cell, failed);
        if (!IsSummary(cell))
            outputs.Append(html, cell);
        html.Append("</section>\n");
    }

    private static void AppendCode(StringBuilder html, NotebookCell cell, bool open)
    {
        var lines = cell.Source.AsSpan().Count('\n') + 1;
        var run = cell.Metadata["papermill"] as JsonObject;
        var time = Number(run?["duration"]) is { } seconds ? $" · {Duration(seconds)}"
            : run?["status"]?.ToString() is { } status and not "completed" ? $" · {(status == "pending" ? "not run" : status)}"
            : "";
        var first = cell.Source.Split('\n')
            .Select(line => line.Trim())
            .FirstOrDefault(line => line.Length > 0 && !line.StartsWith("//", StringComparison.Ordinal))
            ?? "";
        html
            .Append($"<details class=\"code\"{(open ? " open" : "")}><summary><span "
                + $"class=\"n\">{(cell.ExecutionCount is { } count ? $"[{count}]" : "[ ]")}</span> "
                + $"<code>{WebUtility.HtmlEncode(first)}</code>")
            .Append($"<span class=\"facts\">{(lines == 1 ? "1 line" : $"{lines} lines")}{time}</span></summary>")
            .Append($"<pre class=\"source\"><code>{CodeHighlighter.ToHtml(cell.Source, cell.Language)}</code></pre></details>\n");
    }

    private static string Top(Notebook notebook, JsonObject facts, string? input, string title, string? titleId, string summary)
    {
        var code = notebook.Cells.Where(cell => cell.Kind == CellKind.Code && cell.Source.Trim().Length > 0).ToList();
        var run = code.Count(cell => cell.ExecutionCount is not null);
        var failed = code.Count(HasFailed);
        var rows = new List<(string Name, string Value)>();
        if (input is not null)
            rows.Add(("Notebook", Path.GetFileName(input)));
        if (DateTimeOffset.TryParse(facts["start_time"]?.ToString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal,
            out var started))
            rows.Add(("Started", started.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture)));
        if (Number(facts["duration"]) is { } seconds)
            rows.Add(("Duration", Duration(seconds)));
        rows.Add(("Cells", $"{run} of {code.Count} run, {failed} failed"));
        if (facts["parameters"] is JsonObject { Count: > 0 } parameters)
            rows.Add(("Parameters", string.Join(", ", parameters.Select(pair => $"{pair.Key} = {pair.Value}"))));
        var html = new StringBuilder($"<header>\n<h1 id=\"{titleId ?? "top"}\">{WebUtility.HtmlEncode(title)}</h1>\n");
        if (failed > 0)
            html.Append(
                "<p class=\"banner\">This run failed: <a href=\"#failure\">go to the failed cell</a>. Cells after it did not run.</p>\n");
        html.Append("<dl class=\"run\">");
        foreach (var (name, value) in rows)
            html.Append($"<div><dt>{name}</dt><dd>{WebUtility.HtmlEncode(value)}</dd></div>");
        html.Append("</dl>\n");
        if (summary.Trim().Length > 0)
            html.Append("<section class=\"summary\" aria-label=\"Summary\">\n").Append(summary).Append("</section>\n");
        return html.Append("</header>\n").ToString();
    }

    private static string Contents(IReadOnlyList<ReportHeading> headings)
    {
        var shown = headings.Where(heading => heading.Level <= 3).ToList();
        if (shown.Count < 2)
            return "";
        var html = new StringBuilder("<nav aria-label=\"Contents\"><ol>\n");
        foreach (var heading in shown)
            html.Append($"<li class=\"l{heading.Level}\"><a href=\"#{heading.Id}\">{WebUtility.HtmlEncode(heading.Text)}</a></li>\n");
        return html.Append("</ol></nav>\n").ToString();
    }

    private static double? Number(JsonNode? node) =>
        node is JsonValue value && double.TryParse(value.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    private static string Duration(double seconds) =>
        seconds < 60 ? $"{seconds.ToString("0.0", CultureInfo.InvariantCulture)} s" : $"{(int)seconds / 60} min {(int)seconds % 60} s";
}
