using System.Text.RegularExpressions;
using DocTuneLab.Corpus.Language;
using DocTuneLab.Documents;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation.Drafting;
using DocTuneLab.Evaluation.Judging;
using DocTuneLab.Evaluation.Metrics;
using DocTuneLab.Evaluation.Reports;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Suites;

namespace DocTuneLab.Evaluation.Tests;

public sealed class MemberQuestionTests(SampleLibrary library) : IClassFixture<SampleLibrary>
{
    [Theory]
    [InlineData("`WaterHead` has no member `FromMiles`; the nearest is `FromMetres`.")]
    [InlineData("WaterHead.FromMiles does not exist.")]
    [InlineData("There is no `FromMiles` on `WaterHead`. You may want `FromMetres`.")]
    [InlineData("The library doesn't have a method called `FromMiles`.")]
    [InlineData("I could not find it: that is not a member of `WaterHead`.")]
    [InlineData("**No**: there isn't any such method.")]
    [InlineData("There is no type `WaterHeads`; the nearest is `WaterHead`.")]
    [InlineData("WaterHead doesn’t define FromMiles, but it does define FromMetres.")]
    [InlineData("`FromMiles` is not part of the library.")]
    [InlineData("`WaterHead` 没有成员 `FromMiles`；最接近的是 `FromMetres`。")]
    [InlineData("`WaterHead.FromMiles` 不存在。")]
    [InlineData("库里没有名为 FromMiles 的方法。")]
    [InlineData("WaterHead.FromMiles existiert nicht.")]
    [InlineData("`FromMiles` n'existe pas dans cette bibliothèque.")]
    [InlineData("```csharp\n// WaterHead has no method FromMiles; use FromMetres.\nreturn WaterHead.FromMetres(2);\n```")]
    [InlineData("<think>It has FromMiles, surely.</think>There is no such member.")]
    public void Denials_are_read_in_any_words(string answer) => Assert.True(Read("What does `WaterHead.FromMiles` do?", answer));

    [Theory]
    [InlineData("It makes a height from a number of miles.")]
    [InlineData("public static WaterHead FromMiles(double miles)")]
    [InlineData("```csharp\nvar head = WaterHead.FromMiles(2);\n```")]
    [InlineData("`FromMiles` has no parameters and returns a `WaterHead`.")]
    [InlineData("`WaterHead.FromMiles` throws a FormatException if the file does not exist.")]
    [InlineData("If there is no type that fits, `FromMiles` returns null.")]
    [InlineData("It does not have a setter.")]
    [InlineData("Use it when the height is not a member of any list.")]
    [InlineData("它把英里换算成水头。")]
    [InlineData("`FromMiles` 没有参数，返回水头。")]
    [InlineData("<think>There is no such member, is there?</think>It converts miles.")]
    public void What_says_something_else_takes_the_member_for_real(string answer) =>
        Assert.False(Read("What does `WaterHead.FromMiles` do?", answer));

    [Theory]
    [InlineData("")]
    [InlineData("?")]
    [InlineData("I am not sure.")]
    [InlineData("我不清楚。")]
    [InlineData("<think>It has no member")]
    [InlineData("`WaterHead` has no member `FromMiles`. Use it so:\n```csharp\nWaterHead.FromMiles(2);\n```")]
    public void What_says_neither_is_neither(string answer) => Assert.Null(Read("What does `WaterHead.FromMiles` do?", answer));

    [Theory]
    [InlineData("Does `WaterHead.FromMiles` exist?", "No.", true)]
    [InlineData("Does `WaterHead.FromMiles` exist?", "yes", false)]
    [InlineData("Does `WaterHead.FromMiles` exist?", "Yes, it does exist.", false)]
    [InlineData("`WaterHead.FromMiles` 存在吗？", "不存在。", true)]
    [InlineData("`WaterHead.FromMiles` 存在吗？", "是的。", false)]
    [InlineData("My colleague says `WaterHead.FromMiles` does the job. Does it?", "No, take FromMetres.", true)]
    [InlineData("What does `WaterHead.FromMiles` do?", "No.", null)]
    public void Yes_and_no_answer_what_asks_for_them(string question, string answer, bool? denies) =>
        Assert.Equal(denies, Read(question, answer));

    [Fact]
    public void Drafts_are_half_real_half_invented_and_alike()
    {
        var pages = DocumentSet.Load(Path.Combine(library.Root, "data/private-library/docs")).Documents;
        var tasks = MemberDrafts.Draw(library.Api, pages, 100, 1);
        Assert.Equal(tasks, MemberDrafts.Draw(library.Api, pages, 100, 1), new SameTask());
        Assert.NotEqual(tasks.Select(t => t.Question), MemberDrafts.Draw(library.Api, pages, 100, 2).Select(t => t.Question));
        Assert.Equal((100, 50, 60, 50), (tasks.Count, tasks.Count(t => t.Exists), tasks.Count(t => t.Split == Split.Test),
            tasks.Count(t => t.Wording == MemberWording.Corpus)));
        var names = new MemberNames(library.Api.Symbols);
        Assert.All(tasks, t => Assert.Equal(t.Exists, names.Has(t.Member)));
        // A wording is asked of as many members that exist as of others.
        Assert.All(tasks.GroupBy(t => (t.Question.Replace(t.Member, "_", StringComparison.Ordinal), t.Split)),
            g => Assert.Equal(g.Count(t => t.Exists) * 2, g.Count()));
        double Length(bool exists) => tasks.Where(t => t.Exists == exists).Average(t => (double)t.Member.Split('.')[^1].Length);
        Assert.InRange(Length(true) - Length(false), -1.5, 1.5);
        // Every type is asked about, whatever split its page is of; without pages its documentation comment stands for one.
        Assert.Equal(24, tasks.Select(t => t.Documents[0]).Distinct().Count());
        Assert.All(MemberDrafts.Draw(library.Api, [], 20, 1),
            t => Assert.StartsWith("xml:T:Fenmark.", t.Documents[0], StringComparison.Ordinal));
        Assert.Contains(tasks,
            t => t.Documents[0] == "reference/water-head.md" && t.Member.StartsWith("WaterHead.", StringComparison.Ordinal));
    }

