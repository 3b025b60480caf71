using System.ComponentModel;
using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using DocTuneLab.Notebooks;

namespace DocTuneLab.Jupyter;

/// <summary>
/// A copy of the tool whose libraries are compiled ahead of time (ReadyToRun), the compiler among them: of a kernel's start from plain
/// builds two thirds are spent in the just-in-time compiler. Made with the SDK's own crossgen2, so it needs no source.
/// </summary>
public static class CompiledCopy
{
    // What runs until the first result and the first completion. The rest is compiled when it is used, as ever.
    private static readonly string[] s_compiled =
    [
        "doctune", "DocTuneLab*", "Microsoft.CodeAnalysis*", "NetMQ", "AsyncIO", "NaCl", "System.CommandLine",
        "Microsoft.DotNet.Interactive.Formatting",
        "Microsoft.Data.Sqlite", "SQLitePCLRaw*", "System.Composition*", "Humanizer", "Microsoft.AspNetCore.Html.Abstractions",
        "PocketView*", "System.Reactive*",
    ];

    // Most of what else is left to compile at the start are the framework's generic collections of these libraries' types. To have them too
    // doubles the work, so the others do without.
    private static readonly string[] s_withGenerics =
    [
        "doctune.dll", "DocTuneLab.Notebooks.dll", "DocTuneLab.Jupyter.dll", "Microsoft.CodeAnalysis.dll",
        "Microsoft.CodeAnalysis.CSharp.dll", "Microsoft.CodeAnalysis.Scripting.dll", "Microsoft.CodeAnalysis.CSharp.Scripting.dll"
    ];

    // Natives of this size are linked to, not copied.
    private const long LargeFile = 8 * 1024 * 1024;

    /// <summary>Makes the copy.</summary>
    /// <param name="source">Folder of the tool.</param>
    /// <param name="target">Folder of the copy; what was there before is replaced when the copy is ready, and not before.</param>
    /// <param name="cancellation">Ends the work and leaves what was there before.</param>
    /// <exception cref="NotebookException">It cannot be made here; the message says why.</exception>
    public static async Task MakeAsync(string source, string target, CancellationToken cancellation = default)
    {
        var compiler = await CompilerAsync(cancellation);
        var work = Directory.CreateDirectory(target + ".new");
        try
        {
            work.Delete(recursive: true);
            Copy(source, work.FullName);
            var libraries = s_compiled.SelectMany(pattern => Directory.GetFiles(source, pattern + ".dll"))
                .Distinct()
                .Where(IsManaged)
                .OrderByDescending(path => new FileInfo(path).Length);
            await Parallel.ForEachAsync(libraries, cancellation,
                async (path, stop) => await CompileAsync(compiler, path, Path.Combine(work.FullName, Path.GetFileName(path)), stop));
            if (Directory.Exists(target))
                Directory.Delete(target, recursive: true);
            Directory.Move(work.FullName, target);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new NotebookException($"{target}: {exception.Message}", exception);
        }
        finally
        {
            if (Directory.Exists(work.FullName))
                Directory.Delete(work.FullName, recursive: true);
        }
    }

    /// <summary>Restores the SDK's ahead-of-time compiler for this machine and returns the program with its first arguments.</summary>
    private static async Task<string[]> CompilerAsync(CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("doctune-crossgen");
        try
        {
            var system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "compiler.csproj"), $"""
                <Project Sdk="Microsoft.NET.Sdk">
                  <PropertyGroup>
                    <TargetFramework>net{Environment.Version.Major}.0</TargetFramework>
                    <RuntimeIdentifier>{system}-{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}</RuntimeIdentifier>
                    <SelfContained>false</SelfContained>
                    <PublishReadyToRun>true</PublishReadyToRun>
                  </PropertyGroup>
                </Project>
                """, cancellation);
            var (code, output) = await RunAsync(["dotnet", "restore", "--nologo", "-v", "q"], folder.FullName, cancellation);
            if (code != 0)
                throw new NotebookException("the package of the ahead-of-time compiler could not be restored: "
                    + $"{output.Split('\n').FirstOrDefault(line => line.Contains("error", StringComparison.Ordinal)) ?? output.Trim()}");
            var assets = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(folder.FullName, "obj", "project.assets.json"),
                cancellation))!;
            var package = assets["project"]!["frameworks"]!.AsObject().First().Value!["downloadDependencies"]?.AsArray()
                .FirstOrDefault(dependency => dependency!["name"]!.ToString().Contains("Crossgen2", StringComparison.OrdinalIgnoreCase))
                ?? throw new NotebookException("the SDK names no ahead-of-time compiler for this system.");
            var version = package["version"]!.ToString().Trim('[', ']').Split(',')[0].Trim();
            var tools = assets["packageFolders"]!.AsObject()
                .Select(root => Path.Combine(root.Key, package["name"]!.ToString().ToLowerInvariant(), version, "tools"))
                .FirstOrDefault(Directory.Exists)
                ?? throw new NotebookException($"the package {package["name"]} {version} was restored but is not where it should be.");
            var program = Path.Combine(tools, OperatingSystem.IsWindows() ? "crossgen2.exe" : "crossgen2");
            return File.Exists(program) ? [program] : ["dotnet", Path.Combine(tools, "crossgen2.dll")];
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task CompileAsync(string[] compiler, string source, string target, CancellationToken cancellation)
    {
        var framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        var (code, output) = await RunAsync([.. compiler, source, "-o", target + ".tmp", "-r", Path.Combine(framework, "*.dll"), "-r",
            Path.Combine(Path.GetDirectoryName(source)!, "*.dll"), "-O", "--parallelism", "1",
            .. s_withGenerics.Contains(Path.GetFileName(source))
                ? ["--opt-cross-module", "*", "--non-local-generics-module", "*"]
                : Array.Empty<string>()
        ],
            null, cancellation);
        if (code == 0)
            File.Move(target + ".tmp", target, overwrite: true);
        else if (File.Exists(target + ".tmp"))
            File.Delete(target + ".tmp");
        // A library that cannot be compiled stays as it is and only starts slower; that none can is a fault.
        if (code != 0 && Path.GetFileName(source) is "Microsoft.CodeAnalysis.CSharp.dll")
            throw new NotebookException($"crossgen2 failed: {output.Trim()}");
    }

    private static void Copy(string source, string target)
    {
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(target, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            if (!OperatingSystem.IsWindows() && new FileInfo(file).Length > LargeFile)
                File.CreateSymbolicLink(copy, file);
            else
                File.Copy(file, copy);
        }
    }

    private static bool IsManaged(string path)
    {
        try
        {
            return AssemblyName.GetAssemblyName(path) is not null;
        }
        catch (BadImageFormatException)
        {
            return false;
        }
    }

    private static async Task<(int Code, string Output)> RunAsync(string[] command, string? folder, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = folder ?? "",
            RedirectStandardOutput = true,
            RedirectStandardError = true
        };
        using var process = Started(start);
        try
        {
            var (output, error) = (process.StandardOutput.ReadToEndAsync(cancellation), process.StandardError.ReadToEndAsync(cancellation));
            await process.WaitForExitAsync(cancellation);
            return (process.ExitCode, await output + await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private static Process Started(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception exception)
        {
            throw new NotebookException(start.FileName == "dotnet"
                ? $"the .NET {Environment.Version.Major} SDK is needed for that, and there is no 'dotnet' command on the PATH."
                : $"{start.FileName} cannot be started: {exception.Message}", exception);
        }
    }
}
