using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DocTuneLab.Notebooks.Formats;

namespace DocTuneLab.Notebooks.Reporting;

/// <summary>Outputs as HTML: of each the richest form that a browser shows without help.</summary>
internal sealed partial class OutputRenderer(ReportMarkdown markdown)
{
    private const int FoldAboveLines = 40;
    private const int OnceAboveLength = 100_000;
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly HashSet<string> bigScripts = [];

    public void Append(StringBuilder html, NotebookCell cell)
    {
        foreach (var output in cell.Outputs.OfType<JsonObject>())
        {
            switch (output["output_type"]?.ToString())
            {
                case "stream":
                    AppendStream(html, output["text"]?.ToString() ?? "", output["name"]?.ToString() == "stderr");
                    break;
                case "error":
                    var trace = string.Join('\n', (output["traceback"] as JsonArray ?? []).Select(line => line?.ToString()));
                    html.Append("<pre class=\"error\">").Append(Text(trace.Length > 0 ? trace : $"{output["ename"]}: {output["evalue"]}")).Append("</pre>\n");
                    break;
                case "display_data" or "execute_result" when output["data"] is JsonObject data:
                    html.Append("<div class=\"out\">").Append(Data(data)).Append("</div>\n");
                    break;
            }
        }
    }

    private static void AppendStream(StringBuilder html, string text, bool isError)
    {
        var lines = text.TrimEnd('\n').Split('\n').ToList();
        if (lines.All(line => line.Trim().Length == 0))
            return;
        var shown = string.Join('\n', lines.Skip(Math.Max(0, lines.Count - 10)));
        var css = isError ? "stream stderr" : "stream";
        if (lines.Count > FoldAboveLines)
        {
            html.Append($"<details class=\"long\"><summary>{lines.Count} lines of output; the last ten follow</summary><pre class=\"{css}\">{Text(text)}</pre></details>\n");
            text = shown;
        }
        html.Append($"<pre class=\"{css}\">").Append(Text(text.TrimEnd('\n'))).Append("</pre>\n");
    }

    private string Data(JsonObject data)
    {
        if (data["text/html"]?.ToString() is { } html)
            return Once(html);
        if (data["image/svg+xml"]?.ToString() is { } svg)
            return svg[Math.Max(0, svg.IndexOf("<svg", StringComparison.Ordinal))..];
        foreach (var mimeType in new[] { "image/png", "image/jpeg", "image/gif", "image/webp" })
        {
            if (data[mimeType]?.ToString() is { } image)
                return $"<img src=\"data:{mimeType};base64,{image.ReplaceLineEndings("").Trim()}\" alt=\"{WebUtility.HtmlEncode(data["text/plain"]?.ToString() ?? "")}\">";
        }
        if (data["text/markdown"]?.ToString() is { } text)
            return markdown.ToHtml(text, null);
        if (data["text/plain"]?.ToString() is { } plain)
            return $"<pre>{Text(plain)}</pre>";
        return data.FirstOrDefault(pair => pair.Value is not null) is { Value: { } other } ? $"<pre>{Text(other is JsonValue ? other.ToString() : other.ToJsonString(Indented))}</pre>" : "";
    }

    /// <summary>Scripts stay as they are and in their order, but a library that several outputs bring along is written once.</summary>
    private string Once(string html) => html.Length < OnceAboveLength ? html : Script().Replace(html, match =>
        match.Length < OnceAboveLength || bigScripts.Add(Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(match.Value)))) ? match.Value : "");

    private static string Text(string text) => WebUtility.HtmlEncode(Ansi().Replace(text, ""));

    [GeneratedRegex(@"<script\b[^>]*>.*?</script\s*>", RegexOptions.Singleline | RegexOptions.IgnoreCase)]
    private static partial Regex Script();

    [GeneratedRegex(@"\x1b\[[0-9;?]*[A-Za-z]")]
    private static partial Regex Ansi();
}
