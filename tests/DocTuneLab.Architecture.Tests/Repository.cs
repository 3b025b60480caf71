using System.ComponentModel;
using System.Diagnostics;

namespace DocTuneLab.Architecture.Tests;

/// <summary>The working tree that these tests were built in, and its projects as their files declare them.</summary>
internal static class Repository
{
    /// <summary>The folder that holds <c>DocTuneLab.sln</c>.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>All projects below src, kernels and tests.</summary>
    public static IReadOnlyList<SourceProject> Projects { get; } =
    [
        .. new[] { "src", "kernels", "tests" }
            .SelectMany(part => Directory.EnumerateDirectories(Path.Combine(Root, part)))
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*.csproj"))
            .Order(StringComparer.Ordinal)
            .Select(SourceProject.Read),
    ];

    /// <summary>Their names, as cases of a test.</summary>
    public static TheoryData<string> Names => [.. Projects.Select(p => p.Name)];

    /// <summary>The project of that name.</summary>
    public static SourceProject Project(string name) => Projects.Single(p => p.Name == name);

    /// <summary>The name of <paramref name="path"/> as seen from the root, with slashes.</summary>
    public static string Relative(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    /// <summary>The tracked files that match <paramref name="pattern"/>, from the root; null without git or a clone.</summary>
    public static IReadOnlyList<string>? Tracked(string pattern)
    {
        var start = new ProcessStartInfo("git", ["-c", "core.quotePath=false", "ls-files", "--", pattern])
        {
            WorkingDirectory = Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using var git = Process.Start(start)!;
            git.ErrorDataReceived += (_, _) => { };
            git.BeginErrorReadLine();
            var names = git.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
            git.WaitForExit();
            return git.ExitCode == 0 ? names : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private static string FindRoot()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "DocTuneLab.sln"))) return at.FullName;
        throw new DirectoryNotFoundException($"DocTuneLab.sln was not found above {AppContext.BaseDirectory}.");
    }
}
