using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using DocTuneLab.Jupyter;
using DocTuneLab.Jupyter.Tests;
using DocTuneLab.Notebooks;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Hosting;

namespace DocTuneLab.Benchmarks;

/// <summary>
/// This kernel, installed as a user has it, beside Python's (ipykernel), through the same client in one run: the figures that matter are
/// the ratios. Run with <c>dotnet run -c Release --project tests/DocTuneLab.Benchmarks -- kernel</c>.
/// </summary>
internal static class KernelComparison
{
    private const int Starts = 7;
    private const int Repeats = 3;
    private const int OfEachKind = 10;

    // As its own project builds it: here other projects' packages decide about versions too.
    internal static readonly string Tool = Path.Combine(DocumentBenchmarks.Root(), "src", "DocTuneLab.Cli", "bin", "Release", "net10.0",
        "doctune.dll");
    private static readonly string[] s_plain = ["dotnet", Tool, "kernel", "start", "-f"];

    private static readonly Subject s_python = new("ipykernel", ["/usr/bin/python3", "-m", "ipykernel_launcher", "-f"],
        i => i == 0 ? "v0 = 1" : $"v{i} = v{i - 1} + 1", "for i in range(100_000): print(i)");

    public static async Task<int> RunAsync()
    {
        var prefix = Directory.CreateTempSubdirectory("doctune-benchmark").FullName;
        try
        {
            await CompareAsync(Installed(prefix));
            return 0;
        }
        finally
        {
            Directory.Delete(prefix, recursive: true);
        }
    }

    private static async Task CompareAsync(Subject ours)
    {
        var subjects = new List<Subject> { ours };
        if (await Exists(s_python)) subjects.Add(s_python);
        else Console.WriteLine("ipykernel is not installed: there is nothing to compare with.");
        // Everything is taken in turn, so that what else the machine does falls on both.
        var rows = new List<Row>
        {
            new("start to first result, median of 7", "s", 1.1, "times ipykernel", await InTurnAsync(subjects, Starts, StartAsync)),
            new("the same, not compiled ahead of time", "s", null, "",
                [await MedianAsync(Starts, () => StartAsync(ours with { Command = s_plain }))]),
        };
        var chains = new List<(double At100, double Memory)>();
        foreach (var subject in subjects) chains.Add(await ChainAsync(subject));
        rows.Add(new("cell 100 of a chain, median of 90..110", "ms", 25, "ms", [.. chains.Select(chain => chain.At100)]));
        rows.Add(new("memory after 300 cells", "MB", 600, "MB", [.. chains.Select(chain => chain.Memory)]));
        rows.Add(new("100,000 lines of output, median of 3", "s", 1, "times ipykernel", await InTurnAsync(subjects, Repeats, LinesAsync)));
        var (shallow, deep) = await CompletionAsync();
        rows.Add(new("completion at depth 1, median of 20", "ms", null, "", [shallow]));
        rows.Add(new("completion at depth 300, median of 20", "ms", 60, "ms", [deep]));
        var stopped = await RunawaysAsync();
        rows.Add(new($"runaway cells stopped with state kept, of {stopped.Count}", "", null, "all", [stopped.Count(ok => ok)]));
        Print(subjects, rows);
        Console.WriteLine(await BlockedAsync(ours));
    }

    private static void Print(List<Subject> subjects, List<Row> rows)
    {
        Console.WriteLine($"| | {string.Join(" | ", subjects.Select(subject => subject.Name))} | ratio | wanted |");
        Console.WriteLine($"|---|{string.Concat(subjects.Select(_ => "---:|"))}---:|---|");
        foreach (var row in rows)
        {
            var cells = row.Values
                .Select(value =>
                    value.ToString(row.Unit switch { "s" => "0.00", "" => "0", _ => "0.0" }, CultureInfo.InvariantCulture) + " " + row.Unit)
                .Concat(Enumerable.Repeat("", subjects.Count - row.Values.Count));
            var ratio = row.Values.Count == 2 ? (row.Values[0] / row.Values[1]).ToString("0.00", CultureInfo.InvariantCulture) : "";
            Console.WriteLine($"| {row.Name} | {string.Join(" | ", cells)} | {ratio} | "
                + $"{(row.Limit is { } limit ? FormattableString.Invariant($"at most {limit} {row.Of}") : row.Of)} |");
        }
    }

    /// <summary>Installs the kernel under a prefix, as 'doctune kernel install' does for a user, and reads how it is started.</summary>
    private static Subject Installed(string prefix)
    {
        using (var install = Process.Start("dotnet", [Tool, "kernel", "install", "--prefix", prefix]))
            install.WaitForExit();
        var spec = JsonNode.Parse(File.ReadAllText(Path.Combine(KernelSpec.Folder(prefix), "kernel.json")))!;
        return new Subject("doctune",
            [.. spec["argv"]!.AsArray().Select(part => part!.ToString()).TakeWhile(part => part != "{connection_file}")],
            i => i == 0 ? "var v0 = 1;" : $"var v{i} = v{i - 1} + 1;", "for (var i = 0; i < 100_000; i++) Console.WriteLine(i);");
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
        await OkAsync(kernel, "1 + 1");
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
        await OkAsync(kernel, "1 + 1");
        var (clock, count) = (Stopwatch.StartNew(), 0);
        var result = await kernel.RunAsync(new CellRequest(subject.Lines, "cell"),
            output => count += output is StreamOutput stream ? stream.Text.Count(c => c == '\n') : 0);
        return result.Status == CellStatus.Ok && count == 100_000
            ? clock.Elapsed.TotalSeconds
            : throw new InvalidOperationException($"{subject.Name}: {count} lines arrived ({result.Status}).");
    }

