using System.Text;
using System.Text.Json.Nodes;
using DocTuneLab.Notebooks.Hosting;

namespace DocTuneLab.Jupyter.Tests;

/// <summary>What a kernel must live through, sent over its sockets.</summary>
public sealed class WireTests : IDisposable
{
    private static readonly byte[] s_empty = "{}"u8.ToArray();

    private readonly KernelClient _client = new(new SessionOptions { StopGrace = TimeSpan.FromSeconds(1) });

    public void Dispose() => _client.Dispose();

    [Fact]
    public void Malformed_messages_are_dropped()
    {
        _client.SendRaw("nonsense"u8.ToArray());
        _client.SendRaw("<IDS|MSG>"u8.ToArray());
        _client.SendRaw("<IDS|MSG>"u8.ToArray(), [], "{}"u8.ToArray(), "{}"u8.ToArray());
        _client.SendSigned(s_empty, s_empty, s_empty, s_empty);
        _client.SendSigned("not json"u8.ToArray(), s_empty, s_empty, s_empty);
        _client.SendSigned("[]"u8.ToArray(), "3"u8.ToArray(), "null"u8.ToArray(), s_empty);
        _client.SendSigned("{\"msg_id\":1,\"msg_type\":\"kernel_info_request\"}"u8.ToArray(), s_empty, s_empty, s_empty);
        _client.SendSigned("{\"msg_id\":\"a\",\"msg_id\":\"b\",\"msg_type\":\"kernel_info_request\"}"u8.ToArray(), s_empty, s_empty, s_empty);
        _client.SendSigned(Header("x", "kernel_info_request"), s_empty, s_empty,
            Encoding.UTF8.GetBytes(new string('[', 5000) + new string(']', 5000)));
        Assert.Null(_client.TryReply(TimeSpan.FromMilliseconds(500)));
        Alive();
    }

    [Fact]
    public void Requests_with_fields_of_the_wrong_kind_are_answered()
    {
        foreach (var type in (string[])
        [
            "execute_request", "complete_request", "inspect_request", "is_complete_request", "history_request", "comm_info_request"
        ])
            Assert.Equal(type.Replace("request", "reply", StringComparison.Ordinal),
                _client.Request(type, new JsonObject
                {
                    ["code"] = 7,
                    ["cursor_pos"] = "x",
                    ["silent"] = "maybe",
                    ["n"] = new JsonObject(),
                    ["user_expressions"] = 3
                }).Type);
        _client.Send("no_such_request", []);
        _client.Send("comm_msg", new JsonObject { ["comm_id"] = "?" });
        Alive();
    }

    [Fact]
    public void Text_that_is_not_unicode_is_repaired_both_ways()
    {
        // Half an emoji, as JavaScript escapes it, and a byte that is not UTF-8.
        _client.SendSigned(Header("half", "execute_request"), s_empty, s_empty,
            "{\"code\":\"\\\"a\\ud83d\\\" + \\\"\\ud83d\\ude00\\\" + \\\"\\\\u0041\\\"\"}"u8.ToArray());
        Assert.Equal("a\ufffd😀A", Result("half"));
        _client.SendSigned(Header("bytes", "execute_request"), s_empty, s_empty, [.. "{\"code\":\"\\\"b"u8, 0xff, .. "\\\"\"}"u8]);
        Assert.Equal("b\ufffd", Result("bytes"));

        var (reply, published) = _client.Execute("Console.Write(\"x\\ud83d\"); Console.Write(\"\\ud83d\\ude00\"); "
            + "display(\"<b>\\udc00</b>\", \"text/html\"); throw new Exception(\"\\ud800 wrong\");");
        Assert.Equal("\ufffd wrong", reply.Content["evalue"]!.ToString());
        Assert.Equal("x\ufffd😀",
            string.Concat(published.Where(message => message.Type == "stream").Select(message => message.Content["text"])));
        Assert.Equal("<b>\ufffd</b>",
            published.Single(message => message.Type == "display_data").Content["data"]!["text/html"]!.ToString());

        string Result(string id) =>
            _client.Published(id).Single(message => message.Type == "execute_result").Content["data"]!["text/plain"]!.ToString();
    }

