using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using DocTuneLab.Serving.Hosting;
using DocTuneLab.Serving.Models;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Serving.Tests;

/// <summary>The project's own model with two adapters, served on this machine.</summary>
public sealed class ServedNano : IAsyncLifetime
{
    private BaseModel _model = null!;
    private ModelServer _server = null!;

    /// <summary>The repository.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>What answers.</summary>
    public ServedModels Models { get; private set; } = null!;

    /// <summary>Asks it.</summary>
    public HttpClient Http { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _model = BaseModel.Load(Path.Combine(Root, "data", "models", "nano"));
        var config = new LoraConfig { Rank = 2, Alpha = 4 };
        Models = new(_model, "nano",
            [("nano-a", LoraAdapter.Create(_model, config, 1)), ("nano-b", LoraAdapter.Create(_model, config, 2))], 8);
        _server = await StartAsync(new() { Urls = ["http://127.0.0.1:0"], Origins = ["http://page.example"] });
        Http = new() { BaseAddress = new(_server.Urls.Single()), Timeout = TimeSpan.FromSeconds(60) };
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _server.DisposeAsync();
        Models.Dispose();
        _model.Dispose();
    }

    /// <summary>Another server of the same models.</summary>
    public Task<ModelServer> StartAsync(ServerOptions options, TimeProvider? time = null) =>
        ModelServer.StartAsync(Models, options with { Limits = options.Limits with { Body = 1 << 20 } }, time ?? TimeProvider.System);

    /// <summary>What it answers to a body.</summary>
    public async Task<(int Status, JsonNode Answer)> PostAsync(string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await Http.PostAsync(path, content, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, (await response.Content.ReadFromJsonAsync<JsonNode>(TestContext.Current.CancellationToken))!);
    }

    /// <summary>The events that it sends.</summary>
    public async Task<IReadOnlyList<(string? Name, string Data)>> StreamAsync(string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await Http.PostAsync(path, content, TestContext.Current.CancellationToken);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return [.. (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))
            .Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(e => e.Split('\n'))
            .Select(lines => (lines.FirstOrDefault(l => l.StartsWith("event: ", StringComparison.Ordinal))?[7..],
                lines.First(l => l.StartsWith("data: ", StringComparison.Ordinal))[6..]))];
    }

    private static string FindRoot()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root!.FullName, "DocTuneLab.sln"))) root = root.Parent;
        return root.FullName;
    }
}
