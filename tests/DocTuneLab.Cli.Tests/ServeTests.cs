using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace DocTuneLab.Cli.Tests;

/// <summary>The project's own model behind real HTTP, asked by the tool's own corpus generation.</summary>
public sealed partial class ServeTests : IAsyncLifetime
{
    private readonly Doctune _doctune = new();
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };
    private System.Diagnostics.Process _server = null!;
    private string _url = "";

    public async ValueTask InitializeAsync()
    {
        _url = Doctune.FreeUrl();
        _server = _doctune.Start("serve", "--base", Path.Combine(Doctune.Root, "data/models/nano"), "--urls", _url,
            "--assembly", Path.Combine(Doctune.Root, "data/private-library/bin/Fenmark.dll"),
            "--docs", Path.Combine(Doctune.Root, "data/private-library/docs"));
        Assert.Contains(_url, await _server.StandardOutput.ReadLineAsync());
    }

    public ValueTask DisposeAsync()
    {
        _server.Kill();
        _server.Dispose();
        _http.Dispose();
        _doctune.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public void The_official_client_is_answered()
    {
        var scripts = Path.Combine(Doctune.Root, "tests/DocTuneLab.Cli.Tests/FrontEnds");
        Assert.SkipUnless(Directory.Exists(Path.Combine(scripts, "node_modules/openai")),
            $"needs 'npm ci' in {Path.GetRelativePath(Doctune.Root, scripts)}");
        var run = Doctune.Wait(_doctune.StartProgram("node", Path.Combine(scripts, "openai.mjs"), $"{_url}/v1"));
        Assert.True(run.Code == 0, run.Out + run.Error);
        var said = JsonNode.Parse(run.Out)!;
        Assert.Equal(("nano", "nano"), ((string)said["models"]![0]!, (string)said["model"]!));
        foreach (var kind in (string[])["chat", "response"])
            Assert.Equal((string)said["chat"]!, (string)said[kind]!);
        Assert.Equal((string)said["chat"]!, (string)said["streamed"]!);
        Assert.Equal((string)said["response"]!, (string)said["streamedResponse"]!);
        Assert.Equal((string)said["completion"]!, (string)said["streamedCompletion"]!);
        Assert.Equal((int)said["usage"]!, (int)said["streamedUsage"]!);
        Assert.Equal((string)said["guided"]!, (string)said["streamedGuided"]!);
        Assert.True((int)said["pages"]! > 0);
        Assert.Equal(
        [
            "NotFoundError 404 model_not_found model", "BadRequestError 400  temperature",
            "BadRequestError 400 unsupported_parameter response_format", "BadRequestError 400 context_length_exceeded messages",
            "BadRequestError 400 unsupported_endpoint ", "NotFoundError 404 model_not_found model"
        ], said["errors"]!.AsArray().Select(e => (string)e!));
    }

    [Fact]
    public async Task The_requests_of_the_page_are_answered_as_it_says()
    {
        var page = File.ReadAllText(Path.Combine(Doctune.Root, "docs", "serve.md"));
        var requests = Request().Matches(page);
        Assert.Equal(8, requests.Count);
        foreach (Match request in requests)
        {
            using var content = new StringContent(request.Groups[2].Value, Encoding.UTF8, "application/json");
            using var response = await _http.PostAsync(_url + request.Groups[1].Value, content, TestContext.Current.CancellationToken);
            Assert.True(response.IsSuccessStatusCode, $"{request.Value}\n{await response.Content.ReadAsStringAsync(
                TestContext.Current.CancellationToken)}");
        }
        var commands = DocsPageTests.Commands("serve.md");
        Assert.Equal("serve --base data/models/nano", commands[0]);
        Assert.All(commands, c => Assert.Empty(CommandLine.Root().Parse(c).Errors));
    }

    [Fact]
    public async Task It_ends_when_it_is_told_to()
    {
        using var stop = System.Diagnostics.Process.Start("kill", ["-TERM", $"{_server.Id}"]);
        await stop.WaitForExitAsync(TestContext.Current.CancellationToken);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await _server.WaitForExitAsync(limit.Token);
        Assert.Equal("", await _server.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public void The_served_model_is_evaluated_as_the_page_says()
    {
        var commands = DocsPageTests.Commands("evaluate.md").Where(c => c.Contains("127.0.0.1", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, commands.Count);
        Assert.Equal("serve --base data/models/nano --urls http://127.0.0.1:8080", commands[0]);
        var arguments = commands[1].Replace("http://127.0.0.1:8080", _url, StringComparison.Ordinal)
            .Replace("artifacts/hosted", Path.Combine(_doctune.Folder, "hosted"), StringComparison.Ordinal)
            .Split(' ');
        var result = Doctune.Wait(Doctune.StartProgram("dotnet", Doctune.Root, [Doctune.Library, .. arguments]));
        Assert.True(result.Code == 0, result.Out + result.Error);
        // It judges its own open answers, and is far too small to: what cannot be read is said, and no share of it is made up.
        Assert.Contains("readings of the judge could not be read and do not count", result.Out);
    }

    [Fact]
    public void The_corpus_notebook_is_fed_by_the_served_model()
    {
        var output = Path.Combine(_doctune.Folder, "out.ipynb");
        var process = Doctune.StartProgram("dotnet", Doctune.Root,
        [
            Doctune.Library, "run", "notebooks/03-corpus.ipynb", "-o", output,
            "-p", "labFolder", Path.Combine(_doctune.Folder, "lab"), "-p",
            "samples", "60",
            "-p", "endpoint", $"{_url}/v1", "-p", "endpointModel", "nano", "-p", "modelSamples", "3", "-p", "maxPlanned", "3", "-p",
            "structuredOutput", "false", "-p", "structuralQuestions", "true"
        ]);
        var result = Doctune.Wait(process);
        Assert.True(result.Code == 0, result.Out + result.Error);
        var text = File.ReadAllText(output);
        Assert.Contains("accounting closes: True", text);
        Assert.Matches(@"\d of 3 accepted; planned \d", text);
    }

    [GeneratedRegex("`POST (/(?:v1|lab)/[a-z/]+)`.*?```json\n(.*?)\n```", RegexOptions.Singleline)]
    private static partial Regex Request();
}
