using System.Text.RegularExpressions;

namespace DocTuneLab.Documents.Dialects.Docusaurus;

/// <summary>
/// Reads what can be read of a Docusaurus site without running its JavaScript: the docs folder, and the page ids in
/// <c>sidebars.js</c> in their order.
/// </summary>
internal static partial class DocusaurusSite
{
    public const string FileName = "docusaurus.config.";
    private static readonly string[] s_extensions = ["js", "ts", "mjs", "cjs", "json"];

    public static DocsSite? Read(string folder)
    {
        var config = s_extensions.Select(e => Path.Combine(folder, FileName + e)).FirstOrDefault(File.Exists);
        if (config is null) return null;
        var text = File.ReadAllText(config);
        // A site often lies beside its pages: path: '../docs'.
        var docs = Docs().Matches(text)
            .Select(m => m.Groups[1].Value)
            .Append("docs")
            .Select(d => Path.GetFullPath(d, Path.GetFullPath(folder)))
            .FirstOrDefault(d => Directory.Exists(d) && !Path.GetFullPath(folder).StartsWith(d, StringComparison.Ordinal));
        return new()
        {
            Kind = DocusaurusDialect.SiteKind,
            HasPublishedRoot = true,
            HasRoutePrefix = true,
            Title = Title().Match(text).Groups[1].Value,
            Root = docs ?? folder,
            ReadNavigation = (pages, _) => Sidebars(folder, pages),
        };
    }

    private static List<NavigationEntry> Sidebars(string folder, IReadOnlySet<string> pages)
    {
        var file = s_extensions.Select(e => Path.Combine(folder, "sidebars." + e)).FirstOrDefault(File.Exists);
        if (file is null) return [];
        var entries = new List<NavigationEntry>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (Match match in Quoted().Matches(File.ReadAllText(file)))
        {
            var id = match.Groups[1].Value;
            var page = new[] { id + ".md", id + ".mdx", id + "/index.md", id + "/index.mdx" }.FirstOrDefault(pages.Contains);
            if (page is not null && seen.Add(page)) entries.Add(new(id, page, []));
        }
        return entries;
    }

    [GeneratedRegex("""\btitle:\s*['"`]([^'"`]*)['"`]""")]
    private static partial Regex Title();

    [GeneratedRegex("""\bdocs:\s*\{[^{}]*?\bpath:\s*['"`]([^'"`]+)['"`]""")]
    private static partial Regex Docs();

    [GeneratedRegex("""['"`]([\w./-]+)['"`]""")]
    private static partial Regex Quoted();
}
