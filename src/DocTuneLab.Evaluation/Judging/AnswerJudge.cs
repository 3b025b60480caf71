using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using DocTuneLab.Conversations;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Suites;

namespace DocTuneLab.Evaluation.Judging;

/// <summary>
/// A language model as judge of open answers. Every judgement is asked for twice, with the order turned round (Zheng et al. 2023,
/// arXiv:2306.05685, on the
/// bias of position); two readings that disagree count one half. A reading that cannot be read counts nowhere: not as a half either, and a
/// draft within reasoning is none. Version 1 of the wording.
/// </summary>
/// <param name="model">The judge; greedy, so that it says the same again.</param>
/// <param name="tokens">New tokens of a verdict at most; default 256.</param>
public sealed partial class AnswerJudge(ILanguageModel model, int tokens = AnswerJudge.VerdictTokens)
{
    /// <summary>Version of the prompts; part of every cached judgement's key through its text.</summary>
    public const int Version = 1;

    /// <summary>New tokens of a verdict at most, unless told otherwise.</summary>
    public const int VerdictTokens = 256;

    /// <summary>The judge's name.</summary>
    public string Name => model.Name;

    /// <summary>Which facts of its rubric each answer states.</summary>
    /// <param name="tasks">The questions.</param>
    /// <param name="answers">Answers to them.</param>
    /// <param name="progress">Told of finished readings, two for each answer.</param>
    /// <param name="cancel">Stops between readings.</param>
    public IReadOnlyList<OpenResult> Grade(
        IReadOnlyList<OpenTask> tasks, IReadOnlyList<StoredAnswer> answers, IProgress<int>? progress = null,
        CancellationToken cancel = default)
    {
        if (answers.Count == 0) return [];
        var byId = tasks.ToDictionary(t => t.Id, StringComparer.Ordinal);
        var asked = answers.SelectMany(a => new[] { byId[a.Task].Rubric, [.. byId[a.Task].Rubric.Reverse()] }
            .Select(r => RubricPrompt(byId[a.Task].Question, Reasoning.Cut(a.Text), r))).ToList();
        var replies = model.Generate(asked, new(tokens), progress, cancel);
        return [.. answers.Select((a, i) =>
        {
            var count = byId[a.Task].Rubric.Count;
            var forwards = Verdicts(replies[2 * i], count);
            var backwards = Verdicts(replies[(2 * i) + 1], count);
            var readings = Enumerable.Range(0, count).Select(f => (First: forwards[f], Second: backwards[count - 1 - f])).ToList();
            return new OpenResult(a.Task, Reasoning.Cut(a.Text).Trim(), [.. readings.Select(r => Point(r.First, r.Second))])
            {
                Readings = 2 * count,
                Unreadable = readings.Sum(r => (r.First is null ? 1 : 0) + (r.Second is null ? 1 : 0)),
            };
        })];
    }

    /// <summary>Which of two answers to each question is better.</summary>
    /// <param name="tasks">The questions.</param>
    /// <param name="first">Answers of the first arm.</param>
    /// <param name="second">Answers of the second arm.</param>
    /// <param name="progress">Told of finished readings, two for each question.</param>
    /// <param name="cancel">Stops between readings.</param>
    public IReadOnlyList<Preference> Prefer(
        IReadOnlyList<OpenTask> tasks, IReadOnlyList<StoredAnswer> first, IReadOnlyList<StoredAnswer> second,
        IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        var (a, b) = (ById(first), ById(second));
        var shared = tasks.Where(t => a.ContainsKey(t.Id) && b.ContainsKey(t.Id)).ToList();
        if (shared.Count == 0) return [];
        var asked = shared.SelectMany(t => new[] { PairPrompt(t, a[t.Id], b[t.Id]), PairPrompt(t, b[t.Id], a[t.Id]) }).ToList();
        var replies = model.Generate(asked, new(tokens), progress, cancel);
        return [.. shared.Select((t, i) =>
        {
            var straight = Choice(replies[2 * i]);
            var turned = Choice(replies[(2 * i) + 1]) is { } c ? 1 - c : (double?)null;
            return new Preference(
                t.Id, t.Documents[0], Point(straight, turned), Agreed: straight is not null && straight == turned,
                Unreadable: (straight is null ? 1 : 0) + (turned is null ? 1 : 0));
        })];

        static Dictionary<string, string> ById(IReadOnlyList<StoredAnswer> answers) =>
            answers.Where(x => x is { Kind: TaskKind.Open, Sample: 0 })
                .ToDictionary(x => x.Task, x => Reasoning.Cut(x.Text), StringComparer.Ordinal);
    }

