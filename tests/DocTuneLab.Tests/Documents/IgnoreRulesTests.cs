using System.Diagnostics;
using DocTuneLab.Documents;

namespace DocTuneLab.Tests.Documents;

public sealed class IgnoreRulesTests
{
    private static readonly string[] s_patterns =
    [
        "*.tmp.md", "/top.md", "draft/", "a/b.md", "**/gen/x.md", "logs/**", "docs/**/old.md", "!keep.tmp.md", @"\#hash.md", @"\!bang.md",
        "[abc].md", "[!x-z]?.md", "trail.md   ",
        "deep/*/c.md", "foo*bar.md", "# comment.md", "", "**/any", "end/**/", "sp\\ ace.md", "b[]]c.md",
        "n[[:digit:]].md", "u[[:upper:][:space:]]?.md", "w[[:nothing:]].md", "r[c-a].md", @"e[\]x].md", @"o[a\-c].md", "t[^!a-].md",
        "open[a.md", "back.md\\", "slash[/]z.md",
    ];

    private static readonly string[] s_paths =
    [
        "x.tmp.md", "s/x.tmp.md", "keep.tmp.md", "top.md", "s/top.md", "draft/a.md", "s/draft/b.md", "a/b.md", "s/a/b.md", "gen/x.md",
        "s/t/gen/x.md", "logs/1.md", "logs/s/2.md", "docs/old.md",
        "docs/a/b/old.md", "#hash.md", "!bang.md", "a.md", "d.md", "qq.md", "xx.md", "trail.md", "deep/q/c.md", "deep/q/r/c.md",
        "foo1bar.md", "foo/bar.md", "any/z.md", "s/any/z.md", "end/a/z.md", "sp ace.md", "b]c.md", "# comment.md",
        "n7.md", "nx.md", "uA1.md", "ua1.md", "u 1.md", "wn.md", "w[.md", "ra.md", "rb.md", "rc.md", "e].md", "ex.md", "e_.md", "oa.md",
        "ob.md", "o-.md", "t!.md", "ta.md", "t-.md", "tb.md",
        "open[a.md", "back.md\\", "slash/z.md",
    ];

    [Fact]
    public void The_same_files_are_left_out_as_git_leaves_out()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/git"), "needs git, which is missing");
        using var folder = new TempFolder();
        foreach (var path in s_paths) folder.With(path, "x");
        folder.With(".gitignore", string.Join('\n', s_patterns)).With("s/.gitignore", "!x.tmp.md\n/t/");
        Git(folder.Root, "init", "-q");
        // -z keeps names as they are.
        var expected = Git(folder.Root, "ls-files", "-z", "--others",
            "--exclude-standard").Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Where(p => p.EndsWith(".md"))
            .Order(StringComparer.Ordinal);
        Assert.Equal(expected, DocumentSet.Load(folder.Root).Documents.Select(d => d.Path));
    }

    [Fact]
    public void Own_patterns_come_last_and_may_let_files_in_again()
    {
        using var folder = new TempFolder().With("a.md", "a").With("b.md", "b").With(".gitignore", "a.md").With(".doctuneignore",
            "b.md\n!a.md");
        Assert.Equal(["a.md"], DocumentSet.Load(folder.Root).Documents.Select(d => d.Path));
        Assert.Equal(["b.md"], DocumentSet.Load(folder.Root, new() { Ignore = ["a.md", "!b.md"] }).Documents.Select(d => d.Path));
    }

    private static string Git(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("/usr/bin/git") { WorkingDirectory = folder, RedirectStandardOutput = true };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        start.Environment["GIT_CONFIG_GLOBAL"] = "/dev/null";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output;
    }
}