    private static async Task<(double Shallow, double Deep)> CompletionAsync()
    {
        using var session = new NotebookSession();
        await session.RunAsync(new CellRequest("var v0 = 1;", "cell"), _ => { });
        var shallow = await TimeAsync(0);
        for (var i = 1; i < 300; i++) await session.RunAsync(new CellRequest($"var v{i} = v{i - 1} + 1;", "cell"), _ => { });
        return (shallow, await TimeAsync(299));

        async Task<double> TimeAsync(int depth)
        {
            var times = new List<double>();
            for (var i = 0; i < 30; i++)
            {
                // A user types no faster, and the runtime optimises in the pauses.
                await Task.Delay(120);
                var code = $"v{depth}.ToStr"[..^(i % 3)];
                var clock = Stopwatch.StartNew();
                var found = await session.CompleteAsync(code, code.Length);
                if (!found.Entries.Any(entry => entry.Text == "ToString")) throw new InvalidOperationException("ToString was not offered.");
                // The first ones load the completion engine.
                if (i >= 10) times.Add(clock.Elapsed.TotalMilliseconds);
            }
            return Median(times);
        }
    }

    /// <summary>Cells that never end, cancelled while they run: stopped, and a variable from before is still there.</summary>
    private static async Task<List<bool>> RunawaysAsync()
    {
        using var session = new NotebookSession();
        await session.RunAsync(new CellRequest("var kept = 1;", "cell"), _ => { });
        var stopped = new List<bool>();
        foreach (var code in Enumerable.Repeat(Runaways.All, OfEachKind).SelectMany(kinds => kinds))
        {
            using var stop = new CancellationTokenSource();
            var result = await session.RunAsync(new CellRequest("Console.Write(0); " + code, "cell"), _ => stop.CancelAfter(50),
                stop.Token);
            object? kept = null;
            var after = session.IsStuck ? null : await session.RunAsync(new CellRequest("kept += 1;", "cell"), _ => { });
            stopped.Add(result.Status == CellStatus.Cancelled && after?.Status == CellStatus.Ok && session.TryGetValue("kept", out kept)
                && kept is int value && value == stopped.Count + 2);
            if (session.IsStuck) break;
        }
        return stopped;
    }

    /// <summary>A call into the system that nothing interrupts:
    /// what the user is told, and how long until there is a kernel again.</summary>
    private static async Task<string> BlockedAsync(Subject ours)
    {
        if (OperatingSystem.IsWindows()) return "a blocking call into the system: not measured on Windows";
        var pipe = Path.Combine(Directory.CreateTempSubdirectory("doctune-pipe").FullName, "pipe");
        using (var make = Process.Start("mkfifo", [pipe])) make.WaitForExit();
        CellResult result;
        int process;
        using (var kernel = await KernelProcess.StartAsync(ours.Command, null))
        {
            process = kernel.ProcessId;
            using var stop = new CancellationTokenSource();
            result = await kernel.RunAsync(new CellRequest($"Console.Write(0); File.OpenRead(\"{pipe}\");", "cell"),
                _ => stop.CancelAfter(50), stop.Token);
            var clock = Stopwatch.StartNew();
            while (Process.GetProcesses().Any(other => other.Id == process && !other.HasExited) && clock.Elapsed < TimeSpan.FromSeconds(10))
                await Task.Delay(20);
        }
        var restart = await StartAsync(ours);
        return FormattableString.Invariant(
            $"a blocking call into the system: \"{result.Error?.Message}\" ({result.Status}); the kernel ended, a new one gave its first result after {restart:0.00} s");
    }

    private static async Task OkAsync(KernelProcess kernel, string code)
    {
        var result = await kernel.RunAsync(new CellRequest(code, "cell"), _ => { });
        if (result.Status != CellStatus.Ok) throw new InvalidOperationException($"{code}: {result.Error?.Message}");
    }

    private static async Task<List<double>> InTurnAsync(List<Subject> subjects, int repeats, Func<Subject, Task<double>> measure)
    {
        var values = subjects.ToDictionary(subject => subject, _ => new List<double>());
        for (var i = 0; i < repeats; i++)
            foreach (var subject in subjects) values[subject].Add(await measure(subject));
        return [.. subjects.Select(subject => Median(values[subject]))];
    }

    private static async Task<double> MedianAsync(int repeats, Func<Task<double>> measure)
    {
        var values = new List<double>();
        for (var i = 0; i < repeats; i++) values.Add(await measure());
        return Median(values);
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    /// <summary>A kernel and the same work in its language.</summary>
    private sealed record Subject(string Name, IReadOnlyList<string> Command, Func<int, string> Chained, string Lines);

    private sealed record Row(string Name, string Unit, double? Limit, string Of, IReadOnlyList<double> Values);
}
