using System.Text;
using System.Text.RegularExpressions;

namespace DocTuneLab.Conversations;

/// <summary>
/// Tells what a model answers from what it only thinks aloud. Reasoning stands between tags such as <c>&lt;think&gt;</c>, whose first
/// may be lacking, because the prompt ended with it, and whose last may be lacking, because the answer was cut off.
/// </summary>
public static partial class Reasoning
{
    /// <summary>The answer as people see it: line ends as <c>\n</c>, without characters that have no width.</summary>
    public static string Clean(string answer) => Invisible().Replace(answer.ReplaceLineEndings("\n"), "");

    /// <summary>The answer without its reasoning; empty where the reasoning never ended.</summary>
    public static string Cut(string answer)
    {
        if (!answer.AsSpan().ContainsAny('<', '[', '◁')) return answer;
        var kept = new StringBuilder();
        var (from, thinks) = (0, false);
        foreach (Match tag in Tag().Matches(answer))
        {
            if (tag.Groups["open"].Success)
            {
                if (!thinks) kept.Append(answer, from, tag.Index - from);
                thinks = true;
                continue;
            }
            // An end without a beginning: all before it was reasoning. Only tags that mean nothing else end what was not begun.
            if (!thinks && !tag.Groups["sure"].Success) continue;
            if (!thinks) kept.Clear();
            (from, thinks) = (tag.Index + tag.Length, false);
        }
        return thinks ? kept.ToString() : kept.Append(answer, from, answer.Length - from).ToString();
    }

    /// <summary>What stands in the last <c>&lt;answer&gt;</c> of an answer without reasoning, or null.</summary>
    public static string? Tagged(string answer) =>
        Answer().Matches(answer) is [.., var last] && last.Groups["text"].Value is var text && !string.IsNullOrWhiteSpace(text)
            ? text : null;

    [GeneratedRegex("[\u00AD\u200B\u200E\u200F\u202A-\u202E\u2060\u2066-\u2069\uFEFF]")]
    private static partial Regex Invisible();

    [GeneratedRegex(
        @"(?:^[ \t>]*(?<open>[<\[◁](?:(?:seed:)?think(?:ing)?|thoughts?|reasoning|reflection|analysis|scratchpad)[>\]▷]"
        + @"|<\|begin_of_thought\|>|<\|channel\|>analysis<\|message\|>))"
        + @"|(?<sure>[<\[◁]/(?:seed:)?think(?:ing)?[>\]▷]|</thoughts?>|<\|end_of_thought\|>|<\|channel\|>final<\|message\|>)"
        + @"|[<\[◁]/(?:reasoning|reflection|analysis|scratchpad)[>\]▷]",
        RegexOptions.IgnoreCase | RegexOptions.Multiline)]
    private static partial Regex Tag();

    [GeneratedRegex(
        @"(?<![\w/])<(?<tag>answer|final_answer|final|solution|result)>(?<text>.*?)(?:</\k<tag>>|\z)"
        + @"|<\|begin_of_solution\|>(?<text>.*?)(?:<\|end_of_solution\|>|\z)",
        RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex Answer();
}
