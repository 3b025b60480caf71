using DocTuneLab.Conversations;
using DocTuneLab.Evaluation.Drafting;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Suites;

namespace DocTuneLab.Evaluation.Tests;

/// <summary>Tasks from unit tests that a model writes, and their words.</summary>
public sealed class WrittenDraftTests(SampleLibrary library) : IClassFixture<SampleLibrary>, IDisposable
{
    private static readonly ExecutionOptions s_execution = new() { AllowUntrustedCode = true };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("doctune-written-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Tests_of_a_model_become_tasks_in_its_words()
    {
        Assert.SkipUnless(Sandbox.Refusal(s_execution) is null, "nothing isolates answers here");
        var writer = new Writer();
        var material = new DraftMaterial(library.Api, library.Judge) { Writer = writer };
        var yield = Assert.Single(SuiteDrafting.Run(_folder.FullName, material, 10, ["endpoint"], s_execution));
        Assert.True(yield.Proved == 2, string.Join('\n', yield.Fallen));
        var drafted = Suite.Load(_folder.FullName).Code;
        // What the model asserts is wrong, and counts for nothing; what it invents does not compile, and its class without a name of the
        // library's namespace is read all the same.
        Assert.Equal(2, drafted.Count);
        Assert.Single(drafted, t => t.Reference.Contains("WaterHead.FromMetres(metres)", StringComparison.Ordinal));
        Assert.Equal("return WaterLot.FromCubicMetres(cubicMetres).Litres;",
            drafted.Single(t => t.Reference.Contains("Cubic", StringComparison.Ordinal)).Reference);
        Assert.All(drafted, t => Assert.StartsWith("xml:T:", t.Documents[0]));
        Assert.Contains("Check.Equal(1500L, Solution.Solve(1.5));", drafted.Single(t => t.Reference.Contains("Cubic")).Tests);

        var words = TaskWords.Into(_folder.FullName, material);
        var tasks = Suite.Load(_folder.FullName).Code;
        Assert.Equal(1, words.Worded);
        Assert.Equal(("the words name a member of the solution", 1), Assert.Single(words.Kept));
        var lot = tasks.Single(t => t.Reference.Contains("Cubic"));
        Assert.StartsWith("How many litres are in a load of cubicMetres?\nFor example:\n- cubicMetres = ", lot.Instruction);
        Assert.Equal(drafted.Single(t => t.Reference.Contains("Metres(m")).Instruction,
            tasks.Single(t => t.Reference.Contains("Metres(m")).Instruction);
        Assert.Empty(SuiteCheck.Run(new Evaluator(library.Judge), Suite.Load(_folder.FullName), library.Api, s_execution).Problems);

        // Nobody is asked twice for the words of a task.
        var asked = writer.Prompts;
        Assert.Equal(0, TaskWords.Into(_folder.FullName, material).Worded);
        Assert.Equal(asked, writer.Prompts);
    }

    [Theory]
    [InlineData("Too short.")]
    [InlineData("How many litres are in a load of that many cubic metres?")]
    [InlineData("How many litres are in a load of cubicMetres? `return cubicMetres * 1000;`")]
    public void Words_that_leave_something_out_are_not_taken(string words)
    {
        Assert.SkipUnless(Sandbox.Refusal(s_execution) is null, "nothing isolates answers here");
        var material = new DraftMaterial(library.Api, library.Judge) { Writer = new Writer { Lot = words } };
        SuiteDrafting.Run(_folder.FullName, material, 10, ["endpoint"], s_execution);
        var before = Suite.Load(_folder.FullName).Code.Select(t => t.Instruction);
        Assert.Equal(0, TaskWords.Into(_folder.FullName, material).Worded);
        Assert.Equal(before, Suite.Load(_folder.FullName).Code.Select(t => t.Instruction));
    }

    [Theory]
    [InlineData("Cut cubicMetres into 5 lots and say true, with units behind.", 1)]
    [InlineData("Cut cubicMetres into 5 lots; say true, with units.", 0)]
    [InlineData("Cut cubicMetres into 15 lots and say true, with units behind.", 0)]
    [InlineData("Cut cubicMetres into 1.5 lots and say true, with units behind.", 0)]
    [InlineData("Cut cubicMetres into lots and say true, with units behind. There are 5.", 1)]
    [InlineData("Cut cubicMetres into 5 lots, with units behind.", 0)]
    [InlineData("Cut cubicMetres into 5 lots and say true.", 0)]
    [InlineData("Cut `cubicMetres` into 5 lots and say true, with units behind.", 1)]
    [InlineData("Cut cubicMetres into 5 lots and say true, with units, as `Cut(5)`.", 0)]
    public void Words_say_every_value_as_a_word_of_its_own(string words, int worded)
    {
        File.WriteAllText(Path.Combine(_folder.FullName, Suite.CodeFile), """
            {"id":"a1","instruction":"Steps.","signature":"public static string Told(double cubicMetres)","goldSymbols":[],
             "reference":"var lots = Cut(cubicMetres, 5, true); if (lots is null) return null; return $\"{lots} units\";",
             "stub":"return null;","tests":["Check.Equal(1, 1);"],"documents":["a.md"],"split":"test"}
            """.ReplaceLineEndings(""));
        File.WriteAllText(Path.Combine(_folder.FullName, DraftLedger.FileName),
            """{"id":"a1","source":"search","place":"a","state":"undecided","note":""}""");
        var material = new DraftMaterial(library.Api, library.Judge) { Writer = new Writer { Lot = words } };
        Assert.Equal(worded, TaskWords.Into(_folder.FullName, material).Worded);
    }

    [Fact]
    public void A_full_suite_asks_nobody_for_tests()
    {
        Assert.SkipUnless(Sandbox.Refusal(s_execution) is null, "nothing isolates answers here");
        var writer = new Writer();
        var material = new DraftMaterial(library.Api, library.Judge) { Writer = writer };
        SuiteDrafting.Run(_folder.FullName, material, 1, [SuiteDrafting.Written], s_execution);
        var asked = writer.Prompts;
        SuiteDrafting.Run(_folder.FullName, material, 1, [SuiteDrafting.Written], s_execution);
        Assert.Equal(asked, writer.Prompts);
    }

    private sealed class Writer : ILanguageModel
    {
        private const string Tests = """
            Here they are:
            ```csharp
            public class Drafted
            {
                [Fact]
                public void Lot()
                {
                    var cubicMetres = 1.5;
                    Assert.Equal(7, WaterLot.FromCubicMetres(cubicMetres).Litres);
                }

                [Fact]
                public void Head()
                {
                    var metres = 2.5;
                    var head = WaterHead.FromMetres(metres);
                    Assert.Equal(2, head.Millimetres);
                }

                [Fact]
                public void Invented()
                {
                    var metres = 2.5;
                    Assert.Equal(2, WaterHead.FromMiles(metres).Millimetres);
                }
            }
            ```
            """;

        public string Name => "writer";

        public int Prompts { get; private set; }

        public string Lot { get; init; } = "How many litres are in a load of cubicMetres?";

        public IReadOnlyList<string> Generate(IReadOnlyList<IReadOnlyList<Message>> prompts, SamplingOptions options,
            IProgress<int>? progress = null, CancellationToken cancel = default)
        {
            Prompts += prompts.Count;
            return [.. prompts.Select(p => p[^1].Content).Select(p => p.Contains("xunit", StringComparison.Ordinal) ? Tests
                : p.Contains("cubicMetres", StringComparison.Ordinal) ? Lot : "Call FromMetres(metres) and look at the result.")];
        }

        public IReadOnlyList<AnswerScore> Score(IReadOnlyList<IReadOnlyList<Message>> conversations, CancellationToken cancel = default) =>
            throw new NotSupportedException();

        public IReadOnlyList<AnswerScore> ScoreText(IReadOnlyList<string> texts, CancellationToken cancel = default) =>
            throw new NotSupportedException();
    }
}
