using System.Xml.Linq;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation.Metrics;
using DocTuneLab.Evaluation.Reports;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Statistics;
using DocTuneLab.Evaluation.Suites;

namespace DocTuneLab.Evaluation.Tests;

public class ReportTests
{
    private const string Right =
        "```csharp\nvar vat = new Vat(capacity);\nforeach (var d in doses) vat.Dose(d);\nreturn vat.Salinity();\n```";
    private const string Broken = "```csharp\nreturn new Vat(capacity).Stir(doses) && \u0001 <b>;\n```";
    private const string Invented = "```csharp\nreturn new Vat(capacity).Stir(doses);\n```";

    private static readonly Suite s_tasks = new([.. Enumerable.Range(0, 24).Select(i => TinyLibrary.Task($"t{i:00}", $"{i / 2}.md"))],
        [.. Enumerable.Range(0, 6).Select(i => new QaTask($"q{i}", "?", ["Vat"], [$"{i}.md"], Split.Test))])
    {
        Completion = [new CompletionTask("gap", "var vat = new Vat(1); vat.", "Dose", "(2);", ["Brine"], ["1.md"], Split.Test)],
        Retention = [.. Enumerable.Range(0, 6)
            .Select(i => new RetentionText($"r{i}", i % 2 == 0 ? RetentionKind.Text : RetentionKind.CSharp, "text", $"s{i}"))],
    };

    private static EvaluationResult Arm(string name, Func<int, string> code, double bits,
        string qa = "Vat") => TinyLibrary.Evaluator().Score("nano", s_tasks,
        [
            .. s_tasks.Code.Select((t, i) => new StoredAnswer(t.Id, TaskKind.Code, 0, code(i))),
            .. s_tasks.Qa.Select(t => new StoredAnswer(t.Id, TaskKind.Qa, 0, qa)),
            new("gap", TaskKind.Completion, 0, name == "base" ? "Pour" : "Dose")
        ],
        [.. s_tasks.Retention.Select((t, i) => new ReferenceScore(t.Id, TaskKind.Retention, bits + (i * 0.001), 4))],
        new EvaluationOptions { Arm = name, BootstrapDraws = 1000 });

    private static readonly Lazy<EvaluationResult> s_base = new(() => Arm("base", i => i == 0 ? Right : Invented, 8, "no"));
    private static readonly Lazy<EvaluationResult> s_tuned = new(() => Arm("tuned", i => i is > 0 and < 20 ? Right : Broken, 8.04));

    [Fact]
    public void A_broken_tuned_model_is_worse_and_a_model_against_itself_inconclusive()
    {
        var broken = Arm("tuned", _ => Broken, 20, "no");
        var worse = EvaluationReport.Of([s_tuned.Value with { Options = s_tuned.Value.Options with { Arm = "base" } }, broken]);
        Assert.All(new[] { MetricNames.CompileRate, MetricNames.ApiRecall },
            m => Assert.Equal(ComparisonVerdict.Worse, worse.Main![m]!.Verdict));
        Assert.False(worse.Passes);
        Assert.All(worse.Gates[0].Checks, c => Assert.Equal(GateStatus.Lost, c.Status));
        Assert.Contains("is worse: ", MarkdownReport.Headlines(worse)[0]);
        var same = EvaluationReport.Of([s_base.Value, s_base.Value with { Options = s_base.Value.Options with { Arm = "again" } }]);
        Assert.All(same.Comparisons[0].Metrics, m => Assert.Equal(ComparisonVerdict.Inconclusive, m.Verdict));
        Assert.True(same.Passes);
        Assert.All(same.Gates[0].Checks, c => Assert.Equal(GateStatus.Kept, c.Status));
    }

    [Fact]
    public void The_gate_follows_its_limit()
    {
        var comparison = Comparison.Of(s_base.Value, s_tuned.Value);
        // 8.04 bits of 4 bytes instead of 8: a rise of 0.01 per byte on every text.
        var kept = RetentionGate.Of(comparison)!;
        Assert.Equal(2, kept.Checks.Count);
        Assert.All(kept.Checks, c => Assert.Equal((0.01, GateStatus.Kept, true), (Math.Round(c.Change, 6), c.Status, c.Passes)));
        Assert.False(RetentionGate.Of(comparison, bits: 0.005)!.Passes);
    }

    [Fact]
    public void Arms_with_documents_are_also_compared_with_the_base_that_has_them()
    {
        var documented = s_base.Value with { Options = s_base.Value.Options with { Arm = "base+docs" } };
        var report = EvaluationReport.Of([s_base.Value, documented, s_tuned.Value]);
        Assert.Equal(["base base+docs", "base tuned", "base+docs tuned"], report.Comparisons.Select(c => $"{c.FirstArm} {c.SecondArm}"));
        Assert.Equal("tuned", report.Main!.SecondArm);
    }

