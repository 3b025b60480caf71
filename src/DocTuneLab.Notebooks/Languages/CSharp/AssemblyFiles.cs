using System.Collections.Concurrent;
using System.IO.MemoryMappedFiles;
using System.Reflection.PortableExecutable;
using System.Runtime.Loader;
using DocTuneLab.Library;
using Microsoft.CodeAnalysis;

namespace DocTuneLab.Notebooks.Languages.CSharp;

/// <summary>
/// The assemblies of this process as the compiler sees them: each is read once, however many sessions and completion workspaces use it.
/// </summary>
internal static class AssemblyFiles
{
    private static readonly Dictionary<string, string> s_host = ((string?)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .GroupBy(path => Path.GetFileNameWithoutExtension(path), StringComparer.OrdinalIgnoreCase)
        .ToDictionary(group => group.Key, group => group.First(), StringComparer.OrdinalIgnoreCase);

    private static readonly ConcurrentDictionary<(string Path, DateTime Written), PortableExecutableReference> s_read = new();

    private static readonly ConcurrentDictionary<string, string> s_used = new(StringComparer.OrdinalIgnoreCase);

    static AssemblyFiles() => AssemblyLoadContext.Default.Resolving += (context, name) =>
        name.Name is { } simple && (s_used.GetValueOrDefault(simple) ?? Beside(simple)) is { } path
            ? context.LoadFromAssemblyPath(path)
            : null;

    /// <summary>Path of an assembly that the host has or can load, or null.</summary>
    public static string? OfHost(string simpleName) => s_host.GetValueOrDefault(simpleName);

    /// <summary>True for the framework's own files.</summary>
    public static bool IsFramework(string path) =>
        RuntimeFiles.Current.Assemblies.GetValueOrDefault(Path.GetFileNameWithoutExtension(path)) == path;

    /// <summary>The framework, implementation included: cells are bound to it at run time (<c>typeof(object)</c> lives in
    /// System.Private.CoreLib).</summary>
    /// <exception cref="NotebookException">Its assemblies are no files that the compiler could read.</exception>
    public static IEnumerable<MetadataReference> Framework() => RuntimeFiles.Current.Assemblies.Count == 0
        ? throw new NotebookException("C# needs the framework's assemblies as files, and this program is a single file. "
            + "Publish it with -p:IncludeAllContentForSelfExtract=true, or without PublishSingleFile.")
        : RuntimeFiles.Current.Assemblies
        .Where(pair => (pair.Key.StartsWith("System.", StringComparison.Ordinal)
            || pair.Key is "System" or "mscorlib" or "netstandard" or "Microsoft.CSharp"))
        .Select(pair => Reference(pair.Value));

    /// <summary>The reference for a file, with its documentation where there is one beside it.</summary>
    public static PortableExecutableReference Reference(string path) => s_read.GetOrAdd((path, File.GetLastWriteTimeUtc(path)), static key =>
        IsFramework(key.Path) ? Mapped(key.Path) : MetadataReference.CreateFromFile(key.Path, documentation: Documentation(key.Path)));

    /// <summary>Lets the runtime find an assembly outside of the host's folders, and those beside it, when a cell
    /// first uses them.</summary>
    public static void Use(string path) => s_used.TryAdd(Path.GetFileNameWithoutExtension(path), path);

    private static string? Beside(string simpleName) =>
        s_used.Values.Select(path => Path.Combine(Path.GetDirectoryName(path)!, simpleName + ".dll")).FirstOrDefault(File.Exists);

    /// <summary>
    /// Shared with the runtime's own pages, and read as far as it is used. Only for files that no one rewrites while we run: where one
    /// of the user's shrinks under the mapping, the process ends.
    /// </summary>
    private static PortableExecutableReference Mapped(string path)
    {
        using var file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        // Lives as long as the metadata, which points into it.
        var view = file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        using var stream = new UnmanagedMemoryStream(view.SafeMemoryMappedViewHandle, 0, (long)view.SafeMemoryMappedViewHandle.ByteLength);
        var headers = new PEHeaders(stream);
        return AssemblyMetadata.Create(ModuleMetadata.CreateFromMetadata(
            view.SafeMemoryMappedViewHandle.DangerousGetHandle() + headers.MetadataStartOffset, headers.MetadataSize, view.Dispose))
            .GetReference(filePath: path, display: path);
    }

    private static DocumentationProvider? Documentation(string path) =>
        Path.ChangeExtension(path, ".xml") is var xml && File.Exists(xml) ? XmlDocumentationProvider.CreateFromFile(xml) : null;
}
