using System.Text.RegularExpressions;
using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Evaluation.Execution;

namespace DocTuneLab.Evaluation.Tests;

/// <summary>A corpus whose code runs in the sandbox itself, not in a stand-in.</summary>
public sealed partial class CorpusInSandboxTests(SampleLibrary library) : IClassFixture<SampleLibrary>, IDisposable
{
    private readonly ProgramSandbox _sandbox = new(library.References);

    public void Dispose() => _sandbox.Dispose();

    private GeneratedCorpus Generate(int seed)
    {
        Assert.SkipWhen(_sandbox.Refusal is not null, _sandbox.Refusal ?? "");
        return new StructuralGenerator(library.Api, library.Judge, new CorpusOptions
        {
            Count = 150,
            Seed = seed,
            ChineseShare = 0,
            Runner = _sandbox,
            Mix = new Dictionary<SampleKind, double> { [SampleKind.Code] = 1 },
        }).Generate([], null, TestContext.Current.CancellationToken);
    }

    [Fact]
    public void The_same_seed_gives_the_same_corpus_and_what_shows_nothing_is_refused()
    {
        var (first, again) = (Generate(3), Generate(3));
        Assert.Equal(first.Samples.Select(s => s.Id), again.Samples.Select(s => s.Id));
        Assert.Equal(first.Rejected.Select(s => s.Id), again.Rejected.Select(s => s.Id));
        Assert.True(first.Accounts[0].Runs.Ran > 20, first.Accounts[0].Runs.ToString());
        // A new gate is shut whatever its width is, and a new lot has the litres that it was made of.
        var refused = first.Rejected.Where(s => s.Checks.Any(c => c is { Name: "gave nothing", Passed: false })).ToList();
        Assert.NotEmpty(refused);
        Assert.Equal([], first.Samples.Select(s => s.Messages[^1].Content).Where(c => UntouchedGate().IsMatch(c)));
    }

    [GeneratedRegex(@"(\w+) = new WeirGate\([^;]*\);\s*return \1\.(?:State|Opening|MoveCount);")]
    private static partial Regex UntouchedGate();
}
