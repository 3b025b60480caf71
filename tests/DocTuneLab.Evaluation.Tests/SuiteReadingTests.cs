using DocTuneLab.Documents;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation.Suites;

namespace DocTuneLab.Evaluation.Tests;

/// <summary>What the proof of a suite finds by reading it, and what looks alike and is right.</summary>
public sealed class SuiteReadingTests : IDisposable
{
    private readonly string _docs = Directory.CreateTempSubdirectory("doctune-pages-").FullName;
    private readonly IReadOnlyList<Document> _pages;

    public SuiteReadingTests()
    {
        foreach (var page in new[] { "vat.md", "dose.md", "learn.md" })
            File.WriteAllText(Path.Combine(_docs, page), $"# {page}\n\nText.\n");
        File.WriteAllText(Path.Combine(_docs, "splits.yaml"), "test: [vat.md]\ndev: [dose.md]\n");
        _pages = DocumentSet.Load(_docs).Documents;
    }

    public void Dispose() => Directory.Delete(_docs, recursive: true);

    private List<string> Problems(Suite suite) =>
        [.. SuiteReading.Problems(suite, TinyLibrary.Api, _pages).Select(p => $"{p.Task}: {p.Problem}")];

    private static Suite Of(params CodeTask[] tasks) => new(tasks, []);

    private static QaTask Question(string id, string text, string page = "learn.md") => new(id, text, ["Vat"], [page], Split.Test);

    [Fact]
    public void A_sound_task_has_no_problem() => Assert.Empty(Problems(Of(TinyLibrary.Task())));

    [Theory]
    [InlineData("gone.md", "there is no page gone.md")]
    [InlineData("Vat.md", "there is no page Vat.md")]
    [InlineData("learn.md", "learn.md is a train page, and the task is of the test split; what is asked about it may have been trained")]
    [InlineData("dose.md", "dose.md is a dev page, and the task is of the test split; its figures would stand in both splits")]
    [InlineData("xml:T:Brine.Pan", "T:Brine.Pan does not exist in the library")]
    public void A_page_that_is_missing_or_of_another_split(string page, string says)
    {
        Assert.Equal([$"salinity: documents[0]: {says}"], Problems(Of(TinyLibrary.Task(document: page))));
        // Not only the first one.
        Assert.Equal([$"salinity: documents[1]: {says}"], Problems(Of(TinyLibrary.Task() with { Documents = ["vat.md", page] })));
        var gap = new CompletionTask("gap", "var x = ", "1", ";", [], [page], Split.Test);
        Assert.Equal([$"gap: documents[0]: {says}"], Problems(new Suite([], []) { Completion = [gap] }));
    }

    [Fact]
    public void A_question_may_ask_what_train_pages_say_but_not_what_no_page_says()
    {
        Assert.Empty(Problems(new Suite([], [Question("q", "Which type holds brine?"), Question("r", "What doses?", "xml:T:Brine.Vat")])));
        Assert.Equal(["q: documents[0]: there is no page gone.md"], Problems(new Suite([], [Question("q", "Which?", "gone.md")])));
        var open = new OpenTask("o", "Why?", "So.", ["So."], ["gone.md"], Split.Test);
        Assert.Equal(["o: documents[0]: there is no page gone.md"], Problems(new Suite([], []) { Open = [open] }));
        var member = new MemberTask("m", "Does Vat.Dose exist?", "Vat.Dose", true, MemberWording.Other, ["gone.md"], Split.Test);
        Assert.Equal(["m: documents[0]: there is no page gone.md"], Problems(new Suite([], []) { Members = [member] }));
        Assert.Empty(Problems(new Suite([], []) { Members = [member with { Documents = ["xml:T:Brine.Vat"] }] }));
    }

    [Fact]
    public void A_task_that_is_there_twice_by_its_words_or_by_its_solution()
    {
        var task = TinyLibrary.Task();
        Assert.Equal(["again: instruction: asks the same as salinity"], Problems(Of(task, task with
        {
            Id = "again",
            Instruction = "Return the salinity of a vat of the given capacity, after the given doses!",
            Reference = "return 0;",
        })));
        // Other words, the same solution under other names.
        var renamed = task with
        {
            Id = "again",
            Instruction = "How salty is it in the end?",
            Signature = "public static double Salty(double size, double[] all)",
            Reference = "var v = new Vat(size);\nforeach (var x in all)\n{\n    v.Dose(x);\n}\nreturn v.Salinity();",
        };
        Assert.Equal(["again: reference: solves the same, but for names and literals, as salinity"], Problems(Of(task, renamed)));
        // The same steps on other types are another task.
        Assert.Empty(Problems(Of(task, renamed with { Signature = "public static double Salty(double size, List<double> all)" })));
        Assert.Empty(Problems(Of(task, renamed with { Context = "public interface IPan { }" })));
    }

