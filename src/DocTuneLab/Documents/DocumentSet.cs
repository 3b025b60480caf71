using System.Text;

namespace DocTuneLab.Documents;

/// <summary>A link between pages that leads nowhere.</summary>
/// <param name="DocumentPath">The page it stands in.</param>
/// <param name="Line">One-based line.</param>
/// <param name="Target">The link as written.</param>
/// <param name="Reason">What is missing.</param>
public sealed record BrokenLink(string DocumentPath, int Line, string Target, string Reason)
{
    /// <summary><c>file:line target (reason)</c>.</summary>
    public override string ToString() => $"{DocumentPath}:{Line} {Target} ({Reason})";
}

/// <summary>All pages of a documentation folder, in ordinal order of their paths.</summary>
public sealed class DocumentSet
{
    private readonly Dictionary<string, Document> _byPath;

    private DocumentSet(string root, IReadOnlyList<Document> documents)
    {
        Root = root;
        Documents = documents;
        _byPath = documents.ToDictionary(d => d.Path, StringComparer.Ordinal);
        (Links, BrokenLinks) = LinkChecker.Check(root, documents);
        Hash = ContentHash.Of([.. documents.Select(d => $"{d.Path}\n{d.Hash}\n{d.Split}")]);
    }

    /// <summary>Full path of the folder.</summary>
    public string Root { get; }

    /// <summary>The pages.</summary>
    public IReadOnlyList<Document> Documents { get; }

    /// <summary>For each page, the pages that it links to, in order of first mention.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Links { get; }

    /// <summary>Links that lead nowhere, by page and line.</summary>
    public IReadOnlyList<BrokenLink> BrokenLinks { get; }

    /// <summary>Content hash of paths, texts and splits.</summary>
    public string Hash { get; }

    /// <summary>Loads every <c>*.md</c> under a folder; hidden folders are skipped.</summary>
    /// <param name="directory">The documentation's root. Splits come from its <c>splits.yaml</c>, else from a hash of each path (80/10/10).</param>
    /// <exception cref="LabException">No such folder, no page in it, a page that is not UTF-8, invalid front matter or splits.</exception>
    public static DocumentSet Load(string directory)
    {
        var root = Path.GetFullPath(directory);
        if (!Directory.Exists(root)) throw new LabException($"{directory}: documentation folder not found. Expected a folder with Markdown pages (*.md); check the path.");
        var paths = Directory.EnumerateFiles(root, "*.md", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(root, f).Replace('\\', '/'))
            .Where(p => !p.Split('/').Any(part => part.StartsWith('.')))
            .Order(StringComparer.Ordinal).ToList();
        if (paths.Count == 0) throw new LabException($"{directory}: no Markdown page found. Expected at least one *.md file in it or below.");
        var splits = SplitAssignment.Load(root, paths);
        return new(root, [.. paths.Select(p => MarkdownParser.Parse(p, Read(Path.Combine(root, p), p), splits.Of(p)))]);
    }

    /// <summary>The page of a path, or null.</summary>
    public Document? Find(string path) => _byPath.GetValueOrDefault(path);

    /// <summary>The split of a page.</summary>
    /// <exception cref="LabException">No such page.</exception>
    public Split SplitOf(string path) => Find(path)?.Split ?? throw new LabException($"{path}: no such page in {Root}. Expected a path relative to it, with forward slashes.");

    private static string Read(string file, string path)
    {
        try
        {
            return File.ReadAllText(file, new UTF8Encoding(false, throwOnInvalidBytes: true));
        }
        catch (DecoderFallbackException e)
        {
            throw new LabException($"{path}: not valid UTF-8 at byte {e.Index}. Save the page as UTF-8.", e);
        }
    }
}
