using System.Diagnostics;
using System.Text;

namespace DocTuneLab.Evaluation.Execution;

/// <summary>What a child is to do; the child has the same list.</summary>
internal enum WorkKind : byte
{
    /// <summary>Compare two values.</summary>
    Comparison,
    /// <summary>Run a compiled solution with its tests.</summary>
    Tests,
    /// <summary>Run many small programs; no other work goes with it.</summary>
    Batch,
}

/// <summary>What a child is given on its standard input.</summary>
/// <param name="Kind">What it is to do.</param>
/// <param name="Bytes">The assembly, with which of its programs in a batch, or the values as a child wrote them.</param>
internal sealed record ChildWork(WorkKind Kind, byte[] Bytes);

/// <summary>
/// Starts the child program, isolated and limited, and waits for its end. The child says that it is ready before it is told what to run,
/// so a start that fails is told from what an answer does.
/// </summary>
internal sealed class ChildLauncher(
    ExecutionOptions options, ChildHost starter, Isolation isolation, HostFolder host, IReadOnlyList<string> libraries)
{
    private static readonly TimeSpan s_start = TimeSpan.FromSeconds(60);

    /// <summary>Bytes of the record of one program; a file may not be larger than the option says.</summary>
    private readonly long _traceBytes = Math.Min(8 << 20, options.FileBytes - 4096);

    /// <summary>Runs work one after the other in one process; starts it again where it does not start, or where another run damaged
    /// what it runs with.</summary>
    /// <param name="run">Its own folder.</param>
    /// <param name="work">What to run.</param>
    /// <param name="cancel">Stops.</param>
    /// <exception cref="IOException">No process could be started.</exception>
    public ChildEnd Run(string run, IReadOnlyList<ChildWork> work, CancellationToken cancel)
    {
        const int Tries = 3;
        for (var tries = 1; ; tries++)
        {
            var path = host.For(run);
            // Names that nothing was put in the place of.
            var end = Start(run, path, Path.Combine(run, tries == 1 ? "report" : $"report-{Guid.NewGuid():n}"), work, cancel);
            if (tries == Tries || (end.Ready && host.IsWhole(path))) return end;
        }
    }

    private ChildEnd Start(string run, string hostPath, string report, IReadOnlyList<ChildWork> work, CancellationToken cancel)
    {
        var limit = options.WallTime + TimeSpan.FromSeconds(work.Count - 1);
        File.WriteAllText(report, "");
        // Opened before anything runs: what an answer puts in the file's place is not read.
        using var record = new FileStream(report, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var group = ProcessLimit.Best.UsesGroup ? ControlGroup.Create(options.Processes, options.MemoryBytes + (1L << 30)) : null;
        if (ProcessLimit.Best.UsesGroup && group is null) throw new IOException("the run's control group could not be made");
        using var process = Process.Start(Command(run, hostPath, report, group))
            ?? throw new IOException("the child process did not start");
        var output = new ChildOutput(process.StandardOutput, options.OutputBytes, awaited: ReadySign);
        var errors = new ChildOutput(process.StandardError, options.OutputBytes);
        var ready = output.Saw(s_start);
        var clock = Stopwatch.StartNew();
        if (ready)
        {
            try
            {
                Write(process.StandardInput.BaseStream, work);
                process.StandardInput.Close();
            }
            catch (IOException) { /* it ended before it read; its record tells */ }
        }
        var timedOut = !ready || !process.WaitForExit((int)limit.TotalMilliseconds);
        // Also after a normal end: what the answer started must not outlive it.
        ProcessGroup.Kill(process);
        process.WaitForExit(2000);
        cancel.ThrowIfCancellationRequested();
        output.Finish();
        errors.Finish();
        return new()
        {
            Ready = ready,
            TimedOut = timedOut,
            Limit = limit,
            ExitCode = process.HasExited ? process.ExitCode : -1,
            OutOfMemory = group?.RanOutOfMemory == true,
            Output = output.Text,
            Errors = errors.Text,
            Elapsed = clock.Elapsed,
            Trace = Read(record, _traceBytes * work.Count),
        };
    }

    private const char ReadySign = '\u0006';

    private static byte[] Read(FileStream record, long limit)
    {
        var bytes = new byte[Math.Min(record.Length, limit)];
        var read = record.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return bytes[..read];
    }

    private static void Write(Stream input, IReadOnlyList<ChildWork> work)
    {
        using var writer = new BinaryWriter(input, Encoding.UTF8, leaveOpen: true);
        writer.Write(work.Count);
        foreach (var (kind, bytes) in work)
        {
            writer.Write((byte)kind);
            writer.Write(bytes.Length);
            writer.Write(bytes);
        }
    }

    private ProcessStartInfo Command(string run, string hostPath, string report, ControlGroup? group)
    {
        List<string> words = [];
        if (OperatingSystem.IsLinux())
        {
            if (group is not null) words.AddRange(group.Prefix);
            if (Isolation.Find("setsid") is { } setsid) words.Add(setsid);
            words.AddRange(isolation.Prefix(new(run,
                [Path.GetDirectoryName(hostPath)!, .. starter.Root is { } root ? [root] : Array.Empty<string>()], [report],
                options.FileBytes * 4)));
            // Twice the wall time: a second thread is fair, a busy machine is not the answer's fault.
            var seconds = Math.Max(2, (int)Math.Ceiling(options.WallTime.TotalSeconds * 2));
            // Data, not address space, which the runtime reserves by the terabyte;
            // a GiB over the heap holds its own data and thread stacks.
            var data = (options.MemoryBytes >> 10) + (1 << 20);
            words.AddRange(["/bin/sh", "-c", $"ulimit -c 0; ulimit -t {seconds}; ulimit -f {options.FileBytes / 512}; ulimit -d {data}; "
                + $"{ProcessLimit.Best.ShellLimit(options.Processes)}\"$@\"; exit $?", "sh"]);
        }
        words.AddRange(
            [.. starter.Command(hostPath), report, _traceBytes.ToString(System.Globalization.CultureInfo.InvariantCulture), .. libraries]);
        var start = new ProcessStartInfo(words[0])
        {
            WorkingDirectory = run,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        foreach (var word in words.Skip(1)) start.ArgumentList.Add(word);
        Scrub(start.Environment, run);
        return start;
    }

    private void Scrub(IDictionary<string, string?> environment, string run)
    {
        // Windows will not start a process without these.
        string[] keep = OperatingSystem.IsWindows() ? ["SystemRoot", "windir"] : [];
        var kept = keep.Where(environment.ContainsKey).ToDictionary(k => k, k => environment[k]);
        environment.Clear();
        foreach (var (key, value) in kept) environment[key] = value;
        environment["PATH"] = OperatingSystem.IsWindows() ? "" : "/usr/bin:/bin";
        foreach (var key in (string[])["HOME", "TMPDIR", "TEMP", "TMP"]) environment[key] = run;
        environment["LANG"] = "C.UTF-8";
        environment["TZ"] = "UTC"; // what is local is the same everywhere
        if (starter.Root is { } root) environment["DOTNET_ROOT"] = root;
        environment["DOTNET_GCHeapHardLimit"] = options.MemoryBytes.ToString("x");
        environment["DOTNET_gcConcurrent"] = "0";
        environment["DOTNET_TieredPGO"] = "0";
        environment["DOTNET_EnableDiagnostics"] = "0";
        environment["DOTNET_DbgEnableMiniDump"] = "0";
        environment["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1";
    }
}
