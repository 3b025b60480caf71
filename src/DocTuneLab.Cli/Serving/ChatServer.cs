using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Cli.Output;
using DocTuneLab.Conversations;
using DocTuneLab.Training.Inference;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Cli.Serving;

/// <summary>
/// A local model behind OpenAI's protocol: <c>GET /v1/models</c>, <c>POST /v1/chat/completions</c> plain and as server-sent events, and
/// <c>GET /health</c>. Requests wait their turn, since the model answers one at a time; one whose client has gone is dropped.
/// </summary>
internal sealed class ChatServer : IDisposable
{
    private const int LargestBody = 8 << 20, LargestAnswer = 4096;
    private readonly HttpListener _listener = new();
    private readonly BaseModel _base;
    private readonly LocalModel _model;
    private readonly string _name;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>A server of a model.</summary>
    /// <param name="loaded">Tokenizer and chat template.</param>
    /// <param name="model">Answers.</param>
    /// <param name="name">The model's name for clients.</param>
    /// <param name="urls">Addresses to listen on, such as <c>http://127.0.0.1:8080</c>.</param>
    /// <param name="time">Clock for the time stamps of answers.</param>
    public ChatServer(BaseModel loaded, LocalModel model, string name, IEnumerable<string> urls, TimeProvider time)
    {
        (_base, _model, _name, _time) = (loaded, model, name, time);
        foreach (var url in urls)
        {
            if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme != "http")
                throw new UsageException($"--urls takes addresses such as http://127.0.0.1:8080, not '{url}'.");
            _listener.Prefixes.Add(url.TrimEnd('/') + "/");
        }
        try
        {
            _listener.Start();
        }
        catch (HttpListenerException e)
        {
            throw new LabException($"{string.Join(", ", urls)}: cannot listen there ({e.Message}). Another program may use the port; "
                + "give another with --urls.", e);
        }
    }

    /// <summary>Serves until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        using var stop = cancel.Register(_listener.Stop);
        var open = new List<Task>();
        while (!cancel.IsCancellationRequested)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                break;
            }
            open.RemoveAll(t => t.IsCompleted);
            open.Add(Task.Run(() => HandleAsync(context, cancel), CancellationToken.None));
        }
        await Task.WhenAll(open);
    }

    public void Dispose()
    {
        _listener.Close();
        _turn.Dispose();
    }

    private async Task HandleAsync(HttpListenerContext http, CancellationToken cancel)
    {
        try
        {
            switch (http.Request.HttpMethod, http.Request.Url!.AbsolutePath.TrimEnd('/'))
            {
                case ("GET", "/health"): await WriteAsync(http, 200, new JsonObject { ["status"] = "ok" }); break;
                case ("GET", "/v1/models"):
                    await WriteAsync(http, 200, new JsonObject
                    {
                        ["object"] = "list",
                        ["data"] = new JsonArray(new JsonObject { ["id"] = _name, ["object"] = "model", ["owned_by"] = "doctune" })
                    });
                    break;
                case ("POST", "/v1/chat/completions"): await ChatAsync(http, cancel); break;
                default:
                    await ErrorAsync(http, 404,
                        "There is nothing here; there are GET /v1/models, GET /health and POST /v1/chat/completions.");
                    break;
            }
        }
        catch (RequestException e)
        {
            await ErrorAsync(http, 400, e.Message);
        }
        catch (LabException e)
        {
            await ErrorAsync(http, 400, e.Message);
        }
        catch (Exception e) when (e is HttpListenerException or IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The client has gone, or the server is stopping.
            http.Response.Abort();
        }
        catch (Exception e)
        {
            Console.Error.WriteLine($"doctune: {e.GetType().Name}: {e.Message}");
            await ErrorAsync(http, 500, "The model could not answer; the server's console says why.");
        }
    }

    private async Task ChatAsync(HttpListenerContext http, CancellationToken cancel)
    {
        var body = await ReadAsync(http.Request);
        var messages = Messages(body);
        var options = new SamplingOptions(
            (int)Math.Clamp(Number(body, "max_completion_tokens") ?? Number(body, "max_tokens") ?? 256, 1, LargestAnswer),
            Bounded(body, "temperature", 1, 0, 2), Bounded(body, "top_p", 1, 0, 1), (int)((long)(Number(body, "seed") ?? 0) & int.MaxValue))
        {
            Stop = Stops(body)
        };
        if ((Number(body, "n") ?? 1) != 1) throw new RequestException("'n' must be 1.");
        var stream = body["stream"] is JsonValue flag && flag.TryGetValue<bool>(out var on) && on;
        var id = "chatcmpl-" + Guid.NewGuid().ToString("N");
        await _turn.WaitAsync(cancel);
        try
        {
            if (stream) await StreamAsync(http, id, messages, options, cancel);
            else
            {
                var answer = await Task.Run(() => Answer(messages, options, null, cancel), cancel);
                await WriteAsync(http, 200,
                    Envelope(id, "chat.completion",
                        new JsonObject { ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = answer.Text } },
                        answer.Finish, answer.Usage));
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task StreamAsync(HttpListenerContext http, string id, IReadOnlyList<Message> messages, SamplingOptions options,
        CancellationToken cancel)
    {
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers["Cache-Control"] = "no-cache";
        http.Response.SendChunked = true;
        void Send(string data)
        {
            http.Response.OutputStream.Write(Encoding.UTF8.GetBytes($"data: {data}\n\n"));
            http.Response.OutputStream.Flush();
        }
        void Chunk(JsonObject delta, string? finish, JsonObject? usage) =>
            Send(Envelope(id, "chat.completion.chunk", new JsonObject { ["delta"] = delta }, finish, usage).ToJsonString());
        Chunk(new JsonObject { ["role"] = "assistant", ["content"] = "" }, null, null);
        var answer = await Task.Run(
            () => Answer(messages, options, text => Chunk(new JsonObject { ["content"] = text }, null, null), cancel), cancel);
        Chunk([], answer.Finish, answer.Usage);
        Send("[DONE]");
        http.Response.Close();
    }

    private (string Text, string Finish, JsonObject Usage) Answer(IReadOnlyList<Message> messages, SamplingOptions options,
        Action<string>? onText, CancellationToken cancel)
    {
        var prompt = _base.Tokenizer.Encode(_base.ChatTemplate.Render(messages, addGenerationPrompt: true), specialTokens: true);
        var text = _model.Complete([prompt], options, onText is null ? null : (_, piece) => onText(piece), null, cancel: cancel)[0];
        var tokens = _base.Tokenizer.Count(text);
        var usage = new JsonObject
        {
            ["prompt_tokens"] = prompt.Count,
            ["completion_tokens"] = tokens,
            ["total_tokens"] = prompt.Count + tokens
        };
        return (text, tokens >= Math.Min(options.MaxTokens, _base.Config.Layout.Context - prompt.Count) ? "length" : "stop", usage);
    }

    private JsonObject Envelope(string id, string kind, JsonObject choice, string? finish, JsonObject? usage)
    {
        choice["index"] = 0;
        choice["finish_reason"] = finish;
        var envelope = new JsonObject
        {
            ["id"] = id,
            ["object"] = kind,
            ["created"] = _time.GetUtcNow().ToUnixTimeSeconds(),
            ["model"] = _name,
            ["choices"] = new JsonArray(choice)
        };
        if (usage is not null) envelope["usage"] = usage;
        return envelope;
    }

    private static string[] Stops(JsonObject body) => body["stop"] switch
    {
        JsonArray several =>
            [.. several.Select(s => s is JsonValue v && v.TryGetValue<string>(out var text)
                ? text
                : throw new RequestException("'stop' must be a text or a list of texts."))],
        JsonValue one when one.TryGetValue<string>(out var text) => [text],
        null => [],
        _ => throw new RequestException("'stop' must be a text or a list of texts."),
    };

    private static async Task<JsonObject> ReadAsync(HttpListenerRequest request)
    {
        if (request.ContentLength64 > LargestBody) throw new RequestException($"The request has more than {LargestBody} bytes.");
        using var reader = new StreamReader(request.InputStream, Encoding.UTF8);
        try
        {
            return JsonNode.Parse(await reader.ReadToEndAsync()) as JsonObject
                ?? throw new RequestException("The request must be a JSON object.");
        }
        catch (JsonException e)
        {
            throw new RequestException($"The request is not valid JSON: {e.Message}");
        }
    }

    private static List<Message> Messages(JsonObject body)
    {
        if (body["messages"] is not JsonArray { Count: > 0 } turns) throw new RequestException("'messages' is missing or empty.");
        var messages = new List<Message>();
        for (var i = 0; i < turns.Count; i++)
        {
            var role = turns[i] is JsonObject turn && turn["role"] is JsonValue r && r.TryGetValue<string>(out var name)
                ? name == "developer" ? "system" : name
                : null;
            if (role is not ("system" or "user" or "assistant"))
                throw new RequestException($"messages[{i}].role must be system, user or assistant.");
            var content = turns[i]!["content"] switch
            {
                JsonValue v when v.TryGetValue<string>(out var text) => text,
                JsonArray parts => string.Concat(parts.Select(p => p is JsonObject o ? (string?)o["text"] : null)),
                _ => throw new RequestException($"messages[{i}].content must be text."),
            };
            messages.Add(new Message(role, content));
        }
        return messages;
    }

    private static double? Number(JsonObject body, string name) => body[name] switch
    {
        null => null,
        JsonValue v when v.TryGetValue<double>(out var d) => d,
        _ => throw new RequestException($"'{name}' must be a number."),
    };

    private static double Bounded(JsonObject body, string name, double otherwise, double low, double high)
    {
        var value = Number(body, name) ?? otherwise;
        return value >= low && value <= high
            ? value
            : throw new RequestException(string.Create(CultureInfo.InvariantCulture, $"'{name}' must be between {low} and {high}."));
    }

    private static async Task WriteAsync(HttpListenerContext http, int status, JsonObject body)
    {
        var bytes = Encoding.UTF8.GetBytes(body.ToJsonString());
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        http.Response.ContentLength64 = bytes.Length;
        await http.Response.OutputStream.WriteAsync(bytes);
        http.Response.Close();
    }

    private static async Task ErrorAsync(HttpListenerContext http, int status, string message)
    {
        try
        {
            await WriteAsync(http, status, new JsonObject
            {
                ["error"] = new JsonObject
                {
                    ["message"] = message,
                    ["type"] = status < 500 ? "invalid_request_error" : "server_error",
                    ["code"] = status
                }
            });
        }
        catch (Exception e) when (e is HttpListenerException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            http.Response.Abort();
        }
    }

    private sealed class RequestException(string message) : Exception(message);
}
