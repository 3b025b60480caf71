using DocTuneLab.Documents.Dialects;
using DocTuneLab.Documents.Files;
using DocTuneLab.Documents.Model;

namespace DocTuneLab.Documents.Sources;

/// <summary>Recognises what kind of documentation stands at a path.</summary>
internal static class SiteFinder
{
    /// <summary>Recognises what a path holds.</summary>
    /// <param name="path">A folder, a page, a site's configuration file, or a <c>.nupkg</c>.</param>
    /// <param name="dialects">Whose sites are recognised, the first that does deciding.</param>
    /// <param name="problems">Takes errors of the configuration.</param>
    /// <exception cref="LabException">Nothing is there.</exception>
    public static DocsSite Find(string path, IReadOnlyList<Dialect> dialects, ICollection<DocumentProblem> problems)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (File.Exists(full))
        {
            var folder = Path.GetDirectoryName(full)!;
            var name = Path.GetFileName(full);
            if (name.EndsWith(".nupkg", StringComparison.OrdinalIgnoreCase)) return NuGetPackage.Read(full, problems);
            if (dialects.Any(d => d.IsConfiguration(name))) return Find(folder, dialects, problems);
            if (PagePath.IsPage(name)) return new() { Kind = DocsKind.Page, Root = folder, OnlyPage = name };
            throw new LabException($"{path}: not documentation. Expected a folder of Markdown pages, a page (.md, .mdx), "
                + $"a site's configuration ({string.Join(", ", dialects.Select(d => d.ConfigurationFile).Where(f => f.Length > 0))}) or a "
                + "package (.nupkg).");
        }
        if (!Directory.Exists(full))
            throw new LabException($"{path}: documentation folder not found. Expected a folder with Markdown pages (*.md), a page, "
                + "or a .nupkg; check the path.");
        // The docs folder of a site may be given instead of the folder with its configuration.
        foreach (var at in new[] { full, Path.GetDirectoryName(full) })
            if (at is not null
                && dialects.Select(d => d.ReadSite(at, problems)).FirstOrDefault(s => s is not null) is { } site
                && (at == full || site.Root == full))
                return site;
        return new() { Kind = DocsKind.Folder, Root = full };
    }
}
