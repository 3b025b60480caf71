using System.ComponentModel;
using System.Diagnostics;
using DocTuneLab.Library;

namespace DocTuneLab.Experiments.Setup;

/// <summary>Builds a project of the library, as the .NET SDK on the path does.</summary>
internal static class ProjectBuild
{
    private const string WithDocumentation = "-p:GenerateDocumentationFile=true";

    /// <summary>Builds it in Release, with its XML documentation where that can be had.</summary>
    /// <returns>Full path of its assembly.</returns>
    /// <exception cref="LabException">It does not build; the message holds the compiler's first error.</exception>
    public static string Run(string project, CancellationToken cancel)
    {
        if (!File.Exists(project)) throw new LabException($"{project}: no such project. Expected a .csproj, .fsproj or .vbproj file.");
        string[] which = Framework(project, cancel) is { } framework ? ["-f", framework] : [];
        // A project that takes warnings for errors may not build with the documentation that it does not ask for.
        var (code, output) = Dotnet(["build", project, "-c", "Release", "-v", "q", "--nologo", WithDocumentation, .. which], cancel);
        if (code != 0) (code, output) = Dotnet(["build", project, "-c", "Release", "-v", "q", "--nologo", .. which], cancel);
        if (code != 0)
        {
            var error = output.Split('\n').Select(l => l.Trim()).FirstOrDefault(l => l.Contains("error", StringComparison.Ordinal));
            throw new LabException($"{project}: does not build{(error is null ? "" : $": {error}")}. Mend it, or give --assembly DLL.");
        }
        string[] property = [.. which is [_, var f] ? [$"-p:TargetFramework={f}"] : (string[])[], "-p:Configuration=Release"];
        var assembly = Dotnet(["msbuild", project, "--nologo", "-getProperty:TargetPath", .. property], cancel).Output.Trim();
        return File.Exists(assembly) ? assembly
            : throw new LabException($"{project}: was built, but its assembly '{assembly}' is not there. Give --assembly DLL.");
    }

    /// <summary>Of several target frameworks the one that suits the running .NET best; null where there is one.</summary>
    private static string? Framework(string project, CancellationToken cancel) =>
        Dotnet(["msbuild", project, "--nologo", "-getProperty:TargetFrameworks"], cancel).Output.Trim()
            .Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(f => (Name: f, Rank: TargetFrameworks.Rank(f))).Where(f => f.Rank >= 0).OrderByDescending(f => f.Rank)
            .Select(f => f.Name).FirstOrDefault();

    private static (int Code, string Output) Dotnet(string[] arguments, CancellationToken cancel)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using var process = Process.Start(start)!;
            using var stop = cancel.Register(() => process.Kill(entireProcessTree: true));
            var error = process.StandardError.ReadToEndAsync(cancel);
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            cancel.ThrowIfCancellationRequested();
            return (process.ExitCode, process.ExitCode == 0 ? output : output + error.Result);
        }
        catch (Win32Exception e)
        {
            throw new LabException("building a project needs the .NET SDK, and there is no 'dotnet' command on the PATH. Install it, or "
                + "give --assembly DLL.", e);
        }
    }
}
