using System.Diagnostics;
using System.Text.Json;

namespace DocTuneLab.Library;

/// <summary>
/// The files of the .NET runtime that a process runs on, as the runtime's own lists (<c>*.deps.json</c>) name them. Their folder tells
/// nothing: a self-contained build holds the runtime's files and the application's in one. Compiled into each project that asks.
/// </summary>
internal sealed class RuntimeFiles
{
    private const string Framework = "Microsoft.NETCore.App";

    private static readonly string[] s_frameworkNames =
    [
        "System.", "mscorlib.", "netstandard.", "WindowsBase.", "Microsoft.CSharp.", "Microsoft.VisualBasic.", "Microsoft.Win32."
    ];

    private static readonly string[] s_fileKinds = ["runtime", "native"];

    private RuntimeFiles(IReadOnlyDictionary<string, string> assemblies, IReadOnlyList<string> natives)
    {
        Assemblies = assemblies;
        Natives = natives;
    }

    /// <summary>Those of this process, read once.</summary>
    public static RuntimeFiles Current { get; } = Of(
        Split("TRUSTED_PLATFORM_ASSEMBLIES", Path.PathSeparator), [.. Split("APP_CONTEXT_DEPS_FILES", ';'), .. Split("FX_DEPS_FILE", ';')]);

    /// <summary>Full paths of the framework's assemblies by simple name;
    /// empty in a single-file build, whose assemblies are no files.</summary>
    public IReadOnlyDictionary<string, string> Assemblies { get; }

    /// <summary>Full paths of its native libraries.</summary>
    public IReadOnlyList<string> Natives { get; }

    /// <summary>Reads the lists.</summary>
    /// <param name="trusted">Paths of all assemblies that the process may load, the application's among them.</param>
    /// <param name="lists">Paths of dependency lists; those that are not there or not readable are passed over.</param>
    public static RuntimeFiles Of(IReadOnlyCollection<string> trusted, IEnumerable<string> lists)
    {
        var core = trusted.FirstOrDefault(path => Path.GetFileName(path) == "System.Private.CoreLib.dll");
        if (core is null)
            return new(new Dictionary<string, string>(), []);
        var folder = Path.GetDirectoryName(core)!;
        // The shared framework's own list comes first: it is short, and an application's may be long.
        var listed = lists.Distinct(StringComparer.Ordinal).OrderBy(path => !IsOfFramework(path)).Select(Listed)
            .FirstOrDefault(names => names.Count > 0, []).ToHashSet(StringComparer.OrdinalIgnoreCase);
        // Where no list is at hand (a single file that unpacks itself, a host without lists), what was built
        // together with the core library.
        var version = listed.Count > 0 ? null : FileVersionInfo.GetVersionInfo(core).FileVersion;
        var assemblies = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var path in trusted.Where(path => version is null
            ? listed.Contains(Path.GetFileName(path))
            : Path.GetDirectoryName(path) == folder && IsBuiltWithCore(path, version)))
            assemblies.TryAdd(Path.GetFileNameWithoutExtension(path), path);
        return new(assemblies, [.. listed
            .Where(name => !name.EndsWith(".dll", StringComparison.OrdinalIgnoreCase)
                || !assemblies.ContainsKey(Path.GetFileNameWithoutExtension(name)))
            .Select(name => Path.Combine(folder, name)).Where(File.Exists).Order(StringComparer.Ordinal)]);
    }

    private static string[] Split(string name, char separator) =>
        (AppContext.GetData(name) as string ?? "").Split(separator, StringSplitOptions.RemoveEmptyEntries);

    /// <summary>File names that a dependency list says are the runtime's: all of the shared framework's own list, of an application's those
    /// of its runtime pack.</summary>
    private static List<string> Listed(string path)
    {
        if (!File.Exists(path))
            return [];
        try
        {
            using var list = JsonDocument.Parse(File.ReadAllBytes(path));
            var target = list.RootElement.GetProperty("targets")
                .GetProperty(list.RootElement.GetProperty("runtimeTarget").GetProperty("name").GetString()!);
            return [.. target.EnumerateObject()
                .Where(library =>
                    IsOfFramework(path) || library.Name.StartsWith($"runtimepack.{Framework}.Runtime", StringComparison.Ordinal))
                .SelectMany(library => s_fileKinds.Where(kind => library.Value.TryGetProperty(kind, out _))
                    .SelectMany(kind => library.Value.GetProperty(kind).EnumerateObject()))
                .Select(file => Path.GetFileName(file.Name))];
        }
        catch (Exception e)
            when (e is JsonException or KeyNotFoundException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static bool IsOfFramework(string list) => Path.GetFileName(list) == Framework + ".deps.json";

    private static bool IsBuiltWithCore(string path, string version) =>
        s_frameworkNames.Any(start => Path.GetFileName(path).StartsWith(start, StringComparison.Ordinal))
            && FileVersionInfo.GetVersionInfo(path).FileVersion == version;
}
