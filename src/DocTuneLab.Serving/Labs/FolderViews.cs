namespace DocTuneLab.Serving.Labs;

/// <summary>Folders of this machine to choose from: a browser does not tell a page where a file lies.</summary>
internal static class FolderViews
{
    private const int Most = 2_000;

    private static readonly HashSet<string> s_known = new(StringComparer.OrdinalIgnoreCase)
    {
        ".dll", ".nupkg", ".csproj", ".md", ".mdx", ".gguf", ".cs",
    };

    /// <summary>A folder, or that of a file.</summary>
    /// <param name="path">Where; null or empty for the user's own.</param>
    /// <exception cref="LabException">There is no such folder, or it may not be read.</exception>
    public static FolderView Of(string? path)
    {
        var folder = string.IsNullOrWhiteSpace(path) ? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile)
            : Path.GetFullPath(path);
        if (File.Exists(folder)) folder = Path.GetDirectoryName(folder)!;
        if (!Directory.Exists(folder)) throw new LabException($"{folder}: no such folder.");
        try
        {
            return new(folder, Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(folder)),
                [.. Names(Directory.EnumerateDirectories(folder)).Where(n => !n.StartsWith('.'))],
                [.. Names(Directory.EnumerateFiles(folder).Where(f => s_known.Contains(Path.GetExtension(f))))]);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new LabException($"{folder}: may not be read ({e.Message})", e);
        }
    }

    private static IEnumerable<string> Names(IEnumerable<string> paths) =>
        paths.Select(p => Path.GetFileName(p)!).Order(StringComparer.OrdinalIgnoreCase).Take(Most);
}
