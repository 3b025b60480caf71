using System.Text.RegularExpressions;
using DocTuneLab.Tests;

namespace DocTuneLab.Cli.Tests;

/// <summary>What the README tells people to type does what it says. Long runs get parameters that make them short.</summary>
public sealed partial class ReadmeTests : IDisposable
{
    private const string Tool = "dotnet run -c Release --project src/DocTuneLab.Cli -- ";
    private static readonly string s_root = Doctune.Root;
    private static readonly string s_readme = File.ReadAllText(Path.Combine(s_root, "README.md"));
    private readonly Doctune _doctune = new();

    public static TheoryData<string> Commands =>
        [.. Blocks("bash").SelectMany(b => b.Split('\n'))
            .Where(l => l.StartsWith(Tool, StringComparison.Ordinal))
            .Select(l => l[Tool.Length..])];

    public void Dispose() => _doctune.Dispose();

    [Theory]
    [MemberData(nameof(Commands))]
    public void A_command_runs(string command)
    {
        var artifacts = Path.Combine(_doctune.Folder, "artifacts");
        Directory.CreateDirectory(artifacts);
        List<string> arguments = [.. command.Split(' ')
            .Select(a => a.StartsWith("artifacts/", StringComparison.Ordinal) ? Path.Combine(_doctune.Folder, a) : a)];
        // The last value of a parameter counts.
        if (arguments[0] == "run")
        {
            var named = arguments.IndexOf("library");
            var library = FewTasks.Of(Path.Combine(s_root, named < 0 ? "data/private-library" : arguments[named + 1]),
                Path.Combine(_doctune.Folder, "library"));
            arguments.AddRange(
            [
                "-p", "samples", "150", "-p", "maxSteps", "2", "-p", "split", "dev", "-p", "arms", "base,tuned", "-p", "library", library,
                "-p", "labFolder", Path.Combine(artifacts, "lab"), "-o", Path.Combine(artifacts, "lab.ipynb")
            ]);
        }
        if (arguments[0] == "kernel") arguments.AddRange(["--prefix", _doctune.Folder]);
        var result = Doctune.Wait(Doctune.StartProgram("dotnet", s_root, [Doctune.Library, .. arguments]));
        Assert.True(result.Code == 0, $"{command}\n{result.Out}\n{result.Error}");
        foreach (var file in arguments.Where(a => a.StartsWith(artifacts, StringComparison.Ordinal)))
            Assert.True(Path.Exists(file), $"{command} did not write {file}.");
    }

    [Fact]
    public void The_main_job_is_the_first_command_and_the_tests_are_what_continuous_integration_runs()
    {
        var commands = Blocks("bash").SelectMany(b => b.Split('\n')).ToList();
        Assert.Equal(Tool + "run notebooks/lab.ipynb --report artifacts/report.html", commands[0]);
        Assert.Equal("dotnet test -c Release DocTuneLab.sln", commands[1]);
        Assert.Contains('\n' + commands[1] + ' ', File.ReadAllText(Path.Combine(s_root, ".ci", "run")), StringComparison.Ordinal);
        // Nothing else is shown that the theory above does not run.
        Assert.Equal(commands.Count, Commands.Count + 1);
    }

    [Fact]
    public void Every_link_and_picture_exists()
    {
        var targets =
            Link().Matches(s_readme).Select(m => m.Groups[1].Value).Where(t => !t.StartsWith("http", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(targets);
        Assert.All(targets, t => Assert.True(Path.Exists(Path.Combine(s_root, t)), $"README.md links to {t}, which does not exist."));
        var folders = Row().Matches(s_readme).Select(m => m.Groups[1].Value).ToList();
        Assert.True(folders.Count >= 9);
        Assert.All(folders,
            f => Assert.True(Directory.Exists(Path.Combine(s_root, f)), $"README.md names the folder {f}, which does not exist."));
    }

    private static IEnumerable<string> Blocks(string language) =>
        Fence().Matches(s_readme).Where(m => m.Groups[1].Value == language).Select(m => m.Groups[2].Value.TrimEnd('\n'));

    [GeneratedRegex("```(\\w+)\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"\]\(([^)#]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^\| `((?:src|kernels|data|tests)[^`]*)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
