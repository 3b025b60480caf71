using System.Buffers;
using DocTuneLab.Documents.Dialects;
using DocTuneLab.Documents.Files;
using DocTuneLab.Documents.Model;

namespace DocTuneLab.Documents.Linking;

/// <summary>Resolves the links of pages to pages, headings, files and uids.</summary>
internal sealed class LinkChecker
{
    private static readonly string[] s_endings = ["", ".md", ".mdx", "/README.md", "/index.md", "/index.mdx"];
    private static readonly string[] s_startPages = ["README.md", "index.md", "index.mdx"];
    private static readonly SearchValues<char> s_ofSchemes =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+.-");

    private readonly DocsSite _site;
    private readonly Dictionary<string, Document> _pages;
    private readonly Dictionary<string, string> _uids;
    private readonly List<BrokenLink> _broken = [];
    private readonly List<BrokenLink> _openXrefs = [];
    private readonly List<DocumentProblem> _problems = [];
    private readonly Dictionary<string, List<(string Target, int Line)>> _includes = new(StringComparer.Ordinal);

    private LinkChecker(DocsSite site, IReadOnlyDictionary<string, string> uids, IReadOnlyList<Document> documents)
    {
        _site = site;
        _pages = documents.ToDictionary(d => d.Path, StringComparer.Ordinal);
        _uids = new(StringComparer.Ordinal);
        foreach (var document in documents)
            if (document.FrontMatter.TryGetValue("uid", out var uid) && uid.Length > 0) _uids.TryAdd(uid, document.Path);
        foreach (var (name, file) in uids) _uids.TryAdd(name, file);
    }

    public sealed record Result(IReadOnlyDictionary<string, IReadOnlyList<string>> Links, IReadOnlyList<BrokenLink> Broken,
        IReadOnlyList<BrokenLink> OpenXrefs, IReadOnlyList<DocumentProblem> Problems);

    public static Result Check(DocsSite site, IReadOnlyDictionary<string, string> uids, IReadOnlyList<Document> documents)
    {
        var checker = new LinkChecker(site, uids, documents);
        var links = documents.ToDictionary(d => d.Path, checker.Targets, StringComparer.Ordinal);
        checker.FindLoops();
        return new(links, [.. checker._broken.OrderBy(b => b.DocumentPath, StringComparer.Ordinal).ThenBy(b => b.Line)], checker._openXrefs,
            checker._problems);
    }

    /// <summary>The uid of a link, without query and escapes.</summary>
    public static string Uid(string target) => Uri.UnescapeDataString(target.Split('?', '#')[0]);

