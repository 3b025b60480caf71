using System.Diagnostics;
using DocTuneLab.Storage;

namespace DocTuneLab.Benchmarks;

/// <summary>
/// Kills <c>doctune parse</c> and <c>doctune lab import</c> at random moments. After each kill the lab must open and verify, and what is
/// left to do must end in the same content as an undisturbed run.
/// </summary>
public static class KillTest
{
    public static int Run(int kills = 200, int seed = 1)
    {
        var root = Directory.CreateTempSubdirectory("doctune-kill-").FullName;
        try
        {
            var (docs, random) = (Path.Combine(root, "docs"), new Random(seed));
            Directory.CreateDirectory(docs);
            for (var i = 0; i < 600; i++)
                File.WriteAllText(Path.Combine(docs, $"{i:000}.md"),
                    $"# Page {i}\n\n"
                        + string.Join("\n\n", Enumerable.Range(0, 60).Select(n => $"Paragraph {n} of page {i} tells of valve {n * i}.")));
            var whole = Path.Combine(root, "whole");
            var parsing = Finish("parse", docs, "--lab", whole);
            var hash = Content(whole);
            var archive = Path.Combine(root, "whole.zip");
            Finish("lab", "export", archive, "--lab", whole);
            var importing = Finish("lab", "import", archive, "--lab", Path.Combine(root, "copy"));
            if (Content(Path.Combine(root, "copy")) != hash) return Fail("The imported lab differs from the exported one.");

            var (hit, completed) = (0, 0);
            var lab = Path.Combine(root, "lab");
            for (var i = 0; i < kills; i++)
            {
                var import = i % 2 == 1;
                var target = import ? Path.Combine(root, "imported") : lab;
                using var process = import ? Start("lab", "import", archive, "--lab", target) : Start("parse", docs, "--lab", target);
                Thread.Sleep((int)(random.NextDouble() * 1.1 * (import ? importing : parsing).TotalMilliseconds));
                if (!process.HasExited) hit++;
                process.Kill();
                process.WaitForExit();
                if (File.Exists(Path.Combine(target, "lab.sqlite")))
                {
                    using (var opened = Lab.Open(target))
                        if (opened.Maintenance.Verify() is [var problem, ..])
                            return Fail($"Kill {i} of {(import ? "import" : "parse")}: {problem}");
                    // An import is there whole or not at all.
                    if (import && Content(target) != hash) return Fail($"Kill {i}: half an import.");
                }
                // A parse goes on until it is done, over several kills; then both begin anew.
                if (import || i % 10 == 8)
                {
                    if (!import || !Directory.Exists(target))
                        Finish(import ? ["lab", "import", archive, "--lab", target] : ["parse", docs, "--lab", target]);
                    if (Content(target) != hash) return Fail($"After kill {i}: the completed lab differs from an undisturbed one.");
                    completed++;
                    Directory.Delete(target, recursive: true);
                }
                if ((i + 1) % 20 == 0)
                    Console.WriteLine($"{i + 1} kills, {hit} of a running process, {completed} completed to the same hash");
            }
            Console.WriteLine($"{kills} kills: every reopening verified, every completion has content {hash}");
            return 0;
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static string Content(string lab)
    {
        using var opened = Lab.Open(lab);
        return opened.Maintenance.Stats().ContentHash;
    }

    private static TimeSpan Finish(params string[] arguments)
    {
        var start = Stopwatch.GetTimestamp();
        using var process = Start(arguments);
        process.WaitForExit();
        return process.ExitCode == 0
            ? Stopwatch.GetElapsedTime(start)
            : throw new InvalidOperationException($"doctune {string.Join(' ', arguments)} ended with {process.ExitCode}.");
    }

    private static Process Start(params string[] arguments) =>
        Process.Start(new ProcessStartInfo("dotnet", [KernelComparison.Tool, .. arguments]) { RedirectStandardOutput = true })!;

    private static int Fail(string message)
    {
        Console.Error.WriteLine(message);
        return 1;
    }
}
