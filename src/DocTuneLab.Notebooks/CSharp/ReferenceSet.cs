using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Microsoft.CodeAnalysis;

namespace DocTuneLab.Notebooks.CSharp;

/// <summary>
/// The assemblies that cells compile against: the framework, and each added assembly with everything it references (its public members
/// may speak of their types). Reads metadata only, so nothing is loaded before a cell uses it.
/// </summary>
internal sealed class ReferenceSet
{
    private static readonly Dictionary<string, string> Known = ((string?)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .GroupBy(path => Path.GetFileNameWithoutExtension(path), StringComparer.OrdinalIgnoreCase)
        .ToDictionary(group => group.Key, group => group.First(), StringComparer.OrdinalIgnoreCase);

    private static readonly string FrameworkFolder = Path.GetDirectoryName(typeof(object).Assembly.Location)!;

    private readonly HashSet<string> paths = new(StringComparer.Ordinal);

    public static IEnumerable<MetadataReference> Framework()
    {
        foreach (var (name, path) in Known)
        {
            var isLibrary = name.StartsWith("System.", StringComparison.Ordinal) || name is "System" or "mscorlib" or "netstandard" or "Microsoft.CSharp";
            if (isLibrary && !name.StartsWith("System.Private.", StringComparison.Ordinal) && Path.GetDirectoryName(path) == FrameworkFolder)
                yield return MetadataReference.CreateFromFile(path);
        }
        // Cells are bound to the implementation at run time: typeof(object) lives in System.Private.CoreLib.
        foreach (var (name, path) in Known.Where(pair => pair.Key.StartsWith("System.Private.", StringComparison.Ordinal)))
            yield return MetadataReference.CreateFromFile(path);
    }

    /// <summary>References for an assembly and its closure that were not given before.</summary>
    public IEnumerable<MetadataReference> Add(Assembly assembly) => assembly.Location.Length == 0 ? [] : Add(assembly.Location);

    public IEnumerable<MetadataReference> Add(string assemblyPath)
    {
        var found = new List<MetadataReference>();
        var pending = new Stack<string>([Path.GetFullPath(assemblyPath)]);
        while (pending.TryPop(out var path))
        {
            if (Path.GetDirectoryName(path) == FrameworkFolder || !paths.Add(path))
                continue;
            found.Add(MetadataReference.CreateFromFile(path, documentation: XmlDocumentation(path)));
            foreach (var name in ReferencedNames(path))
            {
                var beside = Path.Combine(Path.GetDirectoryName(path)!, name + ".dll");
                if (Known.TryGetValue(name, out var known))
                    pending.Push(known);
                else if (File.Exists(beside))
                    pending.Push(beside);
            }
        }
        return found;
    }

    private static DocumentationProvider? XmlDocumentation(string path) =>
        Path.ChangeExtension(path, ".xml") is var xml && File.Exists(xml) ? Microsoft.CodeAnalysis.XmlDocumentationProvider.CreateFromFile(xml) : null;

    private static List<string> ReferencedNames(string path)
    {
        using var file = new PEReader(File.OpenRead(path));
        if (!file.HasMetadata)
            return [];
        var metadata = file.GetMetadataReader();
        return [.. metadata.AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name))];
    }
}
