using DocTuneLab.Evaluation.Metrics;
using DocTuneLab.Evaluation.Reports;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Statistics;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;

namespace DocTuneLab.Evaluation.Tests;

public class MetricSetTests
{
    private const string Loop =
        "```csharp\nvar vat = new Vat(capacity);\nforeach (var d in doses) vat.Dose(d);\nreturn vat.Salinity();\n```";
    private const string Short = "```csharp\nreturn doses.Sum() / capacity;\n```";

    private static readonly Suite s_tasks = new([.. Enumerable.Range(0, 12).Select(i => TinyLibrary.Task($"t{i:00}", $"{i / 2}.md"))], []);

    /// <summary>Lines of code, fewer being better: a number, not a share.</summary>
    private sealed class CodeLines : IMetric
    {
        public string Name => "code_lines";
        public string Title => "Lines of code";
        public string Question => "How many lines does an answer take, on average?";
        public bool HigherIsBetter => false;
        public MetricUnit Unit => MetricUnit.Number;
        public IEnumerable<Observation> Observe(MetricInput input) =>
            input.Greedy.Where(r => r.Code is not null).Select(r => input.Of(r.Task, r.Code!.Split('\n').Length));
    }

    private sealed class LoopRate : IMetric
    {
        public string Name => "loop_rate";
        public string Title => "Writes a loop";
        public string Question => "Which share of the answers writes a loop?";
        public bool HigherIsBetter => true;
        public bool Primary => true;
        public IEnumerable<Observation> Observe(MetricInput input) =>
            input.Greedy.Select(r => input.Of(r.Task, r.Code?.Contains("foreach", StringComparison.Ordinal) == true));
    }

    /// <summary>Counts tasks that the suite has not, or has once, as its author got wrong.</summary>
    private sealed class Careless(params string[] tasks) : IMetric
    {
        public string Name => "careless";
        public string Title => "Careless";
        public string Question => "What if a metric miscounts?";
        public bool HigherIsBetter => true;
        public IEnumerable<Observation> Observe(MetricInput input) => tasks.Select(t => input.Of(t, 1));
    }

    private static EvaluationResult Arm(string name, string answer, params IMetric[] own)
    {
        var evaluator = new Evaluator(new CSharpJudge(TinyLibrary.References)) { Metrics = MetricSet.Default.With(own) };
        StoredAnswer[] answers = [.. s_tasks.Code.Select(t => new StoredAnswer(t.Id, TaskKind.Code, 0, answer))];
        return evaluator.Score("nano", s_tasks, answers, [], new EvaluationOptions { Arm = name, BootstrapDraws = 500 });
    }

    [Fact]
    public void A_metric_of_ones_own_is_compared_and_reported_like_the_built_in_ones()
    {
        var (first, second) = (Arm("base", Short, new CodeLines(), new LoopRate()), Arm("tuned", Loop, new CodeLines(), new LoopRate()));
        var report = EvaluationReport.Of([first, second]);

        var lines = report.Main!["code_lines"]!;
        Assert.Equal((1.0, 3.0, 2.0), (lines.First.Value, lines.Second.Value, lines.Difference.Value));
        Assert.Equal(new Interval(2, 2), lines.Difference.Interval);
        Assert.Equal((ComparisonVerdict.Worse, null), (lines.Verdict, lines.HolmP));

        var loops = report.Main["loop_rate"]!;
        Assert.Equal(1, loops.Difference.Value);
        // Primary: its p, 2 · ½⁶ for six documents, is corrected together with those of what was measured besides.
        Assert.Equal(2 / 64.0, loops.P, 12);
        Assert.True(loops.HolmP > loops.P);
        // So six documents cannot bear out even a gain of every task.
        Assert.Equal(ComparisonVerdict.Inconclusive, loops.Verdict);
        Assert.Contains("not every one of them can show a difference", report.Main.CanShow);
        Assert.True(double.IsNaN(loops.Detectable));

        var markdown = MarkdownReport.Of(report);
        Assert.Contains("| Lines of code | 1.000 [1.000, 1.000] | 3.000 [3.000, 3.000] | 12 |", markdown);
        Assert.Contains("| **Writes a loop** | 0.0% ", markdown);
        var page = HtmlPage.Of(report);
        Assert.Contains("Lines of code", page);
        var sentence = MarkdownReport.Headlines(report)[0];
        Assert.Contains("writes a loop (0.0% → 100.0%)", sentence);
        Assert.Contains("lines of code (1.000 → 3.000)", sentence);
        Assert.Contains("Writes a loop</th>", EvaluationHtml.Documents(report));
        Assert.Contains("\"code_lines\"", report.ToJson());
    }

    [Fact]
    public void Files_name_the_unit_only_where_the_name_does_not_tell_it()
    {
        var path = Path.GetTempFileName();
        var written = Arm("base", Short, new CodeLines()).ToJson();
        File.WriteAllText(path, written);
        var loaded = EvaluationResult.Load(path);
        File.Delete(path);
        Assert.Equal(MetricUnit.Number, loaded["code_lines"]!.Unit);
        Assert.Equal(MetricUnit.Share, loaded[MetricNames.CompileRate]!.Unit);
        Assert.Equal(2, written.Split("\"unit\"").Length);
        Assert.Equal(written, loaded.ToJson());
    }

    [Fact]
    public void A_set_refuses_two_metrics_of_one_name_and_a_comparison_a_task_that_counts_twice()
    {
        Assert.Contains("\"code_lines\"",
            Assert.Throws<LabException>(() => MetricSet.Default.With(new CodeLines(), new CodeLines())).Message);
        Assert.Contains("\"zz\"", Assert.Throws<LabException>(() => Arm("base", Short, new Careless("zz"))).Message);
        var (first, second) = (Arm("base", Short, new Careless("t00", "t00")), Arm("tuned", Short, new Careless("t00")));
        var error = Assert.Throws<LabException>(() => Comparison.Of(first, second));
        Assert.StartsWith("base: the metric \"careless\" counts the task \"t00\" twice", error.Message);
    }

    [Fact]
    public void The_page_on_evaluation_lists_every_metric()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "DocTuneLab.sln"))) root = root.Parent!;
        var page = File.ReadAllText(Path.Combine(root.FullName, "docs", "evaluate.md"));
        foreach (var m in MetricSet.Default.Metrics)
            Assert.Contains($"| `{m.Name}`{(m.Primary ? " ★" : "")} | {m.Question} | {(m.HigherIsBetter ? "more" : "less")} |", page);
        var rows = page.Split('\n')
            .Count(l => l.EndsWith(" more |", StringComparison.Ordinal) || l.EndsWith(" less |", StringComparison.Ordinal));
        Assert.Equal(MetricSet.Default.Metrics.Count, rows);
    }
}
