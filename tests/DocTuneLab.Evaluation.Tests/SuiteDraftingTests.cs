using DocTuneLab.Evaluation.Drafting;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Text;

namespace DocTuneLab.Evaluation.Tests;

/// <summary>Tasks drafted from unit tests and from a search, proved, and decided on by people.</summary>
public sealed class SuiteDraftingTests(SampleLibrary library) : IClassFixture<SampleLibrary>, IDisposable
{
    private const string UnitTests = """
        using Fenmark;
        using Xunit;

        public class LotTests
        {
            public class Reading
            {
                public string Place { get; set; } = "";
                public double Metres { get; set; }
            }

            [Theory]
            [InlineData(1.5, 1500)]
            [InlineData(0.25, 250)]
            public void Reads_the_meter(double cubicMetres, long expected)
            {
                var lot = WaterLot.FromCubicMetres(cubicMetres);
                Assert.Equal(expected, lot.Litres);
            }

            [Test]
            public void Shares()
            {
                var lot = WaterLot.FromLitres(10);
                lot.Split(3).Count.ShouldBe(3);
                Assert.That(lot.Split(4)[0].Litres, Is.EqualTo(3));
            }

            [TestMethod]
            public void Names_the_level()
            {
                var reading = new Reading { Place = "mill", Metres = 1.5 };
                var head = WaterHead.FromMetres(reading.Metres);
                Assert.AreEqual("mill: 1.500 m", $"{reading.Place}: {head}");
            }

            [Fact]
            public void Far_limit_changes_nothing()
            {
                var held = WaterHead.FromMillimetres(5).Clamp(WaterHead.FromMillimetres(-100000), WaterHead.FromMillimetres(100000));
                Assert.Equal(5, held.Millimetres);
            }

            [Fact]
            public void Is_not_the_same_twice()
            {
                var head = WaterHead.FromMillimetres(Random.Shared.Next() + 3);
                Assert.Equal(5, head.Millimetres);
            }

            [Fact]
            public void Needs_a_mock()
            {
                var source = Substitute.For<IWell>();
                Assert.Equal(1, WaterLot.FromLitres(source.Depth).Litres);
            }
        }
        """;

    // As test classes are that share a base, a set-up or a constructor.
    private const string Fixtures = """
        using Fenmark;
        using Xunit;

        public abstract class LotSpec
        {
            protected LotSpec() { Because(); }
            private WaterLot? _lot;
            protected virtual WaterLot Make() => throw new NotImplementedException();
            protected virtual void Look(WaterLot lot) { }
            protected WaterLot Lot => _lot ??= Build();
            WaterLot Build()
            {
                var lot = Make();
                Look(lot);
                return lot;
            }
            protected virtual void Because() { }
        }

        public class When_made_of_cubic_metres : LotSpec
        {
            private long _litres;
            protected override WaterLot Make() => WaterLot.FromCubicMetres(1.5);
            protected override void Because() => _litres = Lot.Litres;
            [Fact] public void Has_litres() => Assert.Equal(1500, _litres);
        }

        public class Heads
        {
            private WaterHead _head;

            [SetUp]
            public void Init()
            {
                var metres = 2.5;
                _head = WaterHead.FromMetres(metres);
            }

            [Test] public void Has_millimetres() => Assert.That(_head.Millimetres, Is.EqualTo(2500));
        }

        public class Twice
        {
            private int _count;
            public Twice() { _count = 1; _count = WaterLot.FromLitres(12).Split(4).Count; }
            [Fact] public void Cannot_be_known() => Assert.Equal(4, _count);
        }

        public class Shares
        {
            [Fact]
            public void Of_a_lot()
            {
                var lot = WaterLot.FromLitres(10);
                Assert.Equal(3, lot.Split(4)[0].Litres);
                Assert.Equal(2, lot.Split(7)[0].Litres);
            }

            [Fact]
            public void Of_a_rate()
            {
                var rate = SpillRate.FromLitres(20).Scale(1.5);
                Assert.Equal(SpillRate.FromLitres(30), rate);
            }

            // Their number is what goes in: whoever hands that back passes.
            [Fact]
            public void As_many_as_asked_for()
            {
                var shares = WaterLot.FromLitres(11).Split(5);
                Assert.Equal(5, shares.Count);
            }
        }
        """;

