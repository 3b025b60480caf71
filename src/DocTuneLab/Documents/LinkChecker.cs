using System.Text;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace DocTuneLab.Documents;

/// <summary>Resolves the links of pages to pages, headings and files.</summary>
internal static class LinkChecker
{
    public static (IReadOnlyDictionary<string, IReadOnlyList<string>> Links, IReadOnlyList<BrokenLink> Broken) Check(string root, IReadOnlyList<Document> documents)
    {
        var pages = documents.ToDictionary(d => d.Path, StringComparer.Ordinal);
        var anchors = new Dictionary<string, HashSet<string>>(StringComparer.Ordinal);
        var links = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        var broken = new List<BrokenLink>();
        foreach (var document in documents)
        {
            var targets = new List<string>();
            foreach (var link in MarkdownSource.Parse(document.Text).Descendants<LinkInline>())
            {
                var url = link.Url ?? "";
                if (url.Length == 0 || url.Contains("://") || HasScheme(url)) continue;
                var (target, reason) = Resolve(document.Path, url);
                if (target is not null && target != document.Path && !targets.Contains(target)) targets.Add(target);
                if (reason is not null) broken.Add(new(document.Path, MarkdownSource.LineNumber(document.Text, link.Span.Start), url, reason));
            }
            links[document.Path] = targets;
        }
        return (links, [.. broken.OrderBy(b => b.DocumentPath, StringComparer.Ordinal).ThenBy(b => b.Line)]);

        (string? Page, string? Reason) Resolve(string from, string url)
        {
            var hash = url.IndexOf('#');
            var fragment = hash < 0 ? "" : Uri.UnescapeDataString(url[(hash + 1)..]);
            var file = Uri.UnescapeDataString((hash < 0 ? url : url[..hash]).Split('?')[0]);
            var path = file.Length == 0 ? from : Normalise(file.StartsWith('/') ? file[1..] : $"{from[..(from.LastIndexOf('/') + 1)]}{file}");
            if (path is null) return (null, "leads out of the documentation");
            var page = new[] { path, path + ".md", path.TrimEnd('/') + "/README.md", path.TrimEnd('/') + "/index.md" }.FirstOrDefault(pages.ContainsKey);
            if (page is null)
            {
                var full = Path.Combine(root, path);
                return (null, File.Exists(full) || Directory.Exists(full) ? null : "no such page or file");
            }
            if (fragment.Length == 0) return (page, null);
            if (!anchors.TryGetValue(page, out var known)) anchors[page] = known = Anchors(pages[page]);
            var found = known.Contains(fragment) || pages[page].Text.Contains($"id=\"{fragment}\"") || pages[page].Text.Contains($"name=\"{fragment}\"");
            return (page, found ? null : "no such heading");
        }
    }

    private static bool HasScheme(string url)
    {
        var colon = url.IndexOf(':');
        return colon > 0 && url.AsSpan(0, colon).IndexOfAnyExcept("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+.-") < 0;
    }

    private static string? Normalise(string path)
    {
        var parts = new List<string>();
        foreach (var part in path.Split('/'))
        {
            if (part is "" or ".") continue;
            if (part != "..") parts.Add(part);
            else if (parts.Count == 0) return null;
            else parts.RemoveAt(parts.Count - 1);
        }
        return string.Join('/', parts);
    }

    /// <summary>Anchors as the common Git hosts make them: lower case, punctuation dropped, blanks to hyphens, repeats numbered.</summary>
    private static HashSet<string> Anchors(Document document)
    {
        var anchors = new HashSet<string>(StringComparer.Ordinal);
        foreach (var heading in MarkdownSource.Headings(MarkdownSource.Parse(document.Text)))
        {
            var slug = new StringBuilder();
            foreach (var rune in MarkdownSource.PlainText(heading.Inline).ToLowerInvariant().EnumerateRunes())
            {
                if (Rune.IsLetterOrDigit(rune) || rune.Value is '-' or '_') slug.Append(rune);
                else if (rune.Value == ' ') slug.Append('-');
            }
            var name = slug.ToString();
            for (var n = 1; !anchors.Add(name); n++) name = $"{slug}-{n}";
        }
        return anchors;
    }
}
