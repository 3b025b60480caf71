using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.Loader;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DocTuneLab.Notebooks.Cells;

namespace DocTuneLab.Notebooks.Languages.CSharp;

/// <summary>
/// <c>#r "nuget: Name, Version"</c>: restores a generated project that holds all packages of the session, and references what it resolves
/// to. A restore that fails leaves the session as it was.
/// </summary>
internal sealed partial class NuGetReferences
{
    private static readonly string s_rid = $"{(OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux")}"
        + $"-{System.Runtime.InteropServices.RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}";

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
            if (!Version().IsMatch(version))
                throw CellFailure.At($"{location}{firstLine + i}", "PackageNotRestored",
                    $"'{version}' is not a package version. Expected one such as 1.2.3, 1.2.* or [1.0,2.0).");
            wanted[match.Groups["name"].Value] = version;
            lines[i] = "";
            lastLine = i;
        }
        if (wanted.SequenceEqual(_packages))
            return string.Join('\n', lines);
        var files = await RestoreAsync(wanted, $"{location}{firstLine + lastLine}", cancellation);
        Load(files.Libraries, files.Natives, session);
        _packages.Clear();
        foreach (var (name, version) in wanted)
            _packages[name] = version;
        return string.Join('\n', lines);
    }

    private async Task<(List<string> Libraries, List<string> Natives)> RestoreAsync(SortedDictionary<string, string> wanted,
        string location, CancellationToken cancellation)
    {
        var references = string.Concat(
            wanted.Select(package => $"<PackageReference Include=\"{package.Key}\" Version=\"{package.Value}\" />"));
        var more = _sources.Count == 0
            ? ""
            : $"<RestoreAdditionalProjectSources>{System.Security.SecurityElement.Escape(string.Join(';', _sources))}"
                + "</RestoreAdditionalProjectSources>";
        var project = "<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup>"
            + $"<TargetFramework>net{Environment.Version.Major}.0</TargetFramework><RuntimeIdentifier>{s_rid}</RuntimeIdentifier>"
            + $"<SelfContained>false</SelfContained><UseAppHost>false</UseAppHost>{more}</PropertyGroup><ItemGroup>{references}"
            + "</ItemGroup></Project>";
        var folder = Path.Combine(Path.GetTempPath(), "doctune-nuget",
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(project)))[..16]);
        var assets = Path.Combine(folder, "obj", "project.assets.json");
        if (!File.Exists(Path.Combine(folder, "restored")))
        {
            Directory.CreateDirectory(folder);
            await File.WriteAllTextAsync(Path.Combine(folder, "packages.csproj"), project, cancellation);
            var start = new ProcessStartInfo("dotnet", ["restore", "packages.csproj", "--nologo", "-v", "q"])
            {
                WorkingDirectory = folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true
            };
            using var process = Started(start, location);
            var output = process.StandardOutput.ReadToEndAsync(cancellation);
            var error = process.StandardError.ReadToEndAsync(cancellation);
            try
            {
                await process.WaitForExitAsync(cancellation);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                throw;
            }
            if (process.ExitCode != 0)
            {
                if ((await error).Contains("No .NET SDKs were found", StringComparison.Ordinal))
                    throw NoSdk(location, "the 'dotnet' command on the PATH has only a runtime");
                var reasons = (await output).Split('\n').Where(line => line.Contains("error", StringComparison.Ordinal))
                    .Select(line => ErrorText().Match(line).Groups[1].Value.Trim()).Where(line => line.Length > 0).Distinct().ToArray();
                // Feeds that notebooks name come and go; one that is gone must not take the packages of the others away.
                var gone = _sources
                    .Where(source => reasons.Any(reason => reason.StartsWith("NU1301", StringComparison.Ordinal)
                        && reason.Contains(source, StringComparison.OrdinalIgnoreCase)))
                    .ToList();
                if (gone.Count > 0)
                {
                    _sources.RemoveAll(gone.Contains);
                    CellContext.CurrentOrNull?.Error.WriteLine($"{location}: the package source {string.Join(", ", gone)} cannot be "
                        + "reached; packages are taken from the other sources.");
                    return await RestoreAsync(wanted, location, cancellation);
                }
                throw CellFailure.At(location, "PackageNotRestored",
                    reasons.Length == 0 ? "The packages could not be restored." : reasons[0], reasons[Math.Min(1, reasons.Length)..]);
            }
            await File.WriteAllTextAsync(Path.Combine(folder, "restored"), "", cancellation);
        }
        if (Resolve(JsonNode.Parse(await File.ReadAllTextAsync(assets, cancellation))!) is { } files)
            return files;
        // Someone has emptied the folder of the packages since.
        File.Delete(Path.Combine(folder, "restored"));
        return await RestoreAsync(wanted, location, cancellation);
    }

    private static Process Started(ProcessStartInfo start, string location)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            throw NoSdk(location, "there is no 'dotnet' command on the PATH");
        }
    }

    private static CellFailure NoSdk(string location, string why) =>
        CellFailure.At(location, "PackageNotRestored",
            $"#r \"nuget: …\" needs the .NET SDK, and {why}. Install the .NET {Environment.Version.Major} SDK, or reference the package's "
                + "assembly by its path.");

    /// <summary>The files of the packages for this system, or null where they are no longer there.</summary>
    private static (List<string> Libraries, List<string> Natives)? Resolve(JsonNode assets)
    {
        var roots = assets["packageFolders"]!.AsObject().Select(folder => folder.Key).ToList();
        var libraries = new List<string>();
        var natives = new List<string>();
        // Of the two targets the one for this system: it has chosen among the files that differ by system.
        foreach (var (key, target) in assets["targets"]!.AsObject()
            .First(target => target.Key.EndsWith('/' + s_rid, StringComparison.Ordinal)).Value!
            .AsObject())
        {
            if (assets["libraries"]![key]?["path"]?.GetValue<string>() is not { } path)
                continue;
            if (roots.Select(root => Path.Combine(root, path)).FirstOrDefault(Directory.Exists) is not { } folder)
                return null;
            libraries.AddRange(Files("runtime"));
            natives.AddRange(Files("native"));

            IEnumerable<string> Files(string kind) =>
                (target![kind]?.AsObject() ?? []).Where(file => !file.Key.EndsWith("_._", StringComparison.Ordinal))
                    .Select(file => Path.Combine(folder, file.Key));
        }
        return (libraries, natives);
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

    [GeneratedRegex(@"^(\*(-\*)?|[\[(]?[\s,]*\d[\w.,*+ -]*[\])]?)$")]
    private static partial Regex Version();

    [GeneratedRegex(@"error\s*:?\s*(.*?)(?=\[/|$)")]
    private static partial Regex ErrorText();
}
