using DocTuneLab.Audit;
using DocTuneLab.Conversations;
using DocTuneLab.Corpus;
using DocTuneLab.Documents.Chunking;
using DocTuneLab.Documents.Linking;
using DocTuneLab.Documents.Model;
using DocTuneLab.Library;
using DocTuneLab.Storage;
using DocTuneLab.Tests.Documents;
using DocTuneLab.Tests.Library;
using DocTuneLab.Tests.Storage;
using DocTuneLab.Text;

namespace DocTuneLab.Tests.Audit;

public sealed class ApiDiffTests
{
    private const string Old = """
        namespace Acme;
        public class Tank
        {
            public int Gone() => 1;
            public int Typed() => 1;
            public void Parameters(int a) { }
            public void Renamed(int a, int b = 1) { }
            public void Old() { }
            public void Same() { }
            public void Overloads(int a) { }
            public void Overloads(string a) { }
        }
        public class Lost { public int Part() => 1; }
        """;

    private const string New = """
        namespace Acme;
        public class Tank
        {
            public long Typed() => 1;
            public void Parameters(int a, bool b) { }
            public void Renamed(int x, int b = 2) { }
            [System.Obsolete("Use Same.")] public void Old() { }
            public void Same() { }
            public void Overloads(int a) { }
            public void Overloads(string a) { }
            public void Overloads(long a) { }
            public int Fresh { get; }
        }
        """;

    [Fact]
    public void Every_kind_of_change_is_named_and_what_is_the_same_is_not()
    {
        using var old = new CompiledLibrary(Old, "Acme");
        using var now = new CompiledLibrary(New, "Acme");
        var changes = ApiDiff.Compare(Load(old), Load(now));
        Assert.Equal([
            "Added M:Acme.Tank.Overloads(System.Int64)", "Added P:Acme.Tank.Fresh",
            "Removed M:Acme.Lost.#ctor", "Removed M:Acme.Lost.Part", "Removed M:Acme.Tank.Gone", "Removed T:Acme.Lost",
            "Changed M:Acme.Tank.Parameters(System.Int32)", "Changed M:Acme.Tank.Renamed(System.Int32,System.Int32)",
            "Changed M:Acme.Tank.Typed",
            "Obsoleted M:Acme.Tank.Old"], changes.Select(c => $"{c.Kind} {c.Id}"));
        var notes = changes.ToDictionary(c => c.Id, c => c.Note);
        Assert.Equal("type int to long", notes["M:Acme.Tank.Typed"]);
        Assert.Equal("parameter a renamed to x; default of b: 1 to 2", notes["M:Acme.Tank.Renamed(System.Int32,System.Int32)"]);
        Assert.Equal("Use Same.", notes["M:Acme.Tank.Old"]);
        Assert.Contains("bool b", changes.Single(c => c.Id.Contains(".Parameters")).After);
        Assert.Empty(ApiDiff.Compare(Load(old), Load(old)));
    }

    [Fact]
    public void The_passages_and_samples_of_a_lab_that_become_stale_are_named()
    {
        using var folder = new LabFolder();
        using var old = new CompiledLibrary(Old, "Acme");
        using var now = new CompiledLibrary(New, "Acme");
        using var lab = Lab.Open(folder.Lab);
        var api = Load(old);
        lab.Documents.Save([LabFolder.Page("a.md", "# A\n\nUse `Tank.Gone`."), LabFolder.Page("b.md", "# B\n\nUse `Tank.Same`.")],
            new Chunker(ChunkerSpecTests.Words, 20, new SymbolLinker(api)).Chunk, "s");
        lab.Documents.SaveSymbols(api);
        var chunk = lab.Documents.Chunks("a.md")[0].Id;
        lab.Samples.Save([
            Sample("on the passage", new([chunk], [])), Sample("on the member", new([], ["M:Acme.Tank.Gone"])),
            Sample("on another", new([lab.Documents.Chunks("b.md")[0].Id], ["M:Acme.Tank.Same"]))
        ]);
        var stale = ApiDiff.Stale(lab, ApiDiff.Compare(api, Load(now))).Single(s => s.Change.Id == "M:Acme.Tank.Gone");
        Assert.Equal([chunk], stale.Chunks.Select(c => c.Id));
        Assert.Equal(new[] { ContentHash.Of("on the passage"), ContentHash.Of("on the member") }.Order(), stale.Samples);
    }

    private static Sample Sample(string text, Evidence evidence) =>
        new(ContentHash.Of(text), SampleKind.Qa, [Message.User(text), Message.Assistant("a")], evidence, [], Split.Train);

    private static ApiModel Load(CompiledLibrary library) => ApiModel.Load(ReferenceSet.Load(library.AssemblyPath));
}
