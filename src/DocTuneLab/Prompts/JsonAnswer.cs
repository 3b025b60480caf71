using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Conversations;

namespace DocTuneLab.Prompts;

/// <summary>
/// Reads the JSON object in an answer: exactly, or where a model has put reasoning, a fence, words or one object around it, a comma too
/// many, single quotes, or a field that was not asked for, which is left out. What is read must satisfy the schema; of JSON Schema it knows
/// <c>type</c>, <c>required</c>, <c>properties</c>, <c>additionalProperties</c>, <c>items</c>, <c>enum</c> and the bounds of lengths,
/// numbers and counts.
/// </summary>
public static class JsonAnswer
{
    private const string NotJson = "not valid JSON: ";
    private static readonly JsonDocumentOptions s_tolerant = new()
    {
        AllowTrailingCommas = true,
        AllowDuplicateProperties = false,
        CommentHandling = JsonCommentHandling.Skip,
        MaxDepth = 32
    };

    /// <summary>The object in an answer.</summary>
    /// <param name="text">The answer.</param>
    /// <param name="schema">JSON schema, or null for any object.</param>
    /// <param name="error">What is wrong, at which field; null where nothing is.</param>
    /// <returns>The object, or null where there is none that fits.</returns>
    public static JsonObject? Read(string text, string? schema, out string? error)
    {
        text = Reasoning.Cut(text);
        var (first, last) = (text.IndexOf('{', StringComparison.Ordinal), text.LastIndexOf('}'));
        if (first < 0 || last < first)
        {
            error = "the answer holds no JSON object";
            return null;
        }
        var expected = schema is null ? null : JsonNode.Parse(schema)!.AsObject();
        // All of it, or, where words with braces stand around it, the first object that fits.
        var whole = text[first..(last + 1)];
        var read = One(whole, expected, out error);
        if (read is not null) return read;
        foreach (var part in LooseJson.Objects(text).Where(o => o != whole))
            if (One(part, expected, out var wrong) is { } found)
            {
                error = null;
                return found;
            }
            else if (error!.StartsWith(NotJson, StringComparison.Ordinal)) error = wrong;
        return null;
    }

    private static JsonObject? One(string json, JsonObject? schema, out string? error)
    {
        var node = Parsed(json, out error);
        if (node is null && json.Contains('\'', StringComparison.Ordinal)) node = Parsed(LooseJson.Quoted(json), out _);
        if (node is null) return null;
        error = null;
        if (schema is null || Fits(node, schema, out error)) return node;
        // Some models put the object into another one.
        return node.Count == 1 && node.First().Value is JsonObject inner && Fits(inner, schema, out _) ? Alone(inner, out error) : null;
    }

    private static JsonObject Alone(JsonObject inner, out string? error)
    {
        error = null;
        return inner.DeepClone().AsObject();
    }

    private static JsonObject? Parsed(string json, out string? error)
    {
        try
        {
            var node = JsonNode.Parse(json, documentOptions: s_tolerant) as JsonObject;
            error = node is null ? "the answer is no JSON object" : null;
            return node;
        }
        catch (JsonException e)
        {
            error = NotJson + e.Message;
            return null;
        }
    }

    // What was not asked for is left out, and what was is held to the schema.
    private static bool Fits(JsonObject node, JsonObject schema, out string? error)
    {
        var pruned = node.DeepClone();
        Prune(pruned, schema);
        error = Violation(pruned, schema, "");
        if (error is null) Prune(node, schema);
        return error is null;
    }

    private static void Prune(JsonNode? value, JsonObject schema)
    {
        if (value is JsonArray items && schema["items"] is JsonObject item)
            foreach (var child in items) Prune(child, item);
        if (value is not JsonObject o) return;
        var isClosed = schema["additionalProperties"] is JsonValue more && more.TryGetValue<bool>(out var may) && !may;
        foreach (var (name, child) in o.ToList())
            if (schema["properties"]?[name] is JsonObject inner) Prune(child, inner);
            else if (isClosed) o.Remove(name);
    }

    private static string? Violation(JsonNode? value, JsonObject schema, string at)
    {
        var where = at.Length == 0 ? "the answer" : $"'{at[1..]}'";
        if ((string?)schema["type"] is { } type && !IsOf(value, type)) return $"{where} must be of type {type}";
        if (schema["enum"] is JsonArray allowed && !allowed.Any(a => JsonNode.DeepEquals(a, value)))
            return $"{where} must be one of {allowed.ToJsonString()}";
        switch (value)
        {
            case JsonObject o:
                foreach (var name in schema["required"]?.AsArray() ?? [])
                    if (!o.ContainsKey((string)name!)) return $"'{(string)name!}' is missing";
                foreach (var (name, child) in o)
                {
                    if (schema["properties"]?[name] is JsonObject inner)
                    {
                        if (Violation(child, inner, $"{at}.{name}") is { } wrong) return wrong;
                    }
                }
                return null;
            case JsonArray a:
                if (a.Count < (int?)schema["minItems"]) return $"{where} must hold at least {schema["minItems"]} items";
                if (a.Count > (int?)schema["maxItems"]) return $"{where} must hold at most {schema["maxItems"]} items";
                return schema["items"] is JsonObject item
                    ? a.Select((x, i) => Violation(x, item, $"{at}.{i}")).FirstOrDefault(v => v is not null)
                    : null;
            case JsonValue v when v.GetValueKind() == JsonValueKind.String:
                var length = v.GetValue<string>().Trim().Length;
                if (length < (int?)schema["minLength"]) return $"{where} must have at least {schema["minLength"]} characters";
                return length > (int?)schema["maxLength"] ? $"{where} must have at most {schema["maxLength"]} characters" : null;
            case JsonValue v when v.GetValueKind() == JsonValueKind.Number:
                var number = v.GetValue<double>();
                if (number < (double?)schema["minimum"]) return $"{where} must be at least {schema["minimum"]}";
                return number > (double?)schema["maximum"] ? $"{where} must be at most {schema["maximum"]}" : null;
            default: return null;
        }
    }

    private static bool IsOf(JsonNode? value, string type) => type switch
    {
        "object" => value is JsonObject,
        "array" => value is JsonArray,
        "string" => value?.GetValueKind() == JsonValueKind.String,
        "integer" => value?.GetValueKind() == JsonValueKind.Number && double.IsInteger(value.GetValue<double>()),
        "number" => value?.GetValueKind() == JsonValueKind.Number,
        "boolean" => value?.GetValueKind() is JsonValueKind.True or JsonValueKind.False,
        "null" => value is null,
        _ => true,
    };
}
