using System.Text.Json;
using System.Text.Json.Serialization;
using DocTuneLab.Notebooks;

namespace DocTuneLab.Jupyter;

/// <summary>A Jupyter connection file: where the client will connect, and the key that messages are signed with.</summary>
public sealed record ConnectionInfo
{
    /// <summary>Only <c>tcp</c> is supported.</summary>
    [JsonPropertyName("transport")] public string Transport { get; init; } = "tcp";

    /// <summary>Address to bind to.</summary>
    [JsonPropertyName("ip")] public string Ip { get; init; } = "127.0.0.1";

    /// <summary>Port of execute, complete and the like.</summary>
    [JsonPropertyName("shell_port")] public required int ShellPort { get; init; }

    /// <summary>Port of interrupt and shutdown.</summary>
    [JsonPropertyName("control_port")] public required int ControlPort { get; init; }

    /// <summary>Port of what all clients see.</summary>
    [JsonPropertyName("iopub_port")] public required int IoPubPort { get; init; }

    /// <summary>Port of input requests.</summary>
    [JsonPropertyName("stdin_port")] public required int StdinPort { get; init; }

    /// <summary>Port of the heartbeat.</summary>
    [JsonPropertyName("hb_port")] public required int HeartbeatPort { get; init; }

    /// <summary>Key of the signatures; empty means unsigned.</summary>
    [JsonPropertyName("key")] public string Key { get; init; } = "";

    /// <summary>Only <c>hmac-sha256</c> is supported.</summary>
    [JsonPropertyName("signature_scheme")] public string SignatureScheme { get; init; } = "hmac-sha256";

    /// <summary>Reads a connection file.</summary>
    /// <exception cref="NotebookException">It is missing, broken, or asks for what is not supported.</exception>
    public static ConnectionInfo Load(string path)
    {
        ConnectionInfo info;
        try
        {
            info = JsonSerializer.Deserialize<ConnectionInfo>(File.ReadAllText(path)) ?? throw new JsonException("empty");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new NotebookException($"{path}: not a Jupyter connection file: {exception.Message}", exception);
        }
        if (info.Transport != "tcp")
            throw new NotebookException($"{path}: transport '{info.Transport}' is not supported; only tcp is.");
        if (info.SignatureScheme != "hmac-sha256")
            throw new NotebookException($"{path}: signature scheme '{info.SignatureScheme}' is not supported; only hmac-sha256 is.");
        return info;
    }
}
