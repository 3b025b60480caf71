using System.Text.Json.Nodes;
using DocTuneLab.Notebooks.Cells;
using NetMQ;
using NetMQ.Sockets;

namespace DocTuneLab.Jupyter;

/// <summary>The client's end of a kernel's sockets, owned by one poller thread. One request on the shell at a time.</summary>
internal sealed class KernelChannels : IDisposable
{
    private readonly ConnectionInfo _connection;
    private readonly DealerSocket _shell = new();
    private readonly DealerSocket _control = new();
    private readonly SubscriberSocket _iopub = new();
    private readonly NetMQQueue<(NetMQSocket Socket, NetMQMessage Message)> _outgoing = new();
    private readonly NetMQPoller _poller;
    private readonly Lock _gate = new();
    private KernelRequest? _current;

    public KernelChannels(ConnectionInfo connection)
    {
        this._connection = connection;
        _iopub.SubscribeToAnyTopic();
        _iopub.Options.ReceiveHighWatermark = 0;
        foreach (var (socket, port) in new (NetMQSocket, int)[]
        {
            (_shell, connection.ShellPort), (_control, connection.ControlPort), (_iopub, connection.IoPubPort)
        })
        {
            // The kernel is not listening yet: what is lost between two attempts is lost from the start of the first cell.
            socket.Options.ReconnectInterval = TimeSpan.FromMilliseconds(10);
            socket.Connect($"tcp://{connection.Ip}:{port}");
        }
        _shell.ReceiveReady += (_, _) => Receive(_shell, reply => Of(reply)?.Replied());
        _control.ReceiveReady += (_, _) => Receive(_control, _ => { });
        _iopub.ReceiveReady += (_, _) => Receive(_iopub, OnPublished);
        _outgoing.ReceiveReady += (_, _) =>
        {
            while (_outgoing.TryDequeue(out var item, TimeSpan.Zero))
                item.Socket.SendMultipartMessage(item.Message);
        };
        _poller = new NetMQPoller { _shell, _control, _iopub, _outgoing };
        _poller.RunAsync("kernel client", isBackgroundThread: true);
    }

    /// <summary>Sends a request on the shell; it takes the place of the one before.</summary>
    public KernelRequest Ask(string type, JsonObject content, Action<CellOutput>? output = null)
    {
        var message = WireMessage.Create(type, content, "doctune");
        var request = new KernelRequest(message.Header["msg_id"]!.ToString(), output);
        lock (_gate)
            _current = request;
        _outgoing.Enqueue((_shell, message.ToFrames(_connection.Key)));
        return request;
    }

    /// <summary>Sends an interrupt or shutdown, whose answer nobody waits for.</summary>
    public void Tell(string type, JsonObject content) =>
        _outgoing.Enqueue((_control, WireMessage.Create(type, content, "doctune").ToFrames(_connection.Key)));

    /// <summary>Lets go of the request that is under way: what still comes of it is dropped.</summary>
    public void Forget()
    {
        lock (_gate)
            _current = null;
    }

    public void Dispose()
    {
        _poller.Dispose();
        _shell.Dispose();
        _control.Dispose();
        _iopub.Dispose();
        _outgoing.Dispose();
    }

    private void Receive(NetMQSocket socket, Action<WireMessage> handle)
    {
        if (WireMessage.Read(socket.ReceiveMultipartMessage(), _connection.Key) is { } message)
            handle(message);
    }

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
                request.Output?.Invoke(new DisplayOutput(Object("data"), Object("metadata"),
                    content["transient"]?["display_id"]?.ToString() ?? ""));
                break;
            case "update_display_data":
                request.Output?.Invoke(new UpdateOutput(Object("data"), Object("metadata"),
                    content["transient"]?["display_id"]?.ToString() ?? ""));
                break;
            case "execute_result":
                request.Output?.Invoke(new ResultOutput(Object("data"), Object("metadata")));
                break;
            case "clear_output":
                request.Output?.Invoke(new ClearOutput(content.Flag("wait", false)));
                break;
            case "error":
                var error = new ErrorOutput(content["ename"]?.ToString() ?? "", content["evalue"]?.ToString() ?? "",
                    [.. (content["traceback"] as JsonArray ?? []).Select(line => line?.ToString() ?? "")]);
                request.Error = error;
                request.Output?.Invoke(error);
                break;
        }

        JsonObject Object(string name) => content[name]?.DeepClone() as JsonObject ?? [];
    }

    // Late updates of displays belong to whatever runs now.
    private KernelRequest? Of(WireMessage message)
    {
        lock (_gate)
            return _current is { } request && (message.Parent["msg_id"]?.ToString() == request.Id || message.Type == "update_display_data")
                ? request
                : null;
    }
}

/// <summary>A request is done when it was answered and the kernel said that nothing more comes of it.</summary>
internal sealed class KernelRequest(string id, Action<CellOutput>? output)
{
    private bool _replied;
    private bool _idle;

    public string Id => id;

    public Action<CellOutput>? Output => output;

    public ErrorOutput? Error { get; set; }

    public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Replied()
    {
        _replied = true;
        if (_idle)
            Done.TrySetResult();
    }

    public void Idle()
    {
        _idle = true;
        if (_replied)
            Done.TrySetResult();
    }
}
