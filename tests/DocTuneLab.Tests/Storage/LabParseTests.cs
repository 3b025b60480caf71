using DocTuneLab.Storage;
using DocTuneLab.Tests.Library;
using DocTuneLab.Tokenization;

namespace DocTuneLab.Tests.Storage;

public sealed class LabParseTests(FlowLibrary library) : IClassFixture<FlowLibrary>, IDisposable
{
    private readonly LabFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private ParseOptions Options => new() { Sources = [_folder.Docs], Assemblies = [library.AssemblyPath] };

    [Fact]
    public void Chunks_are_counted_by_the_tokenizer_of_a_model_folder()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root!.FullName, "DocTuneLab.sln"))) root = root.Parent;
        var model = Path.Combine(root.FullName, "data", "models", "nano");
        _folder.Write("a.md", "# 水箱\n\n用 `Tank.Fill` 加水，不够时再加。");
        using var lab = Lab.Open(_folder.Lab);
        lab.Documents.Parse(Options with { TokenizerDirectory = model });
        var tokenizer = HuggingFaceTokenizer.Load(Path.Combine(model, "tokenizer.json"));
        Assert.All(lab.Documents.Chunks(), c => Assert.Equal(tokenizer.Count(c.Text), c.TokenCount));
        Assert.NotEmpty(lab.Documents.Chunks());
    }

    [Fact]
    public void A_folder_where_nothing_changed_is_not_parsed_again()
    {
        _folder.Write("a.md", "# Tank\n\nUse `Tank.Fill`. See [b](b.md) and [c](c.md).");
        _folder.Write("b.md", "# Other\n\nwords");
        using var lab = Lab.Open(_folder.Lab);
        var first = lab.Documents.Parse(Options);
        Assert.Equal((false, new DocumentChanges(2, 0, 0, 0)), (first.FromScan, first.Changes));
        Assert.Equal("a.md:3: link to c.md: no such page or file", Assert.Single(first.Problems).ToString());
        Assert.True(first.LinkedSymbols >= 2 && first.Symbols > first.LinkedSymbols);
        var second = lab.Documents.Parse(Options);
        Assert.Equal((true, new DocumentChanges(0, 0, 2, 0)), (second.FromScan, second.Changes));
        Assert.Equal(first.Problems, second.Problems);

        // Same size and an old time, but not the same time: the content decides.
        _folder.Write("b.md", "# Other\n\nchars", new DateTime(2024, 1, 2, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal(new DocumentChanges(0, 1, 1, 0), lab.Documents.Parse(Options).Changes);
        Assert.Single(lab.Documents.Search("chars"));
        _folder.Write("b.md", "# Other\n\nchars", new DateTime(2024, 1, 3, 0, 0, 0, DateTimeKind.Utc));
        Assert.True(lab.Documents.Parse(Options).FromScan);
        Assert.False(lab.Documents.Parse(Options with { Full = true }).FromScan);
        Assert.Equal(new DocumentChanges(0, 2, 0, 0), lab.Documents.Parse(Options with { MaxTokens = 100 }).Changes);
        Assert.Empty(lab.Maintenance.Verify());
    }

    [Fact]
    public void A_file_written_just_now_is_read_again_though_its_time_is_the_same()
    {
        var now = TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(-1);
        _folder.Write("a.md", "# Tank\n\nalpha", now);
        using var lab = Lab.Open(_folder.Lab);
        lab.Documents.Parse(Options);
        _folder.Write("a.md", "# Tank\n\ngamma", now);
        Assert.Equal(new DocumentChanges(0, 1, 0, 0), lab.Documents.Parse(Options).Changes);
        Assert.Single(lab.Documents.Search("gamma"));
    }

    [Fact]
    public void Several_folders_are_told_apart_by_their_names()
    {
        _folder.Write("guide/a.md", "# A\n\nalpha");
        _folder.Write("api/a.md", "# B\n\nbeta");
        using var lab = Lab.Open(_folder.Lab);
        var options = Options with { Sources = [Path.Combine(_folder.Docs, "guide"), Path.Combine(_folder.Docs, "api")] };
        Assert.Equal(2, lab.Documents.Parse(options).Pages);
        Assert.Equal(["api/a.md", "guide/a.md"], lab.Documents.Pages().Select(d => d.Path));
        Assert.True(lab.Documents.Parse(options).FromScan);
        // The lab's pages are those of the folders given, no others.
        Assert.Equal(new DocumentChanges(1, 0, 0, 2),
            lab.Documents.Parse(options with { Sources = [Path.Combine(_folder.Docs, "api")] }).Changes);
        Assert.Contains("given twice",
            Assert.Throws<LabException>(() => lab.Documents.Parse(options with { Sources = [_folder.Docs, _folder.Docs] })).Message);
        Assert.Contains("not found",
            Assert.Throws<LabException>(() => lab.Documents.Parse(options with { Sources = ["nowhere"] })).Message);
    }

    [Fact]
    public void A_package_brings_its_own_assemblies()
    {
        using var library = new CompiledLibrary("namespace Acme { /// <summary>Holds.</summary>\n public class Tank { } }", "Acme");
        var package = _folder.At("acme.1.0.0.nupkg");
        using (var zip = System.IO.Compression.ZipFile.Open(package, System.IO.Compression.ZipArchiveMode.Create))
        {
            void Entry(string name, byte[] content)
            {
                using var stream = zip.CreateEntry(name).Open();
                stream.Write(content);
            }
            Entry("acme.nuspec",
                "<package><metadata><id>acme</id><version>1.0.0</version><readme>README.md</readme></metadata></package>"u8.ToArray());
            Entry("README.md", "# Acme\n\nA `Tank` holds.\n"u8.ToArray());
            Entry("lib/net10.0/Acme.dll", File.ReadAllBytes(library.AssemblyPath));
        }
        using var lab = Lab.Open(_folder.Lab);
        var options = new ParseOptions { Sources = [package] };
        var report = lab.Documents.Parse(options);
        Assert.Equal((1, 1), (report.Pages, report.LinkedSymbols));
        Assert.Equal(["T:Acme.Tank"], lab.Documents.Chunks().SelectMany(c => c.Symbols));
        Assert.True(lab.Documents.Parse(options, input: ParseInput.Load(options)).FromScan);
    }
}
