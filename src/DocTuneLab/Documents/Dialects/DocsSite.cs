using System.Text.RegularExpressions;
using DocTuneLab.Documents.Files;
using DocTuneLab.Documents.Model;

namespace DocTuneLab.Documents.Dialects;

/// <summary>Kinds of documentation that are no dialect's.</summary>
public static class DocsKind
{
    /// <summary>Markdown files in folders.</summary>
    public const string Folder = "Folder";

    /// <summary>One page, such as a README.</summary>
    public const string Page = "Page";

    /// <summary>A NuGet package: its readme, XML documentation and assemblies.</summary>
    public const string Package = "Package";
}

/// <summary>An entry of a site's navigation.</summary>
/// <param name="Title">Its text.</param>
/// <param name="Path">The page that it leads to; null for a mere heading, a link out, or a page that does not exist.</param>
/// <param name="Children">Entries below it.</param>
public sealed record NavigationEntry(string Title, string? Path, IReadOnlyList<NavigationEntry> Children);

/// <summary>A package that another needs.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Version">The lowest version, or a range.</param>
public sealed record PackageNeed(string Id, string Version);

/// <summary>What a site's own configuration says of its documentation.</summary>
public sealed record DocsSite
{
    /// <summary>Name of the dialect that it is written in, or one of <see cref="DocsKind"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>Its name, or empty.</summary>
    public string Title { get; init; } = "";

    /// <summary>Full path of the folder that its pages stand in.</summary>
    public required string Root { get; init; }

    /// <summary>Its navigation; empty where it has none of its own.</summary>
    public IReadOnlyList<NavigationEntry> Navigation { get; init; } = [];

    /// <summary>Assemblies that come with it, of a package.</summary>
    public IReadOnlyList<string> Assemblies { get; init; } = [];

    /// <summary>Its version, of a package; else empty.</summary>
    public string Version { get; init; } = "";

    /// <summary>The packages that a package needs on this .NET.</summary>
    public IReadOnlyList<PackageNeed> Needs { get; init; } = [];

    /// <summary>The only page to read; null for all.</summary>
    public string? OnlyPage { get; init; }

    /// <summary>What the configuration leaves out.</summary>
    public IReadOnlyList<IgnoreRules> Ignore { get; init; } = [];

    /// <summary>Patterns of which a page must match one; empty for all.</summary>
    public IReadOnlyList<Regex> Only { get; init; } = [];

    /// <summary>Folders, relative to the root, that includes are looked for in besides the page's own and the root.</summary>
    public IReadOnlyList<string> IncludeFolders { get; init; } = [];

    /// <summary>Makes the navigation, once the pages are known; its problems go to the given list.</summary>
    public Func<IReadOnlySet<string>, ICollection<DocumentProblem>, IReadOnlyList<NavigationEntry>>? ReadNavigation { get; init; }

    /// <summary>Reads the uids that the site's own files define, with the file that does, from its files; null where it has none.</summary>
    public Func<IReadOnlyList<string>, ICollection<DocumentProblem>, IReadOnlyDictionary<string, string>>? ReadUids { get; init; }

    /// <summary>Whether a link may lead out of the pages without being broken: published, a page is a folder of its own.
    /// Default false.</summary>
    public bool LinksMayLeave { get; init; }

    /// <summary>Whether a link from the root may lead to what only the published site has. Default false.</summary>
    public bool HasPublishedRoot { get; init; }

    /// <summary>Whether the first folder of a link from the root is the site's own and not the pages'. Default false.</summary>
    public bool HasRoutePrefix { get; init; }

    /// <summary>Whether anchors have one hyphen where others have several. Default false.</summary>
    public bool JoinsHyphens { get; init; }
}
