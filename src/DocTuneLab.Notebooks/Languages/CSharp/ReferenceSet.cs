using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Microsoft.CodeAnalysis;

namespace DocTuneLab.Notebooks.Languages.CSharp;

/// <summary>
/// The assemblies that cells compile against: the framework, and each added assembly with everything it references (its public members
/// may speak of their types). Reads metadata only, so nothing is loaded before a cell uses it. Also answers <c>#r</c>.
/// </summary>
internal sealed class ReferenceSet(string baseDirectory) : MetadataReferenceResolver
{
    private readonly HashSet<string> _paths = new(StringComparer.Ordinal);

    public override bool ResolveMissingAssemblies => true;

    /// <summary>References for an assembly and its closure that were not given before.</summary>
    public IEnumerable<MetadataReference> Add(Assembly assembly) => assembly.Location.Length == 0 ? [] : Add(assembly.Location);

    public IEnumerable<MetadataReference> Add(string assemblyPath)
    {
        var found = new List<MetadataReference>();
        var pending = new Stack<string>([Path.GetFullPath(assemblyPath)]);
        while (pending.TryPop(out var path))
        {
            if (AssemblyFiles.IsFramework(path) || !_paths.Add(path))
                continue;
            found.Add(AssemblyFiles.Reference(path));
            foreach (var name in ReferencedNames(path))
            {
                var beside = Path.Combine(Path.GetDirectoryName(path)!, name + ".dll");
                if (AssemblyFiles.OfHost(name) is { } known)
                    pending.Push(known);
                else if (File.Exists(beside))
                    pending.Push(beside);
            }
        }
        return found;
    }

    public override ImmutableArray<PortableExecutableReference> ResolveReference(string reference, string? baseFilePath,
        MetadataReferenceProperties properties)
    {
        var isFile = reference.AsSpan().IndexOfAny('/', '\\') >= 0 || Path.GetExtension(reference) is ".dll" or ".exe";
        var name = isFile ? Path.GetFileNameWithoutExtension(reference)
            : AssemblyIdentity.TryParseDisplayName(reference, out var identity) ? identity.Name
            : reference;
        // Never a second copy of what the host has: its types would have the same names and yet be others.
        if (AssemblyFiles.OfHost(name) is { } host)
            return [AssemblyFiles.Reference(host).WithProperties(properties)];
        if (!isFile || Candidates(reference, baseFilePath).FirstOrDefault(File.Exists) is not { } path)
            return [];
        AssemblyFiles.Use(path);
        return [AssemblyFiles.Reference(path).WithProperties(properties)];
    }

    public override PortableExecutableReference? ResolveMissingAssembly(MetadataReference definition, AssemblyIdentity referenceIdentity)
    {
        var path = AssemblyFiles.OfHost(referenceIdentity.Name);
        if (path is null && definition is PortableExecutableReference { FilePath: { } from })
            path = Path.Combine(Path.GetDirectoryName(from)!, referenceIdentity.Name + ".dll") is var beside && File.Exists(beside)
                ? beside
                : null;
        return path is null ? null : AssemblyFiles.Reference(path);
    }

    public override bool Equals(object? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);

    private IEnumerable<string> Candidates(string reference, string? baseFilePath)
    {
        if (Path.GetDirectoryName(baseFilePath) is { Length: > 0 } folder)
            yield return Path.GetFullPath(reference, folder);
        yield return Path.GetFullPath(reference, baseDirectory);
    }

    private static List<string> ReferencedNames(string path)
    {
        using var file = new PEReader(File.OpenRead(path));
        if (!file.HasMetadata)
            return [];
        var metadata = file.GetMetadataReader();
        return [.. metadata.AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name))];
    }
}
