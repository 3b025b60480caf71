using DocTuneLab.Documents;
using DocTuneLab.Documents.Model;

namespace DocTuneLab.Tests.Documents;

public sealed class DocumentSetTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("doctune-docs-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private void Write(string path, string text)
    {
        var file = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    [Fact]
    public void Pages_come_in_ordinal_order_and_links_are_resolved()
    {
        Write("b.md",
            "# B\n\n[up](../out.md) [ok](sub/a.md#part-one) [gone](sub/none.md)\n\n![img](img.png) [web](https://x.y) "
                + "[mail](mailto:a@b) [x](xref:T)");
        Write("sub/a.md", "# A\n\n## Part one\n\n[b](../b.md) [frag](#nope) [dir](../)\n\n[missing](<../b.md#what ever>)");
        Write("B2.md", "x");
        Write(".hidden/c.md", "x");
        Write("note.txt", "x");
        var set = DocumentSet.Load(_root);
        Assert.Equal(["B2.md", "b.md", "sub/a.md"], set.Documents.Select(d => d.Path));
        Assert.Equal(["sub/a.md"], set.Links["b.md"]);
        Assert.Equal(["b.md"], set.Links["sub/a.md"]);
        Assert.Equal(
            [
                "b.md:3 ../out.md (leads out of the documentation)", "b.md:3 sub/none.md (no such page or file)",
                "b.md:5 img.png (no such page or file)",
             "sub/a.md:5 #nope (no such heading)", "sub/a.md:7 ../b.md#what ever (no such heading)"],
            set.BrokenLinks.Select(l => l.ToString()));
    }

    [Fact]
    public void Splits_come_from_the_file()
    {
        Write("a.md", "a");
        Write("b.md", "b");
        Write("c.md", "c");
        Write("splits.yaml", "dev:\n  - b.md\ntest: [c.md]\n");
        var set = DocumentSet.Load(_root);
        Assert.Equal([Split.Train, Split.Dev, Split.Test], set.Documents.Select(d => d.Split));
        Assert.Equal(Split.Dev, set.SplitOf("b.md"));
        Assert.Throws<LabException>(() => set.SplitOf("z.md"));
    }

    [Theory]
    [InlineData("dev:\n  - a.md\n  - zz.md\n", "splits.yaml:3: no page 'zz.md'")]
    [InlineData("dev: [a.md]\ntest: [a.md]\n", "splits.yaml:2: 'a.md' is listed twice")]
    [InlineData("deev: []\n", "splits.yaml:1: unknown split 'deev'")]
    [InlineData("dev: a.md\n", "splits.yaml:1: 'dev' is not a list")]
    [InlineData("dev: [a.md\n", "splits.yaml:")]
    public void Wrong_splits_name_the_line(string yaml, string message)
    {
        Write("a.md", "a");
        Write("splits.yaml", yaml);
        Assert.StartsWith(message, Assert.Throws<LabException>(() => DocumentSet.Load(_root)).Message);
    }

    [Fact]
    public void Without_a_file_splits_are_about_80_10_10_and_stable()
    {
        for (var i = 0; i < 200; i++) Write($"p{i}.md", "x");
        var splits = DocumentSet.Load(_root).Documents.GroupBy(d => d.Split).ToDictionary(g => g.Key, g => g.Count());
        Assert.InRange(splits[Split.Train], 140, 180);
        Assert.InRange(splits[Split.Dev], 8, 35);
        Assert.InRange(splits[Split.Test], 8, 35);
        Assert.Equal(DocumentSet.Load(_root).Hash, DocumentSet.Load(_root).Hash);
    }

    [Theory]
    [InlineData(1, "Train")]
    [InlineData(2, "Train Test")]
    [InlineData(3, "Train Dev Test")]
    [InlineData(12, "Train Dev Test")]
    public void No_split_is_empty_however_few_pages_there_are(int pages, string expected)
    {
        // Whatever the pages are called.
        foreach (var name in "abcdefghijklmnop")
        {
            foreach (var file in Directory.GetFiles(_root)) File.Delete(file);
            for (var i = 0; i < pages; i++) Write($"{name}{i}.md", "x");
            Assert.Equal(expected.Split(' ').Select(Enum.Parse<Split>).ToHashSet(),
                DocumentSet.Load(_root).Documents.Select(d => d.Split).ToHashSet());
        }
    }

    [Fact]
    public void A_missing_folder_and_one_without_pages_are_named()
    {
        Assert.Contains("nowhere", Assert.Throws<LabException>(() => DocumentSet.Load(Path.Combine(_root, "nowhere"))).Message);
        Assert.Contains("no Markdown page", Assert.Throws<LabException>(() => DocumentSet.Load(_root)).Message);
        Write("note.txt", "x");
        Assert.Contains("not documentation", Assert.Throws<LabException>(() => DocumentSet.Load(Path.Combine(_root, "note.txt"))).Message);
    }
}
