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
    private readonly Lazy<LinkChecker.Result> _links;
    private readonly IReadOnlyList<DocumentProblem> _problems;

    private DocumentSet(DocsSite site, IReadOnlyDictionary<string, string> uids, IReadOnlyList<Document> documents,
        IReadOnlyList<DocumentProblem> problems)
    {
        (Site, Documents, _problems) = (site, documents, problems);
        _byPath = Documents.ToDictionary(d => d.Path, StringComparer.Ordinal);
        // Without the files around them all links would lead nowhere.
        _links = new(() => Path.Exists(site.Root)
            ? LinkChecker.Check(site, uids, documents)
            : new(new Dictionary<string, IReadOnlyList<string>>(), [], [], []));
        Hash = ContentHash.Of([.. Documents.Select(d => $"{d.Path}\n{d.Hash}\n{d.Split}")]);
    }

    /// <summary>What kind of documentation it is, its navigation, and the assemblies of a package.</summary>
    public DocsSite Site { get; }

    /// <summary>Full path of the folder.</summary>
    public string Root => Site.Root;

    /// <summary>The pages.</summary>
    public IReadOnlyList<Document> Documents { get; }

    /// <summary>For each page, the pages that it links to or includes, in order of first mention.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Links => _links.Value.Links;

    /// <summary>Links that lead nowhere, by page and line.</summary>
    public IReadOnlyList<BrokenLink> BrokenLinks => _links.Value.Broken;

    /// <summary>Bad input that was met: files left out or read otherwise than they say, includes that lead out or loop, names that other
    /// systems cannot hold.</summary>
    public IReadOnlyList<DocumentProblem> Problems => [.. _problems, .. _links.Value.Problems];

    /// <summary>Content hash of paths, texts and splits.</summary>
    public string Hash { get; }

    /// <summary>Loads the pages of a folder, a DocFX, MkDocs or Docusaurus site, a single page, or a <c>.nupkg</c>;
    /// hidden and ignored files are left out.</summary>
    /// <param name="path">Where they are. Splits come from <c>splits.yaml</c> in the root, else from a hash of each
    /// path (80/10/10, and of three pages or more one at least in each).</param>
    /// <param name="options">What to leave out.</param>
    /// <exception cref="LabException">Nothing is there, no page in it, or invalid splits.
    /// Whatever is wrong with single pages goes to <see cref="Problems"/>.</exception>
    public static DocumentSet Load(string path, DocumentOptions? options = null)
    {
        var source = DocumentSource.Open(path, options);
        IReadOnlyList<Document> documents = [.. source.ReadAll()];
        return new(source.Site, source.Uids, documents, source.Problems);
    }

    /// <summary>Pages that were read before and kept, such as those of a lab. Their links are checked against the folder as it is now.
    /// </summary>
    /// <param name="documents">The pages.</param>
    /// <param name="path">Where they were read from; null, or a path that is gone, where links cannot be checked.</param>
    /// <param name="options">What they were read with.</param>
    public static DocumentSet Of(IReadOnlyList<Document> documents, string? path, DocumentOptions? options = null)
    {
        if (path is null || !Path.Exists(path))
            return new(new() { Kind = DocsKind.Folder, Root = path ?? "" }, new Dictionary<string, string>(), documents, []);
        var source = DocumentSource.Open(path, options);
        return new(source.Site, source.Uids, documents, source.Problems);
    }

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
        return [.. _links.Value.OpenXrefs.Where(x =>
            LinkChecker.Uid(x.Target) is var uid && !known.Contains(uid) && !overloads.Contains(uid) && !api.Namespaces.Contains(uid))];
    }
}
