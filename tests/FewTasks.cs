namespace DocTuneLab.Tests;

/// <summary>Sample libraries with few of their held-out tasks: what is tested is that a command or notebook runs, and tasks take time.
/// </summary>
internal static class FewTasks
{
    private const int PerFile = 6;

    /// <summary>Copies a library's pages and assemblies, and the first tasks of each kind that are not of the test split.</summary>
    /// <param name="library">Its folder.</param>
    /// <param name="to">Folder of the copy; made.</param>
    public static string Of(string library, string to)
    {
        foreach (var file in ((string[])["docs", "bin"]).SelectMany(f =>
            Directory.EnumerateFiles(Path.Combine(library, f), "*", SearchOption.AllDirectories)))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(library, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        var tasks = Directory.CreateDirectory(Path.Combine(to, "tasks")).FullName;
        foreach (var file in Directory.EnumerateFiles(Path.Combine(library, "tasks"), "*.jsonl"))
            if (File.ReadLines(file)
                .Where(l => !l.Replace(" ", "", StringComparison.Ordinal).Contains("\"split\":\"test\"", StringComparison.Ordinal))
                .Take(PerFile).ToArray() is { Length: > 0 } few)
                File.WriteAllLines(Path.Combine(tasks, Path.GetFileName(file)), few);
        return to;
    }
}
