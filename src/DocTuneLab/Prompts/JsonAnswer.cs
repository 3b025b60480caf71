using System.Text.Json;
using System.Text.Json.Nodes;

namespace DocTuneLab.Prompts;

/// <summary>
/// Reads the JSON object in an answer: exactly, or where a model has put a fence or words around it or a comma too many. What is read must
/// satisfy the schema; of JSON Schema it knows <c>type</c>, <c>required</c>, <c>properties</c>, <c>additionalProperties</c>, <c>items</c>,
/// <c>enum</c> and the bounds of lengths, numbers and counts.
/// </summary>
public static class JsonAnswer
{
    private static readonly JsonDocumentOptions s_tolerant = new()
    {
        AllowTrailingCommas = true,
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
        var (first, last) = (text.IndexOf('{', StringComparison.Ordinal), text.LastIndexOf('}'));
        if (first < 0 || last < first)
        {
            error = "the answer holds no JSON object";
            return null;
        }
        try
        {
            var node = JsonNode.Parse(text[first..(last + 1)], documentOptions: s_tolerant) as JsonObject;
            error = node is null
                ? "the answer is no JSON object" : schema is null ? null : Violation(node, JsonNode.Parse(schema)!.AsObject(), "");
            return error is null ? node : null;
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            // A key given twice is an ArgumentException.
            error = $"not valid JSON: {e.Message}";
            return null;
        }
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
                    else if (schema["additionalProperties"] is JsonValue additional && additional.TryGetValue<bool>(out var may) && !may)
                        return $"'{name}' is not expected";
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
