using System.Net;
using System.Security.Cryptography;
using System.Text;
using DocTuneLab.Serving.Editors;
using DocTuneLab.Serving.Limits;
using DocTuneLab.Serving.Models;
using DocTuneLab.Serving.Page;
using DocTuneLab.Serving.Protocol;
using DocTuneLab.Serving.Routes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Prometheus;

namespace DocTuneLab.Serving.Hosting;

/// <summary>
/// Local models behind OpenAI's protocol: chat completions, completions and responses, whole and as server-sent events; the models;
/// health; and metrics as Prometheus reads them.
/// </summary>
public sealed class ModelServer : IAsyncDisposable
{
    private static readonly string[] s_health = ["/health", "/healthz"];

    // The page asks for the key itself.
    private static readonly string[] s_open = [.. s_health, .. ChatPage.Files.Select(f => f.Path)];

    private readonly WebApplication _app;
    private readonly ServerOptions _options;
    private readonly ServerFigures _figures;

    private ModelServer(WebApplication app, ServerOptions options, ServerFigures figures) =>
        (_app, _options, _figures) = (app, options, figures);

    /// <summary>Addresses that it listens on.</summary>
    public IReadOnlyCollection<string> Urls => [.. _app.Urls];

    /// <summary>Starts a server.</summary>
    /// <param name="models">What answers; not disposed with the server.</param>
    /// <param name="options">Where it listens, and whom it answers.</param>
    /// <param name="time">Clock for the time stamps of answers.</param>
    /// <exception cref="LabException">An address is none, or is taken, or is open to other machines without a key.</exception>
    public static async Task<ModelServer> StartAsync(ServedModels models, ServerOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(models);
        ArgumentNullException.ThrowIfNull(options);
        foreach (var url in options.Urls) Check(url, options);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls([.. options.Urls]).ConfigureKestrel(k =>
        {
            k.Limits.MaxRequestBodySize = options.Limits.Body;
            k.AddServerHeader = false;
        });
        builder.Services.AddCors(c => c.AddDefaultPolicy(p => Allow(p, options.Origins)));
        if (options.Library is { } library)
            builder.Services.AddMcpServer(o => EditorServer.Describe(o, library, models)).WithHttpTransport(t => t.Stateless = true);
        // What is being answered may end.
        builder.Services.Configure<HostOptions>(h => h.ShutdownTimeout = TimeSpan.FromSeconds(20));
        var app = builder.Build();
        var server = new ModelServer(app, options, new(models.Batch));
        server.Map(models, time);
        try
        {
            await app.StartAsync();
        }
        catch (IOException e)
        {
            await app.DisposeAsync();
            throw new LabException($"{string.Join(", ", options.Urls)}: cannot listen there ({e.Message}) Another program may use the "
                + "port; give another with --urls.", e);
        }
        return server;
    }