    private IReadOnlyList<string> Targets(Document document)
    {
        var targets = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal) { document.Path };
        // Links come in order, so lines are counted on from the last one.
        var (line, counted) = (1, 0);
        foreach (var link in document.Links)
        {
            line += document.Text.AsSpan(counted, Math.Max(0, link.Span.Start - counted)).Count('\n');
            counted = Math.Max(counted, link.Span.Start);
            var target = link.Kind switch
            {
                LinkKind.Xref => Xref(document, link, line),
                LinkKind.Include => Include(document, link, line),
                _ => Page(document, link, line),
            };
            if (target is not null && seen.Add(target)) targets.Add(target);
        }
        return targets;
    }

    private string? Xref(Document document, PageLink link, int line)
    {
        if (_uids.TryGetValue(Uid(link.Target), out var file)) return _pages.ContainsKey(file) ? file : null;
        _openXrefs.Add(new(document.Path, line, link.Target, "no such uid"));
        return null;
    }

    private string? Include(Document document, PageLink link, int line)
    {
        if (link.Target.Contains("://", StringComparison.Ordinal)) return null;
        var file = Uri.UnescapeDataString(link.Target.Split('#', '?')[0]).Replace('\\', '/');
        var candidates = new[] { PagePath.Resolve(document.Path, file), file.StartsWith('/') ? null : PagePath.Resolve("", file) }
            .Concat(_site.IncludeFolders.Select(f => PagePath.Resolve("", $"{f}/{file}"))).ToList();
        var found = candidates.FirstOrDefault(c => c is not null && (_pages.ContainsKey(c) || IsFile(c)));
        if (found is null)
        {
            // A folder that the site's own configuration names may lie beside the pages: that is no escape.
            if (_site.IncludeFolders.Any(f => File.Exists(Path.Combine(_site.Root, f, file)) && !file.Split('/').Contains("..")))
                return null;
            _problems.Add(candidates[0] is null
                ? new(document.Path, line, ProblemKind.Escape,
                    $"the include '{link.Target}' leads out of the documentation; not read. Move the file below {_site.Root}.")
                : new(document.Path, line, ProblemKind.BrokenInclude, $"the include '{link.Target}' has no file. Correct the path."));
            return null;
        }
        if (!_pages.ContainsKey(found)) return null;
        if (!_includes.TryGetValue(document.Path, out var list)) _includes[document.Path] = list = [];
        list.Add((found, line));
        return found;
    }

    private string? Page(Document document, PageLink link, int line)
    {
        var url = link.Target;
        if (url.Length == 0 || url.Contains("://", StringComparison.Ordinal) || url.StartsWith("//", StringComparison.Ordinal)
            || HasScheme(url))
            return null;
        // Site generators' own variables.
        if (url.Contains("{{", StringComparison.Ordinal) || url.Contains("${", StringComparison.Ordinal) || url[0] == '@') return null;
        var hash = url.IndexOf('#');
        var fragment = hash < 0 ? "" : Uri.UnescapeDataString(url[(hash + 1)..]);
        var file = Uri.UnescapeDataString((hash < 0 ? url : url[..hash]).Split('?')[0]);
        var path = file.Length == 0 ? document.Path : PagePath.Resolve(document.Path, file);
        if (path is null)
        {
            if (!_site.LinksMayLeave) _broken.Add(new(document.Path, line, url, "leads out of the documentation"));
            return null;
        }
        var page = Find(path)
            ?? (_site.HasRoutePrefix && file.StartsWith('/') && path.IndexOf('/') is var slash and > 0 ? Find(path[(slash + 1)..]) : null);
        if (page is null)
        {
            var elsewhere = file.StartsWith('/') && _site.HasPublishedRoot;
            if (!elsewhere && !IsFile(path) && !Directory.Exists(Path.Combine(_site.Root, path)))
                _broken.Add(new(document.Path, line, url, "no such page or file"));
            return null;
        }
        if (fragment.Length > 0 && !HasAnchor(_pages[page], fragment)) _broken.Add(new(document.Path, line, url, "no such heading"));
        return page;
    }

    private string? Find(string path)
    {
        path = path.TrimEnd('/');
        foreach (var ending in s_endings)
            if (_pages.ContainsKey(path + ending)) return path + ending;
        return path.Length == 0 ? s_startPages.FirstOrDefault(_pages.ContainsKey)
            : path.EndsWith(".html", StringComparison.Ordinal) && _pages.ContainsKey(path[..^5] + ".md") ? path[..^5] + ".md" : null;
    }

    private bool HasAnchor(Document page,
        string fragment) => page.Layout.Anchors.Contains(fragment) || page.Layout.Anchors.Contains(fragment.ToLowerInvariant())
        // One hyphen where others have several: "Caret, Mark & Tilde" is caret-mark-tilde.
        || (_site.JoinsHyphens
            && page.Layout.Anchors.Any(a => a.Contains("--", StringComparison.Ordinal)
                && string.Join('-', a.Split('-', StringSplitOptions.RemoveEmptyEntries)) == fragment))
        || fragment.StartsWith("tab/", StringComparison.Ordinal)
        || new[]
        {
            $"id=\"{fragment}\"", $"name=\"{fragment}\"", $"id='{fragment}'", $"name='{fragment}'", $"{{#{fragment}", $"#{fragment} }}"
        }
            .Any(a => page.Text.Contains(a, StringComparison.Ordinal))
        // Line anchors of code hosts.
        || (fragment.Length > 1 && fragment[0] == 'L' && fragment[1..].All(c => char.IsAsciiDigit(c) || c is '-' or 'L'));

    private bool IsFile(string path)
    {
        try
        {
            return File.Exists(Path.Combine(_site.Root, path));
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private void FindLoops()
    {
        var done = new HashSet<string>(StringComparer.Ordinal);
        foreach (var start in _includes.Keys.Order(StringComparer.Ordinal))
        {
            // Depth first with a stack of its own: a chain of includes may be as long as there are pages.
            var (open, path) = (new HashSet<string>(StringComparer.Ordinal), new Stack<(string Page, int Next)>());
            Push(start);
            while (path.TryPop(out var at))
            {
                var list = _includes.GetValueOrDefault(at.Page) ?? [];
                if (at.Next >= list.Count)
                {
                    open.Remove(at.Page);
                    done.Add(at.Page);
                    continue;
                }
                path.Push((at.Page, at.Next + 1));
                var (target, line) = list[at.Next];
                if (open.Contains(target))
                    _problems.Add(new(at.Page, line, ProblemKind.IncludeLoop,
                        $"the include of '{target}' leads back to this page. Remove one of the includes."));
                else Push(target);
            }

            void Push(string page)
            {
                if (done.Contains(page) || !open.Add(page)) return;
                path.Push((page, 0));
            }
        }
    }

    private static bool HasScheme(string url)
    {
        var colon = url.IndexOf(':');
        return colon > 0 && url.AsSpan(0, colon).IndexOfAnyExcept(s_ofSchemes) < 0;
    }
}
