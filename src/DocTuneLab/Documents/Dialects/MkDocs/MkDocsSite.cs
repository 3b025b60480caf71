using DocTuneLab.Documents.Files;
using DocTuneLab.Documents.Model;
using YamlDotNet.Core;

namespace DocTuneLab.Documents.Dialects.MkDocs;

/// <summary>Reads <c>mkdocs.yml</c>: <c>docs_dir</c>, <c>nav</c>, <c>exclude_docs</c> and where snippets come from.</summary>
/// <remarks>Format: MkDocs' configuration reference.</remarks>
internal static class MkDocsSite
{
    public const string FileName = "mkdocs.yml", OtherName = "mkdocs.yaml";

    public static DocsSite? Read(string folder, ICollection<DocumentProblem> problems)
    {
        var name = new[] { FileName, OtherName }.FirstOrDefault(n => File.Exists(Path.Combine(folder, n)));
        if (name is null) return null;
        YamlItem? yaml = null;
        try
        {
            yaml = YamlItem.Parse(File.ReadAllText(Path.Combine(folder, name)));
        }
        catch (YamlException e)
        {
            problems.Add(new(name, (int)e.Start.Line, ProblemKind.Configuration,
                $"not valid YAML ({e.Message}); the pages of docs/ are read without its navigation."));
        }
        var docs = PagePath.Resolve("", yaml?["docs_dir"]?.Scalar?.Replace('\\', '/') ?? "docs");
        if (docs is null)
        {
            problems.Add(new(name, yaml!["docs_dir"]!.Line, ProblemKind.Escape,
                "docs_dir leads out of this folder; docs/ is read instead."));
            docs = "docs";
        }
        var root = Path.Combine(folder, docs);
        if (!Directory.Exists(root))
        {
            problems.Add(new(name, yaml?["docs_dir"]?.Line ?? 0, ProblemKind.Configuration,
                $"no folder '{docs}'; the pages of this folder are read. Correct docs_dir."));
            root = folder;
        }
        return new()
        {
            Kind = MkDocsDialect.SiteKind,
            HasPublishedRoot = true,
            LinksMayLeave = true,
            JoinsHyphens = true,
            Title = yaml?["site_name"]?.Scalar ?? "",
            Root = root,
            Ignore = [IgnoreRules.Parse(yaml?["exclude_docs"]?.Scalar ?? "")],
            IncludeFolders = [.. SnippetFolders(yaml).Select(f =>
                Path.GetRelativePath(root, Path.Combine(folder, f)).Replace(Path.DirectorySeparatorChar, '/'))],
            ReadNavigation = (pages, found) => yaml?["nav"] is { } nav ? Entries(nav, name, pages, found) : [],
        };
    }

    /// <summary><c>base_path</c> of the snippets extension: a folder or a list, relative to the configuration.</summary>
    private static IEnumerable<string> SnippetFolders(YamlItem? yaml)
    {
        var options = (yaml?["markdown_extensions"]?.Items ?? []).Select(i => i["pymdownx.snippets"])
            .Append(yaml?["markdown_extensions"]?["pymdownx.snippets"])
            .FirstOrDefault(o => o is not null);
        var path = options?["base_path"];
        return path is null ? ["."] : path.Items.Count > 0 ? path.Items.Select(i => i.Scalar ?? ".") : [path.Scalar ?? "."];
    }

    private static List<NavigationEntry> Entries(YamlItem list, string file, IReadOnlySet<string> pages,
        ICollection<DocumentProblem> problems)
    {
        var entries = new List<NavigationEntry>();
        foreach (var item in list.Items)
        {
            if (item.Scalar is { } path) entries.Add(new("", Page(path, item.Line), []));
            foreach (var (title, value) in item.Fields)
                entries.Add(value.Scalar is { } target
                    ? new(title, Page(target, value.Line), [])
                    : new(title, null, Entries(value, file, pages, problems)));
        }
        return entries;

        string? Page(string path, int line)
        {
            if (path.Contains("://", StringComparison.Ordinal) || path.StartsWith('/') || !PagePath.IsPage(path)) return null;
            if (pages.Contains(path)) return path;
            problems.Add(new(file, line, ProblemKind.Navigation, $"no page '{path}'. Correct the path, or remove the entry."));
            return null;
        }
    }
}
