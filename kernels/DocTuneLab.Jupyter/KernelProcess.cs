using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Notebooks;
using DocTuneLab.Notebooks.Cells;
using NetMQ;
using NetMQ.Sockets;

namespace DocTuneLab.Jupyter;

/// <summary>
/// A Jupyter kernel in a process of its own, as a client sees it. When the process dies, the running cell ends with
/// <see cref="CellStatus.Died"/> instead of waiting for an answer that will not come.
/// </summary>
public sealed class KernelProcess : ICellHost
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(8);

    private readonly Process process;
    private readonly ConnectionInfo connection;
    private readonly string file;
    private readonly DealerSocket shell = new();
    private readonly DealerSocket control = new();
    private readonly SubscriberSocket iopub = new();
    private readonly NetMQQueue<(NetMQSocket Socket, NetMQMessage Message)> outgoing = new();
    private readonly NetMQPoller poller;
    private readonly Lock gate = new();
    private readonly TaskCompletionSource died = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<string> lastWords = [];
    private Request? current;

    private KernelProcess(Process process, ConnectionInfo connection, string file)
    {
        (this.process, this.connection, this.file) = (process, connection, file);
        shell.Connect($"tcp://{connection.Ip}:{connection.ShellPort}");
        control.Connect($"tcp://{connection.Ip}:{connection.ControlPort}");
        iopub.SubscribeToAnyTopic();
        iopub.Options.ReceiveHighWatermark = 0;
        iopub.Connect($"tcp://{connection.Ip}:{connection.IoPubPort}");
        shell.ReceiveReady += (_, _) => Receive(shell, OnReply);
        control.ReceiveReady += (_, _) => Receive(control, _ => { });
        iopub.ReceiveReady += (_, _) => Receive(iopub, OnPublished);
        outgoing.ReceiveReady += (_, _) =>
        {
            while (outgoing.TryDequeue(out var item, TimeSpan.Zero))
                item.Socket.SendMultipartMessage(item.Message);
        };
        poller = new NetMQPoller { shell, control, iopub, outgoing };
        poller.RunAsync("kernel client", isBackgroundThread: true);
        process.Exited += (_, _) => died.TrySetResult();
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        process.EnableRaisingEvents = true;
        if (process.HasExited)
            died.TrySetResult();
    }

    /// <summary>Id of the kernel's process.</summary>
    public int ProcessId => process.Id;

    /// <summary>Starts a kernel and waits until it answers.</summary>
    /// <param name="command">Program and arguments; the path of the connection file is added at the end.</param>
    /// <param name="notebookPath">The notebook, or null. Its folder is where the kernel looks for relative paths of <c>#load</c>.</param>
    /// <param name="cancellation">Ends the wait, and the kernel.</param>
    /// <exception cref="NotebookException">It did not start.</exception>
    public static async Task<KernelProcess> StartAsync(IReadOnlyList<string> command, string? notebookPath, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(command);
        var ports = FreePorts(5);
        var connection = new ConnectionInfo { ShellPort = ports[0], ControlPort = ports[1], IoPubPort = ports[2], StdinPort = ports[3], HeartbeatPort = ports[4], Key = Guid.NewGuid().ToString() };
        var file = Path.Combine(Path.GetTempPath(), $"doctune-kernel-{Guid.NewGuid():N}.json");
        await using (var stream = new FileStream(file, OperatingSystem.IsWindows()
            ? new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write }
            // The key lets whoever reads it run code here.
            : new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
            await JsonSerializer.SerializeAsync(stream, connection, cancellationToken: cancellation);
        var start = new ProcessStartInfo(command[0], [.. command.Skip(1), file]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["JPY_PARENT_PID"] = Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (notebookPath is not null)
            start.Environment["JPY_SESSION_NAME"] = Path.GetFullPath(notebookPath);
        var kernel = new KernelProcess(Process.Start(start) ?? throw new NotebookException($"{command[0]} did not start."), connection, file);
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
        var request = Send(shell, "execute_request", new JsonObject
        {
            ["code"] = code, ["silent"] = false, ["store_history"] = true, ["user_expressions"] = new JsonObject(), ["allow_stdin"] = false, ["stop_on_error"] = false,
        }, output);
        var ended = Task.WhenAny(request.Done.Task, died.Task);
        var status = CellStatus.Failed;
        try
        {
            await ended.WaitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            status = CellStatus.Cancelled;
            Send(control, "interrupt_request", [], null);
            await Task.WhenAny(ended, Task.Delay(StopGrace, CancellationToken.None));
            if (!ended.IsCompleted)
                return Ended(CellStatus.Stuck, "CellStuck", $"{cell.Label} was cancelled but did not stop.");
        }
        if (!request.Done.Task.IsCompleted)
            return Ended(CellStatus.Died, "KernelDied", $"{cell.Label}: the kernel died{HowItDied()}.");
        return request.Error is not { } error ? new CellResult(CellStatus.Ok, clock.Elapsed, null) : new CellResult(status, clock.Elapsed, error);

        CellResult Ended(CellStatus how, string name, string message)
        {
            lock (gate)
                current = null;
            var lines = new List<string> { message };
            lock (lastWords)
                lines.AddRange(lastWords.Where(line => !line.StartsWith("   at ", StringComparison.Ordinal)).TakeLast(8).Select(line => "   " + line));
            var output2 = new ErrorOutput(name, message, lines);
            output(output2);
            return new CellResult(how, clock.Elapsed, output2);
        }
    }

    /// <summary>Ends the kernel: first as the protocol has it, then by force.</summary>
    public void Dispose()
    {
        if (!process.HasExited)
        {
            Send(control, "shutdown_request", new JsonObject { ["restart"] = false }, null);
            if (!process.WaitForExit(TimeSpan.FromSeconds(3)))
                process.Kill(entireProcessTree: true);
        }
        poller.Dispose();
        shell.Dispose();
        control.Dispose();
        iopub.Dispose();
        outgoing.Dispose();
        process.Dispose();
        File.Delete(file);
    }

    private async Task ReadyAsync(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(StartLimit);
        // What is published before the subscription has arrived is lost: ask until an answer is also published.
        while (true)
        {
            var request = Send(shell, "kernel_info_request", [], null);
            var answered = await Task.WhenAny(request.Done.Task, died.Task, Task.Delay(500, limit.Token));
            if (answered == request.Done.Task)
                return;
            if (answered == died.Task)
                throw new NotebookException($"The kernel did not start: it ended{HowItDied()}. {string.Join(' ', lastWords.TakeLast(3))}".TrimEnd());
            cancellation.ThrowIfCancellationRequested();
            if (limit.IsCancellationRequested)
                throw new NotebookException($"The kernel did not answer within {StartLimit.TotalSeconds:0} s.");
        }
    }

    private Request Send(NetMQSocket socket, string type, JsonObject content, Action<CellOutput>? output)
    {
        var message = WireMessage.Create(type, content, "doctune");
        var request = new Request(message.Header["msg_id"]!.ToString(), output);
        if (socket == shell)
        {
            lock (gate)
                current = request;
        }
        outgoing.Enqueue((socket, message.ToFrames(connection.Key)));
        return request;
    }

    private void Receive(NetMQSocket socket, Action<WireMessage> handle)
    {
        if (WireMessage.Read(socket.ReceiveMultipartMessage(), connection.Key) is { } message)
            handle(message);
    }

    private void OnReply(WireMessage reply) => Of(reply)?.Replied();

    private void OnPublished(WireMessage message)
    {
        if (Of(message) is not { } request)
            return;
        var content = message.Content;
        switch (message.Type)
        {
            case "status" when content["execution_state"]?.ToString() == "idle":
                request.Idle();
                break;
            case "stream":
                request.Output?.Invoke(new StreamOutput(content["name"]?.ToString() == "stderr", content["text"]?.ToString() ?? ""));
                break;
            case "display_data":
                request.Output?.Invoke(new DisplayOutput(Object("data"), Object("metadata"), content["transient"]?["display_id"]?.ToString() ?? ""));
                break;
            case "update_display_data":
                request.Output?.Invoke(new UpdateOutput(Object("data"), Object("metadata"), content["transient"]?["display_id"]?.ToString() ?? ""));
                break;
            case "execute_result":
                request.Output?.Invoke(new ResultOutput(Object("data"), Object("metadata")));
                break;
            case "clear_output":
                request.Output?.Invoke(new ClearOutput(content["wait"]?.GetValue<bool>() ?? false));
                break;
            case "error":
                var error = new ErrorOutput(content["ename"]?.ToString() ?? "", content["evalue"]?.ToString() ?? "", [.. (content["traceback"] as JsonArray ?? []).Select(line => line?.ToString() ?? "")]);
                request.Error = error;
                request.Output?.Invoke(error);
                break;
        }

        JsonObject Object(string name) => content[name]?.DeepClone() as JsonObject ?? [];
    }

    // Late updates of displays belong to whatever runs now.
    private Request? Of(WireMessage message)
    {
        lock (gate)
            return current is { } request && (message.Parent["msg_id"]?.ToString() == request.Id || message.Type == "update_display_data") ? request : null;
    }

    private string HowItDied()
    {
        try
        {
            if (!process.WaitForExit(TimeSpan.FromSeconds(1)))
                return "";
            // Without a limit it also waits for the last lines that the process wrote.
            process.WaitForExit();
            return $" with exit code {process.ExitCode}";
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
        lock (lastWords)
        {
            lastWords.Add(line);
            if (lastWords.Count > 50)
                lastWords.RemoveAt(0);
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

    /// <summary>A request is done when it was answered and the kernel said that nothing more comes of it.</summary>
    private sealed class Request(string id, Action<CellOutput>? output)
    {
        private bool replied;
        private bool idle;

        public string Id => id;

        public Action<CellOutput>? Output => output;

        public ErrorOutput? Error { get; set; }

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Replied()
        {
            replied = true;
            if (idle)
                Done.TrySetResult();
        }

        public void Idle()
        {
            idle = true;
            if (replied)
                Done.TrySetResult();
        }
    }
}
