using System.Globalization;
using System.Net;
using System.Text;
using DocTuneLab.Conversations;

namespace DocTuneLab.Evaluation.Reports;

/// <summary>An answer with a mark wherever the compiler turned the model: what it wanted, what it was given, and why. No script, no style
/// sheet: it stands in a cell as well as on a page.</summary>
public static class GuideView
{
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
                .Append("<mark style=\"background:rgba(240,160,20,.3);color:inherit;border-bottom:2px solid #b98a1d\">")
                .Append($"{Text(turn.Given)}<sup style=\"font-size:.75em;line-height:1\">{i + 1}</sup></mark>");
            notes.Append($"<li style=\"margin:.2em 0\">{Code(turn.Wanted, "del")} → {Code(turn.Given, "ins")}: {Text(turns[i].Why)}</li>");
            at = turn.At + turn.Given.Length;
        }
        html.Append(Text(answer.Text[at..]));
        return "<figure style=\"margin:.6em 0;max-width:60rem\"><pre style=\"margin:0;padding:.6em .8em;white-space:pre-wrap;"
            + "overflow-wrap:anywhere;line-height:1.6;border:1px solid rgba(128,128,128,.4);border-radius:6px;background:none\">"
            + $"{html}</pre><figcaption style=\"overflow-wrap:anywhere\"><small>{Text(Summary(answer))}</small>"
            + (notes.Length > 0 ? $"<ol style=\"margin:.3em 0;padding-left:1.8em\">{notes}</ol>" : "") + "</figcaption></figure>";
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
            + $"; {answer.Tokens} tokens decoded" + (answer.GaveUp ? "; guidance gave up, so the rest is unguided" : "");
    }

    /// <summary>What guidance cost each guided arm, and answers with their turns: those that came out better than unguided, then those
    /// that were turned most. Empty where no arm was guided.</summary>
    /// <param name="report">The report.</param>
    /// <param name="count">Most answers of each arm.</param>
    public static string Html(EvaluationReport report, int count = 8)
    {
        ArgumentNullException.ThrowIfNull(report);
        var arms = report.Results.Where(r => r.GuidedAnswers.Any()).ToList();
        if (arms.Count == 0) return "";
        var html = new StringBuilder("<div style=\"overflow-x:auto\"><table><thead><tr><th style=\"text-align:left\">Arm</th><th>Answers</th>"
            + "<th>turned</th><th>Turns per answer</th><th>Tokens decoded per answer</th><th>Gave up</th></tr></thead><tbody>");
        foreach (var arm in arms)
        {
            var all = arm.GuidedAnswers.Select(a => a.Guidance!).ToList();
            html.Append($"<tr><td style=\"text-align:left\">{Text(arm.Arm)}</td><td>{all.Count}</td><td>{all.Count(g => g.Turned > 0)}</td>")
                .Append(CultureInfo.InvariantCulture, $"<td>{all.Average(g => g.Turned):F1}</td><td>{all.Average(g => g.Tokens):F1}</td>")
                .Append($"<td>{Figures.Value(all.Average(g => g.GaveUp ? 1.0 : 0), true)}</td></tr>");
        }
        html.Append("</tbody></table></div>");
        foreach (var arm in arms)
        {
            var free = report.Results.FirstOrDefault(r => r.Arm == arm.UnguidedArm && r != arm);
            var gains = free is null ? [] : Flip.Between(free, arm).Where(f => f.Gain).ToDictionary(f => f.Task, StringComparer.Ordinal);
            foreach (var answer in arm.GuidedAnswers.Where(a => a.Guidance!.Turned > 0)
                .OrderByDescending(a => gains.ContainsKey(a.Task)).ThenByDescending(a => a.Guidance!.Turned).Take(count))
            {
                var became = gains.TryGetValue(answer.Task, out var gain) ? $", {gain.Before.Text()} → {gain.After.Text()}" : "";
                html.Append($"<details><summary>{Text($"{arm.Arm}: {answer.Task}{became}")}</summary>{Html(answer.Guided!)}</details>");
            }
        }
        return html.ToString();
    }

    /// <summary>Turns that the answer still shows, in order, with their reasons; others lie on ways that were given up.</summary>
    private static List<(GuideTurn Turn, string Why)> Standing(GuidedText answer)
    {
        List<(GuideTurn Turn, string Why)> standing = [];
        List<GuideTurn> left = [];
        foreach (var turn in answer.Turns)
        {
            // What lay behind the place was cut off when the decoder went back there.
            left.AddRange(standing.Where(s => s.Turn.At >= turn.At).Select(s => s.Turn));
            standing.RemoveAll(s => s.Turn.At >= turn.At);
            if (turn.Given.Length == 0)
            {
                left.Add(turn);
                continue;
            }
            var because = left.Count == 0 || left[^1].At < turn.At || left[^1].Reason == turn.Reason ? "" : $", for {left[^1].Reason}";
            standing.Add((turn, turn.Reason + because));
            left.Clear();
        }
        var (shown, at) = (new List<(GuideTurn, string)>(), 0);
        foreach (var one in standing)
        {
            if (one.Turn.At < at || string.CompareOrdinal(answer.Text, one.Turn.At, one.Turn.Given, 0, one.Turn.Given.Length) != 0) continue;
            shown.Add(one);
            at = one.Turn.At + one.Turn.Given.Length;
        }
        return shown;
    }

    private static string Code(string piece, string element) => $"<{element}><code>{Text(Visible(piece))}</code></{element}>";

    private static string Visible(string piece)
    {
        var text = piece.Replace("\n", "↵", StringComparison.Ordinal).Replace("\t", "⇥", StringComparison.Ordinal);
        return text.Length == 0 ? "the end" : string.IsNullOrWhiteSpace(text) ? text.Replace(' ', '␣') : text;
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