    [Fact]
    public void Gaps_are_scored_by_tokens_distance_and_compiler()
    {
        Assert.Equal((false, false), (s_base.Value.Completion[0].Exact, s_base.Value.Completion[0].Compiles));
        Assert.Equal((true, true, 1.0),
            (s_tuned.Value.Completion[0].Exact, s_tuned.Value.Completion[0].Compiles, s_tuned.Value.Completion[0].Similarity));
        Assert.Equal(0.5, TextDistance.Similarity("abcd", "bcde"), 12);
        Assert.True(TextDistance.SameCode("a . B( 1 ) // x", "a.B(1)"));
        Assert.False(TextDistance.SameCode("a.B(1)", "a.B(2)"));
    }

    [Fact]
    public void The_page_says_the_result_first_escapes_answers_and_loads_nothing()
    {
        var page = HtmlPage.Of(EvaluationReport.Of([s_base.Value, s_tuned.Value], new Dictionary<string, string> { ["Model"] = "nano & co" }));
        var words = page[page.IndexOf("<h1>", StringComparison.Ordinal)..];
        Assert.StartsWith("<h1>Evaluation</h1><p><strong>tuned against base is better: ", words);
        Assert.Contains("&lt;b&gt;", page);
        Assert.DoesNotContain("<b>", page);
        Assert.Contains("nano &amp; co", page);
        Assert.Contains("Vat.Stir", page);
        Assert.DoesNotContain("<script", page);
        Assert.DoesNotMatch("(src|href)=", page);
        foreach (var heading in new[]
        {
            "Metrics", "Retention gate", "By document", "By member of the library", "Invented names", "Changed outcomes, base → tuned",
            "Settings"
        })
            Assert.Contains($"<h2>{heading}</h2>", page);
    }

    [Fact]
    public void The_first_sentence_hides_nothing_that_is_worse_and_no_verdict_goes_without_a_small_p()
    {
        foreach (var report in new[] { EvaluationReport.Of([s_base.Value, s_tuned.Value]), EvaluationReport.Of([s_tuned.Value, s_base.Value]) })
        {
            var sentence = MarkdownReport.Headlines(report)[0];
            var decided = report.Main!.Metrics.Where(m => m.Verdict != ComparisonVerdict.Inconclusive).ToList();
            Assert.NotEmpty(decided);
            Assert.All(decided, m => Assert.True((m.HolmP ?? m.P) < 0.05, $"{m.First.Name}: {m.HolmP ?? m.P}"));
            Assert.All(decided.Where(m => m.Verdict == ComparisonVerdict.Worse), m => Assert.Contains(m.First.Title[1..], sentence));
        }
        Assert.Contains("is worse: ", MarkdownReport.Headlines(EvaluationReport.Of([s_tuned.Value, s_base.Value]))[0]);
    }

    [Fact]
    public void Build_servers_get_one_test_for_each_task_and_gate_with_counts_that_add_up()
    {
        var report = EvaluationReport.Of([s_base.Value, s_tuned.Value]);
        var junit = XDocument.Parse(TestReports.JUnit(report));
        var cases = junit.Descendants("testcase").ToList();
        Assert.Equal((2 * (24 + 6 + 1)) + 2, cases.Count);
        Assert.Equal(cases.Count(c => c.Element("failure") is not null),
            junit.Descendants("testsuite").Sum(s => (int)s.Attribute("failures")!));
        var trx = XDocument.Parse(TestReports.Trx(report, new DateTimeOffset(2031, 1, 1, 0, 0, 0, TimeSpan.Zero)));
        XNamespace ns = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";
        var counters = trx.Descendants(ns + "Counters").Single();
        Assert.Equal(cases.Count, (int)counters.Attribute("total")!);
        Assert.Equal(cases.Count(c => c.Element("failure") is not null), (int)counters.Attribute("failed")!);
        Assert.Equal(TestReports.Trx(report, default), TestReports.Trx(report, default));
    }

    [Fact]
    public void Documents_and_members_have_a_row_each_and_inventions_their_owner()
    {
        var report = EvaluationReport.Of([s_base.Value, s_tuned.Value]);
        Assert.Equal(12, EvaluationHtml.Documents(report).Split(".md</td>").Length - 1);
        var stir = Assert.Single(report.Invented, i => i.Name == "Stir");
        Assert.Equal(("Vat.Stir", 23), (stir.FullName, stir.Counts[0]));
        Assert.Equal((24, 1, 19),
            (report.Symbols.Single(s => s.Id == "M:Brine.Vat.Salinity").GoldTasks,
                report.Symbols.Single(s => s.Id == "M:Brine.Vat.Salinity").Arms[0].Recalled,
                report.Symbols.Single(s => s.Id == "M:Brine.Vat.Salinity").Arms[1].Recalled));
    }
}
