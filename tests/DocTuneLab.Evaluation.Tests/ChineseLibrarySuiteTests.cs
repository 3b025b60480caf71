using DocTuneLab.Documents;
using DocTuneLab.Evaluation.Suites;

namespace DocTuneLab.Evaluation.Tests;

/// <summary>The suite of the second sample library is sound, and shares what measures retention with the first.</summary>
public class ChineseLibrarySuiteTests(ChineseSampleLibrary library) : IClassFixture<ChineseSampleLibrary>
{
    [Fact]
    public void Every_reference_passes_every_stub_fails_and_every_gap_compiles()
    {
        // What is shared is proven with the first library's suite.
        var own = Suite.Load(library.Tasks) with { General = [], Retention = [] };
        var report = SuiteCheck.Run(new Evaluator(library.Judge), own, library.Api,
            new() { AllowUntrustedCode = true, AllowWithoutIsolation = true, WallTime = TimeSpan.FromSeconds(60) },
            pages: DocumentSet.Load(Path.Combine(library.Data, "docs")).Documents);
        Assert.True(report.Problems.Count == 0,
            $"{report.Problems.Count} problems:\n" + string.Join('\n', report.Problems.Select(p => $"{p.Task}: {p.Problem}")));
    }

    [Fact]
    public void It_has_all_kinds_and_cites_pages_of_the_right_split()
    {
        var suite = Suite.Load(library.Tasks);
        Assert.True(suite.Code.Count >= 48 && suite.Qa.Count >= 48 && suite.Completion.Count >= 16 && suite.Open.Count >= 6);
        Assert.True(suite.Code.Count(t => t.Instruction.Contains('\n')) * 3 >= suite.Code.Count,
            "A third of the tasks is also in English.");
        var docs = DocumentSet.Load(Path.Combine(library.Data, "docs"));
        Assert.All(suite.Qa.SelectMany(t => t.Documents).Concat(suite.Open.SelectMany(t => t.Documents)),
            p => Assert.NotNull(docs.Find(p)));
        Assert.All(suite.Code.Select(t => (t.Documents, t.Split)).Concat(suite.Completion.Select(t => (t.Documents, t.Split))),
            t => Assert.Equal(t.Split, docs.Find(t.Documents[0])!.Split));
    }

    [Fact]
    public void Retention_is_that_of_the_first_library_word_for_word()
    {
        var first = Suite.Load(Path.Combine(library.Root, "data", "private-library", "tasks"));
        Assert.Equal(first.Hashes().Where(h => h.Kind is TaskKind.General or TaskKind.Retention),
            Suite.Load(library.Tasks).Hashes().Where(h => h.Kind is TaskKind.General or TaskKind.Retention));
    }
}
