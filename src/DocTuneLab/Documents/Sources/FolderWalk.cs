using DocTuneLab.Documents.Files;
using DocTuneLab.Documents.Model;

namespace DocTuneLab.Documents.Sources;

/// <summary>Goes through a folder without following links, leaving out what is hidden or ignored.</summary>
internal sealed class FolderWalk
{
    private static readonly string[] s_never = ["node_modules", "_site"];
    private readonly string _root;
    private readonly DocumentOptions _options;
    private readonly IReadOnlyList<IgnoreRules> _site;
    private readonly ICollection<DocumentProblem> _problems;
    private readonly List<string> _files = [];

    private FolderWalk(string root, DocumentOptions options, IReadOnlyList<IgnoreRules> site, ICollection<DocumentProblem> problems) =>
        (_root, _options, _site, _problems) = (root, options, site, problems);

    /// <summary>Files below a root, relative with forward slashes, in ordinal order.</summary>
    public static IReadOnlyList<string> Files(string root, DocumentOptions options, IReadOnlyList<IgnoreRules> site,
        ICollection<DocumentProblem> problems)
    {
        var walk = new FolderWalk(root, options, site, problems);
        walk.Enter("", [.. site, IgnoreRules.Parse(string.Join('\n', options.Ignore))]);
        walk._files.Sort(StringComparer.Ordinal);
        return walk._files;
    }

    private void Enter(string folder, IReadOnlyList<IgnoreRules> rules)
    {
        var full = Path.Combine(_root, folder);
        List<FileSystemInfo> entries;
        try
        {
            entries = [.. new DirectoryInfo(full).EnumerateFileSystemInfos()];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _problems.Add(new(folder, 0, ProblemKind.Unreadable, $"the folder cannot be read ({e.Message}); left out."));
            return;
        }
        // Those of a deeper folder come later, so they decide.
        var own = new List<IgnoreRules>(rules);
        foreach (var name in _options.GitIgnore ? new[] { ".gitignore", ".doctuneignore" } : [".doctuneignore"])
            if (entries.Find(e => e.Name == name) is FileInfo { LinkTarget: null } file)
                own.Insert(own.Count - 1, IgnoreRules.Parse(File.ReadAllText(file.FullName), folder));

        foreach (var entry in entries)
        {
            var path = folder.Length == 0 ? entry.Name : $"{folder}/{entry.Name}";
            var isFolder = entry is DirectoryInfo;
            if (entry.Name.StartsWith('.') || (isFolder && s_never.Contains(entry.Name)) || Ignored(own, path, isFolder)) continue;
            if (entry.LinkTarget is not null)
            {
                Link(entry, path, isFolder);
                continue;
            }
            if (isFolder) Enter(path, own);
            else _files.Add(path);
        }
    }

    private static bool Ignored(List<IgnoreRules> rules, string path, bool isFolder)
    {
        for (var i = rules.Count - 1; i >= 0; i--)
            if (rules[i].Ignores(path, isFolder) is { } ignored) return ignored;
        return false;
    }

    private void Link(FileSystemInfo entry, string path, bool isFolder)
    {
        FileSystemInfo? target = null;
        try
        {
            target = entry.ResolveLinkTarget(returnFinalTarget: true);
        }
        catch (IOException)
        {
            // Links that lead to each other have no target.
        }
        if (target is null || !target.Exists)
            _problems.Add(new(path, 0, ProblemKind.SymbolicLink,
                $"a symbolic link to '{entry.LinkTarget}', which leads nowhere; left out."));
        else if (!Path.GetFullPath(target.FullName).StartsWith(_root + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            && target.FullName != _root)
            _problems.Add(new(path, 0, ProblemKind.Escape,
                $"a symbolic link to '{entry.LinkTarget}', out of the documentation; not followed. Copy the file, or name its folder as "
                    + "the documentation."));
        else if (isFolder)
            _problems.Add(new(path, 0, ProblemKind.SymbolicLink,
                $"a symbolic link to the folder '{entry.LinkTarget}', which is read where it stands; not followed."));
        else _files.Add(path);
    }
}
