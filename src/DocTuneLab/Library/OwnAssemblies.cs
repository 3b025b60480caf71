using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.Json;

namespace DocTuneLab.Library;

/// <summary>Which of the assemblies of a folder are the library, and which ones it needs.</summary>
public static class OwnAssemblies
{
    private static readonly string[] s_sharedRoots = ["System", "Microsoft"];

    /// <summary>
    /// The library's assemblies in a folder, in ordinal order: what a <c>.deps.json</c> calls projects; without one, those that no other
    /// refers to, with their siblings of the same first name (<c>Acme.Core</c> beside <c>Acme.Forms</c>).
    /// </summary>
    /// <param name="folder">A build's output, or a folder that assemblies were copied to.</param>
    /// <returns>Full paths; none where there is no assembly, or no folder.</returns>
    public static IReadOnlyList<string> In(string folder)
    {
        if (!Directory.Exists(folder)) return [];
        var all = Directory.GetFiles(Path.GetFullPath(folder), "*.dll").Order(StringComparer.Ordinal)
            .Select(f => (File: f, References: References(f))).Where(a => a.References is not null)
            .ToDictionary(a => Path.GetFileNameWithoutExtension(a.File), a => a, StringComparer.OrdinalIgnoreCase);
        var listed = Directory.GetFiles(folder, "*.deps.json").SelectMany(Projects).Where(all.ContainsKey)
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        if (listed.Count > 0) return [.. all.Where(a => listed.Contains(a.Key)).Select(a => a.Value.File)];
        var referred = all.SelectMany(a => a.Value.References!.Where(r => r != a.Key)).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var roots = all.Keys.Where(n => !referred.Contains(n)).ToList();
        // Two that refer to each other.
        if (roots.Count == 0) roots = [.. all.Keys];
        var families = roots.Select(First).Except(s_sharedRoots).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return [.. all.Where(a => roots.Contains(a.Key) || families.Contains(First(a.Key))).Select(a => a.Value.File)];

        static string First(string name) => name.Split('.')[0];
    }

    private static List<string>? References(string file)
    {
        try
        {
            using var image = new PEReader(File.OpenRead(file));
            if (!image.HasMetadata) return null;
            var reader = image.GetMetadataReader();
            return [.. reader.AssemblyReferences.Select(r => reader.GetString(reader.GetAssemblyReference(r).Name))];
        }
        catch (Exception e) when (e is BadImageFormatException or IOException or UnauthorizedAccessException)
        {
            // A native library.
            return null;
        }
    }

    private static List<string> Projects(string list)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(list));
            var projects = json.RootElement.GetProperty("libraries").EnumerateObject()
                .Where(l => l.Value.GetProperty("type").GetString() == "project").Select(l => l.Name).ToHashSet(StringComparer.Ordinal);
            // The name of a project's assembly may be another than the project's.
            return [.. json.RootElement.GetProperty("targets").EnumerateObject().SelectMany(t => t.Value.EnumerateObject())
                .Where(p => projects.Contains(p.Name) && p.Value.TryGetProperty("runtime", out _))
                .SelectMany(p => p.Value.GetProperty("runtime").EnumerateObject())
                .Select(f => Path.GetFileNameWithoutExtension(f.Name))];
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new LabException($"{list}: not a list of dependencies as the .NET SDK writes it ({e.Message}). Build the library again, "
                + "or delete the file.", e);
        }
    }
}
