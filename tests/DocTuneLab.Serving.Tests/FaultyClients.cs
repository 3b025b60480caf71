using System.Net.Sockets;
using System.Text;

namespace DocTuneLab.Serving.Tests;

/// <summary>Clients of all kinds at once, most of them at fault: each says what it expects, and what it got otherwise.</summary>
/// <param name="server">Where the server listens.</param>
/// <param name="most">Bytes of a body that the server takes.</param>
public sealed class FaultyClients(Uri server, int most)
{
    private const string Chat = "/v1/chat/completions";

    // Whoever waits longer waits for good.
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(120);

    private static readonly string[] s_wrong =
    [
        """{"messages":"x"}""", """{"messages":[]}""", """{"messages":[{"role":"king","content":"x"}]}""",
        """{"messages":[{"role":"user","content":"x"}],"max_tokens":"many"}""",
        """{"messages":[{"role":"user","content":"x"}],"temperature":-1}""",
        """{"messages":[{"role":"user","content":"x"}],"n":0}""", """{"messages":[{"role":"user","content":5}]}""",
        """{"messages":[{"role":"user","content":"\ud800"}]}""", """{"messages":[{"role":"user","content":"x"}],"stop":[1]}""",
        """{"messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema"}}""", "null", "[]", "{", "",
        "{\"messages\":",
    ];

