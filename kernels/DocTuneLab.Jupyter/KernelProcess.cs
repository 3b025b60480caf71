using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Notebooks;
using DocTuneLab.Notebooks.Cells;

namespace DocTuneLab.Jupyter;

/// <summary>
/// A Jupyter kernel in a process of its own, as a client sees it. When the process dies, the running cell ends with
/// <see cref="CellStatus.Died"/> instead of waiting for an answer that will not come.
/// </summary>
public sealed class KernelProcess : ICellHost
{
    private static readonly TimeSpan s_startLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_stopGrace = TimeSpan.FromSeconds(8);

    private readonly Process _process;
    private readonly string _file;
    private readonly KernelChannels _channels;
    private readonly TaskCompletionSource _died = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<string> _lastWords = [];

    private KernelProcess(Process process, ConnectionInfo connection, string file)
    {
        (this._process, this._file) = (process, file);
        _channels = new KernelChannels(connection);
        process.Exited += (_, _) => _died.TrySetResult();
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        process.EnableRaisingEvents = true;
        if (process.HasExited)
            _died.TrySetResult();
    }

    /// <summary>Id of the kernel's process.</summary>
    public int ProcessId => _process.Id;

    /// <summary>Starts a kernel and waits until it answers.</summary>
    /// <param name="command">Program and arguments; the path of the connection file is added at the end.</param>
    /// <param name="notebookPath">The notebook, or null. Its folder is where the kernel looks for relative paths of <c>#load</c>.</param>
    /// <param name="cancellation">Ends the wait, and the kernel.</param>
    /// <exception cref="NotebookException">It did not start.</exception>
    public static async Task<KernelProcess> StartAsync(IReadOnlyList<string> command, string? notebookPath,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(command);
        var ports = FreePorts(5);
        var connection = new ConnectionInfo
        {
            ShellPort = ports[0],
            ControlPort = ports[1],
            IoPubPort = ports[2],
            StdinPort = ports[3],
            HeartbeatPort = ports[4],
            Key = Guid.NewGuid().ToString()
        };
        var file = Path.Combine(Path.GetTempPath(), $"doctune-kernel-{Guid.NewGuid():N}.json");
        await using (var stream = new FileStream(file, OperatingSystem.IsWindows()
            ? new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write }
            // The key lets whoever reads it run code here.
            : new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite
            }))
            await JsonSerializer.SerializeAsync(stream, connection, cancellationToken: cancellation);
        var start = new ProcessStartInfo(command[0], [.. command.Skip(1), file])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true
        };
        start.Environment["JPY_PARENT_PID"] = Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (notebookPath is not null)
            start.Environment["JPY_SESSION_NAME"] = Path.GetFullPath(notebookPath);
        var kernel = new KernelProcess(Process.Start(start) ?? throw new NotebookException($"{command[0]} did not start."), connection,
            file);
        try
        {
            await kernel.ReadyAsync(cancellation);
            return kernel;
        }
        catch
        {
            kernel.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task<CellResult> RunAsync(CellRequest cell, Action<CellOutput> output, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(cell);
        var clock = Stopwatch.StartNew();
        var code = cell.Language is "csharp" ? cell.Source : $"#!{cell.Language}\n{cell.Source}";
        var request = _channels.Ask("execute_request", new JsonObject
        {
            ["code"] = code,
            ["silent"] = false,
            ["store_history"] = true,
            ["user_expressions"] = new JsonObject(),
            ["allow_stdin"] = false,
            ["stop_on_error"] = false,
        }, output);
        var ended = Task.WhenAny(request.Done.Task, _died.Task);
        var status = CellStatus.Failed;
        try
        {
            await ended.WaitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            status = CellStatus.Cancelled;
            _channels.Tell("interrupt_request", []);
            await Task.WhenAny(ended, Task.Delay(s_stopGrace, CancellationToken.None));
            if (!ended.IsCompleted)
                return Ended(CellStatus.Stuck, "CellStuck", $"{cell.Label} was cancelled but did not stop.");
        }
        if (!request.Done.Task.IsCompleted)
            return Ended(CellStatus.Died, "KernelDied", $"{cell.Label}: the kernel died{HowItDied()}.");
        return request.Error is not { } error
            ? new CellResult(CellStatus.Ok, clock.Elapsed, null)
            : new CellResult(error.Name == "CellStuck" ? CellStatus.Stuck : status, clock.Elapsed, error);

        CellResult Ended(CellStatus how, string name, string message)
        {
            _channels.Forget();
            var lines = new List<string> { message };
            lock (_lastWords)
                lines.AddRange(
                    _lastWords.Where(line => !line.StartsWith("   at ", StringComparison.Ordinal)).TakeLast(8).Select(line => "   " + line));
            var output2 = new ErrorOutput(name, message, lines);
            output(output2);
            return new CellResult(how, clock.Elapsed, output2);
        }
    }

    /// <summary>Ends the kernel: first as the protocol has it, then by force.</summary>
    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _channels.Tell("shutdown_request", new JsonObject { ["restart"] = false });
            if (!_process.WaitForExit(TimeSpan.FromSeconds(3)))
                _process.Kill(entireProcessTree: true);
        }
        _channels.Dispose();
        _process.Dispose();
        File.Delete(_file);
    }

    private async Task ReadyAsync(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(s_startLimit);
        // What is published before the subscription has arrived is lost: ask until an answer is also published.
        while (true)
        {
            var request = _channels.Ask("kernel_info_request", []);
            var answered = await Task.WhenAny(request.Done.Task, _died.Task, Task.Delay(100, limit.Token));
            if (answered == request.Done.Task)
                return;
            if (answered == _died.Task)
                throw new NotebookException(
                    $"The kernel did not start: it ended{HowItDied()}. {string.Join(' ', _lastWords.TakeLast(3))}".TrimEnd());
            cancellation.ThrowIfCancellationRequested();
            if (limit.IsCancellationRequested)
                throw new NotebookException($"The kernel did not answer within {s_startLimit.TotalSeconds:0} s.");
        }
    }

    private string HowItDied()
    {
        try
        {
            if (!_process.WaitForExit(TimeSpan.FromSeconds(1)))
                return "";
            // Without a limit it also waits for the last lines that the process wrote.
            _process.WaitForExit();
            return $" with exit code {_process.ExitCode}";
        }
        catch (InvalidOperationException)
        {
            return "";
        }
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        lock (_lastWords)
        {
            _lastWords.Add(line);
            if (_lastWords.Count > 50)
                _lastWords.RemoveAt(0);
        }
    }

    private static List<int> FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(listener => listener.Start());
        var ports = listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port).ToList();
        listeners.ForEach(listener => listener.Stop());
        return ports;
    }
}
