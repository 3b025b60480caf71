using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace DocTuneLab.Endpoints.Transport;

/// <summary>
/// Keys of endpoints: read from the environment or from .NET user secrets (id <c>doctunelab</c>), never from files of the lab,
/// and taken out of every text that a server or an exception gives back.
/// </summary>
public static partial class ApiKeys
{
    private const string Hidden = "[key]";
    private static readonly ConcurrentDictionary<string, bool> s_seen = new(StringComparer.Ordinal);

    /// <summary>The key under a name, or null where there is none.</summary>
    /// <exception cref="LabException">The file of user secrets is not JSON.</exception>
    public static string? Find(string variable)
    {
        var key = Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : Secret(variable);
        if (key is not null) s_seen.TryAdd(key, true);
        return key;
    }

    /// <summary>The text without keys: those handed out by <see cref="Find"/>, and whatever looks like one.</summary>
    public static string Redact(string text)
    {
        foreach (var key in s_seen.Keys) text = text.Replace(key, Hidden, StringComparison.Ordinal);
        return Token().Replace(text, m => m.Groups[1].Value + Hidden);
    }

    /// <summary>The beginning of a text that is still coming, without keys and without the beginning of one at its end.</summary>
    public static string RedactUnfinished(string text)
    {
        text = Redact(text);
        foreach (var key in s_seen.Keys)
            for (var length = Math.Min(key.Length - 1, text.Length); length > 2; length--)
                if (text.AsSpan().EndsWith(key.AsSpan(0, length))) return text[..^length];
        return text;
    }

    /// <summary>Whether the texts in a stream, put together, hold a key that none of them holds alone.</summary>
    public static bool InPieces(string raw)
    {
        var text = string.Concat(Piece().Matches(raw).Select(m => m.Groups[1].Value));
        return Redact(text) != text;
    }

    private static string? Secret(string name)
    {
        var root = OperatingSystem.IsWindows()
            ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData), "Microsoft", "UserSecrets")
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".microsoft", "usersecrets");
        var file = Path.Combine(root, "doctunelab", "secrets.json");
        if (!File.Exists(file)) return null;
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(file));
            return json.RootElement.TryGetProperty(name, out var value) && value.GetString() is { Length: > 0 } key ? key : null;
        }
        catch (JsonException e)
        {
            throw new LabException($"{file}: not valid JSON (line {e.LineNumber + 1}). Expected an object of names and values, as 'dotnet "
                + $"user-secrets set --id doctunelab {name} …' writes it.", e);
        }
    }

    [GeneratedRegex("\"content\"\\s*:\\s*\"((?:[^\"\\\\]|\\\\.)*)\"")]
    private static partial Regex Piece();
    [GeneratedRegex(@"(?i)(\bbearer\s+|\bsk-)[A-Za-z0-9._~+/=*-]{12,}")]
    private static partial Regex Token();
}
