using System.Text.Json;
using System.Text.Json.Nodes;

namespace DocTuneLab.Endpoints.Exchange;

/// <summary>
/// A request as it goes to an endpoint: the same fields whether it is asked by itself or in a batch, with what the endpoint's options
/// leave out, rename and add.
/// </summary>
internal static class RequestBody
{
    /// <summary>The body of a chat completion.</summary>
    public static JsonObject Of(ChatRequest request, EndpointOptions endpoint)
    {
        var body = new JsonObject
        {
            ["model"] = request.Model,
            ["messages"] = new JsonArray(
                [.. request.Messages.Select(m => new JsonObject { ["role"] = m.Role, ["content"] = m.Content })]),
            ["max_completion_tokens"] = Tokens(request, endpoint),
            ["temperature"] = request.Sampling.Temperature,
            ["seed"] = request.Sampling.Seed,
        };
        if (request.Sampling.TopP < 1) body["top_p"] = request.Sampling.TopP;
        if (request.Schema is not null && endpoint.StructuredOutput)
            body["response_format"] = new JsonObject
            {
                ["type"] = "json_schema",
                ["json_schema"] = new JsonObject { ["name"] = "answer", ["strict"] = true, ["schema"] = JsonNode.Parse(request.Schema) }
            };
        Shape(body, endpoint);
        return body;
    }

    /// <summary>Tokens that an answer may have, its reasoning included.</summary>
    public static int Tokens(ChatRequest request, EndpointOptions endpoint) =>
        (int)Math.Min(int.MaxValue, (long)request.Sampling.MaxTokens + endpoint.ReasoningTokens);

    /// <summary>Leaves out, renames and adds what the endpoint's options say; Ollama keeps sampling under <c>options</c>.</summary>
    /// <returns>Whether anything was to be changed.</returns>
    public static bool Shape(JsonObject body, EndpointOptions endpoint)
    {
        var parameters = Read(endpoint.Parameters)!;
        if (endpoint.RenamedParameters.Count + parameters.Count == 0) return false;
        JsonObject[] places = body["options"] is JsonObject sampling ? [body, sampling] : [body];
        foreach (var pair in endpoint.RenamedParameters)
        {
            var at = pair.IndexOf('=', StringComparison.Ordinal);
            var (name, other) = (pair[..at].Trim(), pair[(at + 1)..].Trim());
            foreach (var place in places)
                if (place.Remove(name, out var value)) place[other] = value;
        }
        foreach (var (name, value) in parameters)
        {
            if (value is null)
                foreach (var place in places) place.Remove(name);
            else if (places.Length > 1 && places[1].ContainsKey(name)) places[1][name] = value.DeepClone();
            else body[name] = value.DeepClone();
        }
        return true;
    }

    /// <summary>What stands for the options in the key of a request; empty where they say nothing.</summary>
    public static string Mark(EndpointOptions endpoint) =>
        endpoint.ReasoningTokens == 0 && endpoint.RenamedParameters.Count == 0 && Read(endpoint.Parameters) is { Count: 0 } or null
            ? ""
            : $"{endpoint.ReasoningTokens} {string.Join(',', endpoint.RenamedParameters)} {Read(endpoint.Parameters)!.ToJsonString()}";

    /// <summary>Parameters as an object; null where the text holds none.</summary>
    public static JsonObject? Read(string parameters)
    {
        try
        {
            return JsonNode.Parse(parameters, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false }) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