    // Readings that differ say that the judge cannot tell; one that cannot be read leaves the word to the other, and two say nothing.
    private static double? Point(double? first, double? second) => (first, second) switch
    {
        ({ } x, { } y) => x == y ? x : 0.5,
        _ => first ?? second,
    };

    private static IReadOnlyList<Message> RubricPrompt(string question, string answer, IReadOnlyList<string> rubric)
    {
        var text = new StringBuilder(
            "Check an answer against a list of facts. A fact counts as stated if the answer says it in any words; "
            + "what the answer only hints at, or contradicts, does not count.\n\n");
        text.Append("Question:\n").Append(question.Trim());
        text.Append("\n\nAnswer (between the marks):\n<<<\n").Append(answer.Trim()).Append("\n>>>\n\nFacts:\n");
        for (var i = 0; i < rubric.Count; i++) text.Append(CultureInfo.InvariantCulture, $"{i + 1}. {rubric[i]}\n");
        text.Append("\nReply with one line for each fact and nothing else: its number, a colon, and yes or no. For example:\n1: yes\n");
        return [Message.User(text.ToString())];
    }

    private const string PairRequest = "Two answers to one question. Which one is more correct and complete? "
        + "The reference shows what is true. Length and style do not count.";

    private static IReadOnlyList<Message> PairPrompt(OpenTask task, string a, string b) =>
    [
        Message.User($"""
            {PairRequest}

            Question:
            {task.Question.Trim()}

            Reference:
            {task.Reference.Trim()}

            Answer A (between the marks):
            <<<
            {a.Trim()}
            >>>

            Answer B (between the marks):
            <<<
            {b.Trim()}
            >>>

            Reply with one word: A, B or tie.
            """),
    ];

    private static double?[] Verdicts(string reply, int count)
    {
        var verdicts = new double?[count];
        foreach (Match m in VerdictLine().Matches(Reasoning.Cut(reply)))
            if (int.TryParse(m.Groups["n"].Value, CultureInfo.InvariantCulture, out var n) && n >= 1 && n <= count)
                verdicts[n - 1] ??= m.Groups["v"].Value.StartsWith("y", StringComparison.OrdinalIgnoreCase) ? 1 : 0;
        return verdicts;
    }

    /// <summary>0 for A, 1 for B, 0.5 for a tie, null where the reply is none of them.</summary>
    private static double? Choice(string reply) => ChoiceWord().Match(Reasoning.Cut(reply)) is { Success: true } m
        ? m.Groups["v"].Value.ToUpperInvariant() switch { "A" => 0, "B" => 1, _ => 0.5 }
        : null;

    [GeneratedRegex(@"^\W*(?<n>\d{1,3})[\s*_`]*[:.)\-]\W*(?<v>yes|no)\b", RegexOptions.IgnoreCase | RegexOptions.Multiline)]
    private static partial Regex VerdictLine();

    [GeneratedRegex(@"^\W*(?:(?:the\s+)?(?:better\s+)?answer\s*(?:is)?\W*)?(?<v>A|B|tie)\b(?!\s+\w)", RegexOptions.IgnoreCase)]
    private static partial Regex ChoiceWord();
}
