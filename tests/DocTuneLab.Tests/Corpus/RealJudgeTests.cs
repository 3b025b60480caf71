using DocTuneLab.Corpus.Structural;
using DocTuneLab.Library;

namespace DocTuneLab.Tests.Corpus;

/// <summary>The generator with the lab's own reader and judge, on the assembly of the test library and on the framework.</summary>
public sealed class RealJudgeTests(CorpusFixture fixture) : IClassFixture<CorpusFixture>
{
    [Fact]
    public void A_library_is_read_judged_and_covered()
    {
        var dll = Path.Combine(Directory.CreateTempSubdirectory().FullName, "Waterworks.dll");
        using (var image = File.Create(dll))
        using (var xml = File.Create(Path.ChangeExtension(dll, ".xml")))
            Assert.True(fixture.Compilation.WithReferences(ReferenceSet.Load().References)
                .Emit(image, xmlDocumentationStream: xml, cancellationToken: TestContext.Current.CancellationToken).Success);
        var references = ReferenceSet.Load(dll);
        var model = ApiModel.Load(references);
        var judge = new CSharpJudge(references);
        var corpus = new StructuralGenerator(model, judge, new CorpusOptions { Count = 700, Seed = 2 })
            .Generate([], null, TestContext.Current.CancellationToken);
        Assert.Equal(700, corpus.Samples.Count);
        // The obsolete member must not be used; of the others at most one may have had no luck in 700 draws.
        Assert.Contains("M:Waterworks.Valve.TurnWheel", corpus.Coverage.Unused);
        Assert.InRange(corpus.Coverage.Unused.Count, 1, 2);
        Assert.All(corpus.Accounts, a => Assert.Equal(0, a.Rejected.GetValueOrDefault("compiles")));
        // Evidence names the symbols that the judge bound: all of them exist.
        Assert.All(corpus.Samples.SelectMany(s => s.Evidence.Symbols).Distinct(), id => Assert.NotNull(model.Find(id)));
    }

    [Fact]
    public void The_framework_gives_thousands_of_symbols_to_practise_the_format_on()
    {
        var references = ReferenceSet.Load();
        var model = ApiModel.Load(references,
            [.. new[] { "System.Collections", "System.Linq", "System.Text.RegularExpressions" }.Select(references.FrameworkAssembly)]);
        var corpus = new StructuralGenerator(model, new CSharpJudge(references), new CorpusOptions { Count = 300, LibraryName = ".NET" })
            .Generate([], null, TestContext.Current.CancellationToken);
        Assert.Equal(300, corpus.Samples.Count);
        Assert.True(corpus.Coverage.CoveredShare > 0.15, corpus.Coverage.ToString());
        Assert.All(corpus.Accounts, a => Assert.True(a.Closes));
    }
}