    /// <summary>Serves until it is cancelled; what is being answered then may end.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        using var stop = cancel.Register(() => _app.Lifetime.StopApplication());
        await _app.WaitForShutdownAsync(CancellationToken.None);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static void Check(string url, ServerOptions options)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme != "http")
            throw new LabException($"--urls takes addresses such as http://127.0.0.1:8080, not '{url}'");
        var isHere = address.IsLoopback || (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));
        if (!isHere && options.Keys.Count == 0)
            throw new LabException($"{url} is open to other machines: give a key that clients must send, with --api-key or in "
                + "DOCTUNE_API_KEY, or listen on 127.0.0.1");
    }

    private static void Allow(CorsPolicyBuilder policy, IReadOnlyList<string> origins)
    {
        if (origins.Contains("*")) policy.AllowAnyOrigin();
        else policy.WithOrigins([.. origins.Select(o => o.TrimEnd('/'))]);
        policy.AllowAnyHeader().AllowAnyMethod().SetPreflightMaxAge(TimeSpan.FromHours(1));
    }

    private void Map(ServedModels models, TimeProvider time)
    {
        var answering = new Answering(models, _options.Limits, _figures, time);
        var created = answering.Now;
        ModelEntry Entry(string name) => new(name, "model", created, "doctune");
        _app.Use(GuardAsync);
        _app.UseRouting();
        if (_options.Origins.Count > 0) _app.UseCors();
        _app.Use(AuthoriseAsync);
        var library = new LibraryRoutes(answering, _options.Library, _options.Votes);
        foreach (var path in s_health) Look(path, () => Results.Json(new { status = "ok" }, ApiJson.Options));
        Look("/v1/models", () => Results.Json(new ModelList("list", [.. models.Names.Select(Entry)]), ApiJson.Options));
        _app.MapMethods("/v1/models/{**name}", ["GET", "HEAD"], (string name) => models.TryGet(name, out _)
            ? Results.Json(Entry(name), ApiJson.Options) : throw Sampling.Unknown(name));
        _app.MapPost("/v1/chat/completions", (Delegate)new ChatRoute(answering, new(_options.Library)).AnswerAsync);
        _app.MapPost("/v1/completions", (Delegate)new CompletionRoute(answering).AnswerAsync);
        _app.MapPost("/v1/responses", (Delegate)new ResponseRoute(answering).AnswerAsync);
        _app.MapPost("/v1/embeddings", IResult () => throw new ApiException(StatusCodes.Status400BadRequest,
            "The models here write text and make no embeddings.", code: "unsupported_endpoint"));
        Look("/lab", library.Show);
        _app.MapPost("/lab/check", (Delegate)library.CheckAsync);
        _app.MapPost("/lab/prompt", (Delegate)library.PromptAsync);
        _app.MapPost("/lab/votes", (Delegate)library.VoteAsync);
        if (_options.Library is not null) _app.MapMcp("/mcp");
        foreach (var (path, type, text) in ChatPage.Files) Look(path, () => Results.Text(text, type));
        _app.MapMetrics(s => s.Registry = _figures.Registry, "/metrics");

        void Look(string path, Func<IResult> shown) => _app.MapMethods(path, ["GET", "HEAD"], shown);
    }

    // What goes wrong is said in the protocol's words, by a status while that can still be sent, else as an event.
    private async Task GuardAsync(HttpContext http, RequestDelegate next)
    {
        try
        {
            await next(http);
            if (!http.Response.HasStarted && http.Response.StatusCode is StatusCodes.Status404NotFound
                or StatusCodes.Status405MethodNotAllowed && http.Response.ContentType is null)
                await WriteAsync(http, Missing(http));
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client has gone.
            http.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
        }
        catch (ApiException e)
        {
            await WriteAsync(http, e);
        }
        catch (LabException e)
        {
            await WriteAsync(http, new(StatusCodes.Status400BadRequest, e.Message));
        }
        catch (InvalidOperationException e) when (e.Source?.StartsWith("System.Text.Json", StringComparison.Ordinal) == true)
        {
            await WriteAsync(http, new(StatusCodes.Status400BadRequest, "A text of the body has half a character (a lone surrogate)."));
        }
        catch (BadHttpRequestException e)
        {
            await WriteAsync(http, new(e.StatusCode, e.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? $"The body has more than {_options.Limits.Body} bytes." : e.Message));
        }
#pragma warning disable CA1031 // Whatever it is, the client is told that there was a fault, and the server goes on.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _options.Faults($"{e.GetType().Name}: {e.Message}");
            await WriteAsync(http, e is OperationCanceledException or ObjectDisposedException
                ? new(StatusCodes.Status503ServiceUnavailable, "The server is ending.")
                : new(StatusCodes.Status500InternalServerError, "The model could not answer; the server's console says why."));
        }
        finally
        {
            var route = (http.GetEndpoint() as Microsoft.AspNetCore.Routing.RouteEndpoint)?.RoutePattern.RawText ?? "other";
            _figures.Request(route, http.Response.StatusCode);
        }
    }

    private static ApiException Missing(HttpContext http) => http.Response.StatusCode == StatusCodes.Status405MethodNotAllowed
        ? new(StatusCodes.Status405MethodNotAllowed,
            $"{http.Request.Path} takes {http.Response.Headers.Allow}, not {http.Request.Method}.", code: "method_not_allowed")
        : new(StatusCodes.Status404NotFound, $"There is no {http.Request.Path}; there are /v1/models, /v1/chat/completions, "
            + "/v1/completions, /v1/responses, /health, /metrics, and the page at /.", code: "unknown_url");

    private static async Task WriteAsync(HttpContext http, ApiException error)
    {
        if (http.Response.HasStarted)
        {
            if (http.Response.ContentType?.StartsWith("text/event-stream", StringComparison.Ordinal) != true) return;
            await new EventStream(http.Response).SendAsync(error.Body, null, http.RequestAborted);
            return;
        }
        http.Response.StatusCode = error.Status;
        if (error.Status == StatusCodes.Status429TooManyRequests) http.Response.Headers.RetryAfter = "1";
        if (error.Status == StatusCodes.Status401Unauthorized) http.Response.Headers.WWWAuthenticate = "Bearer";
        await http.Response.WriteAsJsonAsync(error.Body, ApiJson.Options);
    }

    private async Task AuthoriseAsync(HttpContext http, RequestDelegate next)
    {
        if (_options.Keys.Count == 0)
        {
            // A page that calls this machine by a name of its own would otherwise be taken for one of this machine.
            var host = http.Request.Host.Host;
            if (host is not ("localhost" or "") && !host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
                && !(IPAddress.TryParse(host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip)))
                throw new ApiException(StatusCodes.Status403Forbidden,
                    $"This server answers on this machine alone, not as '{host}'. Give it a key, with --api-key, to ask it by a name.");
        }
        else if (!s_open.Contains(http.Request.Path.Value) && !HasKey(http.Request.Headers.Authorization.ToString()))
        {
            throw new ApiException(StatusCodes.Status401Unauthorized,
                "The key is missing or wrong: send it as 'Authorization: Bearer KEY'.", code: "invalid_api_key");
        }
        await next(http);
    }

    private bool HasKey(string authorization)
    {
        const string Scheme = "Bearer ";
        if (!authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return false;
        var sent = SHA256.HashData(Encoding.UTF8.GetBytes(authorization[Scheme.Length..].Trim()));
        // All are looked at, so that time tells nothing.
        return _options.Keys.Aggregate(false,
            (found, key) => found | CryptographicOperations.FixedTimeEquals(sent, SHA256.HashData(Encoding.UTF8.GetBytes(key))));
    }
}
