using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using DocTuneLab.Library;

namespace DocTuneLab.Evaluation.Execution;

/// <summary>
/// What starts the sandbox's child program: the <c>dotnet</c> of the shared runtime, or in a self-contained build a copy of that build's
/// own starter and runtime. The copy holds nothing of the application, so an answer sees as little of it as with <c>dotnet</c>.
/// </summary>
internal sealed class ChildHost
{
    private static readonly string s_version = $"{Environment.Version.Major}.{Environment.Version.Minor}";

    private static readonly Lazy<ChildHost?> s_best = new(() =>
        OfSharedRuntime(RuntimeRoot) ?? OfSelfContained() ?? Places().Select(OfSharedRuntime).FirstOrDefault(host => host is not null));

    private readonly string _dotnet;
    private readonly IReadOnlyList<string> _runtime;

    private ChildHost(
        string childName, string dotnet, IReadOnlyList<string> runtime) => (ChildName, _dotnet, _runtime) = (childName, dotnet, runtime);

    /// <summary>The one that this process uses; null where there is none.</summary>
    public static ChildHost? Best => s_best.Value;

    /// <summary>What to say where there is none.</summary>
    public static string Missing =>
        $"Answers are not run: this build starts no programs itself, and no .NET {s_version} runtime was found. "
            + "Install it, or name its folder in DOTNET_ROOT.";

    /// <summary>Name of the child program's assembly: a copied starter starts the one that it was made for.</summary>
    public string ChildName { get; }

    /// <summary>Folder of the shared runtime, which the child reads; null where it has a copy.</summary>
    public string? Root => _dotnet.Length > 0 ? Path.GetDirectoryName(_dotnet) : null;

    /// <summary>What the child is started by, for people.</summary>
    public string Name => _dotnet.Length > 0 ? _dotnet : $"a copy of {_runtime[0]}";

    /// <summary>Writes the runtime configuration beside the child program, and the runtime where it is to have its own.</summary>
    /// <param name="childPath">The child program.</param>
    /// <param name="framework">Name of the shared framework that it needs.</param>
    /// <exception cref="LabException">The child needs a framework that a copy does not have.</exception>
    public void Prepare(string childPath, string framework)
    {
        object options = _dotnet.Length > 0
            ? new { framework = new { name = framework, version = s_version + ".0" }, rollForward = "LatestPatch" }
            : new { includedFrameworks = new[] { new { name = framework, version = Environment.Version.ToString() } } };
        File.WriteAllText(Path.ChangeExtension(childPath, ".runtimeconfig.json"),
            JsonSerializer.Serialize(new { runtimeOptions = options }));
        foreach (var file in _runtime)
            File.Copy(file, Path.Combine(Path.GetDirectoryName(childPath)!, Path.GetFileName(file)), overwrite: true);
    }

    /// <summary>Whether the copied runtime beside the child program is still what was copied, by size and time.</summary>
    public bool IsWhole(string childPath) => _runtime.All(file =>
        new FileInfo(Path.Combine(Path.GetDirectoryName(childPath)!, Path.GetFileName(file))) is { Exists: true } copy
            && new FileInfo(file) is var own && copy.Length == own.Length && copy.LastWriteTimeUtc == own.LastWriteTimeUtc);

    /// <summary>Words that start the child program; its arguments follow.</summary>
    public IReadOnlyList<string> Command(string childPath) =>
        _dotnet.Length > 0
            ? [_dotnet, "exec", childPath]
            : [Path.Combine(Path.GetDirectoryName(childPath)!, Path.GetFileName(_runtime[0]))];

    // …/shared/Microsoft.NETCore.App/10.0.x/
    private static string RuntimeRoot => Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));

    private static ChildHost? OfSharedRuntime(string root)
    {
        var dotnet = Path.Combine(root, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet");
        var shared = Path.Combine(root, "shared", "Microsoft.NETCore.App");
        return File.Exists(dotnet) && Directory.Exists(shared) && Directory.EnumerateDirectories(shared, s_version + ".*").Any()
            ? new("doctune-child", dotnet, [])
            : null;
    }

    /// <summary>A starter (apphost) runs the assembly beside it that has the name it was built with, on the runtime beside it.</summary>
    private static ChildHost? OfSelfContained()
    {
        if (Environment.ProcessPath is not { } starter || Assembly.GetEntryAssembly()?.GetName().Name is not { } name) return null;
        var folder = Path.GetDirectoryName(starter)!;
        var runtime = RuntimeFiles.Current;
        string[] needed = OperatingSystem.IsWindows() ? ["hostfxr.dll", "hostpolicy.dll"]
            : OperatingSystem.IsMacOS() ? ["libhostfxr.dylib", "libhostpolicy.dylib"]
            : ["libhostfxr.so", "libhostpolicy.so"];
        var files = runtime.Natives.Concat(needed.Select(file => Path.Combine(folder, file)))
            .Concat(runtime.Assemblies.Values)
            .Distinct(StringComparer.Ordinal)
            .ToList();
        return File.Exists(Path.Combine(folder, name + ".dll"))
            && files.All(File.Exists)
            && files.All(file => Path.GetDirectoryName(file) == folder) ? new(name, "", [starter, .. files]) : null;
    }

    // Where .NET is looked for: as its own tools do, then the PATH and where systems put it.
    private static IEnumerable<string> Places()
    {
        string?[] named =
        [
            Path.GetDirectoryName(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH")), Environment.GetEnvironmentVariable("DOTNET_ROOT")
        ];
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet")).Where(File.Exists)
            .Select(file => Path.GetDirectoryName(File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName ?? file));
        string[] usual = OperatingSystem.IsWindows()
            ? [Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), "dotnet")]
            : ["/usr/share/dotnet", "/usr/lib/dotnet", "/usr/lib64/dotnet", "/usr/local/share/dotnet"];
        return named.Concat(path)
            .Concat(usual)
            .Where(place => !string.IsNullOrEmpty(place) && Path.IsPathRooted(place))
            .Select(place => place!);
    }
}
