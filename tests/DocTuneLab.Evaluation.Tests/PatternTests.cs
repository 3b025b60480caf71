using System.Text.Json.Nodes;
using DocTuneLab.Conversations;
using DocTuneLab.Corpus;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation.Metrics;
using DocTuneLab.Evaluation.Reports;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;

namespace DocTuneLab.Evaluation.Tests;

/// <summary>Every figure also for the tasks that training data shows, and for those that it does not.</summary>
public class PatternTests
{
    private const string Right =
        "```csharp\nvar vat = new Vat(capacity);\nforeach (var d in doses) vat.Dose(d);\nreturn vat.Salinity();\n```";
    private const string Wrong = "```csharp\nreturn new Vat(capacity).Stir(doses);\n```";

    private static readonly CSharpJudge s_judge = new(TinyLibrary.References);

    // Half of the tasks are asked for with another solution, so that training data can show one half.
    private static readonly Suite s_tasks = new(
        [.. Enumerable.Range(0, 24).Select(i => TinyLibrary.Task($"t{i:00}", $"{i / 2}.md") is var task && i % 2 == 0 ? task
            : task with { Reference = task.Reference + "\n// the same\n" + "_ = capacity.ToString();" })],
        [new QaTask("q0", "What does `vat.Dose(salt)` return for 20 grams?", ["Vat"], ["0.md"], Split.Test),
            new QaTask("q1", "What is a vat?", ["Vat"], ["1.md"], Split.Test)])
    {
        Retention = [new RetentionText("r0", RetentionKind.Text, "text", "s0"), new RetentionText("r1", RetentionKind.Text, "text", "s1")],
    };

    private static Sample Shows(string asked, string answer)
    {
        Message[] turns = [Message.User(asked), Message.Assistant(answer)];
        return new(Sample.IdOf(SampleKind.Code, turns), SampleKind.Code, turns, new Evidence([], []), [], Split.Train);
    }

    private static readonly Sample[] s_training =
    [
        Shows("Salt it.", $"```csharp\n{s_tasks.Code[0].Reference.Replace("vat", "tub", StringComparison.Ordinal)}\n```"),
        Shows("what does `tub.Dose(x)` return for 3 grams", "Nothing."),
    ];

    private static EvaluationResult Arm(string name, TaskPatterns? patterns, Func<int, bool> right) =>
        new Evaluator(s_judge) { Patterns = patterns }.Score("nano", s_tasks,
        [
            .. s_tasks.Code.Select((t, i) => new StoredAnswer(t.Id, TaskKind.Code, 0, right(i) ? Right : Wrong)),
            .. s_tasks.Qa.Select(t => new StoredAnswer(t.Id, TaskKind.Qa, 0, "Vat")),
        ],
        [.. s_tasks.Retention.Select(t => new ReferenceScore(t.Id, TaskKind.Retention, 8, 4))],
        new EvaluationOptions { Arm = name, BootstrapDraws = 1000 });

    private static EvaluationReport Report(TaskPatterns? patterns) => EvaluationReport.Of(
        [Arm("base", patterns, _ => false), Arm("tuned", patterns, i => i % 2 == 0)]);

    [Fact]
    public void A_task_is_seen_where_its_solution_or_question_stands_in_the_training_data()
    {
        var patterns = TaskPatterns.Of(s_tasks, s_training);
        Assert.Equal(2, patterns.Samples);
        Assert.Equal([.. s_tasks.Code.Where((_, i) => i % 2 == 0).Select(t => t.Id), "q0"], patterns.Seen);
        Assert.Equal([.. s_tasks.Code.Where((_, i) => i % 2 == 1).Select(t => t.Id), "q1"], patterns.Unseen);
        Assert.Equal(24, patterns.CodeTasks);
        Assert.Empty(patterns.NoChoice);
    }

