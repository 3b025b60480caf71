using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Endpoints.Retrying;
using Microsoft.Extensions.AI;

namespace DocTuneLab.Endpoints.Exchange;

/// <summary>An answer as it stands in the raw response: the one reading of it, fresh from the wire or kept from an earlier run.</summary>
/// <param name="Text">The assistant's text, without its reasoning.</param>
/// <param name="FinishReason">Such as <c>stop</c> or <c>length</c>; <c>stop</c> where a whole answer has none, null where it broke
/// off.</param>
/// <param name="PromptTokens">Tokens sent, by the server's count; 0 where it does not say.</param>
/// <param name="CompletionTokens">Tokens received, by the server's count; 0 where it does not say.</param>
public sealed record RawAnswer(string Text, string? FinishReason, int PromptTokens, int CompletionTokens)
{
    private const int LongestEcho = 16;

    /// <summary>Whether a stream held the same long piece twice in a row: a broken proxy's doing.</summary>
    public bool RepeatsChunks { get; private init; }

    /// <summary>What the model thought aloud, in a field of its own or between tags in its text; empty where it did not.</summary>
    public string Reasoning { get; private init; } = "";

    /// <summary>Reads a raw response: a chat completion, its server-sent events, or Ollama's lines.</summary>
    /// <exception cref="JsonException">It is none of these.</exception>
    public static RawAnswer Parse(string raw)
    {
        var body = raw.AsSpan().TrimStart();
        if (body.StartsWith("data:") || body.StartsWith(":") || body.StartsWith("event:")) return Events(raw);
        try
        {
            var node = JsonNode.Parse(raw) as JsonObject ?? throw new JsonException("the response is no JSON object");
            return node["choices"] is JsonArray choices ? Completion(node, choices)
                : node["message"] is JsonObject ? Ollama([node])
                : Refusal.ErrorOf(node) is { } error ? throw new JsonException($"the server says: {error.ToJsonString()}")
                : throw new JsonException("the response has no 'choices'");
        }
        catch (JsonException) when (raw.Contains("\n{", StringComparison.Ordinal))
        {
            return Ollama(raw.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(l => JsonNode.Parse(l) as JsonObject ?? throw new JsonException("a line of the response is no JSON object")));
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException($"the response has fields of unexpected types: {e.Message}", e);
        }
    }

    /// <summary>A response as a raw chat completion, for clients that speak over no wire.</summary>
    public static string Write(ChatResponse response) =>
        new RawAnswer(response.Text, response.FinishReason?.Value ?? "stop", (int)(response.Usage?.InputTokenCount ?? 0),
            (int)(response.Usage?.OutputTokenCount ?? 0))
            .Write();

    /// <summary>The answer as a raw chat completion.</summary>
    public string Write() => new JsonObject
    {
        ["choices"] = new JsonArray(new JsonObject
        {
            ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = Text },
            ["finish_reason"] = FinishReason
        }),
        ["usage"] = new JsonObject { ["prompt_tokens"] = PromptTokens, ["completion_tokens"] = CompletionTokens },
    }.ToJsonString();

    private static RawAnswer Completion(JsonObject node, JsonArray choices)
    {
        if (choices.Count == 0) throw new JsonException("the response has no choice");
        var message = choices[0]?["message"] as JsonObject ?? throw new JsonException("choices[0] has no 'message'");
        var refusal = (string?)message["refusal"];
        return Apart(Content(message["content"]) is { Length: > 0 } text ? text : refusal ?? "", Thought(message),
            refusal is null ? (string?)choices[0]!["finish_reason"] ?? "stop" : "content_filter", Count(node, "prompt_tokens"),
            Count(node, "completion_tokens"));
    }

    // Reasoning comes in a field of its own, whose name differs, or between tags in the text.
    private static RawAnswer Apart(string text, string thought, string? finish, int prompt, int completion)
    {
        var answer = Conversations.Reasoning.Cut(text);
        if (answer.Length == text.Length) return new RawAnswer(text, finish, prompt, completion) { Reasoning = thought };
        return new RawAnswer(answer.TrimStart(), finish, prompt, completion) { Reasoning = thought.Length > 0 ? thought : text };
    }

    private static string Thought(JsonNode? message) => ((string[])["reasoning_content", "reasoning", "thinking"])
        .Select(name => message?[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null)
        .FirstOrDefault(t => t is { Length: > 0 }) ?? "";

    private static RawAnswer Events(string raw)
    {
        var (text, thought) = (new StringBuilder(), new StringBuilder());
        var (finish, last, repeats, isWhole) = ((string?)null, "", false, false);
        var (prompt, completion) = (0, 0);
        foreach (var line in raw.Split('\n'))
        {
            if (!line.StartsWith("data:", StringComparison.Ordinal)) continue;
            var data = line[5..].Trim();
            isWhole |= data == "[DONE]";
            if (data is "[DONE]" or "") continue;
            if (JsonNode.Parse(data) is not JsonObject node) throw new JsonException("an event of the stream is no JSON object");
            if (node["error"] is { } error) throw new JsonException($"the stream ended with an error: {error.ToJsonString()}");
            if (node["usage"] is JsonObject) (prompt, completion) = (Count(node, "prompt_tokens"), Count(node, "completion_tokens"));
            if (node["choices"] is not JsonArray { Count: > 0 } choices) continue;
            var piece = Content(choices[0]?["delta"]?["content"]) ?? "";
            repeats |= piece.Length >= LongestEcho && data == last;
            last = data;
            text.Append(piece);
            thought.Append(Thought(choices[0]?["delta"]));
            finish = (string?)choices[0]?["finish_reason"] ?? finish;
        }
        return Apart(text.ToString(), thought.ToString(), finish ?? (isWhole ? "stop" : null), prompt, completion) with
        {
            RepeatsChunks = repeats
        };
    }

    private static RawAnswer Ollama(IEnumerable<JsonObject> lines)
    {
        var (text, thought) = (new StringBuilder(), new StringBuilder());
        var (finish, prompt, completion) = ((string?)null, 0, 0);
        foreach (var line in lines)
        {
            text.Append((string?)line["message"]?["content"]
                ?? (line["error"] is { } error ? throw new JsonException($"the server says: {error}") : ""));
            thought.Append(Thought(line["message"]));
            if ((bool?)line["done"] != true) continue;
            (finish, prompt, completion) =
                ((string?)line["done_reason"] ?? "stop", (int?)line["prompt_eval_count"] ?? 0, (int?)line["eval_count"] ?? 0);
        }
        return Apart(text.ToString(), thought.ToString(), finish, prompt, completion);
    }

    // Some servers send content as a list of parts.
    private static string? Content(JsonNode? content) =>
        content is JsonArray parts ? string.Concat(parts.Select(p => (string?)p?["text"])) : (string?)content;

    private static int Count(JsonObject node, string name) => (int?)node["usage"]?[name] ?? 0;
}