    // Values and expectations where other people write them.
    private const string Elsewhere = """
        using Fenmark;
        using Fenmark.Works;
        using FluentAssertions;
        using Xunit;

        public class Elsewhere
        {
            public static IEnumerable<object[]> Meters()
            {
                yield return new object[] { 1.5, 1500L };
                yield return new object[] { 0.25, 250L };
                for (var i = 0; i < 2; i++) yield return new object[] { 2.0 * i, 2000L * i };
            }

            [Theory]
            [MemberData(nameof(Meters))]
            public void Of_a_member(double cubicMetres, long expected) =>
                WaterLot.FromCubicMetres(cubicMetres).Litres.Should().Be(expected);

            [Fact]
            public void The_other_way_round()
            {
                var head = WaterHead.FromMetres(2.5);
                2500L.Should().Be(head.Millimetres);
            }

            [Fact]
            public void Of_a_list()
            {
                var shares = ((object)WaterLot.FromLitres(10).Split(4)).As<IReadOnlyList<WaterLot>>();
                shares.Should().NotBeEmpty();
            }

            // Nothing is jammed that would have to be freed.
            [Fact]
            public void With_more_than_it_takes()
            {
                var gate = new WeirGate(new GateKey("mill", 1), WaterHead.FromMetres(1), 2);
                gate.Free();
                gate.SetOpening(40);
                Assert.Equal("", gate.RateAt(WaterHead.FromMetres(2.5)).ToString());
            }
        }
        """;

    private static readonly ExecutionOptions s_execution = new() { AllowUntrustedCode = true };

    private static readonly Dictionary<string, (IReadOnlyList<(string Name, string Text)> Files, IReadOnlyList<DraftYield> Yields)>
        s_drafted = new(StringComparer.Ordinal);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("doctune-drafting-");

    private string SuiteFolder => Path.Combine(_folder.FullName, "suite");

    [Fact]
    public void Unit_tests_become_tasks_that_stand_the_proof()
    {
        Assert.SkipUnless(Sandbox.Refusal(s_execution) is null, "nothing isolates answers here");
        var yields = Draft();
        var tasks = Suite.Load(SuiteFolder).Code;

        // The parameters are the data of the tests; the rows of a theory are among the calls.
        var meter = Assert.Single(tasks, t => t.Reference.Contains("FromCubicMetres", StringComparison.Ordinal));
        Assert.Equal("public static long Solve(double cubicMetres)", meter.Signature);
        Assert.Contains("Check.Equal(1500L, Solution.Solve(1.5));", meter.Tests);
        Assert.Contains("Check.Equal(250L, Solution.Solve(0.25));", meter.Tests);
        Assert.True(meter.Tests.Count >= 3);
        Assert.All(tasks, t => Assert.StartsWith("xml:T:", t.Documents[0]));
        Assert.All(tasks, t => Assert.All(t.GoldSymbols, g => Assert.DoesNotContain($".{library.Api.Find(g)!.Name}(", t.Instruction)));

        var report = SuiteCheck.Run(new Evaluator(library.Judge), Suite.Load(SuiteFolder), library.Api, s_execution);
        Assert.Empty(report.Problems);

        // A limit that no value reaches: the answer without it passes as well, whatever is its input, so it is no task.
        Assert.DoesNotContain(tasks, t => t.Reference.Contains("Clamp", StringComparison.Ordinal));
        var entries = DraftLedger.Read(SuiteFolder);
        Assert.Contains(entries, e => e.Place.Contains("Far_limit", StringComparison.Ordinal) && e.State == DraftState.Refused
            && e.Note.Length > 0);
        // Chance is no result, and what the library alone cannot run is none either.
        Assert.DoesNotContain(tasks, t => t.Reference.Contains("Random", StringComparison.Ordinal));
        Assert.Contains(Assert.Single(yields).Fallen, f => f.Why.StartsWith("it uses what is not there", StringComparison.Ordinal));
        Assert.Equal(tasks.Count, DraftLedger.Unreviewed(SuiteFolder));

        // Drafting again adds nothing and tries nothing again.
        var again = Draft();
        Assert.Equal(0, Assert.Single(again).Drafted);
        Assert.Equal(tasks.Select(t => t.Id), Suite.Load(SuiteFolder).Code.Select(t => t.Id));
    }

