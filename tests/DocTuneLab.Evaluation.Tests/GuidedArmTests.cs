using DocTuneLab.Conversations;
using DocTuneLab.Evaluation.Metrics;
using DocTuneLab.Evaluation.Reports;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Subjects;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library.Guidance;

namespace DocTuneLab.Evaluation.Tests;

/// <summary>Arms that the compiler guides: what is kept of their answers, what that costs, and how it is shown.</summary>
public sealed class GuidedArmTests : IDisposable
{
    private const string Good =
        "```csharp\nvar vat = new Vat(capacity);\nforeach (var d in doses) vat.Dose(d);\nreturn vat.Salinity();\n```";
    private const string Bad = "```csharp\nreturn new Vat(capacity).Saltiness();\n```";

    private static readonly Suite s_suite = new([.. Enumerable.Range(0, 8).Select(i => TinyLibrary.Task($"t{i}", $"{i / 2}.md"))],
        [new QaTask("q", "Which?", ["Vat"], ["0.md"], Documents.Model.Split.Test)]);

    private static readonly PromptRenderer s_prompts = new(t => [Message.User(t.Id)], t => [Message.User(t.Question)]);

    private readonly string _folder = Directory.CreateTempSubdirectory("doctune-guided-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Answers every task alike, guided, and questions freely.</summary>
    private sealed class Guided : IGuidedModel
    {
        public int Calls { get; private set; }

        public string Name => "nano + compiler";

        public IReadOnlyList<(string, AnswerGuidance?)> Ask(IReadOnlyList<IReadOnlyList<Message>> prompts, SamplingOptions options,
            IProgress<int>? progress = null, CancellationToken cancel = default)
        {
            Calls++;
            return [.. prompts.Select(p => p[^1].Content == "Which?" ? ("Vat", (AnswerGuidance?)null)
                : (Good, AnswerGuidance.Of(new(Good, [new(Good.IndexOf("Salinity", StringComparison.Ordinal), "Saltiness", "Salinity",
                    "Vat has no member that begins with 'Salti'")], 30, p[^1].Content == "t3" ? "30 tokens were decoded" : "")
                {
                    EndedBecause = p[^1].Content is "t1" or "t2" ? "40 tokens were decoded" : ""
                })))];
        }

        public IReadOnlyList<string> Generate(IReadOnlyList<IReadOnlyList<Message>> prompts, SamplingOptions options,
            IProgress<int>? progress = null, CancellationToken cancel = default) => throw new InvalidOperationException("asked unguided");

        public IReadOnlyList<AnswerScore> Score(IReadOnlyList<IReadOnlyList<Message>> conversations, CancellationToken cancel = default) =>
            throw new NotSupportedException();

        public IReadOnlyList<AnswerScore> ScoreText(IReadOnlyList<string> texts, CancellationToken cancel = default) =>
            throw new NotSupportedException();
    }

    private static EvaluationOptions Options(string arm, bool guided = false) => new()
    {
        Arm = arm,
        BootstrapDraws = 100,
        ScoreReferences = false,
        Guide = guided ? new GuideRules(7, GuideLayers.Names | GuideLayers.Members, new GuideBudget()) : null,
    };

    private static EvaluationResult Free(string arm) => TinyLibrary.Evaluator().Score("nano", s_suite,
        [.. s_suite.Code.Select(t => new StoredAnswer(t.Id, TaskKind.Code, 0, Bad)), new StoredAnswer("q", TaskKind.Qa, 0, "Vat")], [],
        Options(arm));

    private EvaluationResult Asked(Guided model) => TinyLibrary.Evaluator().Run(new RecordedModel(model, "id", _folder), s_suite, s_prompts,
        Options("tuned+compiler", guided: true));

    [Fact]
    public void Turns_tokens_and_rules_survive_the_cache_and_the_result_file()
    {
        var first = new Guided();
        var result = Asked(first);
        var again = new Guided();
        Assert.Equal(result.Answers, Asked(again).Answers);
        Assert.Equal((2, 0), (first.Calls, again.Calls));
        Assert.Null(result.Answers.Single(a => a.Task == "q").Guidance);

        var file = Path.Combine(_folder, "tuned+compiler.json");
        File.WriteAllText(file, result.ToJson());
        var loaded = EvaluationResult.Load(file);
        Assert.Equal(result.Answers, loaded.Answers);
        Assert.Equal(result.Options.Guide, loaded.Options.Guide);
        Assert.Contains("\"layers\": \"names, members\"", result.ToJson());
        var turn = Assert.Single(EvaluationReport.Of([Free("tuned"), loaded]).Guided("tuned+compiler", "t3").Turns);
        Assert.Equal(("Saltiness", "Salinity"), (turn.Wanted, turn.Given));
    }

    [Fact]
    public void A_guided_arm_shows_its_price_and_is_compared_with_the_same_unguided()
    {
        var report = EvaluationReport.Of([Free("base"), Free("tuned"), Asked(new())]);
        var pairs = report.Comparisons.Select(c => (c.FirstArm, c.SecondArm));
        Assert.Equal([("base", "tuned"), ("base", "tuned+compiler"), ("tuned", "tuned+compiler")], pairs);
        Assert.Equal(1, report.Comparisons[2][MetricNames.CompileRate]!.Difference.Value);
        Assert.Equal("tuned", report.Main!.SecondArm);

        var guided = report.Results[2];
        Assert.Equal((30, 1 / 8.0), (guided[GuideMetricNames.DecodedTokens]!.Value, guided[GuideMetricNames.GaveUp]!.Value));
        Assert.Equal(2 / 8.0, guided[GuideMetricNames.EndedByTypes]!.Value);
        Assert.Null(report.Results[1][GuideMetricNames.DecodedTokens]);
        var page = HtmlPage.Of(report);
        Assert.Contains("Where the compiler turned the model", page);
        Assert.Contains("tuned+compiler: t0, does not compile → compiles", page);
        Assert.Contains("Saltiness", GuideView.Plain(report, 1));
        Assert.Equal("", GuideView.Html(EvaluationReport.Of([Free("base"), Free("tuned")])));
        Assert.Contains("t9", Assert.Throws<LabException>(() => report.Guided("tuned+compiler", "t9")).Message);
        Assert.Contains("base, tuned, tuned+compiler", Assert.Throws<LabException>(() => report.Guided("best", "t1")).Message);
    }

    [Fact]
    public void Marks_stand_where_the_answer_still_shows_a_turn()
    {
        // Given up and begun again at 'b', so what was given behind it is not in the answer.
        var answer = new GuidedText("a<b().Good();",
        [
            new(0, "x", "a", "no x in scope"), new(2, "y", "z", "no y in scope"), new(4, ";", "", "z is no statement"),
            new(2, "z", "b", "went back"), new(5, ".Bad", ".Good", "B has no Bad"),
        ], Tokens: 21);
        var html = GuideView.Html(answer);
        Assert.Equal(3, html.Split("<mark").Length - 1);
        Assert.Contains("&lt;<mark", html);
        Assert.Contains(">.Good<sup", html);
        Assert.Contains("<del><code>.Bad</code></del> → <ins><code>.Good</code></ins>: B has no Bad", html);
        Assert.Contains("went back, for z is no statement", html);
        Assert.DoesNotContain("no y in scope", html);
        Assert.Contains("turned 5 times, of which 3 stand in the answer; 21 tokens decoded", html);
        Assert.DoesNotContain("<script", html);

        var plain = GuideView.Plain(answer);
        Assert.StartsWith("⟨1:a⟩<⟨2:b⟩()⟨3:.Good⟩();", plain);
        Assert.Contains("3. .Bad → .Good: B has no Bad", plain);
        Assert.Contains("gave up", GuideView.Summary(answer with { GaveUpBecause = "5 tokens were decoded" }));
        Assert.Equal("never turned; 3 tokens decoded", GuideView.Summary(new("free", [], 3)));
    }

    [Theory]
    [InlineData("throw new System.NotSupportedException();", 1)]
    [InlineData("return default;", 1)]
    [InlineData("return -1.0;", 1)]
    [InlineData("return [];", 1)]
    [InlineData("public static double Mix(double capacity, double[] doses) => throw new System.Exception();", 1)]
    [InlineData("public static double Mix(double capacity, double[] doses)\n{\n    { return default(double)!; }\n}", 1)]
    [InlineData("var sum = 0.0;\nreturn sum;", 1)]
    [InlineData("string? best = null;\nvar n = 1;\nreturn -1;", 1)]
    [InlineData("public static double Mix(double capacity, double[] doses) { var sum = 0.0; return sum; }", 1)]
    [InlineData("var sum = capacity;\nreturn sum;", 0)]
    [InlineData("var sum = double.Parse(\"1\");\nreturn 0;", 0)]
    [InlineData("var sum = 0.0;\nsum += capacity;\nreturn sum;", 0)]
    [InlineData("var sum = 0.0;\nreturn sum.CompareTo(capacity);", 0)]
    [InlineData("return capacity;", 0)]
    [InlineData("if (capacity < 0) throw new System.Exception();\nreturn 0;", 0)]
    [InlineData("public static double Mix(double capacity, double[] doses) => Sum(doses);\nstatic double Sum(double[] d) => 0;", 0)]
    public void Code_that_does_nothing_is_counted(string code, double share)
    {
        var answer = new StoredAnswer("t0", TaskKind.Code, 0, $"```csharp\n{code}\n```");
        var result = TinyLibrary.Evaluator().Score("nano", s_suite, [answer], [], Options("base"));
        Assert.Equal(share, result[GuideMetricNames.EmptyBodies]!.Value);
    }

    [Theory]
    [InlineData("return capacity;", 1)]
    [InlineData("capacity = doses.Length;\nreturn 1;", 1)]
    [InlineData("return capacity + doses.Length;", 0)]
    [InlineData("public static double Mix(double one, double[] two) => one;", 1)]
    [InlineData("public static double Mix(double one, double[] two) => Sum(one, two);\nstatic double Sum(double a, double[] b) => a;", 0)]
    [InlineData("double Mix(double one, double[] two) { return two.Length * one; }", 0)]
    public void Code_that_does_not_look_at_what_it_is_given_is_counted(string code, double share)
    {
        var answer = new StoredAnswer("t0", TaskKind.Code, 0, $"```csharp\n{code}\n```");
        var result = TinyLibrary.Evaluator().Score("nano", s_suite, [answer], [], Options("base"));
        Assert.Equal(share, result[GuideMetricNames.UnreadParameters]!.Value);
    }

    [Fact]
    public void Code_that_does_not_compile_is_not_asked_whether_it_reads()
    {
        var answer = new StoredAnswer("t0", TaskKind.Code, 0, "```csharp\nreturn capacity.None;\n```");
        Assert.Null(TinyLibrary.Evaluator().Score("nano", s_suite, [answer], [], Options("base"))[GuideMetricNames.UnreadParameters]);
    }
}
