using System.Globalization;
using System.Net;
using System.Text;
using DocTuneLab.Conversations;

namespace DocTuneLab.Evaluation.Reports;

/// <summary>An answer with a mark wherever the compiler turned the model: what it wanted, what it was given, and why. No script, no style
/// sheet: it stands in a cell as well as on a page.</summary>
public static class GuideView
{
    private const string Left = " style=\"text-align:left\"";

    private static readonly string[] s_columns =
        ["Arm", "Guided answers", "Turned", "Turns per answer", "Tokens decoded per answer", "Ended by types", "Gave up"];

    /// <summary>The answer as HTML.</summary>
    public static string Html(GuidedText answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        var turns = Standing(answer);
        var (html, notes, at) = (new StringBuilder(), new StringBuilder(), 0);
        for (var i = 0; i < turns.Count; i++)
        {
            var turn = turns[i].Turn;
            html.Append(Text(answer.Text[at..turn.At]))
                .Append("<mark style=\"background:rgba(240,160,20,.3);color:inherit;border-bottom:2px solid #b98a1d;"
                    + "border-radius:2px;margin-right:1px\">")
                .Append($"{Text(turn.Given)}<sup style=\"font-size:.75em;line-height:1\">{i + 1}</sup></mark>");
            notes.Append("<li style=\"margin:.2em 0\">")
                .Append($"{Code(turn.Wanted, "del")} → {Code(turn.Given, "ins")}: {Text(turns[i].Why)}</li>");
            at = turn.At + turn.Given.Length;
        }
        html.Append(Text(answer.Text[at..]));
        return "<figure style=\"margin:.6em 0;max-width:60rem\"><pre style=\"margin:0;padding:.6em .8em;white-space:pre-wrap;"
            + "overflow-wrap:anywhere;line-height:1.6;border:1px solid rgba(128,128,128,.4);border-radius:6px;background:none\">"
            + $"{html}</pre><figcaption style=\"overflow-wrap:anywhere\"><small>{Text(Summary(answer))}</small>"
            + (notes.Length > 0 ? $"<ol style=\"margin:.3em 0;padding-left:2em;font-size:.88em\">{notes}</ol>" : "")
            + "</figcaption></figure>";
    }

    /// <summary>The answer as plain text: marks in the code, and below what each stands for.</summary>
    public static string Plain(GuidedText answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        var turns = Standing(answer);
        var (text, notes, at) = (new StringBuilder(), new StringBuilder(), 0);
        for (var i = 0; i < turns.Count; i++)
        {
            var turn = turns[i].Turn;
            text.Append(answer.Text[at..turn.At]).Append(CultureInfo.InvariantCulture, $"⟨{i + 1}:{turn.Given}⟩");
            notes.Append(CultureInfo.InvariantCulture, $"{i + 1}. {Visible(turn.Wanted)} → {Visible(turn.Given)}: {turns[i].Why}\n");
            at = turn.At + turn.Given.Length;
        }
        return $"{text}{answer.Text[at..]}\n\n{notes}{Summary(answer)}\n";
    }

    /// <summary>How often the model was turned and what that cost, in one line.</summary>
    public static string Summary(GuidedText answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        var shown = Standing(answer).Count;
        var turned = answer.Turns.Count switch { 0 => "never turned", 1 => "turned once", var n => $"turned {n} times" };
        return turned + (shown < answer.Turns.Count ? $", of which {shown} stand in the answer" : "")
            + $"; {answer.Tokens} tokens decoded" + (answer.GaveUp ? $"; guidance gave up, since {answer.GaveUpBecause}" : "")
            + (answer.EndedBecause.Length > 0 ? $"; its end is one that types allow, since {answer.EndedBecause}" : "");
    }

    /// <summary>What guidance cost each guided arm, and answers with their turns: those that came out better than unguided, then those
    /// that were turned most. Empty where no arm was guided.</summary>
    /// <param name="report">The report.</param>
    /// <param name="count">Most answers of each arm.</param>
    public static string Html(EvaluationReport report, int count = 8)
    {
        var costs = Costs(report);
        if (costs.Count == 0) return "";
        var html = new StringBuilder("<div style=\"overflow-x:auto\"><table><thead><tr>")
            .AppendJoin("", s_columns.Select((c, i) => $"<th{(i == 0 ? Left : "")}>{c}</th>")).Append("</tr></thead><tbody>");
        foreach (var row in costs)
            html.Append("<tr>").AppendJoin("", row.Select((c, i) => $"<td{(i == 0 ? Left : "")}>{Text(c)}</td>")).Append("</tr>");
        html.Append("</tbody></table></div>");
        foreach (var (title, answer) in Examples(report, count))
            html.Append($"<details><summary>{Text(title)}</summary>{Html(answer)}</details>");
        return html.ToString();
    }

