using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace DocTuneLab.Serving.Hosting;

/// <summary>What all servers have in common before anything is mapped, and how they begin to listen.</summary>
internal static class Listening
{
    /// <summary>A server that says nothing by itself.</summary>
    /// <param name="urls">Where it is to listen.</param>
    /// <param name="body">Bytes of a request, at most.</param>
    /// <param name="ending">How long what is being answered may take once it ends.</param>
    public static WebApplicationBuilder At(IReadOnlyList<string> urls, long body, TimeSpan ending)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls([.. urls]).ConfigureKestrel(k =>
        {
            k.Limits.MaxRequestBodySize = body;
            k.AddServerHeader = false;
        });
        builder.Services.Configure<HostOptions>(h => h.ShutdownTimeout = ending);
        return builder;
    }

    /// <summary>Begins to listen; a server that cannot is disposed of.</summary>
    /// <param name="app">What listens.</param>
    /// <param name="server">What is disposed of.</param>
    /// <param name="urls">Where.</param>
    /// <param name="option">The option that gives another place.</param>
    /// <exception cref="LabException">It cannot listen there.</exception>
    public static async Task StartAsync(WebApplication app, IAsyncDisposable server, IReadOnlyList<string> urls, string option)
    {
        try
        {
            await app.StartAsync();
        }
        catch (IOException e)
        {
            await server.DisposeAsync();
            throw new LabException($"{string.Join(", ", urls)}: cannot listen there ({e.Message}) Another program may use the "
                + $"port; give another with {option}.", e);
        }
    }

    /// <summary>Serves until it is cancelled.</summary>
    public static async Task UntilAsync(WebApplication app, CancellationToken cancel)
    {
        using var stop = cancel.Register(() => app.Lifetime.StopApplication());
        await app.WaitForShutdownAsync(CancellationToken.None);
    }
}
