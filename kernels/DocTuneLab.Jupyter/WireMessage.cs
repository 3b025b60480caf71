using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using NetMQ;

namespace DocTuneLab.Jupyter;

/// <summary>A message of Jupyter's wire protocol 5.4.</summary>
/// <param name="Identities">Routing frames before the delimiter (for iopub, the topic).</param>
/// <param name="Header">Who, when, which type.</param>
/// <param name="Parent">Header of the message that this one answers, or empty.</param>
/// <param name="Metadata">Usually empty.</param>
/// <param name="Content">What the type of message defines.</param>
public sealed record WireMessage(
    IReadOnlyList<byte[]> Identities, JsonObject Header, JsonObject Parent, JsonObject Metadata, JsonObject Content)
{
    private static readonly byte[] s_delimiter = "<IDS|MSG>"u8.ToArray();
    private static readonly JsonDocumentOptions s_strict = new() { AllowDuplicateProperties = false };
    private static readonly JsonSerializerOptions s_compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The type, for example <c>execute_request</c>.</summary>
    public string Type => Header["msg_type"]?.ToString() ?? "";

    /// <summary>A message with a fresh header, in answer to <paramref name="parent"/>.</summary>
    public static WireMessage Create(string type, JsonObject content, string session, WireMessage? parent = null,
        IReadOnlyList<byte[]>? identities = null) => new(
        identities ?? [],
        new JsonObject
        {
            ["msg_id"] = Guid.NewGuid().ToString(),
            ["session"] = session,
            ["username"] = "kernel",
            ["date"] = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'"),
            ["msg_type"] = type,
            ["version"] = "5.4",
        },
        (JsonObject?)parent?.Header.DeepClone() ?? [],
        [],
        content);

    /// <summary>
    /// Frames to message, or null if they are not one that was signed with <paramref name="key"/>. Text that is not valid Unicode is
    /// repaired with U+FFFD.
    /// </summary>
    public static WireMessage? Read(NetMQMessage frames, string key)
    {
        ArgumentNullException.ThrowIfNull(frames);
        var parts = frames.Select(frame => frame.ToByteArray()).ToList();
        var start = parts.FindIndex(part => part.AsSpan().SequenceEqual(s_delimiter));
        if (start < 0 || parts.Count < start + 6)
            return null;
        if (key.Length > 0
            && !CryptographicOperations.FixedTimeEquals(parts[start + 1], Encoding.ASCII.GetBytes(Sign(key, parts.GetRange(start + 2, 4)))))
            return null;
        try
        {
            var json = parts.GetRange(start + 2, 4)
                .Select(part => JsonNode.Parse(WireText.Repair(part), documentOptions: s_strict) as JsonObject
                    ?? throw new JsonException("not an object"))
                .ToList();
            // What everyone will ask for is asked here, where an answer that cannot be read does no harm.
            var message = new WireMessage(parts[..start], json[0], json[1], json[2], json[3]);
            return message.Header["msg_id"]?.GetValue<string>() is null || message.Header["msg_type"]?.GetValue<string>() is null
                ? null
                : message;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    /// <summary>The message as signed frames.</summary>
    public NetMQMessage ToFrames(string key)
    {
        var json = new[] { Header, Parent, Metadata, Content }.Select(part => Encoding.UTF8.GetBytes(part.ToJsonString(s_compact))).ToList();
        var frames = new NetMQMessage();
        foreach (var identity in Identities)
            frames.Append(identity);
        frames.Append(s_delimiter);
        frames.Append(key.Length > 0 ? Sign(key, json) : "");
        foreach (var part in json)
            frames.Append(part);
        return frames;
    }

    private static string Sign(string key, IEnumerable<byte[]> parts)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(key));
        foreach (var part in parts)
            hmac.AppendData(part);
        return Convert.ToHexStringLower(hmac.GetHashAndReset());
    }
}
