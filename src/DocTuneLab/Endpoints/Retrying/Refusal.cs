using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace DocTuneLab.Endpoints.Retrying;

/// <summary>Why a server refused, read from its status and its own words.</summary>
/// <param name="Kind">How it is met.</param>
/// <param name="Words">What the server says; empty where it says nothing.</param>
internal sealed partial record Refusal(FailureKind Kind, string Words)
{
    private const int LongestWords = 400;

    /// <summary>Reads a response that is no answer.</summary>
    /// <param name="status">HTTP status.</param>
    /// <param name="body">Body of the response; its words are shown, so keys are taken out before.</param>
    /// <returns>The refusal; null where a status of 2xx comes with a body that holds no error.</returns>
    public static Refusal? Of(int status, string body)
    {
        var (code, words) = Read(body);
        if (status is >= 200 and < 300)
        {
            if (code is null && words is null) return null;
            // Gateways wrap what another server said, and sometimes its status too.
            var first = code?.Split(' ')[0];
            status = int.TryParse(first, CultureInfo.InvariantCulture, out var inner) && inner is >= 400 and < 600 ? inner : 500;
        }
        words ??= body.Contains('<', StringComparison.Ordinal) ? "" : body.Trim();
        words = words.ReplaceLineEndings(" ");
        if (words.Length > LongestWords) words = words[..LongestWords] + "…";
        return new Refusal(Kinds(status, $"{code} {words}"), words);
    }

    /// <summary>The error that a body holds, as an object.</summary>
    internal static JsonNode? ErrorOf(JsonObject body) => body["error"] is { } error and not JsonArray ? error : null;

    private static FailureKind Kinds(int status, string said)
    {
        if (status is 402 || Quota().IsMatch(said)) return FailureKind.OutOfQuota;
        if (status is 400 or 403 or 413 or 422 or 500 && TooLong().IsMatch(said)) return FailureKind.TooLong;
        if (status is 400 or 403 or 422 && Filter().IsMatch(said)) return FailureKind.Filtered;
        return status switch
        {
            429 => FailureKind.RateLimited,
            401 => FailureKind.Unauthorized,
            403 => Key().IsMatch(said) ? FailureKind.Unauthorized : FailureKind.BadRequest,
            408 => FailureKind.TimedOut,
            413 => FailureKind.TooLong,
            >= 500 => FailureKind.ServerError,
            >= 400 => FailureKind.BadRequest,
            _ => FailureKind.Malformed,
        };
    }

    // OpenAI: {"error": {"message", "code", "type"}}; vLLM: {"object": "error", "message"}; FastAPI: {"detail"}; Ollama: {"error": "…"}.
    private static (string? Code, string? Words) Read(string body)
    {
        try
        {
            var text = body.TrimStart();
            if (text.StartsWith("data:", StringComparison.Ordinal)) text = text[5..].Split('\n')[0];
            var root = JsonNode.Parse(text);
            if (root is JsonArray { Count: > 0 } list) root = list[0];
            if (root is not JsonObject o) return (null, null);
            if (ErrorOf(o) is JsonObject error)
            {
                var codes = ((string[])["code", "type", "innererror", "metadata"]).Select(n => Text(error[n])).OfType<string>();
                return (string.Join(' ', codes), Text(error["message"]) ?? error.ToJsonString());
            }
            if (ErrorOf(o) is { } plain) return (Text(o["code"]) ?? "", Text(plain));
            if (o.ContainsKey("choices")) return (null, null);
            return (Text(o["code"]) ?? Text(o["type"]),
                o["message"] is JsonValue said ? Text(said) : Text(o["detail"]) ?? Text(o["errors"]));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            return (null, null);
        }
    }

    private static string? Text(JsonNode? node) => node switch
    {
        null => null,
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        _ => node.ToJsonString(),
    };

    [GeneratedRegex("insufficient_quota|exceeded your current quota|billing_hard_limit|billing_not_active"
        + "|insufficient (?:credits|balance|funds)|credit balance is too low|out of credits", RegexOptions.IgnoreCase)]
    private static partial Regex Quota();

    [GeneratedRegex("context_length|context length|context window|context size|exceed_context|maximum context|too many tokens"
        + "|prompt is too long|input is too long|string_above_max_length|request too large|reduce the length", RegexOptions.IgnoreCase)]
    private static partial Regex TooLong();

    [GeneratedRegex("content_filter|content filter|content management policy|content_policy|responsibleai|moderation|flagged"
        + "|safety (?:system|filter|setting|reason)|data_inspection|invalid_prompt|usage polic|prohibited", RegexOptions.IgnoreCase)]
    private static partial Regex Filter();

    [GeneratedRegex(@"\b(?:api[ _-]?keys?|key|tokens?|credentials?|authenticat\w*|authoriz\w*|unauthorized|permissions?|access|forbidden"
        + @"|account|organization|project|country|region)\b|permission_denied|invalid_api_key", RegexOptions.IgnoreCase)]
    private static partial Regex Key();
}
