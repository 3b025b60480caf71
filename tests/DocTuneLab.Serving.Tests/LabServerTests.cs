using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using DocTuneLab.Serving.Hosting;
using DocTuneLab.Serving.Labs;

namespace DocTuneLab.Serving.Tests;

/// <summary>What the page of the lab asks its server: labs are made, run one at a time, stopped, gone on with, and read.</summary>
public sealed class LabServerTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("doctune-labs-");
    private readonly List<string> _faults = [];
    private HttpClient _http = new();
    private LabServer _server = null!;

    public async ValueTask InitializeAsync() => await BeginAsync();

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_run_is_stopped_and_goes_on_also_in_another_server_while_a_second_waits_for_its_turn()
    {
        await MakeAsync("one");
        await MakeAsync("two");
        Assert.Equal("new", await StateAsync("one"));
        Assert.Equal(200, (await AskAsync("POST", "/labs/one/start")).Status);
        Assert.Equal(409, (await AskAsync("POST", "/labs/one/start")).Status);
        Assert.Equal(200, (await AskAsync("POST", "/labs/two/start")).Status);
        Assert.Equal("queued", await StateAsync("two"));
        Assert.Equal(409, (await AskAsync("PUT", "/labs/two/plan", "{}")).Status);

        // The second is in the list while the first trains; neither waits for the other's end once it is stopped.
        var trained = await UntilAsync("one", lab => lab["losses"]!.AsArray().Count > 2);
        Assert.Equal("running", (string?)Stage(trained, "train")["state"]);
        Assert.Equal("done", (string?)Stage(trained, "corpus")["state"]);
        // What waits is stopped at once, and can wait again.
        Assert.Equal(200, (await AskAsync("POST", "/labs/two/stop")).Status);
        Assert.Equal("stopped", await StateAsync("two"));
        Assert.Equal(200, (await AskAsync("PUT", "/labs/two/plan", "{}")).Status);
        Assert.Equal(200, (await AskAsync("POST", "/labs/two/start")).Status);
        Assert.Equal("queued", await StateAsync("two"));
        Assert.Equal(200, (await AskAsync("POST", "/labs/two/stop")).Status);
        Assert.Equal(409, (await AskAsync("POST", "/labs/two/stop")).Status);
        Assert.Equal(200, (await AskAsync("POST", "/labs/one/stop")).Status);
        var stopped = await UntilAsync("one", lab => (string?)lab["state"] == "stopped");
        Assert.Equal("stopped", (string?)Stage(stopped, "train")["state"]);
        var points = stopped["losses"]!.AsArray().Count;

        // Another server finds it as it was.
        await EndAsync();
        await BeginAsync();
        Assert.Equal("stopped", await StateAsync("one"));
        Assert.Equal(points, (await LabAsync("one"))["losses"]!.AsArray().Count);

        var (chosen, _) = await AskAsync("PUT", "/labs/one/plan", """{"settings":{"--count":"40","--max-steps":"400","--rank":"4"}}""");
        Assert.Equal(200, chosen);
        Assert.Equal(200, (await AskAsync("POST", "/labs/one/start")).Status);
        var again = await UntilAsync("one", lab => lab["losses"]!.AsArray().Count > 0);
        // Other settings of training: the samples stay, the training is new.
        Assert.Contains("of an earlier run", (string?)Stage(again, "corpus")["text"]);
        Assert.Equal(1, (int?)again["losses"]![0]!["step"]);
        await AskAsync("POST", "/labs/one/stop");
        await UntilAsync("one", lab => (string?)lab["state"] == "stopped");
        await AskAsync("POST", "/labs/one/start");
        var on = await UntilAsync("one", lab => lab["losses"]!.AsArray().Count > 0);
        // The same settings: it goes on where it stopped.
        Assert.True((int?)on["losses"]![0]!["step"] > 1, on.ToJsonString());
        await AskAsync("POST", "/labs/one/stop");
        await UntilAsync("one", lab => (string?)lab["state"] == "stopped");
        Assert.Empty(_faults);
    }

    [Fact]
    public async Task What_is_done_is_read_samples_answers_report_and_another_start_makes_nothing_anew()
    {
        await MakeAsync("one");
        Assert.Contains("start", Message(await AskAsync("GET", "/labs/one/samples")));
        Directory.CreateDirectory(Path.Combine(_folder.FullName, "one", "tasks"));
        foreach (var name in (string[])["code.jsonl", "docqa.jsonl"])
            File.WriteAllLines(Path.Combine(_folder.FullName, "one", "tasks", name),
                File.ReadLines(Path.Combine(ServedNano.Root, "data/private-library/tasks", name))
                    .Where(l => l.Contains("\"test\"")).Take(3));
        await AskAsync("PUT", "/labs/one/plan", """{"settings":{"--count":"40","--max-steps":"4","--max-tokens":"24"}}""");
        await AskAsync("POST", "/labs/one/start");
        var done = await UntilAsync("one", lab => (string?)lab["state"] is "done" or "failed");
        Assert.Equal("done", (string?)done["state"]);
        Assert.True((bool)done["has_report"]!);

        var samples = (await AskAsync("GET", "/labs/one/samples")).Answer;
        Assert.Equal(10, samples["items"]!.AsArray().Count);
        Assert.True((int)samples["total"]! is > 10 and <= 40);
        var turns = samples["items"]![0]!["turns"]!.AsArray();
        Assert.Equal(["user", "assistant"], turns.TakeLast(2).Select(t => (string?)t!["role"]));
        var answers = (await AskAsync("GET", "/labs/one/answers")).Answer;
        Assert.Equal(3, (int)answers["total"]!);
        Assert.Equal(["base", "tuned"], answers["items"]![0]!["answers"]!.AsArray().Select(a => (string?)a!["arm"]));
        Assert.Contains("\n\n", (string?)answers["items"]![0]!["asked"]);
        using var report = await _http.GetAsync(new Uri("/labs/one/report", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Contains("<html", await report.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        // It quotes what models write, and must not act as the lab's page.
        Assert.StartsWith("sandbox", report.Headers.GetValues("Content-Security-Policy").Single());

        await AskAsync("POST", "/labs/one/start");
        var again = await UntilAsync("one", lab => (string?)lab["state"] == "done" && (string?)Stage(lab, "evaluate")["state"] == "done"
            && ((string?)Stage(lab, "train")["text"])!.Contains("of an earlier run", StringComparison.Ordinal));
        Assert.Empty(again["losses"]!.AsArray());

        // Chatting is a server of its own, which knows the adapter.
        var url = (string)(await AskAsync("POST", "/labs/one/chat")).Answer["url"]!;
        using var chat = new HttpClient { BaseAddress = new(url) };
        var served = await chat.GetFromJsonAsync<JsonNode>("lab", TestContext.Current.CancellationToken);
        Assert.Equal("nano-tuned", (string?)served!["default"]);
        Assert.True((bool)served["votes"]!);
        Assert.Empty(_faults);
    }

    [Fact]
    public async Task A_lab_that_was_deleted_and_made_anew_has_not_run()
    {
        await MakeAsync("one");
        await AskAsync("POST", "/labs/one/start");
        await AskAsync("POST", "/labs/one/stop");
        await UntilAsync("one", lab => (string?)lab["state"] == "stopped");
        Directory.Delete(Path.Combine(_folder.FullName, "one"), recursive: true);
        await MakeAsync("one");
        Assert.Equal("new", await StateAsync("one"));
    }

    [Fact]
    public async Task A_damaged_plan_gives_way_to_the_defaults_and_an_empty_base_is_the_default()
    {
        await MakeAsync("one");
        var usual = (await AskAsync("GET", "/choices")).Answer["plan"]!;
        var plan = Path.Combine(_folder.FullName, "one", "plan.json");
        File.WriteAllText(plan, """{"held_out": 3""");
        var details = (await AskAsync("GET", "/labs/one")).Answer;
        Assert.True(JsonNode.DeepEquals(usual, details["plan"]), details.ToJsonString());
        Assert.Contains("is no plan of a run", (string?)details["found"]![0]);
        var kept = (await AskAsync("PUT", "/labs/one/plan", """{"base":" ","held_out":3}""")).Answer;
        Assert.Equal(((string?)usual["base"], 3), ((string?)kept["plan"]!["base"], (int?)kept["plan"]!["held_out"]));
        Assert.Empty(kept["found"]!.AsArray());
        Assert.False(File.Exists(plan + ".tmp"));
    }

    [Fact]
    public async Task A_lab_of_pages_alone_is_chatted_with()
    {
        var (status, made) = await AskAsync("POST", "/labs", $$"""
            {"name":"pages","docs":"{{Path.Combine(ServedNano.Root, "data/private-library/docs/reference")}}"}
            """);
        Assert.True(status == 200, made.ToJsonString());
        var (opened, chat) = await AskAsync("POST", "/labs/pages/chat");
        Assert.True(opened == 200, chat.ToJsonString());
        using var http = new HttpClient { BaseAddress = new((string)chat["url"]!) };
        var served = await http.GetFromJsonAsync<JsonNode>("lab", TestContext.Current.CancellationToken);
        Assert.Equal("nano", (string?)served!["default"]);
        Assert.Null(served["library"]);
    }

    [Theory]
    [InlineData("""{"name":"../x","docs":"."}""", "'name' must be")]
    [InlineData("""{"name":"x"}""", "there is nothing to make a lab of")]
    [InlineData("""{"name":"x","library":"Nope/none.txt"}""", "no library. Expected an assembly")]
    [InlineData("""{"name":"x","library":"nope.dll"}""", "nope.dll")]
    [InlineData("""{"name":"x","docs":".","source":"/no/such/code"}""", "/no/such/code: no such file or folder of C#")]
    [InlineData("""{"name":"x","docs":".","plan":{"settings":{"--rnak":"4"}}}""", "did you mean --rank?")]
    [InlineData("""{"name":"x","docs":".","plan":{"settings":{"--rank":"none"}}}""", "rank is 'none'")]
    [InlineData("""{"name":"x","docs":".","plan":{"base":"no/such/model/here"}}""", "neither a model folder nor a name on a hub")]
    [InlineData("""{"name":"x","docs":".","plan":{"held_out":-1}}""", "held-out tasks: expected 0")]
    [InlineData("""{"name":3}""", "'name' has a value of a wrong type")]
    public async Task What_is_wrong_is_said_and_nothing_is_left(string body, string expected)
    {
        var (status, answer) = await AskAsync("POST", "/labs", body);
        Assert.Equal(400, status);
        Assert.Contains(expected, (string?)answer["error"]!["message"]);
        Assert.Empty((await AskAsync("GET", "/labs")).Answer.AsArray());
    }

    [Fact]
    public async Task Only_its_own_page_on_this_machine_may_ask()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var named = new HttpRequestMessage(HttpMethod.Get, new Uri("/labs", UriKind.Relative));
        named.Headers.Host = "evil.example";
        Assert.Equal(403, (int)(await _http.SendAsync(named, cancel)).StatusCode);
        using var foreign = new HttpRequestMessage(HttpMethod.Get, new Uri("/labs", UriKind.Relative));
        foreign.Headers.Add("Origin", "http://evil.example");
        Assert.Equal(403, (int)(await _http.SendAsync(foreign, cancel)).StatusCode);
        foreach (var (path, site, expected) in ((string, string, int)[])[("/labs", "cross-site", 403), ("/folders", "same-site", 403),
            ("/labs", "same-origin", 200), ("/labs", "none", 200), ("/", "cross-site", 200)])
        {
            using var read = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
            read.Headers.Add("Sec-Fetch-Site", site);
            using var answer = await _http.SendAsync(read, cancel);
            Assert.Equal((path, site, expected), (path, site, (int)answer.StatusCode));
            Assert.Equal("frame-ancestors 'none'", answer.Headers.GetValues("Content-Security-Policy").Single());
        }
        using var form = new StringContent("{}", Encoding.UTF8, "text/plain");
        Assert.Equal(415, (int)(await _http.PostAsync(new Uri("/labs", UriKind.Relative), form, cancel)).StatusCode);
        var open = await Assert.ThrowsAsync<LabException>(() => LabServer.StartAsync(Workspace(), new() { Urls = ["http://0.0.0.0:0"] }));
        Assert.Contains("open to other machines", open.Message);
        Assert.Equal(404, (await AskAsync("GET", "/labs/none")).Status);
        Assert.Equal(404, (await AskAsync("GET", "/nothing")).Status);
        Assert.Contains("no such folder", Message(await AskAsync("GET", "/folders?path=/no/such")));
    }

    private static string Message((int Status, JsonNode Answer) asked) => (string?)asked.Answer["error"]?["message"] ?? "";

    private Workspace Workspace() => new(_folder.FullName,
        (package, _) => throw new LabException($"{package}: no feed here"), TimeProvider.System);

    private async Task BeginAsync()
    {
        _server = await LabServer.StartAsync(Workspace(), new() { Urls = ["http://127.0.0.1:0"], Faults = _faults.Add });
        _http = new() { BaseAddress = new(_server.Url), Timeout = TimeSpan.FromSeconds(60) };
    }

    private async Task EndAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
    }

    private async Task MakeAsync(string name)
    {
        var library = Path.Combine(ServedNano.Root, "data/private-library");
        var (status, answer) = await AskAsync("POST", "/labs", $$$"""
            {"name":"{{{name}}}","library":"{{{library}}}/bin/Fenmark.dll","docs":"{{{library}}}/docs/reference",
             "plan":{"held_out":0,"settings":{"--count":"40","--max-steps":"400"} } }
            """);
        Assert.True(status == 200, answer.ToJsonString());
    }

    private async Task<string?> StateAsync(string name) => (string?)(await LabAsync(name))["state"];

    private async Task<JsonNode> LabAsync(string name) => (await AskAsync("GET", $"/labs/{name}")).Answer["lab"]!;

    private static JsonNode Stage(JsonNode lab, string name) => lab["stages"]!.AsArray().First(s => (string?)s!["stage"] == name)!;

    // By the events, as a page follows it.
    private async Task<JsonNode> UntilAsync(string name, Func<JsonNode, bool> reached)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(3));
        using var stream = new StreamReader(await _http.GetStreamAsync(new Uri($"/labs/{name}/events", UriKind.Relative), limit.Token));
        while (await stream.ReadLineAsync(limit.Token) is { } line)
        {
            if (!line.StartsWith("data: ", StringComparison.Ordinal)) continue;
            var lab = await LabAsync(name);
            if (reached(lab)) return lab;
        }
        throw new InvalidOperationException("the events ended");
    }

    private async Task<(int Status, JsonNode Answer)> AskAsync(string method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(new(method), new Uri(path, UriKind.Relative));
        if (method != "GET") request.Content = new StringContent(body ?? "{}", Encoding.UTF8, "application/json");
        using var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, (await response.Content.ReadFromJsonAsync<JsonNode>(TestContext.Current.CancellationToken))!);
    }
}
