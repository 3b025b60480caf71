using System.IO.Compression;
using System.Reflection.Metadata;
using System.Xml;
using System.Xml.Linq;
using DocTuneLab.Documents.Dialects;
using DocTuneLab.Documents.Files;
using DocTuneLab.Documents.Model;
using DocTuneLab.Library;
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
            var nuspec = Nuspec(zip, name, problems);
            return new()
            {
                Kind = DocsKind.Package,
                Title = Text(nuspec, "id") ?? Path.GetFileNameWithoutExtension(name),
                Version = Text(nuspec, "version") ?? "",
                Needs = Needs(nuspec),
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
        // What can be run, too; reference assemblies are taken where there is nothing else.
        var frameworks = safe.Select(s => s.Path.Split('/'))
            .Where(p =>
                p.Length > 2 && p[0].ToLowerInvariant() is "lib" or "ref" && p[^1].EndsWith(".dll", StringComparison.OrdinalIgnoreCase))
            .Select(p => $"{p[0]}/{p[1]}/").Distinct().Where(f => Rank(f) >= 0).OrderByDescending(Rank)
            .ThenBy(f => f.StartsWith("lib", StringComparison.OrdinalIgnoreCase) ? 0 : 1).ToList();
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

    private static int Rank(string folder) => TargetFrameworks.Rank(folder.Split('/')[1]);

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

    /// <summary>The metadata of a package; null where there are none.</summary>
    private static XElement? Nuspec(ZipArchive zip, string name, ICollection<DocumentProblem> problems)
    {
        var entry = zip.Entries.FirstOrDefault(e =>
            !e.FullName.Contains('/') && e.Name.EndsWith(".nuspec", StringComparison.OrdinalIgnoreCase) && e.Length < 1 << 20);
        if (entry is null) return null;
        try
        {
            using var stream = entry.Open();
            using var xml = XmlReader.Create(stream,
                new() { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = 1 << 20 });
            return XDocument.Load(xml).Root?.Elements().FirstOrDefault(e => e.Name.LocalName == "metadata");
        }
        catch (XmlException e)
        {
            problems.Add(new($"{name}/{entry.Name}", e.LineNumber, ProblemKind.Configuration,
                $"not well-formed XML ({e.Message}); the file's name stands for the package's."));
            return null;
        }
    }

    private static string? Text(XElement? metadata, string element) =>
        metadata?.Elements().FirstOrDefault(e => e.Name.LocalName == element)?.Value.Trim();

    /// <summary>What the package needs on this .NET: the group of the best framework, or what stands in none.</summary>
    private static List<PackageNeed> Needs(XElement? metadata)
    {
        var all = metadata?.Elements().FirstOrDefault(e => e.Name.LocalName == "dependencies");
        if (all is null) return [];
        var groups = all.Elements().Where(e => e.Name.LocalName == "group")
            .Select(g => (Group: g, Rank: TargetFrameworks.Rank(Short((string?)g.Attribute("targetFramework") ?? "netstandard1.0"))))
            .Where(g => g.Rank >= 0).OrderByDescending(g => g.Rank).ToList();
        return [.. (groups.Count > 0 ? groups[0].Group : all).Elements().Where(e => e.Name.LocalName == "dependency")
            .Select(e => new PackageNeed((string?)e.Attribute("id") ?? "", (string?)e.Attribute("version") ?? "*"))
            .Where(n => n.Id.Length > 0)];

        // Written out in older packages: .NETStandard2.0, .NETCoreApp3.1, .NETFramework4.6.2.
        static string Short(string framework)
        {
            var name = framework.ToLowerInvariant();
            return name.StartsWith(".netframework", StringComparison.Ordinal)
                ? "net" + name[".netframework".Length..].Replace(".", "", StringComparison.Ordinal)
                : name.TrimStart('.');
        }
    }
}
