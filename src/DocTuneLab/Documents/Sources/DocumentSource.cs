using DocTuneLab.Documents.Dialects;
using DocTuneLab.Documents.Files;
using DocTuneLab.Documents.Model;
using DocTuneLab.Documents.Parsing;

namespace DocTuneLab.Documents.Sources;

/// <summary>
/// The pages of a documentation folder, package or site, found and read one by one, so that no more than a page need be
/// in memory. <c>DocumentSet</c> holds them all.
/// </summary>
public sealed class DocumentSource
{
    private readonly SplitAssignment _splits;
    private readonly DocumentOptions _options;
    private readonly MarkdownSyntax _syntax;
    private readonly List<DocumentProblem> _problems;

    private DocumentSource(DocsSite site, IReadOnlyList<string> paths, IReadOnlyDictionary<string, string> uids, SplitAssignment splits,
        DocumentOptions options, List<DocumentProblem> problems) =>
        (Site, Paths, Uids, _splits, _options, _syntax, _problems) =
            (site, paths, uids, splits, options, MarkdownSyntax.Of(options.Dialects), problems);

    /// <summary>What kind of documentation it is, and its navigation.</summary>
    public DocsSite Site { get; }

    /// <summary>Full path of the folder.</summary>
    public string Root => Site.Root;

    /// <summary>Paths of the pages, relative to <see cref="Root"/> with forward slashes, in ordinal order.</summary>
    public IReadOnlyList<string> Paths { get; }

    /// <summary>What was wrong so far, while finding and reading.</summary>
    public IReadOnlyList<DocumentProblem> Problems => _problems;

    /// <summary>Uids that the site's API YAML and xref maps define, with the file that does.</summary>
    public IReadOnlyDictionary<string, string> Uids { get; }

    /// <summary>Finds the pages of a folder, a site, a single page or a <c>.nupkg</c>. Nothing is parsed yet.</summary>
    /// <param name="path">Where they are. Splits come from <c>splits.yaml</c> in the root, else from a hash of each
    /// path (80/10/10, and of three pages or more one at least in each).</param>
    /// <param name="options">What to leave out.</param>
    /// <exception cref="LabException">Nothing is there, no page in it, or invalid splits.</exception>
    public static DocumentSource Open(string path, DocumentOptions? options = null)
    {
        options ??= new();
        var problems = new List<DocumentProblem>();
        var site = SiteFinder.Find(path, options.Dialects, problems);
        var files = site.OnlyPage is { } only ? [only] : FolderWalk.Files(site.Root, options, site.Ignore, problems);
        var pages = files.Where(PagePath.IsPage).Where(p => site.Only.Count == 0 || site.Only.Any(o => o.IsMatch(p))).ToList();
        if (pages.Count == 0 && site.Assemblies.Count == 0)
            throw new LabException($"{path}: no Markdown page found. Expected at least one *.md file in it or "
                + $"below{(problems.Count > 0 ? $"; the first problem met: {problems[0]}" : ".")}");
        problems.AddRange(FileNames.Check(pages));
        if (site.ReadNavigation is { } read)
            site = site with { Navigation = read(pages.ToHashSet(StringComparer.Ordinal), problems), ReadNavigation = null };
        return new(site, pages, site.ReadUids?.Invoke(files, problems) ?? new Dictionary<string, string>(),
            SplitAssignment.Load(site.Root, pages), options, problems);
    }

    /// <summary>The split of a page.</summary>
    public Split SplitOf(string path) => _splits.Of(path);

    /// <summary>Reads a page's text with line ends normalised, as it goes into the page's hash;
    /// null where it is none, and then <see cref="Problems"/> says why.</summary>
    public string? ReadText(string path)
    {
        var full = Path.Combine(Root, path);
        try
        {
            var length = new FileInfo(full).Length;
            if (length <= _options.MaxPageBytes) return PageText.Decode(File.ReadAllBytes(full), path, _problems);
            _problems.Add(new(path, 0, ProblemKind.TooLarge,
                $"{length:N0} bytes; left out. Expected pages of at most {_options.MaxPageBytes:N0}."));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _problems.Add(new(path, 0, ProblemKind.Unreadable, $"cannot be read ({e.Message}); left out."));
        }
        return null;
    }

    /// <summary>Reads and parses a page; null where it is none.</summary>
    public Document? Read(string path) =>
        ReadText(path) is { } text ? MarkdownParser.Parse(path, text, SplitOf(path), _problems, _syntax) : null;

    /// <summary>Reads and parses all pages, one at a time.</summary>
    public IEnumerable<Document> ReadAll() => Paths.Select(Read).OfType<Document>();
}
