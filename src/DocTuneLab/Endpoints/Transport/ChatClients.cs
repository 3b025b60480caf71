using System.ClientModel;
using System.ClientModel.Primitives;
using DocTuneLab.Endpoints.Exchange;
using Microsoft.Extensions.AI;
using OllamaSharp;
using OpenAI;

namespace DocTuneLab.Endpoints.Transport;

/// <summary>Makes the clients of endpoints. Retries, deadlines and limits are the engine's, so the clients' own are off.</summary>
public static class ChatClients
{
    /// <summary>A client for an endpoint.</summary>
    /// <param name="endpoint">Address, protocol and model.</param>
    /// <param name="time">Clock for <c>Retry-After</c> given as a date; default the system's.</param>
    public static IChatClient Create(EndpointOptions endpoint, TimeProvider? time = null)
    {
        endpoint.Validated();
        var http = Http(endpoint, time ?? TimeProvider.System);
        // A server without keys ignores what stands here; the SDK insists on something.
        var key = ApiKeys.Find(endpoint.KeyVariable);
        if (endpoint.Kind == EndpointKind.Ollama)
        {
            http.BaseAddress = endpoint.BaseUrl;
            if (key is not null) http.DefaultRequestHeaders.Authorization = new("Bearer", key);
            return new OllamaApiClient(http, endpoint.Model);
        }
        return new OpenAIClient(new ApiKeyCredential(key ?? "none"), new OpenAIClientOptions
        {
            Endpoint = endpoint.BaseUrl,
            Transport = new HttpClientPipelineTransport(http),
            RetryPolicy = new ClientRetryPolicy(0),
            NetworkTimeout = Timeout.InfiniteTimeSpan,
        }).GetChatClient(endpoint.Model).AsIChatClient();
    }

    /// <summary>An HTTP client with room for all requests in flight.</summary>
    internal static HttpClient Http(EndpointOptions endpoint, TimeProvider time) => new(new ExchangeHandler(new SocketsHttpHandler
    {
        MaxConnectionsPerServer = Math.Max(8, 2 * endpoint.MaxConcurrency),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        EnableMultipleHttp2Connections = true,
        AllowAutoRedirect = false,
    }, endpoint, time))
    { Timeout = Timeout.InfiniteTimeSpan };
}