    [Fact]
    public void A_drafting_that_was_stopped_tries_what_another_became()
    {
        Assert.SkipUnless(Sandbox.Refusal(s_execution) is null, "nothing isolates answers here");
        Draft(Fixtures);
        var entries = DraftLedger.Read(SuiteFolder);
        const string Note = "something else became its input: ";
        var first = entries.First(e => e.Note.StartsWith(Note, StringComparison.Ordinal));
        var second = Assert.Single(entries, e => e.Id == first.Note[Note.Length..]);
        DraftLedger.Write(SuiteFolder, [.. entries.Where(e => e != second)]);
        EvaluationJson.WriteLines(Path.Combine(SuiteFolder, Suite.CodeFile), Suite.Load(SuiteFolder).Code.Where(t => t.Id != second.Id));
        Draft(Fixtures);
        Assert.Equal(entries.OrderBy(e => e.Id, StringComparer.Ordinal),
            DraftLedger.Read(SuiteFolder).OrderBy(e => e.Id, StringComparer.Ordinal));
    }

    [Fact]
    public void What_a_base_class_or_a_set_up_made_is_put_in_its_place()
    {
        Assert.SkipUnless(Sandbox.Refusal(s_execution) is null, "nothing isolates answers here");
        Draft(Fixtures);
        var tasks = Suite.Load(SuiteFolder).Code;
        Assert.Equal("return WaterLot.FromCubicMetres(cubicMetres).Litres;",
            Assert.Single(tasks, t => t.Reference.Contains("Cubic", StringComparison.Ordinal)).Reference);
        Assert.Equal("return WaterHead.FromMetres(metres).Millimetres;",
            Assert.Single(tasks, t => t.Reference.Contains("Metres(m", StringComparison.Ordinal)).Reference);
        // A field that is filled twice is not known.
        Assert.DoesNotContain(DraftLedger.Read(SuiteFolder), e => e.Place.Contains("Cannot_be_known", StringComparison.Ordinal));
    }

    [Fact]
    public void Looks_that_differ_by_their_data_are_calls_of_one_task()
    {
        Assert.SkipUnless(Sandbox.Refusal(s_execution) is null, "nothing isolates answers here");
        Draft(Fixtures);
        var shares = Assert.Single(Suite.Load(SuiteFolder).Code, t => t.Reference.Contains("Split", StringComparison.Ordinal));
        Assert.Contains("parts", shares.Signature, StringComparison.Ordinal);
        var calls = string.Join('\n', shares.Tests);
        Assert.Matches(@"Check\.Equal\(3L, Solution\.Solve\((10, )?4\)\)", calls);
        Assert.Matches(@"Check\.Equal\(2L, Solution\.Solve\((10, )?7\)\)", calls);
        Assert.Contains(DraftLedger.Read(SuiteFolder), e => e.Place.Contains("As_many_as_asked_for", StringComparison.Ordinal)
            && e.State == DraftState.Refused && e.Note == "it gives what it is given");
    }

    [Fact]
    public void What_only_the_library_can_compare_is_looked_at_by_its_text()
    {
        Assert.SkipUnless(Sandbox.Refusal(s_execution) is null, "nothing isolates answers here");
        Draft(Fixtures);
        var rate = Assert.Single(Suite.Load(SuiteFolder).Code, t => t.Reference.Contains("Scale", StringComparison.Ordinal));
        Assert.EndsWith(".ToString();", rate.Reference);
        Assert.StartsWith("public static string Solve(", rate.Signature);
        Assert.Contains("eturn the text of `rate`", rate.Instruction);
        Assert.Contains(rate.Tests, t => t.Contains("\"30 L/s\"", StringComparison.Ordinal));
    }

