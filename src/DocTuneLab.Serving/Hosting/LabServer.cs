using DocTuneLab.Experiments.Flow;
using DocTuneLab.Experiments.Setup;
using DocTuneLab.Serving.Knowledge;
using DocTuneLab.Serving.Labs;
using DocTuneLab.Serving.Models;
using DocTuneLab.Serving.Page;
using DocTuneLab.Storage;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace DocTuneLab.Serving.Hosting;

/// <summary>The lab as a page for people who do not program, on this machine alone: whoever reaches it can read folders and run a library.
/// </summary>
public sealed class LabServer : IAsyncDisposable
{
    private const int MostAnswers = 4;
    private const long Body = 1 << 20;

    private readonly WebApplication _app;
    private readonly RunQueue _runs;
    private readonly ServerOptions _options;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _chatting = new(1);
    private Chat? _chat;

    private LabServer(WebApplication app, Workspace workspace, ServerOptions options) =>
        (_app, _runs, _options, _time) = (app, new(workspace, options.Faults), options, workspace.Time);

    /// <summary>Where it listens.</summary>
    public string Url => _app.Urls.First().TrimEnd('/') + "/";

    /// <summary>Starts it.</summary>
    /// <param name="workspace">Where the labs lie.</param>
    /// <param name="options">Where it listens: addresses of this machine; keys and origins are none.</param>
    /// <exception cref="LabException">An address is none, is taken, or is open to other machines.</exception>
    public static async Task<LabServer> StartAsync(Workspace workspace, ServerOptions options)
    {
        ArgumentNullException.ThrowIfNull(workspace);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Urls.FirstOrDefault(u => !Uri.TryCreate(u, UriKind.Absolute, out var a) || a.Scheme != "http"
            || !RequestGuard.IsHere(a.Host)) is { } url)
            throw new LabException($"{url} is open to other machines, and whoever reaches the page can read folders and run code. "
                + "Expected an address of this machine. From another, use a tunnel (ssh -L 8090:127.0.0.1:8090 HOST).");
        var builder = Listening.At(options.Urls, Body, TimeSpan.FromSeconds(2));
        var server = new LabServer(builder.Build(), workspace, options);
        var guard = new RequestGuard([], ["/"], Body, options.Faults) { Paths = "/labs, /choices, /folders, and the page at /" };
        server._app.Use(guard.GuardAsync);
        server._app.UseRouting();
        server._app.Use(guard.AuthoriseAsync);
        server._app.Use(guard.OwnPageAsync);
        new LabRoutes(workspace, server._runs, server.ChatAsync).Map(server._app);
        foreach (var file in PageFiles.Lab)
            server._app.MapMethods(file.Path, ["GET", "HEAD"], () => Results.Text(file.Text, file.Type));
        await Listening.StartAsync(server._app, server, options.Urls, "--port");
        return server;
    }

    /// <summary>Serves until it is cancelled; what runs is stopped then, and can go on at the next start.</summary>
    public Task RunAsync(CancellationToken cancel) => Listening.UntilAsync(_app, cancel);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _runs.DisposeAsync();
        if (_chat is { } chat) await chat.DisposeAsync();
        await _app.DisposeAsync();
        _chatting.Dispose();
    }

    // The model of one lab at a time: another takes its place.
    private async Task<string> ChatAsync(string folder, LabPlan plan, CancellationToken cancel)
    {
        await _chatting.WaitAsync(cancel);
        try
        {
            if (_chat is { } open)
            {
                _chat = null;
                await open.DisposeAsync();
            }
            _chat = await Task.Run(() => Chat.StartAsync(folder, plan, _options.Faults, _time, cancel), cancel);
            return _chat.Url;
        }
        finally
        {
            _chatting.Release();
        }
    }

    private sealed record Chat(ModelServer Server, ServedModels Models, BaseModel Base, OpenedLibrary? Library) : IAsyncDisposable
    {
        public string Url => Server.Urls.First().TrimEnd('/') + "/";

        public static async Task<Chat> StartAsync(string folder, LabPlan plan, Action<string> faults, TimeProvider time,
            CancellationToken cancel)
        {
            // Of pages alone there is nothing that a compiler could say.
            var library = LabOrigin.Of(folder) is { Assemblies.Count: > 0 } ? OpenedLibrary.OfLab(folder) : null;
            BaseModel? model = null;
            ServedModels? models = null;
            try
            {
                model = BaseModel.Load(plan.BaseFolder(cancel: cancel), plan.Of(new ModelLoadOptions()));
                var adapter = LabOrigin.LastAdapter(folder, model.Directory);
                models = new(model, model.Name, adapter is null ? [] : [($"{model.Name}-tuned", LoraAdapter.Load(model, adapter))],
                    MostAnswers);
                var server = await ModelServer.StartAsync(models, new()
                {
                    Urls = ["http://127.0.0.1:0"],
                    Library = library?.Knowledge,
                    Votes = new AnswerVotes(folder, time).Add,
                    Faults = faults,
                }, time);
                return new(server, models, model, library);
            }
            catch
            {
                models?.Dispose();
                model?.Dispose();
                library?.Dispose();
                throw;
            }
        }

        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            Models.Dispose();
            Base.Dispose();
            Library?.Dispose();
        }
    }
}
