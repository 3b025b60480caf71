using System.Runtime.Loader;
using System.Text.RegularExpressions;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Packages;

namespace DocTuneLab.Notebooks.Languages.CSharp;

/// <summary>
/// <c>#r "nuget: Name, Version"</c>: restores a generated project that holds all packages of the session, and references what it resolves
/// to. A restore that fails leaves the session as it was.
/// </summary>
internal sealed partial class NuGetReferences
{
    private readonly SortedDictionary<string, string> _packages = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _sources = [];
    private readonly Queue<string> _extensions = new();
    private readonly HashSet<string> _added = new(StringComparer.Ordinal);

    /// <summary>Takes the next assembly of a package that may hold an extension.</summary>
    public bool TryTakeExtension([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out string? path) => _extensions.TryDequeue(out path);

    /// <summary>Handles the NuGet lines of <paramref name="code"/> and returns the code with those lines blank.</summary>
    public async Task<string> TakeDirectivesAsync(string code, CSharpSession session, string location, int firstLine,
        CancellationToken cancellation)
    {
        if (!code.Contains("nuget:", StringComparison.OrdinalIgnoreCase) && !code.Contains("#i", StringComparison.Ordinal))
            return code;
        var lines = code.Split('\n');
        foreach (var (line, index) in lines.Select((line, index) => (line, index)))
        {
            if (Source().Match(line) is not { Success: true } source)
                continue;
            if (!_sources.Contains(source.Groups[1].Value.Trim()))
                _sources.Add(source.Groups[1].Value.Trim());
            lines[index] = "";
        }
        var wanted = new SortedDictionary<string, string>(_packages, StringComparer.OrdinalIgnoreCase);
        var lastLine = 0;
        for (var i = 0; i < lines.Length; i++)
        {
            if (Directive().Match(lines[i]) is not { Success: true } match)
                continue;
            var version = match.Groups["version"] is { Success: true } given ? given.Value : "*";
            // Restoring would fail without saying why.
            if (!PackageRestore.IsVersion(version))
                throw CellFailure.At($"{location}{firstLine + i}", "PackageNotRestored",
                    $"'{version}' is not a package version. Expected one such as 1.2.3, 1.2.* or [1.0,2.0).");
            wanted[match.Groups["name"].Value] = version;
            lines[i] = "";
            lastLine = i;
        }
        if (wanted.SequenceEqual(_packages))
            return string.Join('\n', lines);
        var packages = await RestoreAsync(wanted, $"{location}{firstLine + lastLine}", cancellation);
        Load([.. packages.SelectMany(p => p.Libraries)], [.. packages.SelectMany(p => p.Natives)], session);
        _packages.Clear();
        foreach (var (name, version) in wanted)
            _packages[name] = version;
        return string.Join('\n', lines);
    }

    private async Task<IReadOnlyList<RestoredPackage>> RestoreAsync(SortedDictionary<string, string> wanted, string location,
        CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                return await PackageRestore.RestoreAsync(wanted, _sources, cancellation);
            }
            catch (PackageException fault)
            {
                // Feeds that notebooks name come and go; one that is gone must not take the packages of the others away.
                var gone = _sources
                    .Where(source => fault.More.Prepend(fault.Message).Any(reason => reason.StartsWith("NU1301", StringComparison.Ordinal)
                        && reason.Contains(source, StringComparison.OrdinalIgnoreCase)))
                    .ToList();
                if (gone.Count == 0) throw CellFailure.At(location, "PackageNotRestored", fault.Message, [.. fault.More]);
                _sources.RemoveAll(gone.Contains);
                CellContext.CurrentOrNull?.Error.WriteLine($"{location}: the package source {string.Join(", ", gone)} cannot be "
                    + "reached; packages are taken from the other sources.");
            }
        }
    }

    private void Load(List<string> libraries, List<string> natives, CSharpSession session)
    {
        // What the host itself has loaded stays: two copies of one assembly would make two types of each name.
        var loaded = AssemblyLoadContext.Default.Assemblies.Where(assembly => !assembly.IsDynamic && assembly.Location.Length > 0)
            .DistinctBy(assembly => assembly.GetName().Name)
            .ToDictionary(assembly => assembly.GetName().Name!, assembly => assembly.Location, StringComparer.OrdinalIgnoreCase);
        foreach (var path in libraries.Where(_added.Add))
        {
            var name = Path.GetFileNameWithoutExtension(path);
            // The runtime would refuse another version of what the host has, loaded or not.
            if ((AssemblyFiles.OfHost(name) ?? loaded.GetValueOrDefault(name)) is { } host)
            {
                session.AddReferenceFiles([host]);
                continue;
            }
            var assembly = AssemblyLoadContext.Default.LoadFromAssemblyPath(path);
            session.AddReferenceFiles([path]);
            if (assembly.GetReferencedAssemblies().Any(reference => reference.Name == typeof(INotebookExtension).Assembly.GetName().Name))
                _extensions.Enqueue(path);
        }
        var byName = natives.Where(_added.Add)
            .ToDictionary(path => Path.GetFileNameWithoutExtension(path), StringComparer.OrdinalIgnoreCase);
        if (byName.Count == 0)
            return;
        AssemblyLoadContext.Default.ResolvingUnmanagedDll += (_, name) =>
        {
            var plain = Path.GetFileNameWithoutExtension(name);
            return byName.TryGetValue(plain, out var path) || byName.TryGetValue("lib" + plain, out path)
                ? System.Runtime.InteropServices.NativeLibrary.Load(path)
                : IntPtr.Zero;
        };
    }

    [GeneratedRegex("^\\s*#r\\s+\"nuget:\\s*(?<name>[\\w.-]+)(\\s*,\\s*(?<version>[^\"]+?))?\\s*\"\\s*(//.*)?$", RegexOptions.IgnoreCase)]
    private static partial Regex Directive();

    [GeneratedRegex("^\\s*#i\\s+\"(?:nuget:)?\\s*([^\"]+)\"\\s*(//.*)?$", RegexOptions.IgnoreCase)]
    private static partial Regex Source();
}
