using DocTuneLab.Text;

namespace DocTuneLab.Storage;

/// <summary>A file that documents are made of, as it was when they were.</summary>
/// <param name="Path">Relative to the scanned folder, with forward slashes.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Modified">Ticks of the last write, UTC.</param>
/// <param name="Hash">Content hash.</param>
internal sealed record SourceFile(string Path, long Size, long Modified, string Hash);

/// <summary>The files of a documentation folder, so that one where nothing changed need not be parsed.</summary>
internal static class SourceScan
{
    /// <summary>Clocks of file systems tick as coarsely as this: a file written so shortly before it was looked at may change
    /// without looking it.</summary>
    private static readonly TimeSpan s_coarsest = TimeSpan.FromSeconds(2);

    /// <summary>Every file under a folder but hidden ones, in ordinal order; of a single file, that one.</summary>
    /// <param name="root">Full path.</param>
    /// <param name="known">Files of the last scan: equal size and time spare the reading.</param>
    /// <param name="scanned">When that was.</param>
    public static List<SourceFile> Read(string root, IReadOnlyDictionary<string, SourceFile> known, DateTimeOffset scanned)
    {
        if (File.Exists(root)) return [Look(new FileInfo(root), "")];
        var options = new EnumerationOptions
        {
            RecurseSubdirectories = true,
            IgnoreInaccessible = true,
            AttributesToSkip = FileAttributes.Hidden | FileAttributes.System | FileAttributes.ReparsePoint
        };
        return [.. new DirectoryInfo(root).EnumerateFiles("*", options)
            .Select(f => (File: f, Path: System.IO.Path.GetRelativePath(root, f.FullName).Replace('\\', '/')))
            .Where(f => !f.Path.Contains("/.", StringComparison.Ordinal))
            .Select(f => Look(f.File, f.Path)).OrderBy(f => f.Path, StringComparer.Ordinal)];

        SourceFile Look(FileInfo file, string path)
        {
            var modified = file.LastWriteTimeUtc;
            return known.TryGetValue(path, out var before) && before.Size == file.Length && before.Modified == modified.Ticks
                && modified < scanned.UtcDateTime - s_coarsest
                ? before
                : new(path, file.Length, modified.Ticks, ContentHash.OfFile(file.FullName));
        }
    }
}
