using DocTuneLab.Documents;
using DocTuneLab.Documents.Model;
using DocTuneLab.Evaluation.Suites;

namespace DocTuneLab.Evaluation.Tests;

/// <summary>The suite that the lab's results stand on is sound.</summary>
public class PrivateLibrarySuiteTests(SampleLibrary library) : IClassFixture<SampleLibrary>
{
    [Fact]
    public void Every_reference_passes_every_stub_fails_and_every_gap_compiles()
    {
        var report = SuiteCheck.Run(new Evaluator(library.Judge), Suite.Load(library.Tasks), library.Api,
            new() { AllowUntrustedCode = true, AllowWithoutIsolation = true, WallTime = TimeSpan.FromSeconds(60) },
            pages: DocumentSet.Load(Path.Combine(library.Data, "docs")).Documents);
        Assert.True(report.Problems.Count == 0,
            $"{report.Problems.Count} problems:\n" + string.Join('\n', report.Problems.Select(p => $"{p.Task}: {p.Problem}")));
    }

    [Fact]
    public void It_has_the_four_kinds_of_suites()
    {
        var suite = Suite.Load(library.Tasks).Where(Split.Test);
        Assert.True(suite.Code.Count >= 108 && suite.Qa.Count >= 80 && suite.Open.Count >= 10 && suite.Completion.Count >= 30
            && suite.General.Count >= 20);
        Assert.All(Enum.GetValues<RetentionKind>(), k => Assert.True(suite.Retention.Count(t => t.Kind == k) >= 25));
        // A cluster bootstrap needs several clusters.
        Assert.True(suite.Retention.Select(t => t.Source).Distinct().Count() >= 10);
    }

    [Fact]
    public void Retention_texts_are_not_what_the_base_model_was_made_from()
    {
        // The assemblies that the base model's pre-training reads, by the names in its source.
        var source = File.ReadAllText(Path.Combine(library.Root, "src", "DocTuneLab.Training", "Datasets", "PretrainingText.cs"));
        var used = Suite.Load(library.Tasks).Retention.Select(t => t.Source.Split(':')).ToList();
        Assert.All(used.Where(s => s[0] == "source"),
            s => Assert.DoesNotContain($"\"{s[1]}\"", source.Split("s_decompiled =")[1].Split(';')[0]));
        Assert.All(used.Where(s => s[0] == "docs"),
            s => Assert.DoesNotContain($"\"{s[1]}\"", source.Split("s_documented =")[1].Split(';')[0]));
    }
}