    [Fact]
    public void Each_metric_is_split_with_its_own_interval_and_the_headline_names_the_unseen_figure()
    {
        var report = Report(TaskPatterns.Of(s_tasks, s_training));
        Assert.Equal((0.5, 24), (report.Results[1][MetricNames.CompileRate]!.Value, report.Results[1][MetricNames.CompileRate]!.Tasks));
        Assert.Equal((1.0, 12), (report.Seen[1][MetricNames.CompileRate]!.Value, report.Seen[1][MetricNames.CompileRate]!.Tasks));
        Assert.Equal((0.0, 12), (report.Unseen[1][MetricNames.CompileRate]!.Value, report.Unseen[1][MetricNames.CompileRate]!.Tasks));
        // Frozen texts are neither.
        Assert.Null(report.Seen[1][MetricNames.TextBitsPerByte]);
        Assert.Null(report.Unseen[1][MetricNames.TextBitsPerByte]);

        var headlines = MarkdownReport.Headlines(report);
        Assert.StartsWith("tuned against base, on tasks that no training sample shows, is ", headlines[0]);
        Assert.Contains("compiles (0.0% → 0.0%; seen 0.0% → 100.0%)", headlines[0]);
        Assert.Contains("13 of 26 tasks are seen: ", string.Join('\n', headlines));
        Assert.Contains("0 of 24 programming tasks leave no choice", string.Join('\n', headlines));

        var markdown = MarkdownReport.Of(report);
        Assert.Contains("| · unseen | 0.0% [0.0%, 0.0%] | 0.0% [0.0%, 0.0%] | 12 |", markdown);
        Assert.Contains("| · seen | 0.0% [0.0%, 0.0%] | 100.0% [100.0%, 100.0%] | 12 |", markdown);
        Assert.Contains("| · seen (12 tasks) | 0.0% [0.0%, 0.0%] | 100.0% [100.0%, 100.0%] | +100.0% [100.0%, 100.0%] | ", markdown);
        Assert.Contains("| · seen | 100.0% | [100.0%, 100.0%] | 12 |", MarkdownReport.Of(
            report.Results[1] with { Metrics = [report.Results[1][MetricNames.CompileRate]!] }));
        Assert.Contains(MarkdownReport.Rows(report.Main!), r => r[0] == "· unseen (12 tasks)" && r[3] == "0.0% [0.0%, 0.0%]");
        var page = HtmlPage.Of(report);
        Assert.Contains("13 of 26 tasks are seen", page);
        Assert.Contains("seen (12 tasks)", page);
        Assert.Contains(", unseen</text>", page);

        var json = JsonNode.Parse(report.ToJson())!;
        JsonNode Metric(JsonNode of) => of["metrics"]!.AsArray().Single(m => (string?)m!["name"] == MetricNames.CompileRate)!;
        Assert.Equal((1.0, 12), ((double)Metric(json["arms"]![1]!)["seen"]!["value"]!, (int)Metric(json["arms"]![1]!)["seen"]!["tasks"]!));
        Assert.Equal("better", (string?)Metric(json["comparisons"]![0]!)["seen"]!["verdict"]);
        Assert.Equal("inconclusive", (string?)Metric(json["comparisons"]![0]!)["unseen"]!["verdict"]);
    }

    [Fact]
    public void Without_training_data_it_is_said_that_they_could_not_be_told_apart()
    {
        var report = Report(null);
        Assert.Empty(report.Seen);
        Assert.Empty(report.Unseen);
        Assert.StartsWith("tuned against base is better: ", MarkdownReport.Headlines(report)[0]);
        foreach (var text in (string[])[MarkdownReport.Of(report), HtmlPage.Of(report), MarkdownReport.Of(report.Results[0])])
        {
            Assert.Contains("No training data was given, so seen and unseen tasks could not be told apart.", text);
            Assert.DoesNotContain("· unseen", text);
        }
    }

    [Fact]
    public void Where_all_is_seen_the_headline_says_so()
    {
        var patterns = TaskPatterns.Of(s_tasks,
            [.. s_training, Shows("x", $"```csharp\n{s_tasks.Code[1].Reference}\n```"), Shows("What is a vat?", "A tub.")]);
        Assert.Empty(patterns.Unseen);
        Assert.Contains(", on nothing but tasks that training samples show, is better: compiles (0.0% → 50.0%; seen only)",
            MarkdownReport.Headlines(Report(patterns))[0]);
    }

    [Fact]
    public void Arms_of_different_training_data_are_split_by_all_of_it_and_old_results_still_read()
    {
        var patterns = TaskPatterns.Of(s_tasks, s_training);
        var other = TaskPatterns.Of(s_tasks, [s_training[1]]);
        Assert.Equal(["q0"], other.Seen);
        var report = EvaluationReport.Of([Arm("base", other, _ => false), Arm("tuned", patterns, _ => true)]);
        Assert.Equal(13, report.Patterns!.Seen.Count);
        Assert.Equal(13, report.Patterns.Unseen.Count);

        var path = Path.GetTempFileName();
        var node = JsonNode.Parse(Arm("tuned", patterns, _ => true).ToJson())!.AsObject();
        File.WriteAllText(path, node.ToJsonString());
        Assert.Equal(patterns.Seen, EvaluationResult.Load(path).Patterns!.Seen);
        Assert.True(node.Remove("patterns"));
        File.WriteAllText(path, node.ToJsonString());
        var old = EvaluationResult.Load(path);
        File.Delete(path);
        Assert.Null(old.Patterns);
        Assert.Contains("could not be told apart", MarkdownReport.Of(EvaluationReport.Of([old])));
        // Beside a newer arm, what is known of that one counts.
        Assert.Equal(12, EvaluationReport.Of([old, Arm("base", patterns, _ => false)]).Unseen[0][MetricNames.CompileRate]!.Tasks);
    }
}
