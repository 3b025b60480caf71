using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace DocTuneLab.Serving.Protocol;

/// <summary>How bodies are read and written.</summary>
internal static class ApiJson
{
    /// <summary>Names in snake case; what is null in an answer is written where a client looks for it, and not where it does not.</summary>
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.Strict,
        PropertyNameCaseInsensitive = false,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The body of a request.</summary>
    /// <exception cref="ApiException">It is no JSON, or a field has another type than it should.</exception>
    public static async Task<T> ReadAsync<T>(HttpRequest request, CancellationToken cancel)
    {
        if (!request.HasJsonContentType())
            throw new ApiException(StatusCodes.Status415UnsupportedMediaType,
                $"The body must be application/json, not {request.ContentType ?? "without a content type"}.");
        if (request.Headers.ContentEncoding.Count > 0)
            throw new ApiException(StatusCodes.Status415UnsupportedMediaType,
                $"The body must not be encoded ({request.Headers.ContentEncoding}): send it as it is.");
        try
        {
            return await JsonSerializer.DeserializeAsync<T>(request.Body, Options, cancel)
                ?? throw new ApiException(StatusCodes.Status400BadRequest, "The body must be a JSON object, not null.");
        }
        catch (JsonException e)
        {
            var field = e.Path is { Length: > 2 } path ? path[2..] : null;
            throw new ApiException(StatusCodes.Status400BadRequest, field is null || e.InnerException is JsonException
                ? $"The body is not valid JSON: {FirstLine(e.Message)}"
                : $"'{field}' has a value of a wrong type: {FirstLine(e.Message)}", field);
        }
    }

    private static string FirstLine(string text) => text.Split(" Path: ")[0].Split('\n')[0];
}
