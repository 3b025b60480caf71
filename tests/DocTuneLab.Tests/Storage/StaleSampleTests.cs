using DocTuneLab.Conversations;
using DocTuneLab.Corpus;
using DocTuneLab.Documents.Chunking;
using DocTuneLab.Documents.Model;
using DocTuneLab.Library;
using DocTuneLab.Storage;
using DocTuneLab.Tests.Documents;
using DocTuneLab.Tests.Library;
using DocTuneLab.Text;

namespace DocTuneLab.Tests.Storage;

/// <summary>What becomes of passages and samples when pages or the library change.</summary>
public sealed class StaleSampleTests : IDisposable
{
    private const string Long = "These words make the section long enough to stand in a passage alone.";
    private readonly LabFolder _folder = new();
    private readonly Chunker _chunker = new(ChunkerSpecTests.Words, 20);

    public void Dispose() => _folder.Dispose();

    private DocumentChanges Save(Lab lab, params Document[] pages) => lab.Documents.Save(pages, _chunker.Chunk, "s");

    private static Sample On(string question, string? chunk, string? symbol = null) => new(
        ContentHash.Of(question), SampleKind.Qa, [Message.User(question), Message.Assistant("a")],
        new(chunk is null ? [] : [chunk], symbol is null ? [] : [symbol]), [], Split.Train);

    [Fact]
    public void Unchanged_passages_of_a_changed_page_keep_their_rows_and_places_are_updated()
    {
        using var lab = Lab.Open(_folder.Lab);
        Save(lab, LabFolder.Page("a.md", $"# A\n\n{Long} Zero.\n\n## One\n\n{Long} One.\n\n## Two\n\n{Long} Two.\n"));
        var before = lab.Documents.Chunks();
        var rows = _folder.Sql<string>("SELECT group_concat(row || id) FROM (SELECT * FROM chunks ORDER BY id)");
        var page = LabFolder.Page("a.md",
            $"# A\n\n{Long} Zero.\n\n## New\n\n{Long} New.\n\n## One\n\n{Long} One.\n\n## Two\n\n{Long} Two.\n");
        Save(lab, page);
        Assert.Equal(before.Count + 1, lab.Documents.Chunks().Count);
        Assert.Equal(rows,
            _folder.Sql<string>("SELECT group_concat(row || id) FROM (SELECT * FROM chunks WHERE id IN "
                + $"('{string.Join("','", before.Select(c => c.Id))}') ORDER BY id)"));
        Assert.All(lab.Documents.Chunks(), c => Assert.Equal(c.Text, page.Text.Substring(c.Span.Start, c.Span.Length)));
        Assert.Equal(lab.Documents.Chunks().Select(c => c.Id), _chunker.Chunk(page).Select(c => c.Id));
        Assert.Empty(lab.Maintenance.Verify());
    }

    [Fact]
    public void Samples_on_a_lost_passage_or_page_are_stale_until_it_comes_back()
    {
        using var lab = Lab.Open(_folder.Lab);
        var a = LabFolder.Page("a.md", $"# A\n\n## One\n\n{Long} One.\n\n## Two\n\n{Long} Two.\n");
        var b = LabFolder.Page("b.md", "# B\n\nbeta\n");
        Save(lab, a, b);
        var (one, two, beta) = (lab.Documents.Chunks("a.md")[^2].Id, lab.Documents.Chunks("a.md")[^1].Id,
            lab.Documents.Chunks("b.md")[0].Id);
        lab.Samples.Save([On("1", one), On("2", two), On("3", beta)]);
        Assert.Equal(new DocumentChanges(0, 1, 0, 1),
            Save(lab, LabFolder.Page("a.md", $"# A\n\n## One\n\n{Long} One.\n\n## Two\n\n{Long} Another.\n")));
        Assert.Equal(
            new[] { (two, "a.md no longer has this passage."), (beta, "The page b.md was removed.") }.Order(),
            lab.Samples.Stale().Select(s => (s.Target, s.Reason)).Order());
        Assert.Equal([one], lab.Samples.List().SelectMany(s => s.Evidence.Chunks));
        Assert.Equal(3, lab.Samples.List(acceptedOnly: false).Count);
        Assert.Equal(2, lab.Maintenance.Stats().StaleSamples);
        Assert.Empty(lab.Documents.Search("beta"));
        Assert.Empty(lab.Maintenance.Verify());
        Assert.Equal(1L, _folder.Sql<long>("SELECT count(*) FROM removed_documents WHERE path = 'b.md'"));
        // The text that a stale sample was made from can still be read, so it is no garbage.
        Assert.Equal(0, lab.Maintenance.CollectGarbage().Passages);
        Assert.Equal(2L, _folder.Sql<long>("SELECT count(*) FROM retired_chunks"));

        Save(lab, a, b);
        Assert.Empty(lab.Samples.Stale());
        Assert.Equal(3, lab.Samples.List().Count);
        Assert.Equal(0L,
            _folder.Sql<long>("SELECT count(*) FROM removed_documents") + _folder.Sql<long>("SELECT count(*) FROM retired_chunks"));

        Save(lab, a);
        lab.Samples.Save([], replaceAll: true);
        Assert.Equal(2, lab.Maintenance.CollectGarbage().Passages);
        Assert.Empty(lab.Maintenance.Verify());
    }