    [Fact]
    public void Values_and_expectations_are_found_where_others_write_them()
    {
        Assert.SkipUnless(Sandbox.Refusal(s_execution) is null, "nothing isolates answers here");
        Draft(Elsewhere);
        var tasks = Suite.Load(SuiteFolder).Code;
        // The rows of a member; those that need one of its locals are left out.
        var meter = Assert.Single(tasks, t => t.Reference.Contains("FromCubicMetres", StringComparison.Ordinal));
        Assert.Contains("Check.Equal(250L, Solution.Solve(0.25));", meter.Tests);
        Assert.DoesNotContain(meter.Tests, t => t.Contains("* i", StringComparison.Ordinal));
        // What is expected stands where others write what they look at.
        Assert.Single(tasks, t => t.Reference.EndsWith("return head.Millimetres;", StringComparison.Ordinal));
        // As<T> is a cast, and of a list of the library's own each item is looked at.
        var shares = Assert.Single(tasks, t => t.Reference.Contains("Split", StringComparison.Ordinal));
        Assert.Contains("((IReadOnlyList<WaterLot>)", shares.Reference, StringComparison.Ordinal);
        Assert.Contains("shares.Select(x => x.", shares.Reference, StringComparison.Ordinal);
        // Less of it gives the same: that is the task, and the ledger says so.
        var rate = Assert.Single(tasks, t => t.Reference.Contains("RateAt", StringComparison.Ordinal));
        Assert.DoesNotContain("Free", rate.Reference, StringComparison.Ordinal);
        Assert.Contains(DraftLedger.Read(SuiteFolder), e => e.Note == $"less of it gives the same, and was tried: {rate.Id}");
    }

    // In the order that one value gives, the others must not lie in order, too.
    [Fact]
    public void Objects_in_a_list_are_varied_against_each_other() => Assert.Equal(
        ["new P[] { new P(3, 2), new P(1, 4) }", "new P[] { new P(1, 4), new P(3, 2) }"],
        InputVariants.Of("new P[] { new P(1, 2), new P(3, 4) }", []).Take(2));

    [Fact]
    public void People_decide_on_drafts_in_a_table()
    {
        Assert.SkipUnless(Sandbox.Refusal(s_execution) is null, "nothing isolates answers here");
        Draft();
        var tasks = Suite.Load(SuiteFolder).Code;
        var file = Path.Combine(_folder.FullName, "review.csv");
        Assert.Equal(tasks.Count, DraftReview.Write(SuiteFolder, file));
        var rows = CsvTable.Read(file).Select(r => r.Row.ToDictionary(c => c.Key, c => c.Value)).ToList();
        rows[0]["decision"] = "edit";
        Write(file, rows);
        Assert.Contains("expected other words", Assert.Throws<LabException>(() => DraftReview.Take(SuiteFolder, file)).Message);
        rows[0]["instruction"] = "In other words.";
        rows[1]["decision"] = "reject";
        rows[1]["note"] = "not fair";
        Write(file, rows);
        Assert.Equal(new DraftReviewSummary(0, 1, 1, rows.Count - 2), DraftReview.Take(SuiteFolder, file));
        var after = Suite.Load(SuiteFolder).Code;
        Assert.Equal("In other words.", after[0].Instruction);
        Assert.DoesNotContain(after, t => t.Id == rows[1]["id"]);
        Assert.Equal(tasks.Count - 2, DraftLedger.Unreviewed(SuiteFolder));

        rows[2]["tests"] = "Check.True(true);";
        rows[2]["decision"] = "accept";
        Write(file, [rows[2]]);
        Assert.Contains("expected a change of the instruction alone",
            Assert.Throws<LabException>(() => DraftReview.Take(SuiteFolder, file)).Message);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    // The same drafts for every test that only reads them: a folder that has none yet is given what was drafted before.
    private IReadOnlyList<DraftYield> Draft(string tests = UnitTests)
    {
        var isNew = !Directory.Exists(SuiteFolder);
        if (isNew && s_drafted.TryGetValue(tests, out var before))
        {
            Directory.CreateDirectory(SuiteFolder);
            foreach (var (name, text) in before.Files) File.WriteAllText(Path.Combine(SuiteFolder, name), text);
            return before.Yields;
        }
        var source = Path.Combine(_folder.FullName, "LotTests.cs");
        File.WriteAllText(source, tests);
        var yields = SuiteDrafting.Run(SuiteFolder, new(library.Api, library.Judge) { Sources = [source] }, 20, ["tests"], s_execution,
            cancel: TestContext.Current.CancellationToken);
        if (isNew)
            s_drafted[tests] = ([.. Directory.GetFiles(SuiteFolder).Select(f => (Path.GetFileName(f), File.ReadAllText(f)))], yields);
        return yields;
    }

    private static void Write(string file, List<Dictionary<string, string>> rows) =>
        CsvTable.Write(file, [.. rows[0].Keys], rows.Select(r => (IReadOnlyList<string>)[.. r.Values]));
}
