using System.Diagnostics;
using System.Text.Json.Nodes;
using DocTuneLab.Notebooks.Hosting;

namespace DocTuneLab.Jupyter.Tests;

public sealed class KernelTests : IDisposable
{
    private readonly KernelClient _client = new();

    public void Dispose() => _client.Dispose();

    [Fact]
    public void Kernel_info_names_the_language()
    {
        var reply = _client.Request("kernel_info_request", []);
        Assert.Equal("kernel_info_reply", reply.Type);
        Assert.Equal("C#", reply.Content["language_info"]!["name"]!.ToString());
        Assert.Equal("5.4", reply.Content["protocol_version"]!.ToString());
        Assert.Equal("C#", _client.Request("kernel_info_request", [], onControl: true).Content["language_info"]!["name"]!.ToString());
    }

    [Fact]
    public void A_cell_publishes_what_it_shows_in_order()
    {
        var (reply, published) = _client.Execute(
            "Console.WriteLine(\"héllo\"); Console.Error.Write(\"e\"); var h = display(1); h.Update(2);\n6 * 7");
        Assert.Equal(("ok", 1), (reply.Content["status"]!.ToString(), reply.Content["execution_count"]!.GetValue<int>()));
        Assert.Equal(["status", "execute_input", "stream", "stream", "display_data", "execute_result", "update_display_data", "status"],
            published.Select(message => message.Type));
        Assert.Equal(["stdout", "stderr"],
            published.Where(message => message.Type == "stream").Select(message => message.Content["name"]!.ToString()));
        Assert.Equal("héllo\n", published[2].Content["text"]!.ToString());
        Assert.Equal("42", published[5].Content["data"]!["text/plain"]!.ToString());
        Assert.Equal(published[4].Content["transient"]!["display_id"]!.ToString(),
            published[6].Content["transient"]!["display_id"]!.ToString());
    }

    [Fact]
    public void Expressions_are_evaluated_along_with_a_cell_and_unknown_comms_are_closed()
    {
        var code = KernelClient.Code("var side = 3;");
        code["user_expressions"] = new JsonObject { ["square"] = "side * side", ["wrong"] = "nope" };
        var values = _client.Request("execute_request", code).Content["user_expressions"]!;
        Assert.Equal("9", values["square"]!["data"]!["text/plain"]!.ToString());
        Assert.Equal("error", values["wrong"]!["status"]!.ToString());

        var id = _client.Send("comm_open",
            new JsonObject { ["comm_id"] = "c1", ["target_name"] = "jupyter.widget", ["data"] = new JsonObject() });
        Assert.Equal("c1", _client.Published(id).Single(m => m.Type == "comm_close").Content["comm_id"]!.ToString());
    }

    [Fact]
    public void A_cell_asks_for_input()
    {
        var code = KernelClient.Code(
            "Console.Write(\"who? \"); var name = Console.ReadLine(); var key = await GetPasswordAsync(\"key: \"); $\"{name}/{key}\"");
        code["allow_stdin"] = true;
        var id = _client.Send("execute_request", code);
        Assert.Equal(("", false), Asked(_client.Answer("Ann")));
        Assert.Equal(("key: ", true), Asked(_client.Answer("s3cret")));
        Assert.Equal("ok", _client.Reply(id).Content["status"]!.ToString());
        Assert.Equal("Ann/s3cret", _client.Published(id).Single(m => m.Type == "execute_result").Content["data"]!["text/plain"]!.ToString());

        // A client that cannot ask says so.
        var refused = _client.Execute("Console.ReadLine()").Reply;
        Assert.Contains("nobody is there to answer", refused.Content["evalue"]!.ToString());

        static (string, bool) Asked(WireMessage question) =>
            (question.Content["prompt"]!.ToString(), question.Content["password"]!.GetValue<bool>());
    }

    [Fact]
    public void A_question_can_be_interrupted()
    {
        var code = KernelClient.Code("Console.ReadLine()");
        code["allow_stdin"] = true;
        var id = _client.Send("execute_request", code);
        Thread.Sleep(500);
        _client.Request("interrupt_request", [], onControl: true);
        Assert.Equal("error", _client.Reply(id).Content["status"]!.ToString());
        Assert.Equal("ok", _client.Execute("1").Reply.Content["status"]!.ToString());
    }

