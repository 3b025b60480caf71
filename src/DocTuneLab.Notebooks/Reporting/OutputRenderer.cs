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
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };

    private readonly HashSet<string> _bigScripts = [];

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
                    html.Append("<pre class=\"error\">")
                        .Append(AnsiText.ToHtml(trace.Length > 0 ? trace : $"{output["ename"]}: {output["evalue"]}"))
                        .Append("</pre>\n");
                    break;
                case "display_data" or "execute_result" when output["data"] is JsonObject data:
                    html.Append("<div class=\"out\">").Append(Data(data)).Append("</div>\n");
                    break;
            }
        }
    }

    private static void AppendStream(StringBuilder html, string text, bool isError)
    {
        if (string.IsNullOrWhiteSpace(text))
            return;
        var css = isError ? "stream stderr" : "stream";
        html.Append(Folded(text.TrimEnd('\n'), css, lines => ("the last ten follow", lines.TakeLast(10)))).Append('\n');
    }

    /// <summary>Text, and of much text only a part, with all of it to unfold.</summary>
    private static string Folded(string text, string css, Func<IReadOnlyList<string>, (string Words, IEnumerable<string> Lines)> part)
    {
        var lines = text.Split('\n');
        if (lines.Length <= FoldAboveLines)
            return $"<pre class=\"{css}\">{AnsiText.ToHtml(text)}</pre>";
        var (words, shown) = part(lines);
        return $"<details class=\"long\"><summary>{lines.Length:N0} lines of output; "
            + $"{words}</summary><pre class=\"{css}\">{AnsiText.ToHtml(text)}</pre></details>\n"
            + $"<pre class=\"{css}\">{AnsiText.ToHtml(string.Join('\n', shown))}</pre>";
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
                return $"<img src=\"data:{mimeType};base64,{image.ReplaceLineEndings("").Trim()}\" "
                    + $"alt=\"{WebUtility.HtmlEncode(data["text/plain"]?.ToString() ?? "")}\">";
        }
        if (data["text/markdown"]?.ToString() is { } text)
            return markdown.ToHtml(text, null);
        if (data["text/plain"]?.ToString() is { } plain)
            return Folded(plain, "value", lines => ("the first ten follow", lines.Take(10)));
        return data.FirstOrDefault(pair => pair.Value is not null) is { Value: { } other }
            ? $"<pre class=\"value\">{AnsiText.ToHtml(other is JsonValue ? other.ToString() : other.ToJsonString(s_indented))}</pre>"
            : "";
    }

    /// <summary>Scripts stay as they are and in their order, but a library that several outputs bring along is written once.</summary>
    private string Once(string html) => html.Length < OnceAboveLength ? html : Script().Replace(html, match =>
        match.Length < OnceAboveLength || _bigScripts.Add(Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(match.Value))))
            ? match.Value
            : "");

    [GeneratedRegex(@"<script\b[^>]*>.*?</script\s*>", RegexOptions.Singleline | RegexOptions.IgnoreCase)]
    private static partial Regex Script();
}
