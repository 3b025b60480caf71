using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using DocTuneLab.Serving.Limits;
using Microsoft.Extensions.Time.Testing;

namespace DocTuneLab.Serving.Tests;

/// <summary>Who may ask, how much, and what is seen from outside.</summary>
public sealed class AccessTests(ServedNano served) : IClassFixture<ServedNano>
{
    private static StringContent Ask(int tokens = 4) => new($$"""
        {"messages":[{"role":"user","content":"What is a string?"}],"max_tokens":{{tokens}},"temperature":0}
        """, Encoding.UTF8, "application/json");

    [Fact]
    public async Task Without_the_key_nothing_is_answered()
    {
        await using var server = await served.StartAsync(new() { Urls = ["http://127.0.0.1:0"], Keys = ["sesame", "other"] });
        using var http = new HttpClient { BaseAddress = new(server.Urls.Single()) };
        using var without = await http.PostAsync("/v1/chat/completions", Ask(), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, without.StatusCode);
        Assert.Contains("invalid_api_key", await without.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        http.DefaultRequestHeaders.Authorization = new("Bearer", "sesam");
        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("/v1/models", TestContext.Current.CancellationToken)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/health", TestContext.Current.CancellationToken)).StatusCode);
        http.DefaultRequestHeaders.Authorization = new("Bearer", "other");
        Assert.Equal(HttpStatusCode.OK,
            (await http.PostAsync("/v1/chat/completions", Ask(), TestContext.Current.CancellationToken)).StatusCode);
    }

    [Theory]
    [InlineData("http://0.0.0.0:0", "--api-key")]
    [InlineData("http://[::]:0", "--api-key")]
    [InlineData("ftp://127.0.0.1", "not 'ftp")]
    [InlineData("here", "not 'here'")]
    public async Task An_address_that_others_reach_needs_a_key(string url, string says)
    {
        var error = await Assert.ThrowsAsync<LabException>(() => served.StartAsync(new() { Urls = [url] }));
        Assert.Contains(says, error.Message);
    }

    [Fact]
    public async Task A_taken_port_is_told()
    {
        var error = await Assert.ThrowsAsync<LabException>(
            () => served.StartAsync(new() { Urls = [served.Http.BaseAddress!.ToString()] }));
        Assert.Contains("Another program may use the port", error.Message);
    }

    [Fact]
    public async Task Pages_of_an_origin_that_was_given_may_ask_and_others_not()
    {
        async Task<HttpResponseMessage> Preflight(string origin)
        {
            using var request = new HttpRequestMessage(HttpMethod.Options, "/v1/chat/completions");
            request.Headers.Add("Origin", origin);
            request.Headers.Add("Access-Control-Request-Method", "POST");
            request.Headers.Add("Access-Control-Request-Headers", "content-type");
            return await served.Http.SendAsync(request, TestContext.Current.CancellationToken);
        }
        using var known = await Preflight("http://page.example");
        Assert.Equal("http://page.example", known.Headers.GetValues("Access-Control-Allow-Origin").Single());
        using var other = await Preflight("http://other.example");
        Assert.False(other.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task A_name_that_is_not_this_machines_is_refused_where_no_key_is_asked_for()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        request.Headers.Host = "attacker.example";
        using var response = await served.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        using var local = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        local.Headers.Host = "localhost";
        Assert.Equal(HttpStatusCode.OK, (await served.Http.SendAsync(local, TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task More_than_the_queue_holds_are_told_to_come_again()
    {
        await using var server = await served.StartAsync(new() { Urls = ["http://127.0.0.1:0"], Limits = new() { Queue = 1 } });
        using var http = new HttpClient { BaseAddress = new(server.Urls.Single()) };
        var answers = await Task.WhenAll(Enumerable.Range(0, 4)
            .Select(_ => http.PostAsync("/v1/chat/completions", Ask(200), TestContext.Current.CancellationToken)));
        Assert.Contains(answers, a => a.StatusCode == HttpStatusCode.OK);
        var busy = answers.First(a => a.StatusCode == HttpStatusCode.TooManyRequests);
        Assert.Equal(TimeSpan.FromSeconds(1), busy.Headers.RetryAfter!.Delta);
    }

    [Fact]
    public async Task What_goes_wrong_before_the_first_text_of_a_stream_is_told_by_a_status()
    {
        async Task<HttpResponseMessage> AskAsync(ServerLimits limits)
        {
            await using var server = await served.StartAsync(new() { Urls = ["http://127.0.0.1:0"], Limits = limits });
            using var http = new HttpClient { BaseAddress = new(server.Urls.Single()) };
            return await http.PostAsync("/v1/chat/completions", Stream("/v1/chat/completions"), TestContext.Current.CancellationToken);
        }
        using var late = await AskAsync(new() { Time = TimeSpan.Zero });
        Assert.Equal((HttpStatusCode.GatewayTimeout, "application/json"), (late.StatusCode, late.Content.Headers.ContentType?.MediaType));
        using var busy = await AskAsync(new() { Queue = 0 });
        Assert.Equal((HttpStatusCode.TooManyRequests, "application/json"), (busy.StatusCode, busy.Content.Headers.ContentType?.MediaType));
    }

    [Theory]
    [InlineData("/v1/chat/completions")]
    [InlineData("/v1/completions")]
    [InlineData("/v1/fim/completions")]
    [InlineData("/v1/responses")]
    public async Task What_goes_wrong_within_a_stream_is_told_as_its_last_event(string path)
    {
        var time = new FakeTimeProvider();
        await using var server = await served.StartAsync(new() { Urls = ["http://127.0.0.1:0"] }, time);
        using var http = new HttpClient { BaseAddress = new(server.Urls.Single()) };
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = Stream(path) };
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        Assert.NotEmpty((await reader.ReadLineAsync(TestContext.Current.CancellationToken))!);
        time.Advance(TimeSpan.FromMinutes(11));
        // The body ends as HTTP wants it, or reading would throw; without the mark of an answer that is whole.
        var rest = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
        var last = JsonNode.Parse(rest.TrimEnd().Split("\n\n")[^1]["data: ".Length..])!;
        Assert.Equal("server_error", (string?)last["error"]!["type"]);
        Assert.Contains("longer than this server allows", (string?)last["error"]!["message"]);
        Assert.DoesNotContain("[DONE]", rest);
        // It has left its place.
        for (var n = 0; served.Models.Batch.Running > 0 && n < 500; n++) await Task.Delay(20, TestContext.Current.CancellationToken);
        Assert.Equal(0, served.Models.Batch.Running);
    }

    // Of a text that goes on as long as the context has room.
    private static StringContent Stream(string path)
    {
        var asked = path switch
        {
            "/v1/responses" => """ "input":"What is a string?" """,
            "/v1/chat/completions" => """ "messages":[{"role":"user","content":"What is a string?"}] """,
            _ => """ "prompt":"public static","max_tokens":900 """,
        };
        return new($$"""{{{asked}},"temperature":1,"stream":true,"logit_bias":{"0":-100,"1":-100,"2":-100} }""", Encoding.UTF8,
            "application/json");
    }

    [Fact]
    public async Task A_client_that_goes_leaves_its_place()
    {
        using var gone = new CancellationTokenSource();
        using var content = new StringContent("""
            {"messages":[{"role":"user","content":"What is a string?"}],"max_tokens":900,"temperature":1,"stream":true,
             "logit_bias":{"0":-100,"1":-100,"2":-100}}
            """, Encoding.UTF8, "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = content };
        using var response = await served.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, gone.Token);
        var stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        _ = await stream.ReadAsync(new byte[10], TestContext.Current.CancellationToken);
        await stream.DisposeAsync();
        response.Dispose();
        for (var n = 0; served.Models.Batch.Running > 0; n++)
        {
            Assert.True(n < 500, "the answer goes on though its client has gone");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task Figures_are_told_as_prometheus_reads_them()
    {
        using var answered = await served.Http.PostAsync("/v1/chat/completions", Ask(), TestContext.Current.CancellationToken);
        var text = await served.Http.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        Assert.Matches("doctune_requests_total{path=\"/v1/chat/completions\",status=\"200\"} [1-9]", text);
        Assert.Matches("doctune_tokens_total [1-9]", text);
        Assert.Contains("doctune_answers_running", text);
        Assert.Matches("doctune_first_token_seconds_count [1-9]", text);
    }
}
