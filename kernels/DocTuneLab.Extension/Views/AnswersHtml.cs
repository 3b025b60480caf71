using System.Net;
using System.Text;
using DocTuneLab.Evaluation.Reports;
using DocTuneLab.Experiments.Asking;
using DocTuneLab.Library;

namespace DocTuneLab.Extension.Views;

/// <summary>Answers side by side, each with the compiler's verdict below. No script, no style sheet: it stands in a cell as well as on a
/// page.</summary>
public static class AnswersHtml
{
    /// <summary>Answers as HTML and as text.</summary>
    public static IReadOnlyDictionary<string, object> Of(IReadOnlyList<AskedAnswer> answers) =>
        new Dictionary<string, object>
        {
            ["text/html"] = "<div style=\"display:grid;gap:.75em;grid-template-columns:repeat(auto-fit,minmax(min(22em,100%),1fr))\">"
                + string.Concat(answers.Select(Html)) + "</div>",
            ["text/plain"] = string.Join("\n\n", answers.Select(Plain)),
        };

    /// <summary>An answer as text, with verdicts.</summary>
    public static string Plain(AskedAnswer answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        var text = new StringBuilder($"{answer.Arm}:\n{answer.Text.Trim()}");
        foreach (var code in answer.Code) text.Append($"\n[{code.ToString().Replace("\n", "\n ", StringComparison.Ordinal)}]");
        if (answer.Sources.Count > 0)
            text.Append("\nread: ")
                .AppendJoin("; ", answer.Sources.Select(s => $"{s.DocumentPath} {string.Join(" > ", s.HeadingPath)}"));
        return text.ToString();
    }

    private static string Html(AskedAnswer answer)
    {
        var html = new StringBuilder($"<section style=\"min-width:0\"><h4 style=\"margin:.2em 0\">{Text(answer.Arm)}</h4>");
        html.Append(answer.Guided is { } guided ? GuideView.Html(guided) : Pre(answer.Text.Trim()));
        foreach (var code in answer.Code) html.Append(Verdict(code));
        if (answer.Sources.Count > 0)
            html.Append("<p style=\"margin:.3em 0\"><small>pages read:</small></p>").Append(string.Concat(answer.Sources.Select(s =>
                $"<details><summary><small>{Text($"{s.DocumentPath}: {string.Join(" > ", s.HeadingPath)}")}</small></summary>"
                + $"{Pre(s.Text.Trim())}</details>")));
        return html.Append($"<details><summary><small>prompt</small></summary>{Pre(answer.Prompt)}</details></section>").ToString();
    }

    private static string Verdict(CheckedCode code) => code.Compiles
        ? "<p style=\"margin:.3em 0\">✓ compiles</p>"
        : $"<p style=\"margin:.3em 0\">✗ {Text(code.ToString().Split('\n')[0])}</p><ul style=\"margin:.2em 0;padding-left:1.4em\">"
            + string.Concat(code.Faults.Select(f => $"<li>{(f.Line > 0 ? $"line {f.Line}: " : "")}{Text(f.Message)}"
                + (f.Nearest is null ? "" : $" There is: <code>{Text(f.Nearest)}</code>") + "</li>")) + "</ul>";

    private static string Pre(string text) => "<pre style=\"white-space:pre-wrap;overflow-wrap:anywhere;margin:.3em 0;padding:.5em;"
        + $"border:1px solid rgba(128,128,128,.4);border-radius:6px;background:none\">{Text(text)}</pre>";

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
