using DocTuneLab.Conversations;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Metrics;
using DocTuneLab.Evaluation.Reports;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Statistics;
using DocTuneLab.Evaluation.Subjects;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;

namespace DocTuneLab.Evaluation.Tests;

public class EvaluatorTests
{
    private const string Right =
        "```csharp\nvar vat = new Vat(capacity);\nforeach (var d in doses) vat.Dose(d);\nreturn vat.Salinity();\n```";
    private const string Invented = "```csharp\nvar vat = new Vat(capacity);\nvat.Stir(doses).Twice();\nreturn vat.Salinity();\n```";
    private const string Misused = "```csharp\nreturn new Vat(\"x\").Dose().Salinity();\n```";
    private const string Avoids = "```csharp\nreturn doses.Sum() / capacity;\n```";

    private static readonly PromptRenderer s_prompts = new(t => [Message.User(t.Id)], t => [Message.User(t.Id)]);

    private static readonly EvaluationOptions s_run = new()
    {
        Execution = new() { AllowUntrustedCode = true, AllowWithoutIsolation = true },
        BootstrapDraws = 500
    };

    private static readonly Suite s_four = new(
        [
            TinyLibrary.Task("a", "1.md"), TinyLibrary.Task("b", "2.md"), TinyLibrary.Task("c", "3.md"), TinyLibrary.Task("d", "4.md"),
            TinyLibrary.Task("e", "5.md")
        ],
        [new QaTask("q1", "?", ["Salinity"], ["1.md"], Split.Test), new QaTask("q2", "?", ["Dose"], ["2.md"], Split.Test)]);

    private static ScriptedModel Model(string name, params string[] answers) =>
        new(name, new[] { "a", "b", "c", "d", "e", "q1", "q2" }.Zip(answers).ToDictionary(p => p.First, p => p.Second.Split("§")));

    private static readonly Lazy<EvaluationResult> s_base = new(() => TinyLibrary.Evaluator().Run(
        Model("nano", Right, Invented, Misused, Avoids, "I do not know.", "`Salinity`", "Stir or Dose"), s_four, s_prompts, s_run));

    [Fact]
    public void Every_metric_is_what_a_hand_count_gives()
    {
        var result = s_base.Value;
        Assert.Equal(4 / 5.0, result[MetricNames.ExtractionRate]!.Value);
        Assert.Equal(4 / 5.0, result[MetricNames.ParseRate]!.Value);
        Assert.Equal(2 / 5.0, result[MetricNames.CompileRate]!.Value);
        // Avoids compiles, but 0 doses in a vat of 0 litres do not throw.
        Assert.Equal(1 / 5.0, result[MetricNames.Pass1]!.Value);
        Assert.Equal(
            [
                ExecutionStatus.Pass, ExecutionStatus.CompileError, ExecutionStatus.CompileError, ExecutionStatus.WrongAnswer,
                ExecutionStatus.CompileError
            ],
            result.Code.Select(c => c.Status!.Value));
        Assert.Equal(1 / 2.0, result[MetricNames.QaAccuracy]!.Value);
        Assert.Equal(2, result[MetricNames.CodeBitsPerByte]!.Value, 12);
        Assert.Equal([1, 2 / 3.0, 1 / 3.0, 0, 0], result.Code.Select(c => c.ApiRecall));
        Assert.Null(result[MetricNames.Pass5]);
    }

    [Fact]
    public void An_invented_member_is_missing_and_what_hangs_on_it_is_not_counted()
    {
        var answer = s_base.Value.Code[1];
        var missing = Assert.Single(answer.Uses, u => u.Kind == SymbolUseKind.Missing);
        Assert.Equal("Stir", missing.Name);
        Assert.Equal(2, missing.Line);
        Assert.DoesNotContain(answer.Uses, u => u.Name == "Twice");
        Assert.Equal("CS1061", Assert.Single(answer.Errors).Id);
        Assert.Equal(2, answer.Errors[0].Line);
        Assert.True(s_base.Value.Code[2].Count(SymbolUseKind.Misuse) >= 1);
        Assert.Equal(0, s_base.Value.Code[2].Count(SymbolUseKind.Missing));
        // One of the four answers with code invents a name; the one without code is not counted.
        Assert.Equal(1 / 4.0, s_base.Value[MetricNames.HallucinatingAnswers]!.Value);
    }

