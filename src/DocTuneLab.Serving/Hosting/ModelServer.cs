using DocTuneLab.Serving.Editors;
using DocTuneLab.Serving.Limits;
using DocTuneLab.Serving.Models;
using DocTuneLab.Serving.Page;
using DocTuneLab.Serving.Protocol;
using DocTuneLab.Serving.Routes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
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
    private static readonly string[] s_open = [.. s_health, .. PageFiles.Chat.Select(f => f.Path)];

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
        // What is being answered may end.
        var builder = Listening.At(options.Urls, options.Limits.Body, TimeSpan.FromSeconds(20));
        builder.Services.AddCors(c => c.AddDefaultPolicy(p => Allow(p, options.Origins)));
        var figures = new ServerFigures(models.Batch);
        var answering = new Answering(models, options.Limits, figures, time);
        if (options.Library is { } library)
            builder.Services.AddMcpServer(o => EditorServer.Describe(o, library, answering)).WithHttpTransport(t => t.Stateless = true);
        var app = builder.Build();
        var server = new ModelServer(app, options, figures);
        server.Map(models, answering);
        await Listening.StartAsync(app, app, options.Urls, "--urls");
        return server;
    }

    /// <summary>Serves until it is cancelled; what is being answered then may end.</summary>
    public Task RunAsync(CancellationToken cancel) => Listening.UntilAsync(_app, cancel);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static void Check(string url, ServerOptions options)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme != "http")
            throw new LabException($"--urls takes addresses such as http://127.0.0.1:8080, not '{url}'");
        if (!RequestGuard.IsHere(address.Host) && options.Keys.Count == 0)
            throw new LabException($"{url} is open to other machines: give a key that clients must send, with --api-key or in "
                + "DOCTUNE_API_KEY, or listen on 127.0.0.1");
    }

    private static void Allow(CorsPolicyBuilder policy, IReadOnlyList<string> origins)
    {
        if (origins.Contains("*")) policy.AllowAnyOrigin();
        else policy.WithOrigins([.. origins.Select(o => o.TrimEnd('/'))]);
        policy.AllowAnyHeader().AllowAnyMethod().SetPreflightMaxAge(TimeSpan.FromHours(1));
    }

    private void Map(ServedModels models, Answering answering)
    {
        var created = answering.Now;
        ModelEntry Entry(string name) => new(name, "model", created, "doctune");
        var guard = new RequestGuard(_options.Keys, s_open, _options.Limits.Body, _options.Faults)
        {
            Paths = "/v1/models, /v1/chat/completions, /v1/completions, /v1/fim/completions, /v1/responses, /health, /metrics, and the "
                + "page at /",
            Answered = _figures.Request,
        };
        _app.Use(guard.GuardAsync);
        _app.UseRouting();
        if (_options.Origins.Count > 0) _app.UseCors();
        _app.Use(guard.AuthoriseAsync);
        var library = new LibraryRoutes(answering, _options.Library, _options.Votes);
        foreach (var path in s_health) Look(path, () => Results.Json(new { status = "ok" }, ApiJson.Options));
        Look("/v1/models", () => Results.Json(new ModelList("list", [.. models.Names.Select(Entry)]), ApiJson.Options));
        _app.MapMethods("/v1/models/{**name}", ["GET", "HEAD"], (string name) => models.TryGet(name, out _)
            ? Results.Json(Entry(name), ApiJson.Options) : throw Sampling.Unknown(name));
        _app.MapPost("/v1/chat/completions", (Delegate)new ChatRoute(answering, new(_options.Library)).AnswerAsync);
        _app.MapPost("/v1/completions", (Delegate)new CompletionRoute(answering).AnswerAsync);
        _app.MapPost("/v1/fim/completions", (Delegate)new GapRoute(answering).AnswerAsync);
        _app.MapPost("/v1/responses", (Delegate)new ResponseRoute(answering).AnswerAsync);
        _app.MapPost("/v1/embeddings", IResult () => throw new ApiException(StatusCodes.Status400BadRequest,
            "The models here write text and make no embeddings.", code: "unsupported_endpoint"));
        Look("/lab", library.Show);
        _app.MapPost("/lab/wording", (Delegate)library.WordAsync);
        _app.MapPost("/lab/check", (Delegate)library.CheckAsync);
        _app.MapPost("/lab/prompt", (Delegate)library.PromptAsync);
        _app.MapPost("/lab/votes", (Delegate)library.VoteAsync);
        if (_options.Library is not null) _app.MapMcp("/mcp");
        foreach (var file in PageFiles.Chat) Look(file.Path, () => Results.Text(file.Text, file.Type));
        _app.MapMetrics(s => s.Registry = _figures.Registry, "/metrics");

        void Look(string path, Func<IResult> shown) => _app.MapMethods(path, ["GET", "HEAD"], shown);
    }
}