    [Fact]
    public void Samples_on_members_that_are_gone_changed_or_obsolete_are_stale()
    {
        using var old = new CompiledLibrary("namespace Acme; public class Tank { public int Level() => 1; public int Size() => 1; "
            + "public int Keep() => 1; public int Fill() => 1; }", "Acme");
        using var now = new CompiledLibrary("""namespace Acme; public class Tank { public long Size() => 1; public int Keep() => 1; """
            + """[System.Obsolete("Use Pour.")] public int Fill() => 1; public int Pour() => 1; }""", "Acme");
        using var lab = Lab.Open(_folder.Lab);
        lab.Documents.SaveSymbols(ApiModel.Load(ReferenceSet.Load(old.AssemblyPath)));
        string[] members = ["M:Acme.Tank.Level", "M:Acme.Tank.Size", "M:Acme.Tank.Keep", "M:Acme.Tank.Fill"];
        lab.Samples.Save([.. members.Select(m => On(m, null, m))]);
        Assert.True(lab.Documents.SaveSymbols(ApiModel.Load(ReferenceSet.Load(now.AssemblyPath))));
        var reasons = lab.Samples.Stale().ToDictionary(s => s.Target, s => s.Reason);
        Assert.Equal(["M:Acme.Tank.Fill", "M:Acme.Tank.Level", "M:Acme.Tank.Size"], reasons.Keys.Order());
        Assert.Contains("no longer", reasons["M:Acme.Tank.Level"]);
        Assert.Contains("long Size()", reasons["M:Acme.Tank.Size"]);
        Assert.Contains("Use Pour.", reasons["M:Acme.Tank.Fill"]);
        Assert.Empty(lab.Maintenance.Verify());
        Assert.Equal(["M:Acme.Tank.Keep"], lab.Samples.List().SelectMany(s => s.Evidence.Symbols));
    }

    [Fact]
    public void An_interrupted_import_keeps_what_is_done_and_goes_on_from_there()
    {
        var pages = Enumerable.Range(0, 40).Select(i => LabFolder.Page($"{i:00}.md", $"# P{i}\n\nword{i}")).ToArray();
        using var cancel = new CancellationTokenSource();
        var cut = 0;
        IReadOnlyList<Chunk> Cut(Document d)
        {
            if (++cut == 10) cancel.Cancel();
            return _chunker.Chunk(d);
        }
        using var lab = Lab.Open(_folder.Lab);
        Assert.Throws<OperationCanceledException>(() => lab.Documents.Save(pages, Cut, "s", cancellation: cancel.Token));
        Assert.Equal(10, lab.Documents.Pages().Count);
        Assert.Empty(lab.Maintenance.Verify());
        Assert.Equal(new DocumentChanges(30, 0, 10, 0), Save(lab, pages));
        using var other = Lab.Open(_folder.At("other"));
        Save(other, pages);
        Assert.Equal(other.Maintenance.Stats().ContentHash, lab.Maintenance.Stats().ContentHash);
    }
}