    /// <summary>Asks so many times.</summary>
    /// <param name="count">How often.</param>
    /// <param name="parallel">How many at once.</param>
    /// <param name="seed">Of the choice of faults.</param>
    /// <param name="cancel">Stops it.</param>
    /// <returns>How many of each kind were asked, and what was answered otherwise than it should.</returns>
    public async Task<(IReadOnlyDictionary<string, int> Asked, IReadOnlyList<string> Wrong)> RunAsync(
        int count, int parallel, int seed, CancellationToken cancel)
    {
        var random = new Random(seed);
        var kinds = Enumerable.Range(0, count).Select(_ => (Kind: random.Next(14), Seed: random.Next())).ToList();
        var (asked, wrong, guard) = (new SortedDictionary<string, int>(StringComparer.Ordinal), new List<string>(), new Lock());
        await Parallel.ForEachAsync(kinds, new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancel },
            async (one, stop) =>
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
                limit.CancelAfter(s_limit);
                var (name, fault) = ("", (string?)null);
                try
                {
                    (name, fault) = await AskAsync(one.Kind, new Random(one.Seed), limit.Token);
                }
                catch (Exception e) when (!stop.IsCancellationRequested
                    && e is OperationCanceledException or IOException or SocketException)
                {
                    (name, fault) = ($"kind {one.Kind}", $"{e.GetType().Name}: {e.Message}");
                }
                lock (guard)
                {
                    asked[name] = asked.GetValueOrDefault(name) + 1;
                    if (fault is not null) wrong.Add($"{name}: {fault}");
                }
            });
        return (asked, wrong);
    }

    private async Task<(string Name, string? Fault)> AskAsync(int kind, Random random, CancellationToken cancel)
    {
        const string Good = """{"messages":[{"role":"user","content":"A lot?"}],"temperature":0,"max_tokens":3""";
        return kind switch
        {
            0 => ("whole answer", await StatusAsync(Post(Chat, Good + "}"), "200", cancel)),
            1 => ("stream", await StreamAsync(Good + ",\"stream\":true}", slow: false, cancel)),
            2 => ("slow reader", await StreamAsync(Good + ",\"stream\":true}", slow: true, cancel)),
            3 => ("no such path", await StatusAsync(Post("/v1/nothing", "{}"), "404", cancel)),
            4 => ("other method", await StatusAsync(Head("DELETE", Chat, 0), "405", cancel)),
            5 => ("other type of content", await StatusAsync(Post(Chat, Good + "}", "text/plain"), "415", cancel)),
            6 => ("too large", await StatusAsync(Head("POST", Chat, most + 1), "413", cancel)),
            7 => ("no UTF-8", await StatusAsync([.. Head("POST", Chat, 20), .. Enumerable.Repeat((byte)0xff, 20)], "400", cancel)),
            8 => ("no such model", await StatusAsync(Post(Chat, Good + ",\"model\":\"none\"}"), "404", cancel)),
            9 => ("cut body", await CutAsync(Good, random, cancel)),
            10 => ("gone client", await LeaveAsync(random, cancel)),
            _ => ("wrong body", await StatusAsync(Post(Chat, s_wrong[random.Next(s_wrong.Length)]), "400", cancel)),
        };
    }

    private async Task<string?> StatusAsync(byte[] request, string expected, CancellationToken cancel)
    {
        var answer = await SendAsync(request, cancel);
        return answer.StartsWith($"HTTP/1.1 {expected} ", StringComparison.Ordinal)
            && (expected == "200" || answer.Contains("\"error\":{\"message\":\"", StringComparison.Ordinal)) ? null
            : $"expected {expected}, got: {answer[..Math.Min(300, answer.Length)]}";
    }

    private async Task<string?> StreamAsync(string body, bool slow, CancellationToken cancel)
    {
        using var client = await ConnectAsync(cancel);
        var stream = client.GetStream();
        await stream.WriteAsync(Post(Chat, body), cancel);
        var (text, part) = (new StringBuilder(), new byte[slow ? 24 : 4096]);
        while (await stream.ReadAsync(part, cancel) is > 0 and var read)
        {
            text.Append(Encoding.UTF8.GetString(part, 0, read));
            if (slow) await Task.Delay(5, cancel);
        }
        return text.ToString().Contains("data: [DONE]", StringComparison.Ordinal) ? null : $"no end: {text}";
    }

    // Less comes than was said: the server may say so, or hang up, and must not wait.
    private async Task<string?> CutAsync(string body, Random random, CancellationToken cancel)
    {
        using var client = await ConnectAsync(cancel);
        var bytes = Encoding.UTF8.GetBytes(body);
        var stream = client.GetStream();
        await stream.WriteAsync((byte[])[.. Head("POST", Chat, bytes.Length + 50), .. bytes[..random.Next(bytes.Length)]], cancel);
        client.Client.Shutdown(SocketShutdown.Send);
        var answer = await ReadAsync(stream, mayHangUp: true, cancel);
        return answer.Length == 0 || answer.StartsWith("HTTP/1.1 4", StringComparison.Ordinal) ? null : answer;
    }

    private async Task<string?> LeaveAsync(Random random, CancellationToken cancel)
    {
        using var client = await ConnectAsync(cancel);
        var stream = client.GetStream();
        await stream.WriteAsync(Post(Chat,
            """{"messages":[{"role":"user","content":"A lot?"}],"max_tokens":400,"temperature":0,"stream":true}"""), cancel);
        // Some read a little before.
        if (random.Next(2) == 0) await stream.ReadAtLeastAsync(new byte[64], 64, throwOnEndOfStream: false, cancel);
        client.LingerState = new(true, 0);
        return null;
    }

    private async Task<string> SendAsync(byte[] request, CancellationToken cancel)
    {
        using var client = await ConnectAsync(cancel);
        var stream = client.GetStream();
        await stream.WriteAsync(request, cancel);
        return await ReadAsync(stream, mayHangUp: false, cancel);
    }

    private async Task<TcpClient> ConnectAsync(CancellationToken cancel)
    {
        var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port, cancel);
        return client;
    }

    private static async Task<string> ReadAsync(NetworkStream stream, bool mayHangUp, CancellationToken cancel)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8, leaveOpen: true);
        var (text, part) = (new StringBuilder(), new char[4096]);
        try
        {
            while (await reader.ReadAsync(part, cancel) is > 0 and var read) text.Append(part, 0, read);
        }
        catch (IOException) when (text.Length > 0 || mayHangUp)
        {
            // Hung up: behind the answer, since the request had more than was read, or on a body that ended too soon.
        }
        return text.ToString();
    }

    private byte[] Post(string path, string body, string type = "application/json")
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        return [.. Head("POST", path, bytes.Length, type), .. bytes];
    }

    private byte[] Head(string method, string path, int length, string type = "application/json") => Encoding.ASCII.GetBytes(
        $"{method} {path} HTTP/1.1\r\nHost: {server.Host}:{server.Port}\r\nContent-Type: {type}\r\nContent-Length: {length}\r\n"
        + "Connection: close\r\n\r\n");
}