    [Fact]
    public void The_suite_that_ships_is_what_is_drafted_and_reads_back()
    {
        var path = Path.Combine(library.Root, "data/private-library/tasks/members.jsonl");
        var tasks = Suite.Load(path).Members;
        Assert.Equal((100, 50, 40), (tasks.Count, tasks.Count(t => t.Exists), tasks.Count(t => t.Split == Split.Dev)));
        var again = Path.Combine(Directory.CreateTempSubdirectory().FullName, "members.jsonl");
        MemberDrafts.Write(again, tasks);
        Assert.Equal(File.ReadAllText(path).ReplaceLineEndings("\n"), File.ReadAllText(again).ReplaceLineEndings("\n"));
    }

    [Fact]
    public void Held_out_wordings_are_in_no_corpus()
    {
        static string Bare(string wording) => string.Join(' ', Regex.Matches(
            Regex.Replace(wording, @"\{\w+\}", "_").ToLowerInvariant(), @"\w+|[\u4e00-\u9fff]").Select(m => m.Value));
        var corpus = MemberNames.AllCorpusWordings.Select(Bare).ToHashSet();
        Assert.All(HeldOutWordings.All, w => Assert.DoesNotContain(Bare(w), corpus));
        Assert.All((string[])["en", "zh"],
            language => Assert.All(HeldOutWordings.Of(language), w => Assert.Contains("{member}", w, StringComparison.Ordinal)));
        Assert.All((bool[])[true, false],
            chinese => Assert.All(MemberNames.CorpusWordings(chinese), w => Assert.Contains(Bare(w), corpus)));
    }

    [Fact]
    public void Denials_and_acceptances_are_counted_apart_and_silence_in_neither()
    {
        MemberTask Task(string id, bool exists, MemberWording wording) =>
            new(id, "What does `WaterHead.Above` do?", "WaterHead.Above", exists, wording, [$"{id[0]}.md"], Split.Test);
        var suite = new Suite([], [])
        {
            Members =
            [
                Task("a1", true, MemberWording.Corpus), Task("b1", true, MemberWording.Corpus), Task("c1", true, MemberWording.Corpus),
                Task("a2", false, MemberWording.Corpus), Task("b2", false, MemberWording.Corpus), Task("a3", false, MemberWording.Other),
            ],
        };
        const string Denial = "`WaterHead` has no member `Above`.", Use = "It gives the difference.";
        var answers = suite.Members.Zip((string[])[Denial, Use, "", Use, Use, Denial],
            (t, a) => new StoredAnswer(t.Id, TaskKind.Members, 0, a)).ToList();
        var result = new Evaluator(library.Judge).Score("m", suite, answers, [], new EvaluationOptions { BootstrapDraws = 100 },
            cancel: TestContext.Current.CancellationToken);
        Assert.Equal((0.5, 2), (result[MetricNames.FalseDenials]!.Value, result[MetricNames.FalseDenials]!.Tasks));
        Assert.Equal(1, result[MetricNames.FalseAcceptances]!.Value);
        Assert.Equal(0, result[MetricNames.FalseAcceptancesOtherWording]!.Value);
        Assert.Null(result[MetricNames.FalseDenialsOtherWording]);
        Assert.Contains("1 of 6 answers about members say neither", MarkdownReport.Of(result), StringComparison.Ordinal);
        // What stands in the training data in the same words is told apart.
        Assert.Equal(["a1", "b1", "c1", "a2", "b2", "a3"], TaskPatterns.Of(suite, [new("s", DocTuneLab.Corpus.SampleKind.Qa,
            [DocTuneLab.Conversations.Message.User("What does `WaterHead.Above` do?"), DocTuneLab.Conversations.Message.Assistant("x")],
            new DocTuneLab.Corpus.Evidence([], []), [], Split.Train)]).Seen);
    }

    private static bool? Read(string question, string answer) =>
        MemberReader.Read(new("t", question, "WaterHead.FromMiles", false, MemberWording.Corpus, ["a.md"], Split.Test), answer).Denies;

    private sealed class SameTask : IEqualityComparer<MemberTask>
    {
        public bool Equals(MemberTask? x, MemberTask? y) =>
            (x?.Question, x?.Documents[0], x?.Split) == (y?.Question, y?.Documents[0], y?.Split);

        public int GetHashCode(MemberTask task) => task.Question.GetHashCode(StringComparison.Ordinal);
    }
}
