using System.Threading.Channels;
using DocTuneLab.Notebooks;
using DocTuneLab.Notebooks.Hosting;
using NetMQ;
using NetMQ.Sockets;

namespace DocTuneLab.Jupyter;

/// <summary>
/// The sockets of a kernel. One poller thread owns them all: it answers the heartbeat, hands requests on, and sends what others put into
/// its queue. Cells run elsewhere, so a busy cell never makes the kernel look dead.
/// </summary>
public sealed class KernelServer
{
    private static readonly TimeSpan s_parentCheck = TimeSpan.FromSeconds(1);

    private readonly ConnectionInfo _connection;
    private readonly SessionOptions _options;

    /// <summary>A kernel for the client that wrote <paramref name="connection"/>.</summary>
    public KernelServer(ConnectionInfo connection, SessionOptions options)
    {
        this._connection = connection;
        this._options = options;
    }

    /// <summary>Serves until the client asks for a shutdown, the parent process is gone, a cell cannot be stopped, or
    /// <paramref name="cancellation"/>.</summary>
    /// <exception cref="NotebookException">A port cannot be bound, or an extension does not load.</exception>
    public async Task<KernelEnd> RunAsync(CancellationToken cancellation = default)
    {
        // The compiler is loaded while sockets are bound and the client says hello.
        var starting = Task.Run(Start, CancellationToken.None);
        using var shell = new RouterSocket();
        using var control = new RouterSocket();
        using var stdin = new RouterSocket();
        using var heartbeat = new ResponseSocket();
        using var iopub = new XPublisherSocket();
        using var outgoing = new NetMQQueue<(NetMQSocket Socket, NetMQMessage Message)>();
        Bind(shell, _connection.ShellPort);
        Bind(control, _connection.ControlPort);
        Bind(stdin, _connection.StdinPort);
        Bind(heartbeat, _connection.HeartbeatPort);
        Bind(iopub, _connection.IoPubPort);

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var end = KernelEnd.Shutdown;
        var kernel = new Kernel(starting, message => outgoing.Enqueue((iopub, message.ToFrames(_connection.Key))),
            message => outgoing.Enqueue((stdin, message.ToFrames(_connection.Key))), why =>
        {
            end = why;
            _ = stop.CancelAsync();
        });
        var requests = Channel.CreateUnbounded<(WireMessage Message, NetMQSocket Socket)>();
        shell.ReceiveReady += (_, _) => Receive(shell, request => requests.Writer.TryWrite((request, shell)));
        // Interrupts must not wait behind the cell that they are to stop, nor their work be done on the poller's thread.
        control.ReceiveReady += (_, _) =>
            Receive(control, request => _ = Task.Run(() => kernel.HandleAsync(request, Reply(control)), CancellationToken.None));
        stdin.ReceiveReady += (_, _) => Receive(stdin, kernel.Answered);
        heartbeat.ReceiveReady += (_, _) => heartbeat.SendMultipartMessage(heartbeat.ReceiveMultipartMessage());
        iopub.ReceiveReady += (_, _) =>
        {
            // 1 and the topic: someone subscribes; 0: no longer.
            if (iopub.ReceiveFrameBytes() is [1, .. var topic])
                kernel.Welcome(System.Text.Encoding.UTF8.GetString(topic));
        };
        outgoing.ReceiveReady += (_, _) =>
        {
            while (outgoing.TryDequeue(out var item, TimeSpan.Zero))
                item.Socket.SendMultipartMessage(item.Message);
        };
        using var poller = new NetMQPoller { shell, control, stdin, heartbeat, iopub, outgoing };
        poller.RunAsync("jupyter", isBackgroundThread: true);
        kernel.Announce();

        using var orphaned = WatchParent(() => _ = stop.CancelAsync());
        try
        {
            await foreach (var (message, socket) in requests.Reader.ReadAllAsync(stop.Token))
            {
                // A shutdown ends the wait for a cell, too.
                var failed = await kernel.HandleAsync(message, Reply(socket)).WaitAsync(stop.Token);
                // After an error the cells that the user had queued behind it are not run.
                while (failed && requests.Reader.TryRead(out var next))
                    await (next.Message.Type == "execute_request"
                        ? kernel.AbortAsync(next.Message, Reply(next.Socket))
                        : kernel.HandleAsync(next.Message, Reply(next.Socket)));
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // A shutdown: what is queued still has to leave.
            for (var waited = 0; !outgoing.IsEmpty && waited < 20; waited++)
                await Task.Delay(25, CancellationToken.None);
            await Task.Delay(50, CancellationToken.None);
        }
        poller.Stop();
        if (starting.IsCompletedSuccessfully)
            starting.Result.Dispose();
        return end;

        Action<WireMessage> Reply(NetMQSocket socket) => message => outgoing.Enqueue((socket, message.ToFrames(_connection.Key)));
    }

    private NotebookSession Start()
    {
        var session = new NotebookSession(_options);
        session.WarmUp();
        return session;
    }

    private void Bind(NetMQSocket socket, int port)
    {
        socket.Options.Linger = TimeSpan.FromSeconds(1);
        socket.Options.SendHighWatermark = 0;
        try
        {
            socket.Bind($"tcp://{_connection.Ip}:{port}");
        }
        catch (NetMQException exception)
        {
            throw new NotebookException($"The kernel cannot listen on {_connection.Ip}:{port}: {exception.Message}", exception);
        }
    }

    private void Receive(NetMQSocket socket, Action<WireMessage> handle)
    {
        var frames = socket.ReceiveMultipartMessage();
        if (WireMessage.Read(frames, _connection.Key) is { } message)
            handle(message);
        else
            Console.Error.WriteLine("Dropped a message that is not signed with this kernel's key, or not well-formed.");
    }

    // A client that died without a word would leave the kernel running for ever.
    private static Timer? WatchParent(Action gone)
    {
        if (!int.TryParse(Environment.GetEnvironmentVariable("JPY_PARENT_PID"), out var parent) || parent <= 1)
            return null;
        return new Timer(_ =>
        {
            try
            {
                using var process = System.Diagnostics.Process.GetProcessById(parent);
                if (process.HasExited)
                    gone();
            }
            catch (ArgumentException)
            {
                gone();
            }
        }, null, s_parentCheck, s_parentCheck);
    }
}
