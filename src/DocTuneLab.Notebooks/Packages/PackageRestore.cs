using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace DocTuneLab.Notebooks.Packages;

/// <summary>
/// Restores packages with all that they need, as the .NET SDK does for a project: from the sources that the machine's <c>nuget.config</c>
/// names. What was restored once is taken from the cache.
/// </summary>
public static partial class PackageRestore
{
    private static readonly string s_rid = $"{(OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux")}"
        + $"-{System.Runtime.InteropServices.RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}";

    /// <summary>Whether a text is a version, or a range of them, as a restore takes it.</summary>
    public static bool IsVersion(string text) => Version().IsMatch(text);

    /// <summary>Restores packages together.</summary>
    /// <param name="packages">Versions, or ranges such as <c>1.2.*</c> and <c>*</c>, by the ids of packages.</param>
    /// <param name="sources">Further sources, folders or addresses; default none.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>These packages and those that they need.</returns>
    /// <exception cref="PackageException">A package, version or source is not there, or there is no SDK.</exception>
    public static async Task<IReadOnlyList<RestoredPackage>> RestoreAsync(IReadOnlyDictionary<string, string> packages,
        IReadOnlyList<string>? sources = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(packages);
        var references = string.Concat(packages.OrderBy(p => p.Key, StringComparer.OrdinalIgnoreCase).Select(package =>
            $"<PackageReference Include=\"{package.Key}\" Version=\"{package.Value}\" />"));
        var more = sources is not { Count: > 0 }
            ? ""
            : $"<RestoreAdditionalProjectSources>{System.Security.SecurityElement.Escape(string.Join(';', sources))}"
                + "</RestoreAdditionalProjectSources>";
        var project = "<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup>"
            + $"<TargetFramework>net{Environment.Version.Major}.0</TargetFramework><RuntimeIdentifier>{s_rid}</RuntimeIdentifier>"
            + $"<SelfContained>false</SelfContained><UseAppHost>false</UseAppHost>{more}</PropertyGroup><ItemGroup>{references}"
            + "</ItemGroup></Project>";
        var folder = Path.Combine(Path.GetTempPath(), "doctune-nuget",
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(project)))[..16]);
        var (assets, mark) = (Path.Combine(folder, "obj", "project.assets.json"), Path.Combine(folder, "restored"));
        while (true)
        {
            if (!File.Exists(mark))
            {
                Directory.CreateDirectory(folder);
                await File.WriteAllTextAsync(Path.Combine(folder, "packages.csproj"), project, cancellation);
                await RunAsync(folder, cancellation);
                await File.WriteAllTextAsync(mark, "", cancellation);
            }
            if (Resolve(JsonNode.Parse(await File.ReadAllTextAsync(assets, cancellation))!) is { } restored)
                return restored;
            // Someone has emptied the folder of the packages since.
            File.Delete(mark);
        }
    }

    private static async Task RunAsync(string folder, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo("dotnet", ["restore", "packages.csproj", "--nologo", "-v", "q"])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true
        };
        using var process = Started(start);
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
        if (process.ExitCode == 0) return;
        if ((await error).Contains("No .NET SDKs were found", StringComparison.Ordinal))
            throw NoSdk("the 'dotnet' command on the PATH has only a runtime");
        var reasons = (await output).Split('\n').Where(line => line.Contains("error", StringComparison.Ordinal))
            .Select(line => ErrorText().Match(line).Groups[1].Value.Trim()).Where(line => line.Length > 0).Distinct().ToArray();
        throw new PackageException(reasons.Length == 0 ? "The packages could not be restored." : reasons[0],
            reasons[Math.Min(1, reasons.Length)..]);
    }

    private static Process Started(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            throw NoSdk("there is no 'dotnet' command on the PATH");
        }
    }

    private static PackageException NoSdk(string why) => new(
        $"Restoring packages needs the .NET SDK, and {why}. Install the .NET {Environment.Version.Major} SDK, "
            + "or reference the package's assembly by its path.");

    /// <summary>The packages with their files for this system, or null where they are no longer there.</summary>
    private static List<RestoredPackage>? Resolve(JsonNode assets)
    {
        var roots = assets["packageFolders"]!.AsObject().Select(folder => folder.Key).ToList();
        var packages = new List<RestoredPackage>();
        // Of the two targets the one for this system: it has chosen among the files that differ by system.
        foreach (var (key, target) in assets["targets"]!.AsObject()
            .First(target => target.Key.EndsWith('/' + s_rid, StringComparison.Ordinal)).Value!
            .AsObject())
        {
            if (assets["libraries"]![key]?["path"]?.GetValue<string>() is not { } path)
                continue;
            if (roots.Select(root => Path.Combine(root, path)).FirstOrDefault(Directory.Exists) is not { } folder)
                return null;
            packages.Add(new(key.Split('/')[0], key.Split('/')[1], folder, Files("runtime"), Files("native")));

            List<string> Files(string kind) =>
                [.. (target![kind]?.AsObject() ?? []).Where(file => !file.Key.EndsWith("_._", StringComparison.Ordinal))
                    .Select(file => Path.Combine(folder, file.Key))];
        }
        return packages;
    }

    [GeneratedRegex(@"^(\*(-\*)?|[\[(]?[\s,]*\d[\w.,*+ -]*[\])]?)$")]
    private static partial Regex Version();

    [GeneratedRegex(@"error\s*:?\s*(.*?)(?=\[/|$)")]
    private static partial Regex ErrorText();
}
