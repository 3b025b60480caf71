using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace DocTuneLab.Tests.Prompts.Loopback;

/// <summary>What goes wrong with one request.</summary>
public enum Fault
{
    None,
    RefusedWithWait,
    Refused,
    ServerError,
    Unavailable,
    Reset,
    HalfClosedStream,
    NeverAnswers,
    WrongJson,
    WrongSchema,
    Truncated,
    DuplicatedChunks,
    HugeAnswer,
    EchoesKey,
    EchoesKeyInError,
    NoStreams,
}

/// <summary>
/// A server with OpenAI's protocol on a free port of this machine: chat completions plain and streamed, files and batches, with faults
/// where the test wants them. It counts what it was asked and what it has billed: an answer with an <c>Idempotency-Key</c> is billed once.
/// </summary>
public sealed class LoopbackServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, string> _files = new();
    private readonly ConcurrentDictionary<string, (string File, string Mark, int Looks, string? Over)> _batches = new();
    private readonly ConcurrentDictionary<string, int> _asked = new(), _delivered = new();
    private long _number;
    private int _inFlight, _peak;

    private LoopbackServer(WebApplication app) => _app = app;

    /// <summary>Address up to the version.</summary>
    public Uri Url { get; private set; } = null!;

    /// <summary>The assistant's text for a request body.</summary>
    public Func<JsonNode, string> Answer { get; set; } = _ => "yes";

    /// <summary>The fault of the n-th request (from 0).</summary>
    public Func<long, JsonNode, Fault> FaultOf { get; set; } = (_, _) => Fault.None;

    /// <summary>Status, body and Retry-After of an answer, as they stand; null for the usual one.</summary>
    public Func<JsonNode, (int Status, string Body, string? RetryAfter)?> Verbatim { get; set; } = _ => null;

    /// <summary>Whether a batch ends before it comes to a request.</summary>
    public Func<JsonNode, bool> Expires { get; set; } = _ => false;

    /// <summary>Bodies of requests, alone or in batches, in the order of their arrival.</summary>
    public ConcurrentQueue<JsonNode> Bodies { get; } = [];

    /// <summary>Time that an answer takes.</summary>
    public Func<long, TimeSpan> Latency { get; set; } = _ => TimeSpan.Zero;

    /// <summary>How often each key was asked.</summary>
    public IReadOnlyDictionary<string, int> Asked => _asked;

    /// <summary>How often an answer of each key was sent to its end.</summary>
    public IReadOnlyDictionary<string, int> Delivered => _delivered;

    /// <summary>Requests so far.</summary>
    public long Requests => Interlocked.Read(ref _number);

    /// <summary>Most requests at one time.</summary>
    public int Peak => _peak;

    /// <summary>Authorization headers seen.</summary>
    public ConcurrentBag<string> Authorizations { get; } = [];

    /// <summary>Looks at a batch before it is finished.</summary>
    public int BatchLooks { get; set; } = 2;

    /// <summary>Batches made so far.</summary>
    public int Batches => _batches.Count;

    /// <summary>Whether the next batch is made and the connection lost before the server says so.</summary>
    public bool LosesBatch { get; set; }

    /// <summary>Why batches are refused after they were made; null where they are not.</summary>
    public string? RefusesBatches { get; set; }

    /// <summary>Starts a server.</summary>
    public static async Task<LoopbackServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Limits.MinResponseDataRate = null).UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var server = new LoopbackServer(app);
        app.MapPost("/v1/chat/completions", server.ChatAsync);
        app.MapPost("/v1/files", server.UploadAsync);
        app.MapGet("/v1/files/{id}/content",
            (string id) => server._files.TryGetValue(id, out var text) ? Results.Text(text) : Results.NotFound());
        app.MapPost("/v1/batches", server.BatchAsync);
        app.MapGet("/v1/batches",
            () => new { data = server._batches.Select(b => new { id = b.Key, metadata = new { doctune = b.Value.Mark } }) });
        app.MapGet("/v1/batches/{id}", server.LookAsync);
        app.MapPost("/api/chat", server.OllamaAsync);
        await app.StartAsync();
        server.Url = new Uri(app.Urls.First().Replace("localhost", "127.0.0.1") + "/v1");
        return server;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    /// <summary>The last user turn of a request body.</summary>
    public static string UserTurn(JsonNode body) =>
        (string)body["messages"]!.AsArray().Last(m => (string?)m!["role"] == "user")!["content"]!;

    private async Task ChatAsync(HttpContext http)
    {
        var number = Interlocked.Increment(ref _number) - 1;
        var body = (await JsonNode.ParseAsync(http.Request.Body))!;
        Bodies.Enqueue(body);
        var key = http.Request.Headers["Idempotency-Key"].ToString();
        if (http.Request.Headers.Authorization.ToString() is { Length: > 0 } authorization && Authorizations.Count < 100)
            Authorizations.Add(authorization);
        if (key.Length > 0) _asked.AddOrUpdate(key, 1, (_, n) => n + 1);
        var now = Interlocked.Increment(ref _inFlight);
        while (now > _peak && Interlocked.CompareExchange(ref _peak, now, _peak) < now) { }
        try
        {
            var latency = Latency(number);
            if (latency > TimeSpan.Zero) await Task.Delay(latency, http.RequestAborted);
            await RespondAsync(http, body, FaultOf(number, body), key);
        }
        catch (OperationCanceledException) { }
        finally
        {
            Interlocked.Decrement(ref _inFlight);
        }
    }

    private async Task RespondAsync(HttpContext http, JsonNode body, Fault fault, string key)
    {
        var stream = (bool?)body["stream"] == true;
        if (Verbatim(body) is var (status, words, after))
        {
            (http.Response.StatusCode, http.Response.ContentType) = (status, "application/json");
            if (after is not null) http.Response.Headers.RetryAfter = after;
            await http.Response.WriteAsync(words);
            return;
        }
        switch (fault)
        {
            case Fault.RefusedWithWait:
                http.Response.Headers.RetryAfter = "0";
                http.Response.Headers["retry-after-ms"] = "5";
                await ErrorAsync(http, 429, "slow down");
                return;
            case Fault.Refused: await ErrorAsync(http, 429, "slow down"); return;
            case Fault.ServerError: await ErrorAsync(http, 500, "internal"); return;
            case Fault.Unavailable: await ErrorAsync(http, 503, "overloaded"); return;
            case Fault.EchoesKey: await ErrorAsync(http, 401, $"Incorrect API key provided: {http.Request.Headers.Authorization}"); return;
            case Fault.EchoesKeyInError: await ErrorAsync(http, 500, $"upstream refused {http.Request.Headers.Authorization}"); return;
            case Fault.NoStreams when stream: await ErrorAsync(http, 400, "this server sends no streams"); return;
            case Fault.Reset: http.Features.Get<IHttpResetFeature>()?.Reset(0); http.Abort(); return;
            case Fault.NeverAnswers: await Task.Delay(Timeout.Infinite, http.RequestAborted); return;
            case Fault.WrongJson:
                http.Response.ContentType = "application/json";
                await http.Response.WriteAsync("{\"choices\": [{\"message\": {\"content\": \"half");
                return;
        }
        var text = fault switch
        {
            Fault.WrongSchema => "{\"unexpected\": [1, 2]}",
            Fault.HugeAnswer => new string('x', 6 << 20),
            Fault.Truncated => Answer(body) is var whole ? whole[..(whole.Length / 2)] : "",
            _ => Answer(body)
        };
        var finish = fault == Fault.Truncated ? "length" : "stop";
        var usage = new JsonObject
        {
            ["prompt_tokens"] = body["messages"]!.ToJsonString().Length / 4,
            ["completion_tokens"] = text.Length / 4 + 1,
            ["total_tokens"] = 0
        };
        if (!stream)
        {
            http.Response.ContentType = "application/json";
            var json = new JsonObject
            {
                ["id"] = "chatcmpl-1",
                ["object"] = "chat.completion",
                ["created"] = 1,
                ["model"] = (string?)body["model"],
                ["choices"] = new JsonArray(new JsonObject
                {
                    ["index"] = 0,
                    ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = text },
                    ["finish_reason"] = finish
                }),
                ["usage"] = usage,
            }.ToJsonString();
            if (fault == Fault.HalfClosedStream)
            {
                http.Response.ContentLength = Encoding.UTF8.GetByteCount(json);
                await http.Response.WriteAsync(json[..(json.Length / 2)]);
                await http.Response.Body.FlushAsync();
                // What was sent must have arrived, or the client sees a connection that never answered.
                await Task.Delay(100);
                http.Abort();
                return;
            }
            await http.Response.WriteAsync(json);
        }
        else
        {
            http.Response.ContentType = "text/event-stream";
            var pieces = text.Chunk(24).Select(c => new string(c)).ToList();
            for (var i = 0; i < pieces.Count; i++)
            {
                if (fault == Fault.HalfClosedStream && i > 0 && i >= pieces.Count / 2)
                {
                    await http.Response.Body.FlushAsync();
                    await Task.Delay(100);
                    http.Abort();
                    return;
                }
                for (var copy = 0; copy < (fault == Fault.DuplicatedChunks && i == 0 ? 2 : 1); copy++)
                    await EventAsync(http, body, new JsonObject { ["content"] = pieces[i] }, null, null);
            }
            await EventAsync(http, body, [], finish, usage);
            await http.Response.WriteAsync("data: [DONE]\n\n");
        }
        await http.Response.CompleteAsync();
        if (key.Length > 0) _delivered.AddOrUpdate(key, 1, (_, n) => n + 1);
    }

    private static Task EventAsync(HttpContext http, JsonNode body, JsonObject delta, string? finish,
        JsonNode? usage) => http.Response.WriteAsync("data: " + new JsonObject
        {
            ["id"] = "chatcmpl-1",
            ["object"] = "chat.completion.chunk",
            ["created"] = 1,
            ["model"] = (string?)body["model"],
            ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["delta"] = delta, ["finish_reason"] = finish }),
            ["usage"] = usage?.DeepClone(),
        }.ToJsonString() + "\n\n");

    private static Task ErrorAsync(HttpContext http, int status, string message)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        return http.Response.WriteAsync(
            new JsonObject { ["error"] = new JsonObject { ["message"] = message, ["type"] = "error", ["code"] = status } }.ToJsonString());
    }

    private async Task OllamaAsync(HttpContext http)
    {
        Interlocked.Increment(ref _number);
        var body = (await JsonNode.ParseAsync(http.Request.Body))!;
        Bodies.Enqueue(body);
        var text = Answer(body);
        http.Response.ContentType = "application/x-ndjson";
        if ((bool?)body["stream"] == true)
            foreach (var piece in text.Chunk(5))
                await http.Response.WriteAsync(
                    new JsonObject
                    {
                        ["model"] = "m",
                        ["created_at"] = "2025-01-01T00:00:00Z",
                        ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = new string(piece) },
                        ["done"] = false
                    }
                        .ToJsonString()
                    + "\n");
        await http.Response.WriteAsync(new JsonObject
        {
            ["model"] = "m",
            ["created_at"] = "2025-01-01T00:00:00Z",
            ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = (bool?)body["stream"] == true ? "" : text },
            ["done"] = true,
            ["done_reason"] = "stop",
            ["prompt_eval_count"] = 7,
            ["eval_count"] = 3,
        }.ToJsonString() + "\n");
    }

    private async Task UploadAsync(HttpContext http)
    {
        var form = await http.Request.ReadFormAsync();
        using var reader = new StreamReader(form.Files[0].OpenReadStream());
        await http.Response.WriteAsJsonAsync(new { id = Keep(await reader.ReadToEndAsync()), purpose = form["purpose"].ToString() });
    }

    private async Task BatchAsync(HttpContext http)
    {
        var body = (await JsonNode.ParseAsync(http.Request.Body))!;
        var id = $"batch_{_batches.Count}";
        _batches[id] = ((string)body["input_file_id"]!, (string?)body["metadata"]?["doctune"] ?? "", 0, null);
        if (LosesBatch)
        {
            LosesBatch = false;
            http.Abort();
            return;
        }
        await http.Response.WriteAsync($"{{\"id\": \"{id}\", \"status\": \"validating\"}}");
    }

    private async Task LookAsync(HttpContext http, string id)
    {
        if (!_batches.TryGetValue(id, out var batch))
        {
            await ErrorAsync(http, 404, "no such batch");
            return;
        }
        if (RefusesBatches is { } why)
        {
            await http.Response.WriteAsync(
                new JsonObject
                {
                    ["id"] = id,
                    ["status"] = "failed",
                    ["errors"] = new JsonObject { ["data"] = new JsonArray(new JsonObject { ["line"] = 1, ["message"] = why }) }
                }
                    .ToJsonString());
            return;
        }
        _batches[id] = batch with { Looks = batch.Looks + 1 };
        if (batch.Over is { } over)
        {
            await http.Response.WriteAsync(over);
            return;
        }
        if (batch.Looks < BatchLooks)
        {
            await http.Response.WriteAsync(
                $"{{\"id\": \"{id}\", \"status\": \"in_progress\", \"request_counts\": {{\"completed\": {batch.Looks}}}}}");
            return;
        }
        var (output, errors, isExpired) = (new StringBuilder(), new StringBuilder(), false);
        foreach (var line in _files[batch.File].Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var row = JsonNode.Parse(line)!;
            var (key, body) = ((string)row["custom_id"]!, row["body"]!);
            Bodies.Enqueue(body);
            if (Expires(body))
            {
                errors.Append($"{{\"custom_id\": \"{key}\", \"response\": null, \"error\": {{\"code\": \"batch_expired\", \"message\": "
                    + "\"This request could not be executed before the completion window expired.\"}}\n");
                isExpired = true;
                continue;
            }
            _asked.AddOrUpdate(key, 1, (_, n) => n + 1);
            if (FaultOf(Interlocked.Increment(ref _number) - 1, body) != Fault.None)
            {
                errors.Append(
                    new JsonObject
                    {
                        ["custom_id"] = key,
                        ["response"] = new JsonObject { ["status_code"] = 500, ["body"] = new JsonObject() },
                        ["error"] = new JsonObject { ["message"] = "internal" }
                    }
                        .ToJsonString())
                    .Append('\n');
                continue;
            }
            output.Append(new JsonObject
            {
                ["custom_id"] = key,
                ["response"] = new JsonObject
                {
                    ["status_code"] = 200,
                    ["body"] = new JsonObject
                    {
                        ["choices"] = new JsonArray(new JsonObject
                        {
                            ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = Answer(body) },
                            ["finish_reason"] = "stop"
                        }),
                        ["usage"] = new JsonObject { ["prompt_tokens"] = 10, ["completion_tokens"] = 5 }
                    },
                },
            }.ToJsonString()).Append('\n');
        }
        var state = new JsonObject
        {
            ["id"] = id,
            ["status"] = isExpired ? "expired" : "completed",
            ["output_file_id"] = Keep(output.ToString())
        };
        if (errors.Length > 0) state["error_file_id"] = Keep(errors.ToString());
        _batches[id] = batch with { Over = state.ToJsonString() };
        await http.Response.WriteAsync(state.ToJsonString());
    }

    private string Keep(string text)
    {
        var id = $"file-{_files.Count}";
        _files[id] = text;
        return id;
    }
}
