using DocTuneLab.Notebooks;

namespace DocTuneLab.Extension.Arguments;

/// <summary>
/// Where a relative path in a magic leads: beside the notebook, in the folders above it, then in the current folder. So a notebook can be
/// started from anywhere.
/// </summary>
internal static class NotebookPaths
{
    /// <summary>The full path of what is there, and the folder that it was found from; null where there is nothing.</summary>
    public static (string Path, string From)? Find(CellContext cell, string path)
    {
        if (Path.IsPathRooted(path)) return Path.Exists(path) ? (path, Environment.CurrentDirectory) : null;
        var above = new List<string>();
        for (var folder = cell.NotebookPath is { } notebook ? Path.GetDirectoryName(notebook) : null; folder is not null;
            folder = Path.GetDirectoryName(folder))
            above.Add(folder);
        return above.Append(Environment.CurrentDirectory).Where(folder => Path.Exists(Path.Combine(folder, path)))
            .Select(folder => ((string, string)?)(Path.GetFullPath(path, folder), folder)).FirstOrDefault();
    }

    /// <summary>The full path of what is there; else the path as it stands, for who says that it is missing.</summary>
    public static string Of(CellContext cell, string path) => Find(cell, path)?.Path ?? path;
}