    [Fact]
    public void Names_that_the_task_gives_are_not_the_answers()
    {
        var task = TinyLibrary.Task() with
        {
            Signature = "public static double Mix(Vat vat)",
            Context = "public static class Given { public static double Of(Vat v) => v.Salinity(); }",
            GoldSymbols = ["T:Brine.Vat", "M:Brine.Vat.Salinity"],
        };
        var result = TinyLibrary.Evaluator().Score("m", new Suite([task], []),
            [new("salinity", TaskKind.Code, 0, "```cs\nreturn vat.Capacity;\n```")], [], new EvaluationOptions());
        Assert.Empty(Assert.Single(result.Code).GoldUsed);
        Assert.Equal(["Capacity"], result.Code[0].Uses.Select(u => u.Name));
        Assert.Equal(1, result.Code[0].Uses[0].Line);
    }

    [Fact]
    public void Without_permission_nothing_runs_and_pass_rates_are_absent()
    {
        var result = TinyLibrary.Evaluator().Score("nano", s_four, s_base.Value.Answers, [], s_run with { Execution = new() });
        Assert.Null(result[MetricNames.Pass1]);
        Assert.Null(result.Sandbox);
        Assert.Equal(2 / 5.0, result[MetricNames.CompileRate]!.Value);
        Assert.Contains("not run", MarkdownReport.Of(result));
    }

    [Fact]
    public void Stored_answers_score_the_same_after_a_round_trip()
    {
        var path = Path.GetTempFileName();
        File.WriteAllText(path, s_base.Value.ToJson());
        var loaded = EvaluationResult.Load(path);
        File.Delete(path);
        Assert.Equal(s_base.Value.ToJson(), loaded.ToJson());
        var again = TinyLibrary.Evaluator().Score(loaded.Subject, s_four, loaded.Answers, loaded.References, loaded.Options);
        Assert.Equal(s_base.Value.ToJson(), again.ToJson());
    }

    [Fact]
    public void Sampled_answers_give_pass_at_k()
    {
        // Two right of six: pass@1 1/3, pass@5 1 - C(4,5)/C(6,5) = 1.
        var script = $"{Right}§{Avoids}§{Avoids}§{Right}§{Avoids}§no";
        var suite = new Suite([TinyLibrary.Task("a")], []);
        var model = Model("nano", script);
        var result = TinyLibrary.Evaluator().Run(model, suite, s_prompts, s_run with { SampledAnswers = 6, ScoreReferences = false });
        Assert.Equal(1 / 3.0, result[MetricNames.SampledPass1]!.Value, 12);
        Assert.Equal(1, result[MetricNames.Pass5]!.Value, 12);
        Assert.Equal(1, result[MetricNames.Pass1]!.Value);
        Assert.Equal(7, model.Calls.Select(c => (c.Seed, c.Temperature)).Distinct().Count());
        Assert.True(double.IsNaN(result[MetricNames.Pass1]!.Interval.Low));
    }

    [Fact]
    public void A_comparison_shows_differences_flips_symbols_and_invented_names()
    {
        var tuned = TinyLibrary.Evaluator().Run(
            Model("nano-tuned", Right, Right, Right, Right, Avoids, "Salinity", "Dose"), s_four, s_prompts, s_run with { Arm = "tuned" });
        var comparison = Comparison.Of(s_base.Value, tuned);
        var compile = comparison[MetricNames.CompileRate]!;
        Assert.Equal(3 / 5.0, compile.Difference.Value, 12);
        Assert.Equal(0.25, compile.P, 12); // 0 against 3 discordant: 2 · ½³
        Assert.Equal(ComparisonVerdict.Inconclusive, compile.Verdict);
        Assert.Equal(5, comparison.Metrics.Count(m => m.HolmP is not null));
        Assert.Equal(["b", "c", "d", "e", "q2"], comparison.Flips.Where(f => f.Gain).Select(f => f.Task).Order());
        var flip = comparison.Flips.Single(f => f.Task == "b");
        Assert.Equal((TaskOutcome.CompileError, TaskOutcome.Pass), (flip.Before, flip.After));
        Assert.Contains("Stir", Assert.Single(flip.BeforeDiagnostics));
        var dose = comparison.Symbols.Single(s => s.Id == "M:Brine.Vat.Dose(System.Double)");
        Assert.Equal((5, 1, 4), (dose.GoldTasks, dose.Arms[0].Recalled, dose.Arms[1].Recalled));
        Assert.Equal((1, 4, 1, 0), (dose.Arms[0].Right, dose.Arms[1].Right, dose.Arms[0].Misused, dose.Arms[1].Misused));
        Assert.Equal("Vat.Stir", comparison.Invented.Single().FullName);
        Assert.Equal([1, 0], comparison.Invented.Single().Counts);
        var report = MarkdownReport.Of(comparison);
        Assert.Contains("| **Compiles** | 40.0% ", report);
        Assert.Contains("### b: CompileError → Pass", report);
        Assert.Contains("inconclusive", report);
    }