    [Fact]
    public void Output_is_cleared_on_request()
    {
        var (_, published) = _client.Execute("Console.Write(1); ClearOutput(wait: true); Console.Write(2);");
        Assert.Equal(["stream", "clear_output", "stream"], published.Select(m => m.Type).Where(t => t is "stream" or "clear_output"));
        Assert.True(published.Single(m => m.Type == "clear_output").Content["wait"]!.GetValue<bool>());
    }

    [Fact]
    public void An_error_is_published_and_queued_cells_are_aborted()
    {
        var failing = _client.Send("execute_request", KernelClient.Code("await Task.Delay(300); throw new Exception(\"boom\");"));
        var queued = _client.Send("execute_request", KernelClient.Code("1"));
        Assert.Equal("boom", _client.Reply(failing).Content["evalue"]!.ToString());
        Assert.Equal("aborted", _client.Reply(queued).Content["status"]!.ToString());
        var error = Assert.Single(_client.Published(failing), message => message.Type == "error");
        Assert.Contains("cell 1:line 1", error.Content["traceback"]!.ToJsonString());
        Assert.Equal("ok", _client.Execute("1").Reply.Content["status"]!.ToString());
    }

    [Fact]
    public void A_busy_cell_is_interrupted_while_the_heart_beats()
    {
        var id = _client.Send("execute_request", KernelClient.Code("while (true) ;"));
        Thread.Sleep(1000);
        Assert.True(_client.HeartbeatAnswers());
        var clock = Stopwatch.StartNew();
        Assert.Equal("ok", _client.Request("interrupt_request", [], onControl: true).Content["status"]!.ToString());
        Assert.Equal("error", _client.Reply(id).Content["status"]!.ToString());
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"took {clock.Elapsed}");
        Assert.Equal("ok", _client.Execute("2").Reply.Content["status"]!.ToString());
    }

    [Fact]
    public void Messages_with_another_key_are_not_answered()
    {
        _client.Send("kernel_info_request", [], key: "wrong-key");
        Assert.Null(_client.TryReply(TimeSpan.FromMilliseconds(500)));
        Assert.Equal("ok", _client.Request("kernel_info_request", []).Content["status"]!.ToString());
    }

    [Theory]
    [InlineData("var x = 1;", "complete")]
    [InlineData("for (var i = 0; i < 3; i++) {", "incomplete")]
    [InlineData("var = ;", "invalid")]
    [InlineData("#!lsmagic", "complete")]
    public void Completeness_is_judged_by_the_parser(string code, string status) =>
        Assert.Equal(status, _client.Request("is_complete_request", new JsonObject { ["code"] = code }).Content["status"]!.ToString());

    [Fact]
    public void Completion_knows_state_members_and_code_points()
    {
        _client.Execute("var greeting = \"hi\"; record Box(int Width);");
        Assert.Contains("greeting", Matches("gree", 4));
        Assert.Contains("Width", Matches("new Box(1).Wi", 13));
        var reply = _client.Request("complete_request", new JsonObject { ["code"] = "/* 😀 */ greeting.ToUp", ["cursor_pos"] = 21 });
        Assert.Contains("ToUpper", reply.Content["matches"]!.AsArray().Select(match => match!.ToString()));
        Assert.Equal((17, 21), (reply.Content["cursor_start"]!.GetValue<int>(), reply.Content["cursor_end"]!.GetValue<int>()));
        Assert.Contains("#!lsmagic", Matches("#!ls", 4));
        Assert.Contains("--connection", Matches("#!sql --conn", 12));
    }

    [Fact]
    public void Questions_about_code_in_a_language_of_an_extension_are_answered_by_it()
    {
        using var own = new KernelClient(new SessionOptions { Extensions = [new RollCallExtension()] });
        var result = own.Execute("#!rollcall\nAda").Published.Single(message => message.Type == "execute_result").Content;
        Assert.Equal("'Ada'", result["data"]!["text/plain"]!.ToString());
        var cell = new JsonObject { ["code"] = "1;\n#!rollcall\n/*😀*/ A", ["cursor_pos"] = 21 };
        var reply = own.Request("complete_request", cell).Content;
        Assert.Equal("[\"Ada\",\"Alan\"]", reply["matches"]!.ToJsonString());
        Assert.Equal((20, 21), (reply["cursor_start"]!.GetValue<int>(), reply["cursor_end"]!.GetValue<int>()));
        reply = own.Request("inspect_request", (JsonObject)cell.DeepClone()).Content;
        Assert.Equal("a name", reply["data"]!["text/plain"]!.ToString());
        reply = own.Request("is_complete_request", new JsonObject { ["code"] = "#!rollcall\nAda," }).Content;
        Assert.Equal("incomplete", reply["status"]!.ToString());
    }

    [Fact]
    public void Inspection_shows_the_signature_and_on_request_the_overloads()
    {
        _client.Execute("int Twice(int n) => 2 * n;\nstring Twice(string s) => s + s;");
        var reply = Inspect("Twice(2)", 2, 0);
        Assert.True(reply.Content["found"]!.GetValue<bool>());
        Assert.Contains("int Twice(int n)", reply.Content["data"]!["text/plain"]!.ToString());
        Assert.DoesNotContain("string s", reply.Content["data"]!["text/plain"]!.ToString());
        Assert.Contains("string Twice(string s)", Inspect("Twice(2)", 7, 1).Content["data"]!["text/plain"]!.ToString());
        Assert.False(Inspect("   ", 1, 1).Content["found"]!.GetValue<bool>());

        WireMessage Inspect(string code, int position, int detail) =>
            _client.Request("inspect_request", new JsonObject { ["code"] = code, ["cursor_pos"] = position, ["detail_level"] = detail });
    }

    [Fact]
    public void History_holds_what_ran()
    {
        foreach (var code in (string[])["1", "2", "1", "30"])
            _client.Execute(code);
        var quiet = KernelClient.Code("99");
        quiet["store_history"] = false;
        _client.Request("execute_request", quiet);
        Assert.Equal("[[0,4,\"30\"]]", History("tail", ("n", 1)));
        Assert.Equal("[[0,2,\"2\"],[0,3,\"1\"]]", History("range", ("start", 2), ("stop", 4), ("session", 0)));
        Assert.Equal("[]", History("range", ("start", 1), ("stop", 4), ("session", -1)));
        Assert.Equal("[[0,3,[\"1\",null]]]", History("search", ("pattern", "1*"), ("unique", true), ("output", true), ("n", 1)));

        string History(string type, params (string Name, JsonNode Value)[] more) =>
            _client
                .Request("history_request", new JsonObject([KeyValuePair.Create("hist_access_type", (JsonNode?)type),
                    .. more.Select(field => KeyValuePair.Create(field.Name, (JsonNode?)field.Value))])).Content["history"]!
                .ToJsonString();
    }

    [Fact]
    public void A_silent_cell_is_not_counted_and_shows_nothing_and_errors_can_be_passed_over()
    {
        var silent = KernelClient.Code("Console.Write(1); 2");
        silent["silent"] = true;
        var id = _client.Send("execute_request", silent);
        Assert.Equal(0, _client.Reply(id).Content["execution_count"]!.GetValue<int>());
        Assert.Equal(["status", "status"], _client.Published(id).Select(message => message.Type));

        var failing = KernelClient.Code("await Task.Delay(300); throw new Exception();");
        failing["stop_on_error"] = false;
        var (first, second) = (_client.Send("execute_request", failing), _client.Send("execute_request", KernelClient.Code("1")));
        Assert.Equal("error", _client.Reply(first).Content["status"]!.ToString());
        Assert.Equal("ok", _client.Reply(second).Content["status"]!.ToString());
    }

    [Fact]
    public void Optional_parts_of_the_protocol_are_declared_absent()
    {
        var info = _client.Request("kernel_info_request", []).Content;
        Assert.False(info["debugger"]!.GetValue<bool>());
        Assert.Empty(info["supported_features"]!.AsArray());
        Assert.Empty(_client.Request("comm_info_request", []).Content["comms"]!.AsObject());
        Assert.True(_client.Request("shutdown_request", new JsonObject { ["restart"] = true }, onControl: true).Content["restart"]!
            .GetValue<bool>());
    }

    [Fact]
    public async Task Shutdown_ends_the_kernel_even_when_a_cell_runs()
    {
        _client.Send("execute_request", KernelClient.Code("while (true) ;"));
        await Task.Delay(500);
        var reply = _client.Request("shutdown_request", new JsonObject { ["restart"] = false }, onControl: true);
        Assert.Equal("ok", reply.Content["status"]!.ToString());
        await _client.Kernel.WaitAsync(TimeSpan.FromSeconds(10));
    }

    private List<string> Matches(string code, int position) =>
        [.. _client.Request("complete_request", new JsonObject { ["code"] = code, ["cursor_pos"] = position }).Content["matches"]!
            .AsArray()
            .Select(match => match!.ToString())];
}
