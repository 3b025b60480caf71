using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using DocTuneLab.Library;

namespace DocTuneLab.Evaluation.Execution;

/// <summary>
/// Runs answers, each in a child process of its own, and reports how each ended. The child reports through a file under a secret that is
/// drawn per run and handed over on stdin: what an answer prints, or that it exits with 0, is no pass.
/// <see cref="Isolation"/> says what is covered and what is not.
/// </summary>
public sealed class Sandbox : IDisposable
{
    private readonly ExecutionOptions _options;
    private readonly DirectoryInfo _folder;
    private readonly ChildHost _starter;
    private readonly ChildProgram _child;

    /// <summary>Prepares the child program.</summary>
    /// <param name="references">What answers compile against, and the library that they run with.</param>
    /// <param name="options">Limits; running must be allowed.</param>
    /// <exception cref="LabException">Running is not allowed, a limit is out of range, or an assembly is missing.</exception>
    public Sandbox(ReferenceSet references, ExecutionOptions options)
    {
        options.Validate();
        if (!options.AllowUntrustedCode)
            throw new LabException("Running model-written code is off. Set AllowUntrustedCode (on the command line: "
                + "--allow-untrusted-code) after reading what the sandbox does not cover.");
        if (Refusal(options) is { } why) throw new LabException(why);
        this._options = options;
        _starter = ChildHost.Best!;
        _folder = Directory.CreateTempSubdirectory("doctune-sandbox-");
        _child = new ChildProgram(Directory.CreateDirectory(Path.Combine(_folder.FullName, "host")).FullName, references, _starter);
    }

    /// <summary>What this machine lets the sandbox enforce.</summary>
    public static Isolation Isolation => Isolation.Best;

    /// <summary>What starts the answers' processes: the path of a <c>dotnet</c>, or of the starter that is copied;
    /// null where there is nothing.</summary>
    public static string? Starter => ChildHost.Best?.Name;

    /// <summary>Why nothing would run with these options on this machine; null where it would.</summary>
    public static string? Refusal(ExecutionOptions options) => ChildHost.Best is null ? ChildHost.Missing
        : Isolation.IsSandbox || options.AllowWithoutIsolation ? null
        : "Answers are not run: neither bubblewrap nor namespaces work here to keep them from the network and from other processes. "
            + "Install bubblewrap and allow user namespaces, or ask for it explicitly with AllowWithoutIsolation "
            + "(--allow-without-isolation).";

    /// <summary>Runs all jobs, several at a time; results in the order of <paramref name="jobs"/>.</summary>
    public IReadOnlyList<ExecutionResult> RunAll(IReadOnlyList<ExecutionJob> jobs, IProgress<int>? progress = null,
        CancellationToken cancel = default)
    {
        var results = new ExecutionResult[jobs.Count];
        var done = 0;
        DeepStack.For(jobs.Count, _options.Parallelism, cancel, i =>
        {
            results[i] = Run(jobs[i], cancel);
            progress?.Report(Interlocked.Increment(ref done));
        });
        return results;
    }

    /// <summary>Compiles and runs one job.</summary>
    public ExecutionResult Run(ExecutionJob job, CancellationToken cancel = default)
    {
        var run = _folder.CreateSubdirectory(Guid.NewGuid().ToString("n"));
        try
        {
            var answer = Path.Combine(run.FullName, "answer.dll");
            var errors = _child.Compile(job, answer, cancel);
            if (errors.Count > 0) return new(ExecutionStatus.CompileError, string.Join('\n', errors.Take(5)), 0, "", TimeSpan.Zero);
            return Execute(run.FullName, answer, cancel);
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException or UnauthorizedAccessException)
        {
            return new(ExecutionStatus.HarnessError, e.Message, 0, "", TimeSpan.Zero);
        }
        finally
        {
            Delete(run);
        }
    }

    /// <summary>Deletes the temporary files.</summary>
    public void Dispose() => Delete(_folder);

