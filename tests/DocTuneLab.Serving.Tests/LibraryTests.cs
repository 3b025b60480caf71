using System.Net.Http.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Documents.Model;
using DocTuneLab.Library;
using DocTuneLab.Prompts;
using DocTuneLab.Serving.Hosting;
using DocTuneLab.Serving.Knowledge;
using DocTuneLab.Storage;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace DocTuneLab.Serving.Tests;

/// <summary>What a server adds that knows the library: verdicts, passages, guides, votes, tools; and what it refuses without one.</summary>
public sealed class LibraryTests(ServedNano served) : IClassFixture<ServedNano>, IAsyncLifetime
{
    private const string Header = "public static long Litres(WaterLot lot)";

    private readonly List<AnswerVote> _votes = [];
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(60) };
    private ModelServer _server = null!;
    private LibraryKnowledge _known = null!;

    public async ValueTask InitializeAsync()
    {
        var judge = new CSharpJudge(ReferenceSet.Load(Path.Combine(ServedNano.Root, "data/private-library/bin/Fenmark.dll")));
        var chunk = new Chunk
        {
            Id = "c1",
            DocumentPath = "lots.md",
            Span = new(0, 1),
            HeadingPath = ["Lots", "Volume"],
            Text = "A lot tells its volume in `Litres`.",
            CodeBlocks = [],
            Symbols = [],
            TokenCount = 12,
        };
        _known = new("Fenmark", ApiModel.Load(judge.References), judge, (query, most) =>
            query.Contains("volume", StringComparison.OrdinalIgnoreCase) ? [new SearchHit(chunk, 1)] : []);
        _server = await served.StartAsync(new()
        {
            Urls = ["http://127.0.0.1:0"],
            Library = _known,
            Votes = _votes.Add,
        });
        _http.BaseAddress = new(_server.Urls.Single());
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Guided_code_compiles_and_comes_streamed_as_a_whole()
    {
        var body = $$"""
            "messages":[{"role":"user","content":"The litres.\n```csharp\n{{Header}}\n```"}],"temperature":0,
            "guide":{"signature":"{{Header}}"}
            """;
        var (status, answer) = await PostAsync("/v1/chat/completions", $"{{{body}}}");
        Assert.Equal(200, status);
        var text = (string)answer["choices"]![0]!["message"]!["content"]!;
        var (_, verdict) = await PostAsync("/lab/check", new JsonObject { ["answer"] = text, ["question"] = $"```csharp\n{Header}\n```" }
            .ToJsonString());
        Assert.True((bool)verdict["blocks"]![0]!["compiles"]!, text + verdict);
        Assert.Contains((string)verdict["blocks"]![0]!["code"]!, text);
        Assert.True((int)answer["usage"]!["completion_tokens"]! > 3);
        using var content = JsonContent.Create(JsonNode.Parse($"{{{body},\"stream\":true}}"));
        using var response = await _http.PostAsync("/v1/chat/completions", content, TestContext.Current.CancellationToken);
        var events = (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split("\n\n");
        // Before the first text, how far it is: as a comment, which clients skip that do not know it.
        Assert.Matches(@"^: \{""decoded_tokens"":\d+\}$", events[0]);
        var streamed = string.Concat(events.Where(e => e.StartsWith("data: {", StringComparison.Ordinal))
            .Select(e => JsonNode.Parse(e[6..])!).Select(e => (string?)e["choices"]![0]!["delta"]!["content"]));
        Assert.Equal(text, streamed);
    }

    [Fact]
    public async Task A_question_is_worded_as_the_model_was_trained_to_be_asked()
    {
        var (status, plain) = await PostAsync("/lab/wording", """{"question":"The litres."}""");
        Assert.Equal(200, status);
        Assert.Equal("The litres.", (string?)plain["messages"]!.AsArray().Single()!["content"]);
        var code = PromptTemplate.Parse("""
            ---
            name: own
            version: 1
            kind: code-task
            description: Own.
            inputs: [instruction, signature, context?, library?]
            system: You know {{ library }}.
            ---
            {{ instruction }} As {{ signature }}
            """, "own.liquid");
        var own = await served.StartAsync(new()
        {
            Urls = ["http://127.0.0.1:0"],
            Library = _known with { Wording = QuestionWording.Default with { Code = code } },
        });
        await using (own)
        {
            using var content = JsonContent.Create(new { question = "The litres.", signature = $" {Header} " });
            using var response = await _http.PostAsync(new Uri(new(own.Urls.Single()), "/lab/wording"), content,
                TestContext.Current.CancellationToken);
            var turns = (await response.Content.ReadFromJsonAsync<JsonNode>(TestContext.Current.CancellationToken))!["messages"]!.AsArray();
            Assert.Equal(["system", "user"], turns.Select(t => (string?)t!["role"]));
            Assert.Equal($"The litres. As {Header}", (string?)turns[^1]!["content"]);
        }
    }

    [Fact]
    public async Task What_the_compiler_is_asked_takes_a_place_and_time_as_an_answer_does()
    {
        await using var hurried = await served.StartAsync(new()
        {
            Urls = ["http://127.0.0.1:0"],
            Library = _known,
            Limits = new() { Time = TimeSpan.FromMilliseconds(1) },
        });
        var code = $"```csharp\n{string.Concat(Enumerable.Range(0, 400).Select(i => $"var a{i} = WaterLot.FromLitres({i});\n"))}```";
        using var content = JsonContent.Create(new { answer = code });
        using var response = await _http.PostAsync(new Uri(new(hurried.Urls.Single()), "/lab/check"), content,
            TestContext.Current.CancellationToken);
        Assert.Equal(504, (int)response.StatusCode);
    }

    [Fact]
    public async Task Passages_stand_before_the_question_and_are_named()
    {
        var (_, shown) = await PostAsync("/lab/prompt", """{"messages":[{"role":"user","content":"What is the volume?"}],"docs":true}""");
        Assert.Contains("A lot tells its volume in `Litres`.\n\nWhat is the volume?", (string)shown["text"]!);
        Assert.Equal(("lots.md", "Lots > Volume"),
            ((string)shown["sources"]![0]!["page"]!, (string)shown["sources"]![0]!["heading"]!));
        var (_, without) = await PostAsync("/lab/prompt", """{"messages":[{"role":"user","content":"What is the volume?"}]}""");
        Assert.True((int)shown["tokens"]! > (int)without["tokens"]!);
        var (status, answer) = await PostAsync("/v1/chat/completions",
            """{"messages":[{"role":"user","content":"What is the volume?"}],"docs":true,"max_tokens":3}""");
        Assert.Equal((200, (int)shown["tokens"]!), (status, (int)answer["usage"]!["prompt_tokens"]!));
        Assert.Equal(shown["sources"]!.ToJsonString(), answer["sources"]!.ToJsonString());
        Assert.Equal("A lot tells its volume in `Litres`.", (string?)answer["sources"]![0]!["text"]);
    }

    [Theory]
    [InlineData("/v1/chat/completions", """{"messages":[{"role":"user","content":"x"}],"guide":{"signature":"no header ("}}""",
        "does not compile")]
    [InlineData("/v1/chat/completions", """{"messages":[{"role":"user","content":"x"}],"guide":{},"stop":["a"]}""",
        "ends where it is whole")]
    [InlineData("/v1/chat/completions", """{"messages":[{"role":"user","content":"x"}],"guide":{},"presence_penalty":1}""", "penalties")]
    [InlineData("/v1/chat/completions", """{"messages":[{"role":"user","content":"x"}],"guide":{},"logprobs":true}""", "'logprobs'")]
    [InlineData("/v1/chat/completions", """{"messages":[{"role":"assistant","content":"x"}],"docs":true}""", "the user's last turn")]
    [InlineData("/v1/chat/completions", """{"messages":[{"role":"user","content":"x"}],"guide":"yes"}""", "'guide'")]
    [InlineData("/lab/check", "{}", "'answer'")]
    [InlineData("/lab/prompt", "{}", "'messages'")]
    [InlineData("/lab/votes", """{"question":"q","answer":"a","vote":"maybe"}""", "up or down")]
    [InlineData("/lab/votes", """{"vote":"up"}""", "'question' and 'answer'")]
    public async Task What_is_wrong_is_told_by_its_field(string path, string body, string says)
    {
        var (status, answer) = await PostAsync(path, body);
        Assert.Equal(400, status);
        Assert.Contains(says, (string)answer["error"]!["message"]!);
    }

    [Theory]
    [InlineData("context")]
    [InlineData("signature")]
    public async Task What_is_nested_without_end_is_refused(string field)
    {
        var (status, answer) = await PostAsync("/v1/chat/completions",
            $$$"""{"messages":[{"role":"user","content":"x"}],"guide":{"{{{field}}}":"{{{new string('(', 20_000)}}}"}}""");
        Assert.Equal(400, status);
        Assert.Contains("nested too deeply", (string)answer["error"]!["message"]!);
    }

    [Fact]
    public async Task A_vote_is_kept_with_what_the_compiler_says()
    {
        var (status, _) = await PostAsync("/lab/votes",
            """{"model":"nano-a","question":"q","answer":"```csharp\nWaterLot.FromLitre(3)\n```","vote":"down","guided":true}""");
        Assert.Equal(200, status);
        var vote = Assert.Single(_votes);
        Assert.Equal(("nano-a+compiler", false, false), (vote.Model, vote.IsGood, Assert.Single(vote.Compiles)));
        Assert.Equal(404, (await PostAsync("/lab/votes", """{"model":"x","question":"q","answer":"a","vote":"up"}""")).Status);
    }

    [Fact]
    public async Task Tools_answer_over_http()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var client = await McpClient.CreateAsync(new HttpClientTransport(new() { Endpoint = new(_http.BaseAddress!, "/mcp") }),
            cancellationToken: cancel);
        Assert.Equal(["check_code", "complete_code", "find_symbol", "search_docs"],
            (await client.ListToolsAsync(cancellationToken: cancel)).Select(t => t.Name).Order());
        var result = await client.CallToolAsync("check_code", new Dictionary<string, object?> { ["code"] = "WaterLot.FromLitres(3)" },
            cancellationToken: cancel);
        Assert.StartsWith("Compiles.", Assert.Single(result.Content.OfType<TextContentBlock>()).Text);
    }

    [Fact]
    public async Task Without_a_library_the_page_is_there_and_the_rest_is_refused()
    {
        var page = await served.Http.GetStringAsync("/", TestContext.Current.CancellationToken);
        Assert.Contains("<title>DocTuneLab</title>", page);
        var lab = await served.Http.GetFromJsonAsync<JsonNode>("/lab", TestContext.Current.CancellationToken);
        Assert.Null(lab!["library"]);
        Assert.Equal((false, "nano-b"), ((bool)lab["pages"]!, (string)lab["default"]!));
        foreach (var (path, body) in ((string, string)[])[
            ("/v1/chat/completions", """{"messages":[{"role":"user","content":"x"}],"guide":{}}"""),
            ("/v1/chat/completions", """{"messages":[{"role":"user","content":"x"}],"docs":true}"""),
            ("/lab/check", """{"answer":"x"}"""), ("/lab/votes", """{"question":"q","answer":"a","vote":"up"}""")])
        {
            var (status, answer) = await served.PostAsync(path, body);
            Assert.Equal(400, status);
            Assert.Contains("--lab", (string)answer["error"]!["message"]!);
        }
        Assert.Equal(404, (await served.PostAsync("/mcp", "{}")).Status);
    }

    private async Task<(int Status, JsonNode Answer)> PostAsync(string path, string body)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await _http.PostAsync(path, content, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, (await response.Content.ReadFromJsonAsync<JsonNode>(TestContext.Current.CancellationToken))!);
    }
}