    [Fact]
    public void A_question_or_a_gap_that_is_there_twice()
    {
        Assert.Equal(["r: question: asks the same as q"],
            Problems(new Suite([], [Question("q", "Which type holds brine?"), Question("r", "which type holds `brine`")])));
        Assert.Equal(["o: question: asks the same as q"], Problems(new Suite([], [Question("q", "Which type holds brine?")])
        {
            Open = [new("o", "Which type holds brine?", "Vat.", ["Vat."], ["learn.md"], Split.Test)],
        }));
        Assert.Empty(Problems(new Suite([], [Question("q", "Which type holds brine?"), Question("r", "Which type holds salt?")])));
        CompletionTask Gap(string id, string middle) => new(id, "var x = ", middle, ";", [], ["vat.md"], Split.Test);
        Assert.Equal(["h: prefix: has the same gap as g"], Problems(new Suite([], []) { Completion = [Gap("g", "1"), Gap("h", "2")] }));
    }

    [Theory]
    [InlineData("Call SettleAsync and return what it gives.", "SettleAsync")]
    [InlineData("Use `Salinity` of the vat.", "Salinity")]
    [InlineData("Return vat.Salinity of the vat.", "Salinity")]
    [InlineData("What does Salinity() give?", "Salinity")]
    public void An_instruction_that_names_its_member(string instruction, string member) => Assert.Equal(
        [$"salinity: instruction: names the member {member} of its own solution"],
        Problems(Of(TinyLibrary.Task() with
        {
            Instruction = instruction,
            GoldSymbols = [.. TinyLibrary.Task().GoldSymbols, "M:Brine.Vat.SettleAsync"],
        })));

    [Theory]
    // Words of the language that a member is called after, types, and members of other solutions.
    [InlineData("Salinity is wanted: how salty is the vat?")]
    [InlineData("Dose the vat and give its salinity.")]
    [InlineData("Return the salinity of a new Vat.")]
    [InlineData("Wait as SettleAsync does.")]
    public void An_instruction_in_ordinary_words(string instruction) =>
        Assert.Empty(Problems(Of(TinyLibrary.Task() with { Instruction = instruction })));

    [Theory]
    [InlineData("Solution.Mix(1, [2]); Check.Equal(1, 1);")]
    [InlineData("var x = Solution.Mix(1, [2]); Check.True(true);")]
    [InlineData("Solution.Mix(1, [2]); var y = 3; Check.Equal(3, y);")]
    [InlineData("Solution.Mix(1, [2]);")]
    public void Tests_that_need_no_more_than_that_nothing_is_thrown(string test) => Assert.Contains(
        "no check looks at what the answer does", Assert.Single(Problems(Of(TinyLibrary.Task() with { Tests = [test] }))));

    [Theory]
    [InlineData("Check.Equal(2.0, Solution.Mix(1, [2]), 1e-9);")]
    [InlineData("var x = Solution.Mix(1, [2]); Check.Equal(2.0, x, 1e-9);")]
    [InlineData("var vat = new Vat(1); Use(vat); Check.Equal(2.0, vat.Salinity(), 1e-9); void Use(Vat v) => Solution.Fill(v);")]
    [InlineData("Check.Throws<ArgumentException>(() => { Solution.Mix(0, []); });")]
    public void Tests_that_look_at_the_answer(string test) =>
        Assert.Empty(Problems(Of(TinyLibrary.Task() with { Tests = [test] })));

    [Fact]
    public void A_reference_that_depends_on_chance_or_the_clock_is_found_out()
    {
        CodeTask Flaky(string id, string reference, string test) => TinyLibrary.Task(id) with
        {
            Signature = $"public static double {id}()",
            Instruction = id,
            GoldSymbols = [],
            Reference = reference,
            Stub = "return -1;",
            Tests = [test],
        };
        // Within one run the two clocks agree; no two runs do.
        var suite = Of(
            Flaky("Stamp", "return DateTime.UtcNow.Ticks;",
                "Check.Equal((double)DateTime.UtcNow.Ticks, Solution.Stamp(), tolerance: 2_000_000); await Task.Delay(300);"),
            Flaky("Steady", "return 4;", "Check.Equal(4.0, Solution.Steady());"));
        var report = SuiteCheck.Run(TinyLibrary.Evaluator(), suite, TinyLibrary.Api,
            new() { AllowUntrustedCode = true, AllowWithoutIsolation = true }, pages: _pages);
        Assert.DoesNotContain(report.Problems, p => p.Task == "Steady");
        Assert.Contains(report.Problems, p => p.Task == "Stamp" && p.Problem.StartsWith("reference: ", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_pages_the_check_says_so()
    {
        var report = SuiteCheck.Run(TinyLibrary.Evaluator(), Of(TinyLibrary.Task(document: "gone.md")), TinyLibrary.Api,
            new() { AllowUntrustedCode = true, AllowWithoutIsolation = true });
        Assert.Empty(report.Problems);
        Assert.Contains(report.Notes, n => n.Contains("No pages were given"));
    }
}
