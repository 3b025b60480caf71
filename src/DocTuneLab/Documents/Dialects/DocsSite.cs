using System.Text.RegularExpressions;
using DocTuneLab.Documents.Dialects.DocFx;
using DocTuneLab.Documents.Dialects.Docusaurus;
using DocTuneLab.Documents.Dialects.MkDocs;
using DocTuneLab.Documents.Files;
using DocTuneLab.Documents.Model;
using DocTuneLab.Documents.Sources;

namespace DocTuneLab.Documents.Dialects;

/// <summary>What kind of documentation a folder holds.</summary>
public enum DocsKind
{
    /// <summary>Markdown files in folders.</summary>
    Folder,
    /// <summary>One page, such as a README.</summary>
    Page,
    /// <summary>A site of DocFX: <c>docfx.json</c>, <c>toc.yml</c>, uids.</summary>
    DocFx,
    /// <summary>A site of MkDocs: <c>mkdocs.yml</c>.</summary>
    MkDocs,
    /// <summary>A site of Docusaurus: <c>docusaurus.config.js</c>, MDX.</summary>
    Docusaurus,
    /// <summary>A NuGet package: its readme, XML documentation and assemblies.</summary>
    Package,
}

/// <summary>An entry of a site's navigation.</summary>
/// <param name="Title">Its text.</param>
/// <param name="Path">The page that it leads to; null for a mere heading, a link out, or a page that does not exist.</param>
/// <param name="Children">Entries below it.</param>
public sealed record NavigationEntry(string Title, string? Path, IReadOnlyList<NavigationEntry> Children);

/// <summary>What a site's own configuration says of its documentation.</summary>
public sealed record DocsSite
{
    /// <summary>What it was made for.</summary>
    public required DocsKind Kind { get; init; }

    /// <summary>Its name, or empty.</summary>
    public string Title { get; init; } = "";

    /// <summary>Full path of the folder that its pages stand in.</summary>
    public required string Root { get; init; }

    /// <summary>Its navigation; empty where it has none of its own.</summary>
    public IReadOnlyList<NavigationEntry> Navigation { get; init; } = [];

    /// <summary>Assemblies that come with it, of a package.</summary>
    public IReadOnlyList<string> Assemblies { get; init; } = [];

    /// <summary>The only page to read; null for all.</summary>
    internal string? OnlyPage { get; init; }

    /// <summary>What the configuration leaves out.</summary>
    internal IReadOnlyList<IgnoreRules> Ignore { get; init; } = [];

    /// <summary>Patterns of which a page must match one; empty for all.</summary>
    internal IReadOnlyList<Regex> Only { get; init; } = [];

    /// <summary>Folders, relative to the root, that includes are looked for in besides the page's own and the root.</summary>
    internal IReadOnlyList<string> IncludeFolders { get; init; } = [];

    /// <summary>Makes the navigation, once the pages are known; its problems go to the given list.</summary>
    internal Func<IReadOnlySet<string>, ICollection<DocumentProblem>, IReadOnlyList<NavigationEntry>>? ReadNavigation { get; init; }

    /// <summary>Recognises what a path holds.</summary>
    /// <param name="path">A folder, a page, a site's configuration file, or a <c>.nupkg</c>.</param>
    /// <param name="problems">Takes errors of the configuration.</param>
    /// <exception cref="LabException">Nothing is there.</exception>
    internal static DocsSite Detect(string path, ICollection<DocumentProblem> problems)
    {
        var full = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        if (File.Exists(full))
        {
            var folder = System.IO.Path.GetDirectoryName(full)!;
            var name = System.IO.Path.GetFileName(full);
            if (name.EndsWith(".nupkg", StringComparison.OrdinalIgnoreCase)) return NuGetPackage.Read(full, problems);
            if (name is DocFxSite.FileName or MkDocsSite.FileName or MkDocsSite.OtherName || name.StartsWith(DocusaurusSite.FileName, StringComparison.Ordinal)) return Detect(folder, problems);
            if (DocumentSource.IsPage(name)) return new() { Kind = DocsKind.Page, Root = folder, OnlyPage = name };
            throw new LabException($"{path}: not documentation. Expected a folder of Markdown pages, a page (.md, .mdx), a site's configuration (docfx.json, mkdocs.yml, docusaurus.config.js) or a package (.nupkg).");
        }
        if (!Directory.Exists(full)) throw new LabException($"{path}: documentation folder not found. Expected a folder with Markdown pages (*.md), a page, or a .nupkg; check the path.");
        // The docs folder of a site may be given instead of the folder with its configuration.
        foreach (var at in new[] { full, System.IO.Path.GetDirectoryName(full) })
            if (at is not null && (DocFxSite.Read(at, problems) ?? MkDocsSite.Read(at, problems) ?? DocusaurusSite.Read(at)) is { } site && (at == full || (site.Root == full && site.Kind != DocsKind.DocFx))) return site;
        return new() { Kind = DocsKind.Folder, Root = full };
    }
}
