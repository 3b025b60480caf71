using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using DocTuneLab.Notebooks.Hosting;
using NetMQ;
using NetMQ.Sockets;

namespace DocTuneLab.Jupyter.Tests;

/// <summary>A client of a kernel that runs in this process, speaking the wire protocol over loopback.</summary>
internal sealed class KernelClient : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    private readonly CancellationTokenSource _stop = new();
    private readonly DealerSocket _shell = new();
    private readonly DealerSocket _control = new();
    private readonly DealerSocket _stdin = new();
    private readonly SubscriberSocket _iopub = new();
    private readonly RequestSocket _heartbeat = new();

    public KernelClient(SessionOptions? options = null)
    {
        var ports = FreePorts(5);
        Connection = new ConnectionInfo
        {
            ShellPort = ports[0],
            ControlPort = ports[1],
            IoPubPort = ports[2],
            StdinPort = ports[3],
            HeartbeatPort = ports[4],
            Key = "secret-key"
        };
        Kernel = Task.Run(() => new KernelServer(Connection, options ?? new SessionOptions()).RunAsync(_stop.Token));
        _iopub.SubscribeToAnyTopic();
        _iopub.Options.ReceiveHighWatermark = 0;
        // As in Jupyter's clients: questions of a cell go to the one that sent it.
        _shell.Options.Identity = _stdin.Options.Identity = "client"u8.ToArray();
        _shell.Connect($"tcp://127.0.0.1:{ports[0]}");
        _stdin.Connect($"tcp://127.0.0.1:{ports[3]}");
        _control.Connect($"tcp://127.0.0.1:{ports[1]}");
        _iopub.Connect($"tcp://127.0.0.1:{ports[2]}");
        _heartbeat.Connect($"tcp://127.0.0.1:{ports[4]}");
        // Subscriptions travel on their own: the kernel answers before it knows of them, until it does.
        while (!Ready())
        {
        }
    }

    public ConnectionInfo Connection { get; }

    public Task<KernelEnd> Kernel { get; }

    public void Dispose()
    {
        _stop.Cancel();
        Assert.True(Kernel.Wait(s_patience));
        _shell.Dispose();
        _control.Dispose();
        _stdin.Dispose();
        _iopub.Dispose();
        _heartbeat.Dispose();
    }

    public WireMessage Request(string type, JsonObject content, bool onControl = false)
    {
        var id = Send(type, content, onControl);
        return Reply(id, onControl);
    }

    public string Send(string type, JsonObject content, bool onControl = false, string? key = null)
    {
        var message = WireMessage.Create(type, content, "client");
        (onControl ? _control : _shell).SendMultipartMessage(message.ToFrames(key ?? Connection.Key));
        return message.Header["msg_id"]!.ToString();
    }

    /// <summary>Sends frames as they are, well-formed or not.</summary>
    public void SendRaw(params byte[][] frames) => _shell.SendMultipartMessage(new NetMQMessage(frames));

    /// <summary>Sends a request whose four JSON parts are given as bytes, with the signature that they should have.</summary>
    public void SendSigned(params byte[][] parts)
    {
        using var hmac = System.Security.Cryptography.IncrementalHash.CreateHMAC(System.Security.Cryptography.HashAlgorithmName.SHA256,
            System.Text.Encoding.UTF8.GetBytes(Connection.Key));
        foreach (var part in parts)
            hmac.AppendData(part);
        SendRaw(["<IDS|MSG>"u8.ToArray(), System.Text.Encoding.ASCII.GetBytes(Convert.ToHexStringLower(hmac.GetHashAndReset())), .. parts]);
    }

    public WireMessage Reply(string id, bool onControl = false) =>
        TryReceive(onControl ? _control : _shell, s_patience, message => message.Parent["msg_id"]?.ToString() == id)
            ?? throw new TimeoutException("no reply");

    /// <summary>Waits for a question of a cell and answers it.</summary>
    public WireMessage Answer(string text)
    {
        var question = TryReceive(_stdin, s_patience, _ => true) ?? throw new TimeoutException("no question");
        _stdin.SendMultipartMessage(
            WireMessage.Create("input_reply", new JsonObject { ["value"] = text, ["status"] = "ok" }, "client", question)
                .ToFrames(Connection.Key));
        return question;
    }

    public WireMessage? TryReply(TimeSpan patience) => TryReceive(_shell, patience, _ => true);

    /// <summary>What the kernel published about a request, up to "idle".</summary>
    public List<WireMessage> Published(string id)
    {
        var found = new List<WireMessage>();
        while (TryReceive(_iopub, s_patience, message => message.Parent["msg_id"]?.ToString() == id) is { } message)
        {
            found.Add(message);
            if (IsIdle(message, id))
                return found;
        }
        throw new TimeoutException($"never idle; got {string.Join(", ", found.Select(message => message.Type))}");
    }

    /// <summary>Waits for the first message of a type about a request.</summary>
    public void AwaitPublished(string id, string type) =>
        Assert.NotNull(TryReceive(_iopub, s_patience, message => message.Type == type && message.Parent["msg_id"]?.ToString() == id));

    /// <summary>What has come from the kernel, on any socket.</summary>
    public List<WireMessage> Seen { get; } = [];

    public (WireMessage Reply, List<WireMessage> Published) Execute(string code)
    {
        var id = Send("execute_request", Code(code));
        return (Reply(id), Published(id));
    }

    public bool HeartbeatAnswers()
    {
        _heartbeat.SendFrame("ping");
        return _heartbeat.TryReceiveFrameString(TimeSpan.FromSeconds(2), out var pong) && pong == "ping";
    }

    public static JsonObject Code(string code) => new()
    {
        ["code"] = code,
        ["silent"] = false,
        ["store_history"] = true,
        ["allow_stdin"] = false,
        ["stop_on_error"] = true,
        ["user_expressions"] = new JsonObject(),
    };

    private static bool IsIdle(WireMessage message, string id) => message.Parent["msg_id"]?.ToString() == id
        && message.Type == "status" && message.Content["execution_state"]?.ToString() == "idle";

    private bool Ready()
    {
        var id = Send("kernel_info_request", []);
        Reply(id);
        // A subscription that arrives between "busy" and "idle" sees "idle" alone.
        return TryReceive(_iopub, TimeSpan.FromMilliseconds(200), message => IsIdle(message, id)) is not null;
    }

    private WireMessage? TryReceive(NetMQSocket socket, TimeSpan patience, Func<WireMessage, bool> accept)
    {
        var deadline = TimeProvider.System.GetUtcNow() + patience;
        while (TimeProvider.System.GetUtcNow() < deadline)
        {
            NetMQMessage? frames = null;
            if (!socket.TryReceiveMultipartMessage(deadline - TimeProvider.System.GetUtcNow(), ref frames!))
                return null;
            var message = WireMessage.Read(frames, Connection.Key);
            Assert.NotNull(message);
            Seen.Add(message);
            if (accept(message))
                return message;
        }
        return null;
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
