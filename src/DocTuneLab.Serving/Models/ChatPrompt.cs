using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Conversations;
using DocTuneLab.Serving.Protocol;

namespace DocTuneLab.Serving.Models;

/// <summary>A conversation as its model was trained to read it.</summary>
internal static class ChatPrompt
{
    private static readonly string[] s_roles = ["system", "user", "assistant", "tool"];

    /// <summary>Token ids of a conversation behind which the assistant speaks.</summary>
    /// <param name="models">The models.</param>
    /// <param name="turns">The conversation.</param>
    /// <param name="tools">Tools that may be called, as the client describes them; null for none.</param>
    /// <exception cref="ApiException">A turn is not understood, or the template refuses it.</exception>
    public static IReadOnlyList<int> Of(ServedModels models, IReadOnlyList<ChatTurn>? turns, JsonElement? tools)
    {
        if (turns is not { Count: > 0 }) throw ApiException.Invalid("messages", "'messages' is missing or empty.");
        var template = models.Base.ChatTemplate;
        var messages = new JsonArray();
        for (var i = 0; i < turns.Count; i++) messages.Add((JsonNode)Turn(turns[i], $"messages[{i}]", template));
        if (tools is not null && !template.Source.Contains("tools", StringComparison.Ordinal))
            throw ApiException.Unsupported("tools", "this model's chat template knows no tools.");
        Dictionary<string, object?> variables = tools is { } given ? new() { ["tools"] = JsonNode.Parse(given.GetRawText()) } : [];
        try
        {
            return models.Base.Tokenizer.Encode(template.Render(messages, addGenerationPrompt: true, variables), specialTokens: true);
        }
        catch (LabException e)
        {
            throw ApiException.Invalid("messages", e.Message);
        }
    }

    private static JsonObject Turn(ChatTurn turn, string place, ChatTemplate template)
    {
        var role = turn.Role == "developer" ? "system" : turn.Role;
        if (role is null || !s_roles.Contains(role))
            throw ApiException.Invalid($"{place}.role", $"{place}.role must be system, developer, user, assistant or tool.");
        var calls = turn.ToolCalls is { ValueKind: JsonValueKind.Array } all && all.GetArrayLength() > 0 ? all : (JsonElement?)null;
        if ((role == "tool" || calls is not null) && !template.Source.Contains("tool", StringComparison.Ordinal))
            throw ApiException.Invalid(role == "tool" ? $"{place}.role" : $"{place}.tool_calls",
                $"{place} is of a tool, and this model's chat template knows none.");
        var rendered = new JsonObject { ["role"] = role };
        if (Text(turn.Content, $"{place}.content") is { } content) rendered["content"] = content;
        else if (calls is null) throw ApiException.Invalid($"{place}.content", $"{place}.content is missing: expected text.");
        else rendered["content"] = "";
        if (calls is { } called) rendered["tool_calls"] = Calls(called, place);
        if (turn.ToolCallId is { } id) rendered["tool_call_id"] = id;
        if (turn.Name is { } name) rendered["name"] = name;
        return rendered;
    }

    /// <summary>The text of a content: as it is, or of its parts; null where there is none.</summary>
    /// <exception cref="ApiException">A part is no text.</exception>
    public static string? Text(JsonElement? content, string place)
    {
        switch (content)
        {
            case null or { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined }: return null;
            case { ValueKind: JsonValueKind.String } text: return text.GetString();
            case { ValueKind: JsonValueKind.Array } parts:
                var texts = parts.EnumerateArray().Select((part, i) => Part(part, $"{place}[{i}]")).ToList();
                return texts.Count > 0 ? string.Concat(texts) : throw ApiException.Invalid(place, $"{place} has no parts.");
            default: throw ApiException.Invalid(place, $"{place} must be text, or a list of parts of type text.");
        }
    }

    private static string Part(JsonElement part, string place)
    {
        if (part.ValueKind != JsonValueKind.Object || !part.TryGetProperty("type", out var kind) || kind.ValueKind != JsonValueKind.String)
            throw ApiException.Invalid($"{place}.type", $"{place} must be an object with a type.");
        if (kind.GetString() is not ("text" or "input_text" or "output_text"))
            throw ApiException.Unsupported($"{place}.type", $"this model reads text, not parts of type {kind.GetString()}.");
        return part.TryGetProperty("text", out var text) && text.ValueKind == JsonValueKind.String ? text.GetString()!
            : throw ApiException.Invalid($"{place}.text", $"{place}.text must be text.");
    }

    // Clients send arguments as text; templates read them as what they are.
    private static JsonArray Calls(JsonElement calls, string place)
    {
        var read = new JsonArray();
        foreach (var (call, i) in calls.EnumerateArray().Select((c, i) => (c, i)))
        {
            if (JsonNode.Parse(call.GetRawText()) is not JsonObject { } own || own["function"] is not JsonObject function
                || function["name"] is not JsonValue)
                throw ApiException.Invalid($"{place}.tool_calls[{i}].function", $"{place}.tool_calls[{i}].function must have a name.");
            if (function["arguments"] is JsonValue value && value.TryGetValue<string>(out var text))
                try
                {
                    function["arguments"] = JsonNode.Parse(text);
                }
                catch (JsonException)
                {
                    throw ApiException.Invalid($"{place}.tool_calls[{i}].function.arguments",
                        $"{place}.tool_calls[{i}].function.arguments is not JSON.");
                }
            read.Add((JsonNode)own);
        }
        return read;
    }
}
