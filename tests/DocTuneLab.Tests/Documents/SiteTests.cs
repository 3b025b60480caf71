using System.IO.Compression;
using DocTuneLab.Documents;
using DocTuneLab.Documents.Dialects;
using DocTuneLab.Documents.Model;
using DocTuneLab.Tests.Library;

namespace DocTuneLab.Tests.Documents;

public sealed class SiteTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static string Tree(IEnumerable<NavigationEntry> entries) =>
        string.Join(' ',
            entries.Select(e => e.Title + (e.Path is null ? "" : "=" + e.Path) + (e.Children.Count > 0 ? $"({Tree(e.Children)})" : "")));

    [Fact]
    public void DocFx_has_content_globs_nested_tables_of_contents_and_uids()
    {
        _folder
            .With("docfx.json", """{ "build": { "content": [ { "files": ["**.{md,yml}"], "exclude": """
                + """["drafts/**"] }, { "files": "*.md", "src": "../.." } ] } } // end""")
            .With("toc.yml", "- name: Guide\n  href: guide/\n- name: Start\n  href: index.md\n- name: Gone\n  href: gone.md\n")
            .With("guide/toc.yml", "items:\n- name: Fill\n  href: fill.md\n  items:\n  - name: Again\n    href: ../toc.yml\n")
            .With("guide/fill.md", "---\nuid: guide-fill\n---\n# Fill\n\nSee <xref:Acme.Tank> and <xref:nowhere>.")
            .With("index.md", "[fill](xref:guide-fill) [root](~/guide/fill.md)")
            .With("drafts/x.md", "x")
            .With("_site/y.md", "y")
            .With("api/Acme.yml", "### YamlMime:ManagedReference\nitems:\n- uid: Acme.Tank\n  name: Tank\n");
        var set = DocumentSet.Load(_folder.Root);
        Assert.Equal("DocFx", set.Site.Kind);
        Assert.Equal(["guide/fill.md", "index.md"], set.Documents.Select(d => d.Path));
        Assert.Equal("Guide(Fill=guide/fill.md(Again)) Start=index.md Gone", Tree(set.Site.Navigation));
        Assert.Equal(["guide/fill.md"], set.Links["index.md"]);
        Assert.Equal(["docfx.json:0 Escape", "guide/toc.yml:0 IncludeLoop".Replace("guide/", ""), "toc.yml:5 Navigation"],
            set.Problems.Select(p => $"{p.Path}:{p.Line} {p.Kind}").Order(StringComparer.Ordinal));
        using var library = new FlowLibrary();
        Assert.Equal(["guide/fill.md:6 nowhere (no such uid)"], set.UnresolvedXrefs(library.Api).Select(x => x.ToString()));
    }

    [Fact]
    public void MkDocs_has_a_docs_folder_navigation_and_snippets()
    {
        _folder.With("mkdocs.yml",
            "site_name: Acme\ndocs_dir: pages\nnav:\n  - index.md\n  - Guide:\n    - Fill: guide/fill.md\n    - Gone: gone.md\n  - Web: "
                + "https://example.com\nexclude_docs: |\n  /drafts/\nmarkdown_extensions:\n  - pymdownx.snippets:\n      base_path: "
                + "[pages, parts]\n  - pymdownx.emoji:\n      emoji_index: !!python/name:material.extensions.emoji.twemoji\n")
            .With("pages/index.md", "--8<-- \"part.md\"\n\n--8<-- \"guide/fill.md\"\n\n--8<-- \"none.md\"")
            .With("pages/guide/fill.md", "# Fill")
            .With("pages/drafts/x.md", "x")
            .With("parts/part.md", "part");
        var set = DocumentSet.Load(_folder.Root);
        Assert.Equal(("MkDocs", "Acme"), (set.Site.Kind, set.Site.Title));
        Assert.Equal(["guide/fill.md", "index.md"], set.Documents.Select(d => d.Path));
        Assert.Equal("=index.md Guide(Fill=guide/fill.md Gone) Web", Tree(set.Site.Navigation));
        Assert.Equal(["index.md:5 BrokenInclude", "mkdocs.yml:7 Navigation"],
            set.Problems.Select(p => $"{p.Path}:{p.Line} {p.Kind}").Order(StringComparer.Ordinal));
        Assert.Equal("MkDocs", DocumentSet.Load(_folder["pages"]).Site.Kind);
        Assert.Equal("MkDocs", DocumentSet.Load(_folder["mkdocs.yml"]).Site.Kind);
    }

    [Fact]
    public void Docusaurus_has_mdx_and_sidebars()
    {
        _folder.With("docusaurus.config.js", "module.exports = { title: 'Acme', url: 'x' }")
            .With("sidebars.js", "module.exports = { docs: ['intro', { type: 'category', items: ['guide/fill'] }] }")
            .With("docs/intro.mdx", "import T from 'x';\n\n# Intro\n\n[fill](/docs/guide/fill) [rel](./guide/fill.md#top) [bad](./nope.md)")
            .With("docs/guide/fill.md", "# Fill {#top}")
            .With("blog/post.md", "x");
        var set = DocumentSet.Load(_folder.Root);
        Assert.Equal(("Docusaurus", "Acme"), (set.Site.Kind, set.Site.Title));
        Assert.Equal("intro=intro.mdx guide/fill=guide/fill.md", Tree(set.Site.Navigation));
        Assert.Equal(["guide/fill.md"], set.Links["intro.mdx"]);
        Assert.Equal(["intro.mdx:5 ./nope.md (no such page or file)"], set.BrokenLinks.Select(l => l.ToString()));
    }

    [Fact]
    public void Docusaurus_may_lie_beside_its_pages()
    {
        _folder.With("website/docusaurus.config.ts",
            "export default { title: 'Acme', presets: [['classic', { docs: { path: '../docs', routeBasePath: '/' } }]] };")
            .With("website/readme.md", "x")
            .With("docs/intro.md", "# Intro");
        var set = DocumentSet.Load(_folder["website"]);
        Assert.Equal(("Docusaurus", "intro.md"), (set.Site.Kind, set.Documents.Single().Path));
    }

    [Theory]
    [InlineData("caret-mark-tilde", 0)]
    [InlineData("caret-mark--tilde", 0)]
    [InlineData("caret-tilde", 1)]
    public void Mkdocs_anchors_have_single_hyphens(string anchor, int broken)
    {
        _folder.With("mkdocs.yml", "site_name: x\n")
            .With("docs/a.md", $"# A\n\n[x](b.md#{anchor})\n")
            .With("docs/b.md", "# B\n\n## Caret, Mark & Tilde\n");
        Assert.Equal(broken, DocumentSet.Load(_folder.Root).BrokenLinks.Count);
    }

    [Fact]
    public void One_page_is_read_alone()
    {
        _folder.With("README.md", "# Acme").With("other.md", "x");
        var set = DocumentSet.Load(_folder["README.md"]);
        Assert.Equal((DocsKind.Page, "README.md"), (set.Site.Kind, set.Documents.Single().Path));
    }

    [Fact]
    public void A_package_gives_its_readme_and_the_assemblies_of_its_newest_framework()
    {
        using var library = new FlowLibrary();
        var file = Package(library, "../evil.md", "/abs.md", "C:/x.md");
        var set = DocumentSet.Load(file);
        Assert.Equal((DocsKind.Package, "Acme.Flow"), (set.Site.Kind, set.Site.Title));
        Assert.Equal(["README.md"], set.Documents.Select(d => d.Path));
        Assert.Equal(3, set.Problems.Count(p => p.Kind == ProblemKind.Escape));
        var assembly = Assert.Single(set.Site.Assemblies);
        Assert.EndsWith("lib/net8.0/Acme.Flow.dll", assembly);
        Assert.True(File.Exists(Path.ChangeExtension(assembly, ".xml")));
    }

    [Fact]
    public void A_package_that_unpacks_to_more_than_it_can_hold_is_cut_off()
    {
        var file = _folder["bomb.nupkg"];
        using (var zip = ZipFile.Open(file, ZipArchiveMode.Create))
        {
            using (var readme = new StreamWriter(zip.CreateEntry("README.md").Open())) readme.Write("# Bomb");
            using var bomb = zip.CreateEntry("big.md", CompressionLevel.SmallestSize).Open();
            var zeros = new byte[1 << 20];
            for (var i = 0; i < 64; i++) bomb.Write(zeros);
        }
        var set = DocumentSet.Load(file);
        Assert.Equal(["README.md"], set.Documents.Select(d => d.Path));
        Assert.Equal(ProblemKind.TooLarge, Assert.Single(set.Problems).Kind);
    }

    [Fact]
    public void A_package_that_is_no_archive_is_named()
    {
        _folder.With("x.nupkg", "not a zip");
        Assert.Contains("x.nupkg: not a readable NuGet package",
            Assert.Throws<LabException>(() => DocumentSet.Load(_folder["x.nupkg"])).Message);
    }

    private string Package(FlowLibrary library, params string[] evil)
    {
        var file = _folder["Acme.Flow.1.0.0.nupkg"];
        using var zip = ZipFile.Open(file, ZipArchiveMode.Create);
        foreach (var framework in new[] { "net462", "netstandard2.0", "net8.0", "net99.0" })
        {
            zip.CreateEntryFromFile(library.AssemblyPath, $"lib/{framework}/Acme.Flow.dll");
            zip.CreateEntryFromFile(Path.ChangeExtension(library.AssemblyPath, ".xml"), $"lib/{framework}/Acme.Flow.xml");
        }
        foreach (var (name, text) in evil.Select(e => (e, "evil"))
            .Append(("README.md", "# Acme"))
            .Append(("Acme.Flow.nuspec", "<package><metadata><id>Acme.Flow</id></metadata></package>")))
        {
            using var writer = new StreamWriter(zip.CreateEntry(name).Open());
            writer.Write(text);
        }
        return file;
    }
}