    [Fact]
    public void Fifty_megabytes_of_output_arrive_whole()
    {
        var (reply, published) = _client.Execute("var line = new string('é', 99); for (var i = 0; i < 250_000; "
            + "i++) Console.WriteLine(line);\nConsole.Write(new string('x', 1_000_000));");
        Assert.Equal("ok", reply.Content["status"]!.ToString());
        var text = published.Where(message => message.Type == "stream").Select(message => message.Content["text"]!.ToString()).ToList();
        Assert.Equal(250_000 * 100 + 1_000_000, text.Sum(part => (long)part.Length));
        Assert.All(text, part => Assert.True(part.Length < 2_000_000));
        Alive();
    }

    [Fact]
    public void Deep_recursion_and_deep_exceptions_are_errors_of_the_cell()
    {
        Assert.Equal("InsufficientExecutionStackException",
            _client.Execute("int Down(int n) => Down(n + 1) + 1;\nDown(0)").Reply.Content["ename"]!.ToString());
        var deep = _client.Execute(
            "Exception e = new Exception(\"0\");\nfor (var i = 1; i < 5000; i++) e = new Exception(i.ToString(), e);\nthrow e;").Reply;
        Assert.Equal("4999", deep.Content["evalue"]!.ToString());
        Assert.InRange(deep.Content["traceback"]!.AsArray().Count, 10, 100);
        Alive();
    }

    [Fact]
    public void A_subscriber_is_welcomed() =>
        Assert.Contains(_client.Seen, message => message.Type == "iopub_welcome" && message.Content["subscription"]!.ToString() == "");

    [Fact]
    public async Task A_call_into_the_system_that_nothing_ends_is_named_and_ends_the_kernel()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs named pipes as files, which Windows lacks");
        var pipe = Path.Combine(Directory.CreateTempSubdirectory("doctune-pipe").FullName, "pipe");
        System.Diagnostics.Process.Start("mkfifo", [pipe])!.WaitForExit();
        var id = _client.Send("execute_request", KernelClient.Code($"Console.Write(1); File.OpenRead(\"{pipe}\");"));
        _client.AwaitPublished(id, "stream");
        _client.Request("interrupt_request", [], onControl: true);
        var reply = _client.Reply(id);
        Assert.Equal("CellStuck", reply.Content["ename"]!.ToString());
        Assert.Contains("cannot be interrupted", reply.Content["evalue"]!.ToString());
        // The process ends with it: front ends start a new one.
        Assert.Equal(KernelEnd.Stuck, await _client.Kernel.WaitAsync(TimeSpan.FromSeconds(10)));
        // Sharing, since the reader that it lets go takes its lock at the same moment.
        await using var unblocked = new FileStream(pipe, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
    }

    [Fact]
    public void Every_kind_of_runaway_cell_is_interrupted()
    {
        _client.Execute("var kept = 41;");
        foreach (var code in Runaways.All)
        {
            var id = _client.Send("execute_request", KernelClient.Code("Console.Write(0); " + code));
            _client.AwaitPublished(id, "stream");
            _client.Request("interrupt_request", [], onControl: true);
            Assert.Equal("Cancelled", _client.Reply(id).Content["ename"]!.ToString());
        }
        Assert.Equal("42",
            _client.Execute("kept + 1").Published
                .Single(message => message.Type == "execute_result").Content["data"]!["text/plain"]!
                .ToString());
    }

    private void Alive() => Assert.Equal("ok", _client.Execute("1").Reply.Content["status"]!.ToString());

    private static byte[] Header(string id, string type) =>
        Encoding.UTF8.GetBytes($"{{\"msg_id\":\"{id}\",\"msg_type\":\"{type}\",\"session\":\"s\",\"username\":\"u\",\"version\":\"5.4\"}}");
}
