using System.Diagnostics;
using System.Globalization;
using DocTuneLab.Jupyter;
using DocTuneLab.Notebooks;
using DocTuneLab.Notebooks.Cells;

namespace DocTuneLab.Benchmarks;

/// <summary>
/// This kernel beside Python's (ipykernel), through the same client in one run: the figures that matter are the ratios.
/// Run with <c>dotnet run -c Release --project tests/DocTuneLab.Benchmarks -- kernel</c>.
/// </summary>
internal static class KernelComparison
{
    private const int Starts = 5;

    private static readonly Subject Ours = new("doctune", ["dotnet", Path.Combine(AppContext.BaseDirectory, "doctune.dll"), "kernel", "start", "-f"],
        "1 + 1", i => i == 0 ? "var v0 = 1;" : $"var v{i} = v{i - 1} + 1;", "for (var i = 0; i < 100_000; i++) Console.WriteLine(i);");

    private static readonly Subject Python = new("ipykernel", ["/usr/bin/python3", "-m", "ipykernel_launcher", "-f"],
        "1 + 1", i => i == 0 ? "v0 = 1" : $"v{i} = v{i - 1} + 1", "for i in range(100_000): print(i)");

    public static async Task<int> RunAsync()
    {
        var subjects = new List<Subject> { Ours };
        if (await Exists(Python)) subjects.Add(Python);
        else Console.WriteLine("ipykernel is not installed: there is nothing to compare with.");
        var rows = new List<(string Name, string Unit, double[] Values)>();
        // Taken in turn, so that what else the machine does falls on both.
        var starts = subjects.ToDictionary(s => s, _ => new List<double>());
        for (var i = 0; i < Starts; i++)
            foreach (var subject in subjects) starts[subject].Add(await StartAsync(subject));
        rows.Add(("start to first result, median of 5", "s", [.. subjects.Select(s => Median(starts[s]))]));
        var chains = new List<(double At100, double Memory)>();
        foreach (var subject in subjects) chains.Add(await ChainAsync(subject));
        rows.Add(("cell 100 of a chain, median of 90..110", "ms", [.. chains.Select(c => c.At100)]));
        rows.Add(("memory after 300 cells", "MB", [.. chains.Select(c => c.Memory)]));
        var lines = new List<double>();
        foreach (var subject in subjects) lines.Add(await LinesAsync(subject));
        rows.Add(("100,000 lines of output", "s", [.. lines]));
        rows.Add(("completion at depth 300, median of 10", "ms", [await CompletionAsync()]));

        Console.WriteLine($"| | {string.Join(" | ", subjects.Select(s => s.Name))} | ratio |");
        Console.WriteLine($"|---|{string.Concat(subjects.Select(_ => "---:|"))}---:|");
        foreach (var (name, unit, values) in rows)
        {
            var ratio = values.Length == 2 ? (values[0] / values[1]).ToString("0.00", CultureInfo.InvariantCulture) : "";
            Console.WriteLine($"| {name} | {string.Join(" | ", values.Select(v => v.ToString(unit == "s" ? "0.00" : "0.0", CultureInfo.InvariantCulture) + " " + unit))}{(values.Length < subjects.Count ? " | " : "")} | {ratio} |");
        }
        return 0;
    }

    private static async Task<bool> Exists(Subject subject)
    {
        try
        {
            using var kernel = await KernelProcess.StartAsync(subject.Command, null);
            return true;
        }
        catch (Exception exception) when (exception is NotebookException or System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static async Task<double> StartAsync(Subject subject)
    {
        var clock = Stopwatch.StartNew();
        using var kernel = await KernelProcess.StartAsync(subject.Command, null);
        await OkAsync(kernel, subject.First);
        return clock.Elapsed.TotalSeconds;
    }

    private static async Task<(double At100, double Memory)> ChainAsync(Subject subject)
    {
        using var kernel = await KernelProcess.StartAsync(subject.Command, null);
        var times = new List<double>();
        for (var i = 0; i < 300; i++)
        {
            var clock = Stopwatch.StartNew();
            await OkAsync(kernel, subject.Chained(i));
            if (i is >= 90 and <= 110) times.Add(clock.Elapsed.TotalMilliseconds);
        }
        using var process = Process.GetProcessById(kernel.ProcessId);
        return (Median(times), process.WorkingSet64 / 1e6);
    }

    private static async Task<double> LinesAsync(Subject subject)
    {
        using var kernel = await KernelProcess.StartAsync(subject.Command, null);
        await OkAsync(kernel, subject.First);
        var (clock, count) = (Stopwatch.StartNew(), 0);
        var result = await kernel.RunAsync(new CellRequest(subject.Lines, "cell"), output => count += output is StreamOutput stream ? stream.Text.Count(c => c == '\n') : 0);
        return result.Status == CellStatus.Ok && count == 100_000 ? clock.Elapsed.TotalSeconds : throw new InvalidOperationException($"{subject.Name}: {count} lines arrived ({result.Status}).");
    }

    private static async Task<double> CompletionAsync()
    {
        using var session = new NotebookSession();
        for (var i = 0; i < 300; i++) await session.RunAsync(new CellRequest(Ours.Chained(i), "cell"), _ => { });
        var times = new List<double>();
        for (var i = 0; i < 12; i++)
        {
            var clock = Stopwatch.StartNew();
            var found = await session.CompleteAsync("v299.ToStr", 10);
            if (!found.Entries.Any(entry => entry.Text == "ToString")) throw new InvalidOperationException("ToString was not offered.");
            // The first two load the completion engine.
            if (i >= 2) times.Add(clock.Elapsed.TotalMilliseconds);
        }
        return Median(times);
    }

    private static async Task OkAsync(KernelProcess kernel, string code)
    {
        var result = await kernel.RunAsync(new CellRequest(code, "cell"), _ => { });
        if (result.Status != CellStatus.Ok) throw new InvalidOperationException($"{code}: {result.Error?.Message}");
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    /// <summary>A kernel and the same work in its language.</summary>
    private sealed record Subject(string Name, IReadOnlyList<string> Command, string First, Func<int, string> Chained, string Lines);
}
