using System.Text.Json;
using DocTuneLab.Serving.Protocol;
using Microsoft.AspNetCore.Http;

namespace DocTuneLab.Serving.Routes;

/// <summary>Server-sent events (WHATWG HTML, 9.2). Until the first is sent, an error can still be a status.</summary>
/// <param name="response">Where they go.</param>
internal sealed class EventStream(HttpResponse response)
{
    private static readonly byte[] s_data = "data: "u8.ToArray(), s_end = "\n\n"u8.ToArray();

    /// <summary>Sends an event.</summary>
    /// <param name="body">Its data.</param>
    /// <param name="name">Its name; null for none.</param>
    /// <param name="cancel">The client has gone.</param>
    public async Task SendAsync(object body, string? name, CancellationToken cancel)
    {
        Begin();
        if (name is not null) await response.WriteAsync($"event: {name}\n", cancel);
        await response.Body.WriteAsync(s_data, cancel);
        await JsonSerializer.SerializeAsync(response.Body, body, body.GetType(), ApiJson.Options, cancel);
        await response.Body.WriteAsync(s_end, cancel);
        await response.Body.FlushAsync(cancel);
    }

    /// <summary>Sends a line that programs skip which do not know it, since it is a comment.</summary>
    public Task CommentAsync(string text, CancellationToken cancel) => LineAsync($": {text}", cancel);

    /// <summary>Says that nothing follows.</summary>
    public Task DoneAsync(CancellationToken cancel) => LineAsync("data: [DONE]", cancel);

    private async Task LineAsync(string line, CancellationToken cancel)
    {
        Begin();
        await response.WriteAsync($"{line}\n\n", cancel);
        await response.Body.FlushAsync(cancel);
    }

    private void Begin()
    {
        if (response.HasStarted) return;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache";
        // Proxies that gather answers would hold them back.
        response.Headers["X-Accel-Buffering"] = "no";
    }
}