    /// <summary>The same as plain text.</summary>
    /// <param name="report">The report.</param>
    /// <param name="count">Most answers of each arm.</param>
    public static string Plain(EvaluationReport report, int count) => string.Join("\n\n",
        Costs(report).Select(r => $"{r[0]}: {string.Join("; ", r.Skip(1).Select((c, i) => $"{s_columns[i + 1]} {c}"))}")
            .Concat(Examples(report, count).Select(e => $"{e.Title}\n{Plain(e.Answer)}")));

    private static IReadOnlyList<string[]> Costs(EvaluationReport report) =>
    [
        .. report.Results.Select(r => (r.Arm, All: r.GuidedAnswers.Select(a => a.Guidance!).ToList())).Where(r => r.All.Count > 0)
            .Select(r => (string[])
            [
                r.Arm, $"{r.All.Count}", $"{r.All.Count(g => g.Turned > 0)}", Mean(r.All.Average(g => g.Turned)),
                Mean(r.All.Average(g => g.Tokens)), Figures.Value(r.All.Average(g => g.EndedBecause.Length > 0 ? 1.0 : 0), true),
                Figures.Value(r.All.Average(g => g.GaveUp ? 1.0 : 0), true)
            ])
    ];

    private static IEnumerable<(string Title, GuidedText Answer)> Examples(EvaluationReport report, int count)
    {
        foreach (var arm in report.Results)
        {
            var free = report.Results.FirstOrDefault(r => r.Arm == arm.UnguidedArm && r != arm);
            var gains = (free is null ? [] : Flip.Between(free, arm)).Where(f => f.Gain).ToDictionary(f => f.Task, StringComparer.Ordinal);
            foreach (var answer in arm.GuidedAnswers.Where(a => a.Guidance!.Turned > 0)
                .OrderByDescending(a => gains.ContainsKey(a.Task)).ThenByDescending(a => a.Guidance!.Turned).Take(count))
            {
                var became = gains.TryGetValue(answer.Task, out var gain) ? $", {gain.Before.Text()} → {gain.After.Text()}" : "";
                yield return ($"{arm.Arm}: {answer.Task}{became}", answer.Guided!);
            }
        }
    }

    private static string Mean(double value) => value.ToString("F1", CultureInfo.InvariantCulture);

    /// <summary>Turns that the answer still shows, in order, with their reasons; others lie on ways that were given up.</summary>
    private static List<(GuideTurn Turn, string Why)> Standing(GuidedText answer)
    {
        List<(GuideTurn Turn, string Why)> standing = [];
        string? broken = null;
        foreach (var turn in answer.Turns)
        {
            // What lay behind the place was cut off when the decoder went back there.
            standing.RemoveAll(s => s.Turn.At >= turn.At);
            if (turn.Given.Length == 0) broken = turn.Reason;
            else
            {
                standing.Add((turn, broken is null || broken == turn.Reason ? turn.Reason : $"{turn.Reason}, for {broken}"));
                broken = null;
            }
        }
        var (shown, at) = (new List<(GuideTurn, string)>(), 0);
        foreach (var one in standing)
        {
            var (turn, length) = (one.Turn, one.Turn.Given.Length);
            // An answer may be shorter than ways that were given up.
            if (turn.At < at || turn.At > answer.Text.Length
                || string.CompareOrdinal(answer.Text, turn.At, turn.Given, 0, length) != 0)
                continue;
            shown.Add(one);
            at = turn.At + length;
        }
        return shown;
    }

    private static string Code(string piece, string element) => $"<{element}><code>{Text(Visible(piece))}</code></{element}>";

    private static string Visible(string piece)
    {
        var text = piece.Replace("\n", "↵", StringComparison.Ordinal).Replace("\t", "⇥", StringComparison.Ordinal);
        return text.Length == 0 ? "nothing" : string.IsNullOrWhiteSpace(text) ? text.Replace(' ', '␣') : text;
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
