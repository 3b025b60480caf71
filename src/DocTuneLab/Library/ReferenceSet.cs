using System.Reflection.Metadata;
using System.Runtime.InteropServices;
using DocTuneLab.Text;
using Microsoft.CodeAnalysis;

namespace DocTuneLab.Library;

/// <summary>An assembly and its XML documentation file, if there is one.</summary>
/// <param name="AssemblyPath">Path of the DLL.</param>
/// <param name="XmlPath">Path of the XML documentation, or null.</param>
public sealed record AssemblyDocs(string AssemblyPath, string? XmlPath)
{
    /// <summary>The assembly with the XML file that stands beside it, if any.</summary>
    public static AssemblyDocs Beside(string assemblyPath)
    {
        var xml = Path.ChangeExtension(assemblyPath, ".xml");
        return new(assemblyPath, File.Exists(xml) ? xml : null);
    }
}

/// <summary>
/// What code is compiled against: the framework's reference assemblies, the private library, and what the library
/// itself needs. Nothing in it is ever executed.
/// </summary>
public sealed class ReferenceSet
{
    private readonly Dictionary<string, MetadataReference> _byPath;

    private ReferenceSet(Dictionary<string, MetadataReference> byPath, string frameworkDirectory, IReadOnlyList<string> libraryPaths,
        IReadOnlyList<string> dependencyPaths, IReadOnlyList<MissingReference> missing, IReadOnlySet<string> libraryAssemblies, string hash)
    {
        _byPath = byPath;
        References = [.. byPath.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => p.Value)];
        FrameworkDirectory = frameworkDirectory;
        LibraryPaths = libraryPaths;
        DependencyPaths = dependencyPaths;
        Missing = missing;
        LibraryAssemblies = libraryAssemblies;
        Hash = hash;
    }

    /// <summary>Every reference, ordered by path.</summary>
    public IReadOnlyList<MetadataReference> References { get; }

    /// <summary>Folder of the framework's assemblies: the reference pack, else the shared runtime.</summary>
    public string FrameworkDirectory { get; }

    /// <summary>Full paths of the private library's assemblies, as given.</summary>
    public IReadOnlyList<string> LibraryPaths { get; }

    /// <summary>Full paths of assemblies that the library needs beyond the base framework: given, found beside it, by its
    /// <c>.deps.json</c> or its name in the NuGet cache, or in the SDK.</summary>
    public IReadOnlyList<string> DependencyPaths { get; }

    /// <summary>What the library, or what it needs, refers to and was found nowhere.</summary>
    public IReadOnlyList<MissingReference> Missing { get; }

    /// <summary>Simple names of the private library's assemblies.</summary>
    public IReadOnlySet<string> LibraryAssemblies { get; }

    /// <summary>Content hash: the framework by its module version ids, the rest by their bytes.</summary>
    public string Hash { get; }

    /// <summary>Loads the framework and the private library.</summary>
    /// <param name="assemblyPaths">The library's DLLs; none for the framework alone.</param>
    /// <exception cref="LabException">A DLL is missing or is not a .NET assembly.</exception>
    public static ReferenceSet Load(params string[] assemblyPaths) => Load(assemblyPaths, []);

    /// <summary>Loads the framework, the private library, and what else code may use.</summary>
    /// <param name="assemblyPaths">The library's DLLs; none for the framework alone.</param>
    /// <param name="referencePaths">DLLs that the library needs and that are not the library; others that it needs are looked for.</param>
    /// <exception cref="LabException">A DLL is missing or is not a .NET assembly.</exception>
    public static ReferenceSet Load(IReadOnlyList<string> assemblyPaths, IReadOnlyList<string> referencePaths)
    {
        ArgumentNullException.ThrowIfNull(assemblyPaths);
        ArgumentNullException.ThrowIfNull(referencePaths);
        var runtime = RuntimeEnvironment.GetRuntimeDirectory();
        var framework = FrameworkAssemblies(runtime);
        var byPath = new Dictionary<string, MetadataReference>(StringComparer.Ordinal);
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var hashes = new List<string>();
        var facades = new Dictionary<string, (string Path, PortableExecutableReference Reference, IReadOnlyList<Need> Needs)>(
            StringComparer.OrdinalIgnoreCase);
        var wanted = new Queue<(Need Need, string By)>();
        foreach (var path in framework)
        {
            var metadata = AssemblyMetadata.CreateFromFile(path);
            var module = metadata.GetModules()[0];
            hashes.Add(module.GetModuleVersionId().ToString("N"));
            var reader = module.GetMetadataReader();
            var reference = metadata.GetReference(filePath: path);
            var needs = Needs(reader);
            var name = Path.GetFileNameWithoutExtension(path);
            // Half of the framework's assemblies only forward types.
            // Each costs every compilation time, so they come in only where something refers to them.
            if (reader.TypeDefinitions.Count <= 1) facades.Add(name, (path, reference, needs));
            else
            {
                byPath.Add(path, reference);
                names.Add(name);
                foreach (var need in needs) wanted.Enqueue((need, ""));
            }
        }

        var library = assemblyPaths.Select(Path.GetFullPath).Distinct(StringComparer.Ordinal).ToList();
        var libraryNames = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var path in library) libraryNames.Add(Add(path));
        names.UnionWith(libraryNames);

        var (dependencies, missing) = (new List<string>(), new Dictionary<string, MissingReference>(StringComparer.OrdinalIgnoreCase));
        foreach (var path in referencePaths.Select(Path.GetFullPath).Distinct(StringComparer.Ordinal).Except(library))
        {
            if (!File.Exists(path))
                throw new LabException($"{path}: reference not found. Expected the DLL of what the library needs; correct the path.");
            if (!names.Add(ReadLibrary(path).Name)) continue;
            Add(path);
            dependencies.Add(path);
        }
        var finder = new DependencyFinder(library, PackDirectory(runtime, "Microsoft.AspNetCore.App.Ref"));
        while (wanted.TryDequeue(out var next))
        {
            var (name, version) = next.Need;
            if (names.Contains(name)) continue;
            if (facades.TryGetValue(name, out var facade))
            {
                names.Add(name);
                byPath.Add(facade.Path, facade.Reference);
                foreach (var need in facade.Needs) wanted.Enqueue((need, ""));
            }
            else if (finder.Find(name, version, Path.GetDirectoryName(next.By) ?? "") is { } found)
            {
                names.Add(name);
                missing.Remove(name);
                Add(found);
                dependencies.Add(found);
            }
            // The framework refers to assemblies of its own that hold nothing public.
            else if (next.By.Length > 0) missing.TryAdd(name, new(name, version, next.By));
        }
        return new(byPath, Path.GetDirectoryName(framework[0])!, library, dependencies, [.. missing.Values], libraryNames,
            ContentHash.Of([.. hashes]));

        string Add(string path)
        {
            var (reference, hash, name, needs) = ReadLibrary(path);
            byPath[path] = reference;
            hashes.Add(hash);
            foreach (var need in needs) wanted.Enqueue((need, path));
            return name;
        }
    }

    /// <summary>A framework assembly with its XML documentation.</summary>
    /// <param name="name">Simple name, such as <c>System.Collections</c>.</param>
    /// <exception cref="LabException">The framework has no such assembly.</exception>
    public AssemblyDocs FrameworkAssembly(string name)
    {
        var path = Path.Combine(FrameworkDirectory, name + ".dll");
        return File.Exists(path)
            ? AssemblyDocs.Beside(path)
            : throw new LabException($"{path}: the framework has no assembly '{name}'. Expected a simple name such as System.Collections.");
    }

    /// <summary>A reference from one assembly to another.</summary>
    internal readonly record struct Need(string Name, Version Version);

    internal MetadataReference? ByPath(string path) => _byPath.GetValueOrDefault(Path.GetFullPath(path));

    internal static (MetadataReference Reference, string Hash, string Name, IReadOnlyList<Need> Needs) ReadLibrary(string path)
    {
        if (!File.Exists(path))
            throw new LabException($"{path}: assembly not found. Expected the DLL of the library; build it first, or correct the path.");
        try
        {
            // Read at once, so that a rebuild of the library neither fails on a locked file nor changes what is judged.
            var bytes = File.ReadAllBytes(path);
            var metadata = AssemblyMetadata.CreateFromImage(bytes);
            var reader = metadata.GetModules()[0].GetMetadataReader();
            var name = reader.GetString(reader.GetAssemblyDefinition().Name);
            return (metadata.GetReference(filePath: path), ContentHash.Of(bytes), name, Needs(reader));
        }
        catch (Exception e) when (e is BadImageFormatException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw new LabException($"{path}: not a readable .NET assembly ({e.Message}). Expected the managed DLL of the library.", e);
        }
    }

    private static List<Need> Needs(MetadataReader reader) => [.. reader.AssemblyReferences.Select(reader.GetAssemblyReference)
        .Select(r => new Need(reader.GetString(r.Name), r.Version))];

    private static List<string> FrameworkAssemblies(string runtime)
    {
        if (PackDirectory(runtime, "Microsoft.NETCore.App.Ref") is { } pack)
            return [.. Directory.GetFiles(pack, "*.dll").Order(StringComparer.Ordinal)];

        // Only the runtime is here: its own assemblies hold the same public types. The host's list also names the application's.
        var list = RuntimeFiles.Current.Assemblies.Values.Order(StringComparer.Ordinal).ToList();
        return list.Count > 0
            ? list
            : throw new LabException($"{Path.TrimEndingDirectorySeparator(runtime)}: no framework assemblies found as files. "
                + "Install the .NET SDK, run on the shared .NET runtime, or publish a single file with "
                + "-p:IncludeAllContentForSelfExtract=true.");
    }

    /// <summary>The newest pack of the running framework's major and minor version, or null where only the runtime is installed.</summary>
    private static string? PackDirectory(string runtime, string pack)
    {
        var root = Path.GetFullPath(Path.Combine(runtime, "..", "..", ".."));
        var packs = Path.Combine(root, "packs", pack);
        if (!Directory.Exists(packs)) return null;
        var version = Environment.Version;
        return Directory.GetDirectories(packs)
            .Select(d => (Path: System.IO.Path.Combine(d, "ref", $"net{version.Major}.{version.Minor}"),
                Ok: Version.TryParse(Path.GetFileName(d).Split('-')[0], out var v), Version: v))
            .Where(d => d.Ok && Directory.Exists(d.Path))
            .OrderByDescending(d => d.Version)
            .Select(d => d.Path)
            .FirstOrDefault();
    }
}
