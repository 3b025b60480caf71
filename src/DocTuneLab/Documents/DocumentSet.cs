using DocTuneLab.Documents.Dialects;
using DocTuneLab.Documents.Linking;
using DocTuneLab.Documents.Model;
using DocTuneLab.Documents.Sources;
using DocTuneLab.Library;
using DocTuneLab.Text;

namespace DocTuneLab.Documents;

/// <summary>All pages of a documentation folder, in ordinal order of their paths.</summary>
public sealed class DocumentSet
{
    private readonly Dictionary<string, Document> _byPath;
    private readonly IReadOnlyList<BrokenLink> _openXrefs;

    private DocumentSet(DocumentSource source)
    {
        Site = source.Site;
        Documents = [.. source.ReadAll()];
        _byPath = Documents.ToDictionary(d => d.Path, StringComparer.Ordinal);
        var links = LinkChecker.Check(source.Site, source.Uids, Documents);
        (Links, BrokenLinks, _openXrefs) = (links.Links, links.Broken, links.OpenXrefs);
        Problems = [.. source.Problems.Concat(links.Problems)];
        Hash = ContentHash.Of([.. Documents.Select(d => $"{d.Path}\n{d.Hash}\n{d.Split}")]);
    }

    /// <summary>What kind of documentation it is, its navigation, and the assemblies of a package.</summary>
    public DocsSite Site { get; }

    /// <summary>Full path of the folder.</summary>
    public string Root => Site.Root;

    /// <summary>The pages.</summary>
    public IReadOnlyList<Document> Documents { get; }

    /// <summary>For each page, the pages that it links to or includes, in order of first mention.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Links { get; }

    /// <summary>Links that lead nowhere, by page and line.</summary>
    public IReadOnlyList<BrokenLink> BrokenLinks { get; }

    /// <summary>Bad input that was met: files left out or read otherwise than they say, includes that lead out or loop, names that other
    /// systems cannot hold.</summary>
    public IReadOnlyList<DocumentProblem> Problems { get; }

    /// <summary>Content hash of paths, texts and splits.</summary>
    public string Hash { get; }

    /// <summary>Loads the pages of a folder, a DocFX, MkDocs or Docusaurus site, a single page, or a <c>.nupkg</c>;
    /// hidden and ignored files are left out.</summary>
    /// <param name="path">Where they are. Splits come from <c>splits.yaml</c> in the root, else from a hash of each
    /// path (80/10/10).</param>
    /// <param name="options">What to leave out.</param>
    /// <exception cref="LabException">Nothing is there, no page in it, or invalid splits.
    /// Whatever is wrong with single pages goes to <see cref="Problems"/>.</exception>
    public static DocumentSet Load(string path, DocumentOptions? options = null) => new(DocumentSource.Open(path, options));

    /// <summary>The page of a path, or null.</summary>
    public Document? Find(string path) => _byPath.GetValueOrDefault(path);

    /// <summary>The split of a page.</summary>
    /// <exception cref="LabException">No such page.</exception>
    public Split SplitOf(string path) =>
        Find(path)?.Split
            ?? throw new LabException($"{path}: no such page in {Root}. Expected a path relative to it, with forward slashes.");

    /// <summary>Links by uid to what neither the pages nor the library define.</summary>
    public IReadOnlyList<BrokenLink> UnresolvedXrefs(ApiModel api)
    {
        var known = api.Symbols.Select(s => s.Id[2..]).ToHashSet(StringComparer.Ordinal);
        var overloads = known.Select(k => k.Split('(')[0] + "*").ToHashSet(StringComparer.Ordinal);
        return [.. _openXrefs.Where(x =>
            LinkChecker.Uid(x.Target) is var uid && !known.Contains(uid) && !overloads.Contains(uid) && !api.Namespaces.Contains(uid))];
    }
}
