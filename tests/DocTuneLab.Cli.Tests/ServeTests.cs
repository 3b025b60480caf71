using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace DocTuneLab.Cli.Tests;

/// <summary>The project's own model behind real HTTP, asked by the tool's own corpus generation.</summary>
public sealed class ServeTests : IAsyncLifetime
{
    private readonly Doctune _doctune = new();
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };
    private System.Diagnostics.Process _server = null!;
    private string _url = "";

    public async ValueTask InitializeAsync()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        _url = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}";
        probe.Stop();
        _server = _doctune.Start("serve", "--base", Path.Combine(Doctune.Root, "data/models/nano"), "--urls", _url);
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

    private async Task<(HttpStatusCode, string)> Post(string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _http.PostAsync($"{_url}/v1/chat/completions", content);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_model_answers_plainly_and_in_a_stream_with_the_same_text()
    {
        const string Ask =
            "\"messages\": [{\"role\": \"user\", \"content\": \"What is a string?\"}], \"max_tokens\": 12, \"temperature\": 0";
        var (status, plain) = await Post($"{{{Ask}}}");
        Assert.Equal(HttpStatusCode.OK, status);
        var answer = JsonNode.Parse(plain)!;
        var (_, stream) = await Post($"{{\"stream\": true, {Ask}}}");
        var events = stream.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("data: [DONE]", events[^1]);
        var chunks = events.SkipLast(1).Select(e => JsonNode.Parse(e["data: ".Length..])!).ToList();
        Assert.Single(chunks.Select(c => (string)c["id"]!).Distinct());
        Assert.Equal((string)answer["choices"]![0]!["message"]!["content"]!,
            string.Concat(chunks.Select(c => (string?)c["choices"]![0]!["delta"]!["content"])));
        Assert.Equal((string)answer["choices"]![0]!["finish_reason"]!, (string)chunks[^1]["choices"]![0]!["finish_reason"]!);
        Assert.Equal((int)answer["usage"]!["completion_tokens"]!, (int)chunks[^1]["usage"]!["completion_tokens"]!);
    }

    [Theory]
    [InlineData("{", "not valid JSON")]
    [InlineData("{\"messages\": []}", "'messages' is missing or empty")]
    [InlineData("{\"messages\": [{\"role\": \"robot\", \"content\": \"x\"}]}", "messages[0].role must be")]
    [InlineData("{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}], \"temperature\": 9}", "'temperature' must be between 0 and 2")]
    public async Task A_wrong_request_says_what_is_wrong(string body, string expected)
    {
        var (status, text) = await Post(body);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains(expected, (string)JsonNode.Parse(text)!["error"]!["message"]!);
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
}
