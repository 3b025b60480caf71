using System.IO.Compression;
using System.Reflection.Metadata;
using System.Xml;
using System.Xml.Linq;
using DocTuneLab.Documents.Dialects;
using DocTuneLab.Documents.Files;
using DocTuneLab.Documents.Model;
using DocTuneLab.Text;

namespace DocTuneLab.Documents.Sources;

/// <summary>
/// Reads a <c>.nupkg</c>: pages, XML documentation and the assemblies of its newest framework are unpacked into a folder
/// named by the package's hash. Nothing in it is run. What an archive claims is not believed: paths that lead out, and
/// more data than a package holds, are reported and left out.
/// </summary>
internal static class NuGetPackage
{
    private const long MaxTotal = 512L << 20, MaxRatio = 250, RatioFrom = 16L << 20;
    private const int MaxEntries = 20_000;

    /// <exception cref="LabException">Not an archive.</exception>
    public static DocsSite Read(string file, ICollection<DocumentProblem> problems)
    {
        var folder = Path.Combine(Path.GetTempPath(), "doctune-packages", ContentHash.OfFile(file));
        var name = Path.GetFileName(file);
        try
        {
            using var zip = ZipFile.OpenRead(file);
            var wanted = zip.Entries.Count > MaxEntries ? [] : Wanted(zip, name, problems);
            if (zip.Entries.Count > MaxEntries)
                problems.Add(new(name, 0, ProblemKind.TooLarge,
                    $"{zip.Entries.Count:N0} entries; left out. Expected a package of at most {MaxEntries:N0}."));
            var left = MaxTotal;
            foreach (var (entry, path) in wanted)
            {
                var target = Path.Combine(folder, path);
                if (!Path.GetFullPath(target).StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal)) continue;
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                left -= Unpack(entry, target, name, left, problems);
            }
            Directory.CreateDirectory(folder);
            return new()
            {
                Kind = DocsKind.Package,
                Title = Id(zip, name, problems),
                Root = folder,
                Assemblies = [.. wanted.Where(w => IsAssembly(folder, w.Path, name, problems))
                    .Select(w => Path.Combine(folder, w.Path))
                    .Order(StringComparer.Ordinal)]
            };
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{file}: not a readable NuGet package ({e.Message}). Expected a .nupkg, which is a ZIP archive.", e);
        }
    }

    private static List<(ZipArchiveEntry Entry, string Path)> Wanted(ZipArchive zip, string name, ICollection<DocumentProblem> problems)
    {
        var safe = new List<(ZipArchiveEntry Entry, string Path)>();
        foreach (var entry in zip.Entries)
        {
            var path = entry.FullName.Replace('\\', '/');
            if (path.EndsWith('/')) continue;
            if (path.StartsWith('/') || path.Contains(':') || path.Contains('\0') || path.Split('/').Contains(".."))
                problems.Add(new(name, 0, ProblemKind.Escape, $"the entry '{entry.FullName}' leads out of the package; left out."));
            else safe.Add((entry, path));
        }
        // Reference assemblies are what code is compiled against; lib is, where there are none.
        var frameworks = safe.Select(s => s.Path.Split('/'))
            .Where(p =>
                p.Length > 2 && p[0].ToLowerInvariant() is "lib" or "ref" && p[^1].EndsWith(".dll", StringComparison.OrdinalIgnoreCase))
            .Select(p => $"{p[0]}/{p[1]}/").Distinct().Where(f => Rank(f) >= 0).OrderByDescending(Rank)
            .ThenBy(f => f.StartsWith("ref", StringComparison.OrdinalIgnoreCase) ? 0 : 1).ToList();
        var best = frameworks.FirstOrDefault();
        // The XML documentation may stand beside the implementation only.
        var docs = best is null ? null : "lib" + best[3..];
        return [.. safe.Where(s => PagePath.IsPage(s.Path)
            || (best is not null && s.Path.StartsWith(best, StringComparison.Ordinal) && s.Path.Count(c => c == '/') == 2
                && Path.GetExtension(s.Path).ToLowerInvariant() is ".dll" or ".xml")
            || (docs is not null && docs != best && s.Path.StartsWith(docs, StringComparison.Ordinal)
                && s.Path.EndsWith(".xml", StringComparison.OrdinalIgnoreCase)))
            .Select(s => (s.Entry,
                docs != best && docs is not null && s.Path.StartsWith(docs, StringComparison.Ordinal)
                    ? best + s.Path[docs.Length..]
                    : s.Path))
            .DistinctBy(s => s.Item2)];
    }

    /// <summary>How well a target framework suits .NET 10: newest .NET first, then .NET Standard, then .NET Framework;
    /// -1 for what cannot be used.</summary>
    private static int Rank(string folder)
    {
        var tfm = folder.Split('/')[1].ToLowerInvariant().Split('-')[0];
        if (tfm.StartsWith("netstandard", StringComparison.Ordinal)) return 1000 + Number(tfm[11..]);
        if (tfm.StartsWith("netcoreapp", StringComparison.Ordinal)) return 2000 + Number(tfm[10..]);
        if (!tfm.StartsWith("net", StringComparison.Ordinal)) return -1;
        if (!tfm.Contains('.')) return Number(tfm[3..]);
        var version = Number(tfm[3..]);
        return version <= 100 * Environment.Version.Major + 99 ? 3000 + version : -1;

        static int Number(string text) =>
            Version.TryParse(text.Contains('.') ? text : string.Join('.', text.ToCharArray()) + (text.Length < 2 ? ".0" : ""), out var v)
                ? 100 * v.Major + v.Minor
                : 0;
    }

    private static long Unpack(ZipArchiveEntry entry, string target, string name, long left, ICollection<DocumentProblem> problems)
    {
        var written = 0L;
        // Into a file beside it first: another process may be reading the same package.
        var part = $"{target}.{Guid.NewGuid():N}";
        try
        {
            using (var from = entry.Open())
            using (var to = File.Create(part))
            {
                var buffer = new byte[81920];
                for (int read; (read = from.Read(buffer)) > 0;)
                {
                    written += read;
                    if (written > left || (written > RatioFrom && written > MaxRatio * Math.Max(1, entry.CompressedLength)))
                    {
                        problems.Add(new(name, 0, ProblemKind.TooLarge,
                            $"the entry '{entry.FullName}' unpacks to more than {written:N0} bytes from {entry.CompressedLength:N0}; "
                                + "left out as an archive made to exhaust the disk."));
                        return written;
                    }
                    to.Write(buffer.AsSpan(0, read));
                }
            }
            File.Move(part, target, overwrite: true);
        }
        catch (InvalidDataException e)
        {
            problems.Add(new(name, 0, ProblemKind.Unreadable, $"the entry '{entry.FullName}' is corrupt ({e.Message}); left out."));
        }
        finally
        {
            File.Delete(part);
        }
        return written;
    }

    private static bool IsAssembly(string folder, string path, string package, ICollection<DocumentProblem> problems)
    {
        var file = Path.Combine(folder, path);
        if (!path.EndsWith(".dll", StringComparison.OrdinalIgnoreCase) || !File.Exists(file)) return false;
        try
        {
            using var stream = File.OpenRead(file);
            using var image = new System.Reflection.PortableExecutable.PEReader(stream);
            if (image.HasMetadata && image.GetMetadataReader().IsAssembly) return true;
        }
        catch (Exception e) when (e is BadImageFormatException or InvalidOperationException or IOException or OverflowException)
        {
            // Said below.
        }
        problems.Add(new($"{package}/{path}", 0, ProblemKind.Library, "not a readable .NET assembly; left out."));
        return false;
    }

    private static string Id(ZipArchive zip, string name, ICollection<DocumentProblem> problems)
    {
        var entry = zip.Entries.FirstOrDefault(e =>
            !e.FullName.Contains('/') && e.Name.EndsWith(".nuspec", StringComparison.OrdinalIgnoreCase) && e.Length < 1 << 20);
        if (entry is null) return Path.GetFileNameWithoutExtension(name);
        try
        {
            using var stream = entry.Open();
            using var xml = XmlReader.Create(stream,
                new() { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = 1 << 20 });
            var metadata = XDocument.Load(xml).Root?.Elements().FirstOrDefault(e => e.Name.LocalName == "metadata");
            return metadata?.Elements().FirstOrDefault(e => e.Name.LocalName == "id")?.Value ?? Path.GetFileNameWithoutExtension(name);
        }
        catch (XmlException e)
        {
            problems.Add(new($"{name}/{entry.Name}", e.LineNumber, ProblemKind.Configuration,
                $"not well-formed XML ({e.Message}); the file's name stands for the package's."));
            return Path.GetFileNameWithoutExtension(name);
        }
    }
}