    [Fact]
    public void A_clear_gain_on_enough_tasks_is_better_and_the_reverse_worse()
    {
        var tasks = Enumerable.Range(0, 30).Select(i => TinyLibrary.Task($"t{i}", $"{i / 2}.md")).ToList();
        var suite = new Suite(tasks, []);
        StoredAnswer[] Answers(string text) => [.. tasks.Select(t => new StoredAnswer(t.Id, TaskKind.Code, 0, text))];
        var evaluator = TinyLibrary.Evaluator();
        var options = new EvaluationOptions();
        var bad = evaluator.Score("m", suite, Answers(Invented), [], options);
        var good = evaluator.Score("m", suite, Answers(Right), [], options with { Arm = "tuned" });
        var gain = Comparison.Of(bad, good);
        Assert.All(new[] { MetricNames.CompileRate, MetricNames.ApiRecall, MetricNames.HallucinationRate },
            m => Assert.Equal(ComparisonVerdict.Better, gain[m]!.Verdict));
        Assert.Equal(ComparisonVerdict.Worse, Comparison.Of(good, bad)[MetricNames.HallucinationRate]!.Verdict);
        Assert.All(Comparison.Of(good, good).Metrics, m => Assert.Equal(ComparisonVerdict.Inconclusive, m.Verdict));
    }

    [Fact]
    public void Results_of_different_suites_do_not_compare()
    {
        var other = TinyLibrary.Evaluator().Score("m", s_four.Take(2, 0), [], [], new EvaluationOptions());
        Assert.Contains("different suites", Assert.Throws<LabException>(() => Comparison.Of(s_base.Value, other)).Message);
    }

    [Fact]
    public void An_answer_to_no_task_is_an_error() =>
        Assert.Contains("\"zz\"",
            Assert.Throws<LabException>(() =>
                TinyLibrary.Evaluator().Score("m", s_four, [new("zz", TaskKind.Code, 0, "")], [], new EvaluationOptions())).Message);

    [Fact]
    public void A_sound_suite_has_no_problems_and_each_flaw_is_named()
    {
        var good = TinyLibrary.Task("good");
        Suite suite = new(
            [
                good,
                good with { Id = "gold", GoldSymbols = ["M:Brine.Vat.Stir", .. good.GoldSymbols] },
                good with { Id = "unused", GoldSymbols = ["P:Brine.Vat.Capacity"] },
                good with { Id = "wrong", Reference = "return new Vat(1).Capacity;" },
                good with { Id = "broken", Reference = "return vat;" },
                good with { Id = "lazy", Stub = good.Reference },
                good with { Id = "stub", Stub = "return x;" },
                good with { Id = "tests", Tests = ["Check.Equal(1, Solution.Mixx());"] },
            ],
            [new QaTask("q", "?", ["Vat", "."], ["1.md"], Split.Test)]);
        var report = SuiteCheck.Run(TinyLibrary.Evaluator(), suite, TinyLibrary.Api,
            new ExecutionOptions { AllowUntrustedCode = true, AllowWithoutIsolation = true });
        // All are one task with a flaw each, which is a flaw of its own.
        string Of(string id) => string.Join('\n', report.Problems.Where(p => p.Task == id).Select(p => p.Problem)
            .Where(p => !p.Contains("the same", StringComparison.Ordinal)));
        Assert.Equal("", Of("good"));
        Assert.Equal("goldSymbols: M:Brine.Vat.Stir does not exist in the library", Of("gold"));
        Assert.Equal("reference: does not use P:Brine.Vat.Capacity", Of("unused"));
        Assert.StartsWith("reference: WrongAnswer: expected 3, got 1", Of("wrong"));
        Assert.StartsWith("reference: does not compile: line 1: CS0103", Of("broken"));
        Assert.Equal("stub: passes, so the tests test nothing", Of("lazy"));
        Assert.StartsWith("stub: does not compile", Of("stub"));
        Assert.Contains("the hidden tests do not fit", Of("tests"));
        Assert.Contains("\".\"", Of("q"));
        Assert.Throws<LabException>(report.ThrowIfUnsound);
    }
}
