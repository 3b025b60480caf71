using DocTuneLab.Conversations;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation.Judging;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Statistics;
using DocTuneLab.Evaluation.Suites;

namespace DocTuneLab.Evaluation.Tests;

public sealed class JudgingTests : IDisposable
{
    private static readonly OpenTask[] s_tasks = [.. Enumerable.Range(1, 8)
        .Select(i => new OpenTask($"o{i}", $"question {i}", "reference", ["fact one", "fact two", "fact three"], [$"{i}.md"], Split.Test))];

    private readonly string _folder = Directory.CreateTempSubdirectory("doctune-judge-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private sealed class Replies(Func<string, string> reply) : ILanguageModel
    {
        public string Name => "judge";
        public IReadOnlyList<string> Generate(IReadOnlyList<IReadOnlyList<Message>> prompts, SamplingOptions options,
            IProgress<int>? progress = null, CancellationToken cancel = default) => [.. prompts.Select(p => reply(p[^1].Content))];
        public IReadOnlyList<AnswerScore> Score(IReadOnlyList<IReadOnlyList<Message>> conversations, CancellationToken cancel = default) =>
            throw new NotSupportedException();
        public IReadOnlyList<AnswerScore> ScoreText(IReadOnlyList<string> texts, CancellationToken cancel = default) =>
            throw new NotSupportedException();
    }

    private static StoredAnswer[] Answers(string text) => [.. s_tasks.Select(t => new StoredAnswer(t.Id, TaskKind.Open, 0, text))];

    [Fact]
    public void A_judge_that_reads_the_facts_agrees_with_itself_in_both_orders()
    {
        // States the facts that the answer holds, whatever their place in the list.
        var judge = new AnswerJudge(new Replies(p => string.Join('\n',
            p.Split("Facts:\n")[1].Split('\n').TakeWhile(l => l.Length > 0).Select(l =>
                $"{l.Split('.')[0]}: {(p.Split(">>>")[0].Contains(l[3..], StringComparison.Ordinal) ? "yes" : "no")}"))));
        var grade = judge.Grade(s_tasks, [Answers("fact one and fact three")[0]])[0];
        Assert.Equal([1, 0, 1], grade.Points);
        Assert.Equal(2 / 3.0, grade.Score, 12);
        Assert.Equal(0, grade.Unreadable);
    }

    [Fact]
    public void A_judge_that_goes_by_place_disagrees_with_itself_and_counts_a_half()
    {
        var grade = new AnswerJudge(new Replies(_ => "1: yes\n2: no\n3: no")).Grade(s_tasks, [Answers("x")[0]])[0];
        Assert.Equal([0.5, 0, 0.5], grade.Points);
        var votes = new AnswerJudge(new Replies(_ => "A")).Prefer(s_tasks, Answers("one"), Answers("two"));
        Assert.All(votes, v => Assert.Equal((0.5, false), (v.Second, v.Agreed)));
        var summary = PreferenceSummary.Of("base", "tuned", "judge", votes);
        Assert.Equal((0.5, 0.0, ComparisonVerdict.Inconclusive), (summary.WinRate, summary.Agreement, summary.Verdict));
    }

    [Fact]
    public void A_judge_that_goes_by_content_finds_the_better_arm()
    {
        var judge = new AnswerJudge(new Replies(
            p => p.IndexOf("good", StringComparison.Ordinal) < p.IndexOf("Answer B", StringComparison.Ordinal) ? "Answer: A" : "B."));
        var summary = PreferenceSummary.Of("base", "tuned", "judge", judge.Prefer(s_tasks, Answers("bad"), Answers("good")));
        Assert.Equal((1.0, 1.0, ComparisonVerdict.Better), (summary.WinRate, summary.Agreement, summary.Verdict));
        Assert.Equal(2 / 256.0, summary.P, 12);
    }

    [Fact]
    public void A_reply_that_cannot_be_read_is_counted_and_gives_no_point_either_way()
    {
        var grade = new AnswerJudge(new Replies(_ => "I would rather not say.")).Grade(s_tasks, [Answers("x")[0]])[0];
        Assert.Equal(6, grade.Unreadable);
        Assert.All(grade.Points, p => Assert.Equal(0.5, p));
        Assert.All(new AnswerJudge(new Replies(_ => "Both are fine")).Prefer(s_tasks, Answers("a"), Answers("b")),
            v => Assert.Equal((0.5, 2), (v.Second, v.Unreadable)));
    }

    private static EvaluationResult Arm(string name, string text) =>
        TinyLibrary.Evaluator()
            .Score("m", new Suite([], []) { Open = s_tasks }, Answers(text), [], new EvaluationOptions { Arm = name, BootstrapDraws = 200 });

    [Fact]
    public void Blind_votes_come_back_through_the_form_and_its_key()
    {
        var suite = new Suite([], []) { Open = s_tasks };
        EvaluationResult[] arms = [Arm("base", "old"), Arm("tuned", "new")];
        var trial = BlindTrial.Draw(suite, arms, 20, seed: 4);
        Assert.Equal(8, trial.Items.Count);
        Assert.Equal(trial.Id, BlindTrial.Draw(suite, arms, 20, seed: 4).Id);
        Assert.Equal(2, trial.Key.Select(k => k.Left).Distinct().Count());
        var page = File.ReadAllText(trial.Write(_folder));
        Assert.DoesNotContain("tuned", page);
        Assert.DoesNotMatch("(src|href)=\"https?:", page);
        // Somebody who prefers what is new, whichever side it is on.
        var votes =
            $$"""{"trial":"{{trial.Id}}","judge":"Ann","votes":[{{string.Join(',', trial.Items.Select(i => $$"""{"item":{{i.Number}},"choice":"{{(i.Left == "new" ? "left" : "right")}}"}"""))}}]}""";
        var file = Path.Combine(_folder, "votes.json");
        File.WriteAllText(file, votes);
        var summary = Assert.Single(BlindTrial.Tally(Path.Combine(_folder, "ab-key.json"), file, ["base", "tuned"]));
        Assert.Equal(("base", "tuned", "Ann", 1.0, ComparisonVerdict.Better),
            (summary.First, summary.Second, summary.Judge, summary.WinRate, summary.Verdict));
        File.WriteAllText(file, votes.Replace(trial.Id, "other", StringComparison.Ordinal));
        Assert.Contains("trial other",
            Assert.Throws<LabException>(() => BlindTrial.Tally(Path.Combine(_folder, "ab-key.json"), file, ["base", "tuned"])).Message);
        File.WriteAllText(file, votes.Replace("\"left\"", "\"both\"", StringComparison.Ordinal));
        Assert.Contains("\"both\" is not one of",
            Assert.Throws<LabException>(() => BlindTrial.Tally(Path.Combine(_folder, "ab-key.json"), file, ["base", "tuned"])).Message);
    }

    [Fact]
    public void Three_arms_get_a_ranking()
    {
        var report = EvaluationReport.Of([Arm("base", "a"), Arm("base+docs", "b"), Arm("tuned", "c")]);
        Preference[] Votes(int wins) => [.. Enumerable.Range(0, 8).Select(i => new Preference($"o{i}", $"{i}.md", i < wins ? 1 : 0))];
        report = report.With(
        [
            PreferenceSummary.Of("base", "base+docs", "j", Votes(6)), PreferenceSummary.Of("base+docs", "tuned", "j", Votes(6)),
            PreferenceSummary.Of("base", "tuned", "j", Votes(8))
        ]);
        Assert.Equal(["tuned", "base+docs", "base"], report.Ranking.OrderByDescending(s => s.LogStrength).Select(s => s.Name));
    }
}