    private ExecutionResult Execute(string run, string answer, CancellationToken cancel)
    {
        var report = Path.Combine(run, "report");
        File.WriteAllText(report, "");
        using var group = ProcessLimit.Best.UsesGroup ? ControlGroup.Create(_options.Processes, _options.MemoryBytes + (1L << 30)) : null;
        if (ProcessLimit.Best.UsesGroup && group is null) throw new IOException("the run's control group could not be made");
        var secret = RandomNumberGenerator.GetHexString(32);
        var clock = Stopwatch.StartNew();
        using var process = Process.Start(Command(run, answer, report, group))
            ?? throw new IOException("the child process did not start");
        var output = new CappedText(process.StandardOutput, _options.OutputBytes);
        var errors = new CappedText(process.StandardError, _options.OutputBytes);
        try
        {
            process.StandardInput.Write(secret);
            process.StandardInput.Close();
        }
        catch (IOException) { /* it ended before it read; the missing report tells */ }

        var timedOut = !process.WaitForExit((int)_options.WallTime.TotalMilliseconds);
        // Also after a normal end: what the answer started must not outlive it.
        ProcessGroup.Kill(process);
        process.WaitForExit(2000);
        cancel.ThrowIfCancellationRequested();
        output.Finish();
        errors.Finish();
        var text = (output.Text + (errors.Text.Length > 0 ? "\n" + errors.Text : "")).Trim('\n');
        ExecutionResult Ended(ExecutionStatus status, string message, int test = 0) => new(status, message, test, text, clock.Elapsed);

        if (Read(report, secret) is { } said) return Ended(said.Status, said.Message, said.Test);
        if (timedOut) return Ended(ExecutionStatus.Timeout, $"stopped after {_options.WallTime.TotalSeconds:0.#} s");
        if (errors.Text.Contains("Out of memory", StringComparison.OrdinalIgnoreCase)
            || errors.Text.Contains("OutOfMemoryException", StringComparison.Ordinal))
            return Ended(ExecutionStatus.OutOfMemory, $"over {_options.MemoryBytes >> 20} MiB");
        if (group?.RanOutOfMemory == true)
            return Ended(ExecutionStatus.OutOfMemory, $"over {(_options.MemoryBytes >> 20) + 1024} MiB with all that it started");
        if (process.ExitCode is 128 + 24) return Ended(ExecutionStatus.Timeout, "processor-time limit reached");
        if (errors.Text.Contains("You must install or update .NET", StringComparison.Ordinal))
            return Ended(ExecutionStatus.HarnessError, errors.Text);
        var why = errors.Text.Contains("Stack overflow", StringComparison.Ordinal)
            ? "stack overflow"
            : $"the process ended with {process.ExitCode} and without a report";
        return Ended(ExecutionStatus.Exception, why);
    }

    private static (ExecutionStatus Status, int Test, string Message)? Read(string report, string secret)
    {
        if (!File.Exists(report)) return null;
        var lines = File.ReadAllText(report).Split('\n', 5);
        return lines.Length == 5 && lines[0] == secret && Enum.TryParse<ExecutionStatus>(lines[1], out var status)
            && int.TryParse(lines[2], out var test)
            ? (status, test, lines[4]) : null;
    }

    private ProcessStartInfo Command(string run, string answer, string report, ControlGroup? group)
    {
        List<string> words = [];
        if (OperatingSystem.IsLinux())
        {
            if (group is not null) words.AddRange(group.Prefix);
            if (Isolation.Find("setsid") is { } setsid) words.Add(setsid);
            words.AddRange(Isolation.Prefix(new(run,
                [Path.GetDirectoryName(_child.HostPath)!, .. _starter.Root is { } root ? [root] : Array.Empty<string>()], [answer], [report],
                _options.FileBytes * 4)));
            // Twice the wall time: a second thread is fair, a busy machine is not the answer's fault.
            var seconds = Math.Max(2, (int)Math.Ceiling(_options.WallTime.TotalSeconds * 2));
            // Data, not address space, which the runtime reserves by the terabyte;
            // a GiB over the heap holds its own data and thread stacks.
            var data = (_options.MemoryBytes >> 10) + (1 << 20);
            words.AddRange(["/bin/sh", "-c", $"ulimit -c 0; ulimit -t {seconds}; ulimit -f {_options.FileBytes / 512}; ulimit -d {data}; "
                + $"{ProcessLimit.Best.ShellLimit(_options.Processes)}\"$@\"; exit $?", "sh"]);
        }
        words.AddRange([.. _starter.Command(_child.HostPath), answer, report]);
        var start = new ProcessStartInfo(words[0])
        {
            WorkingDirectory = run,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = Encoding.ASCII,
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
        if (_starter.Root is { } root) environment["DOTNET_ROOT"] = root;
        environment["DOTNET_GCHeapHardLimit"] = _options.MemoryBytes.ToString("x");
        environment["DOTNET_gcConcurrent"] = "0";
        environment["DOTNET_TieredPGO"] = "0";
        environment["DOTNET_EnableDiagnostics"] = "0";
        environment["DOTNET_DbgEnableMiniDump"] = "0";
        environment["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1";
    }

    private static void Delete(DirectoryInfo folder)
    {
        try { folder.Delete(recursive: true); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { /* a temporary folder; the system clears it */ }
    }

    /// <summary>Reads a stream to its end and keeps only its start, so that an answer that prints for ever neither blocks nor
    /// fills memory.</summary>
    private sealed class CappedText
    {
        private readonly StringBuilder _kept = new();
        private readonly Task _reading;

        public CappedText(StreamReader reader, int limit) => _reading = Task.Run(async () =>
        {
            var buffer = new char[8192];
            int read;
            while ((read = await reader.ReadAsync(buffer)) > 0)
            {
                lock (_kept) _kept.Append(buffer, 0, Math.Min(read, Math.Max(0, limit - _kept.Length)));
            }
        });

        public string Text { get { lock (_kept) return _kept.ToString(); } }

        public void Finish()
        {
            // A grandchild may hold the pipe open; what was read until then is enough.
            try { _reading.Wait(TimeSpan.FromSeconds(1)); }
            catch (AggregateException) { /* the pipe broke when the process was killed */ }
        }
    }
}
