using System.Text.Json;

namespace DocTuneLab.Library;

/// <summary>An assembly that a library refers to and that was found nowhere: code that meets its types cannot be judged rightly.</summary>
/// <param name="Name">Simple name.</param>
/// <param name="Version">The version that is referred to.</param>
/// <param name="NeededBy">Full path of the assembly that refers to it.</param>
public sealed record MissingReference(string Name, Version Version, string NeededBy)
{
    /// <summary>What is missing, where it was looked for, and what to do.</summary>
    public override string ToString() =>
        $"needs {Name} {Version}, which lies neither beside it nor, as its .deps.json or its name says, in the NuGet cache. Code that "
            + "meets its types will be judged wrongly. Restore the library's packages, or give --reference "
            + $"{Name}.dll.";
}

/// <summary>Where the assemblies lie that a library needs: beside it, where its <c>.deps.json</c> says, or in the NuGet cache.</summary>
internal sealed class DependencyFinder
{
    private readonly Dictionary<string, string> _listed = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _caches;
    private readonly string? _sdk;

    /// <param name="libraries">Full paths of the assemblies whose lists count.</param>
    /// <param name="sdk">A reference pack that is looked at before anything is guessed from a name; null for none.</param>
    public DependencyFinder(IReadOnlyList<string> libraries, string? sdk)
    {
        _sdk = sdk;
        _caches = [.. libraries.SelectMany(Probed).Append(Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? "")
            .Append(Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages"))
            .Where(f => f.Length > 0 && Directory.Exists(f)).Distinct(StringComparer.Ordinal)];
        foreach (var list in libraries.Select(l => Path.ChangeExtension(l, ".deps.json")).Where(File.Exists)) ReadList(list);
    }

    /// <summary>The file of an assembly, or null.</summary>
    /// <param name="name">Simple name.</param>
    /// <param name="version">The version that is referred to.</param>
    /// <param name="beside">Folder of the assembly that refers to it.</param>
    public string? Find(string name, Version version, string beside)
    {
        if (beside.Length > 0 && Path.Combine(beside, name + ".dll") is var near && File.Exists(near)) return near;
        if (_listed.TryGetValue(name, out var listed)) return listed;
        if (_sdk is not null && Path.Combine(_sdk, name + ".dll") is var pack && File.Exists(pack)) return pack;
        return _caches.Select(c => InCache(c, name, version)).FirstOrDefault(f => f is not null);
    }

    /// <summary>The assembly of the package of the same name: of the lowest version that is high enough, as a restore chooses.</summary>
    private static string? InCache(string cache, string name, Version version)
    {
        var package = Path.Combine(cache, name.ToLowerInvariant());
        if (!Directory.Exists(package)) return null;
        var versions = Directory.GetDirectories(package)
            .Select(d => (Folder: d, Ok: Version.TryParse(Path.GetFileName(d).Split('-', '+')[0], out var v), Version: v))
            .Where(d => d.Ok).OrderBy(d => d.Version).ThenByDescending(d => d.Folder.Contains('-')).ToList();
        return versions.Where(d => d.Version >= version).Concat(versions.Where(d => d.Version < version).Reverse())
            .Select(d => InPackage(d.Folder, name)).FirstOrDefault(f => f is not null);
    }

    private static string? InPackage(string package, string name) => Path.Combine(package, "lib") is var lib && Directory.Exists(lib)
        ? Directory.GetDirectories(lib)
            .Select(d => (File: Path.Combine(d, name + ".dll"), Rank: TargetFrameworks.Rank(Path.GetFileName(d))))
            .Where(d => d.Rank >= 0 && File.Exists(d.File)).OrderByDescending(d => d.Rank).Select(d => d.File).FirstOrDefault()
        : null;

    private void ReadList(string path)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            var target = json.RootElement.GetProperty("runtimeTarget").GetProperty("name").GetString()!;
            var libraries = json.RootElement.GetProperty("libraries");
            foreach (var package in json.RootElement.GetProperty("targets").GetProperty(target).EnumerateObject())
            {
                if (!package.Value.TryGetProperty("runtime", out var files) || !libraries.TryGetProperty(package.Name, out var library)
                    || !library.TryGetProperty("path", out var folder) || folder.GetString() is not { } inCache)
                    continue;
                foreach (var file in files.EnumerateObject().Where(f => f.Name.EndsWith(".dll", StringComparison.OrdinalIgnoreCase)))
                    if (_caches.Select(c => Path.Combine(c, inCache, file.Name)).FirstOrDefault(File.Exists) is { } found)
                        _listed.TryAdd(Path.GetFileNameWithoutExtension(found), found);
            }
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or IOException)
        {
            throw new LabException($"{path}: not a list of dependencies as the .NET SDK writes it ({e.Message}). Build the library again, "
                + "or delete the file and give its dependencies with --reference.", e);
        }
    }

    // Folders that a build says packages lie in.
    private static IEnumerable<string> Probed(string library)
    {
        var path = Path.ChangeExtension(library, ".runtimeconfig.dev.json");
        if (!File.Exists(path)) yield break;
        using var json = JsonDocument.Parse(File.ReadAllBytes(path));
        if (json.RootElement.TryGetProperty("runtimeOptions", out var options)
            && options.TryGetProperty("additionalProbingPaths", out var paths) && paths.ValueKind == JsonValueKind.Array)
            foreach (var folder in paths.EnumerateArray()) yield return folder.GetString() ?? "";
    }
}
