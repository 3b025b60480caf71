using System.IO.Enumeration;
using System.Text.Json.Nodes;
using DocTuneLab.Notebooks;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.CSharp;

namespace DocTuneLab.Jupyter;

/// <summary>Answers Jupyter's requests with a <see cref="NotebookSession"/>.</summary>
internal sealed class Kernel(NotebookSession session, Action<WireMessage> publish, Action<WireMessage> ask, Action stop)
{
    private readonly string id = Guid.NewGuid().ToString();
    private readonly Lock gate = new();
    private readonly List<(int Number, string Code)> history = [];
    private CancellationTokenSource? running;
    private TaskCompletionSource<string?>? awaited;
    private int executions;

    /// <summary>Tells clients that already listen that the kernel is there.</summary>
    public void Announce() => Publish("status", new JsonObject { ["execution_state"] = "starting" }, null);

    /// <summary>Answers a request. Returns true if it was a cell that failed, and those queued behind it are to be dropped.</summary>
    public async Task<bool> HandleAsync(WireMessage request, Action<WireMessage> reply)
    {
        Publish("status", new JsonObject { ["execution_state"] = "busy" }, request);
        var failed = false;
        try
        {
            JsonObject? answer;
            if (request.Type == "execute_request")
                (answer, failed) = await ExecuteAsync(request);
            else
                answer = await AnswerAsync(request);
            if (answer is not null)
                Reply(request, answer, reply);
        }
        catch (Exception exception)
        {
            // A request that goes wrong must neither end the kernel nor leave the client waiting.
            var answer = Error(new ErrorOutput(exception.GetType().Name, exception.Message, [exception.Message]));
            if (request.Type == "execute_request")
                Publish("error", (JsonObject)answer.DeepClone(), request);
            answer["status"] = "error";
            Reply(request, answer, reply);
        }
        Publish("status", new JsonObject { ["execution_state"] = "idle" }, request);
        if (request.Type == "shutdown_request")
            stop();
        return failed;
    }

    /// <summary>Answers an execution request that is not run because one before it failed.</summary>
    public Task<bool> AbortAsync(WireMessage request, Action<WireMessage> reply)
    {
        Publish("status", new JsonObject { ["execution_state"] = "busy" }, request);
        Reply(request, new JsonObject { ["status"] = "aborted", ["execution_count"] = executions }, reply);
        Publish("status", new JsonObject { ["execution_state"] = "idle" }, request);
        return Task.FromResult(false);
    }

    private async Task<JsonObject?> AnswerAsync(WireMessage request)
    {
        var content = request.Content;
        switch (request.Type)
        {
            case "kernel_info_request":
                return KernelInfo();
            case "is_complete_request":
                var completeness = NotebookSession.Completeness(Code(content));
                return new JsonObject { ["status"] = completeness.ToString().ToLowerInvariant(), ["indent"] = completeness == CodeCompleteness.Incomplete ? "    " : "" };
            case "complete_request":
                return await CompleteAsync(content);
            case "inspect_request":
                var code = Code(content);
                var text = await session.InspectAsync(code, CodePoints.ToIndex(code, Number(content, "cursor_pos", 0)));
                return Ok(new JsonObject { ["found"] = text is not null, ["data"] = text is null ? new JsonObject() : new JsonObject { ["text/plain"] = text }, ["metadata"] = new JsonObject() });
            case "history_request":
                return History(content);
            case "comm_info_request":
                return Ok(new JsonObject { ["comms"] = new JsonObject() });
            case "interrupt_request":
                CancellationTokenSource? cell;
                lock (gate)
                    cell = running;
                if (cell is not null)
                    await cell.CancelAsync();
                return Ok([]);
            case "shutdown_request":
                return Ok(new JsonObject { ["restart"] = content["restart"]?.GetValue<bool>() ?? false });
            case "comm_open":
                // There is no one to talk to here: the front end must not wait.
                Publish("comm_close", new JsonObject { ["comm_id"] = content["comm_id"]?.DeepClone(), ["data"] = new JsonObject() }, request);
                return null;
            default:
                // Other comm messages and what later versions add: the protocol wants unknown types ignored.
                return null;
        }
    }

    private async Task<(JsonObject Answer, bool Failed)> ExecuteAsync(WireMessage request)
    {
        var code = Code(request.Content);
        var silent = Flag(request.Content, "silent", false);
        if (!silent)
        {
            executions++;
            if (Flag(request.Content, "store_history", true))
                history.Add((executions, code));
            Publish("execute_input", new JsonObject { ["code"] = code, ["execution_count"] = executions }, request);
        }
        var number = executions;
        using var cancel = new CancellationTokenSource();
        lock (gate)
            running = cancel;
        CellResult result;
        try
        {
            result = await session.RunAsync(new CellRequest(code, $"cell {number}") { Input = Flag(request.Content, "allow_stdin", false) ? (prompt, secret, cancelled) => AskAsync(request, prompt, secret, cancelled) : null }, output =>
            {
                if (!silent)
                    Publish(output, number, request);
            }, cancel.Token);
        }
        finally
        {
            lock (gate)
                running = null;
        }
        if (result.Status == CellStatus.Stuck)
            Console.Error.WriteLine("A cell did not stop when interrupted: restart the kernel.");
        if (result.Error is not { } error)
            return (Ok(new JsonObject { ["execution_count"] = number, ["user_expressions"] = await EvaluateAsync(request.Content["user_expressions"] as JsonObject), ["payload"] = new JsonArray() }), false);
        var answer = Error(error);
        answer["status"] = "error";
        answer["execution_count"] = number;
        return (answer, Flag(request.Content, "stop_on_error", true));
    }

    // Values that a front end wants along with a cell. What they print is no one's to see.
    private async Task<JsonObject> EvaluateAsync(JsonObject? expressions)
    {
        var values = new JsonObject();
        foreach (var (name, expression) in expressions ?? [])
        {
            ResultOutput? value = null;
            var result = await session.RunAsync(new CellRequest(expression?.ToString() ?? "", $"expression '{name}'"), output => value = output as ResultOutput ?? value);
            values[name] = result.Error is { } error ? WithStatus(Error(error)) : Ok(new JsonObject { ["data"] = value?.Data.DeepClone() ?? new JsonObject(), ["metadata"] = new JsonObject() });
        }
        return values;

        static JsonObject WithStatus(JsonObject error)
        {
            error["status"] = "error";
            return error;
        }
    }

    /// <summary>Takes the user's answer to the cell's question. One that nobody waits for is dropped.</summary>
    public void Answered(WireMessage reply) => awaited?.TrySetResult(reply.Type == "input_reply" ? reply.Content["value"]?.ToString() : null);

    private async Task<string?> AskAsync(WireMessage request, string prompt, bool isSecret, CancellationToken cancelled)
    {
        var waiting = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        awaited = waiting;
        ask(WireMessage.Create("input_request", new JsonObject { ["prompt"] = prompt, ["password"] = isSecret }, id, request, request.Identities));
        return await waiting.Task.WaitAsync(cancelled);
    }

    private async Task<JsonObject> CompleteAsync(JsonObject content)
    {
        var code = Code(content);
        var found = await session.CompleteAsync(code, CodePoints.ToIndex(code, Number(content, "cursor_pos", int.MaxValue)));
        var (start, end) = (CodePoints.FromIndex(code, found.Start), CodePoints.FromIndex(code, found.End));
        return Ok(new JsonObject
        {
            ["matches"] = new JsonArray([.. found.Entries.Select(entry => (JsonNode)entry.Text)]),
            ["cursor_start"] = start,
            ["cursor_end"] = end,
            ["metadata"] = new JsonObject
            {
                ["_jupyter_types_experimental"] = new JsonArray([.. found.Entries.Select(entry => (JsonNode)new JsonObject { ["text"] = entry.Text, ["type"] = entry.Kind.ToLowerInvariant(), ["start"] = start, ["end"] = end })]),
            },
        });
    }

    private JsonObject History(JsonObject content)
    {
        var last = Number(content, "n", 100);
        var wanted = content["hist_access_type"]?.ToString() switch
        {
            "range" => history.Where(entry => entry.Number >= Number(content, "start", 1) && entry.Number < Number(content, "stop", int.MaxValue)),
            "search" => history.Where(entry => FileSystemName.MatchesSimpleExpression(content["pattern"]?.ToString() ?? "*", entry.Code, ignoreCase: false)).TakeLast(last),
            _ => history.TakeLast(last),
        };
        if (Flag(content, "unique", false))
            wanted = wanted.Reverse().DistinctBy(entry => entry.Code).Reverse();
        // With "output" each entry is a pair; outputs are not kept.
        var pairs = Flag(content, "output", false);
        return Ok(new JsonObject { ["history"] = new JsonArray([.. wanted.Select(entry => (JsonNode)new JsonArray(0, entry.Number, pairs ? new JsonArray(entry.Code, null) : entry.Code))]) });
    }

    private void Publish(CellOutput output, int number, WireMessage request)
    {
        switch (output)
        {
            case StreamOutput stream:
                Publish("stream", new JsonObject { ["name"] = stream.IsError ? "stderr" : "stdout", ["text"] = stream.Text }, request);
                break;
            case DisplayOutput display:
                Publish("display_data", Data(display.Data, display.Metadata, display.DisplayId), request);
                break;
            case UpdateOutput update:
                Publish("update_display_data", Data(update.Data, update.Metadata, update.DisplayId), request);
                break;
            case ClearOutput clear:
                Publish("clear_output", new JsonObject { ["wait"] = clear.Wait }, request);
                break;
            case ResultOutput result:
                Publish("execute_result", new JsonObject { ["data"] = result.Data.DeepClone(), ["metadata"] = result.Metadata.DeepClone(), ["execution_count"] = number }, request);
                break;
            case ErrorOutput error:
                Publish("error", Error(error), request);
                break;
        }
    }

    private void Publish(string type, JsonObject content, WireMessage? parent) =>
        publish(WireMessage.Create(type, content, id, parent, [System.Text.Encoding.UTF8.GetBytes(type)]));

    private void Reply(WireMessage request, JsonObject content, Action<WireMessage> reply) =>
        reply(WireMessage.Create(request.Type.Replace("_request", "_reply", StringComparison.Ordinal), content, id, request, request.Identities));

    private static JsonObject Data(JsonObject data, JsonObject metadata, string displayId) => new()
    {
        ["data"] = data.DeepClone(),
        ["metadata"] = metadata.DeepClone(),
        ["transient"] = new JsonObject { ["display_id"] = displayId },
    };

    private static JsonObject Error(ErrorOutput error) => new()
    {
        ["ename"] = error.Name,
        ["evalue"] = error.Message,
        ["traceback"] = new JsonArray([.. error.Traceback.Select(line => (JsonNode)line)]),
    };

    private static JsonObject KernelInfo() => Ok(new JsonObject
    {
        ["protocol_version"] = "5.4",
        ["implementation"] = "doctune",
        ["implementation_version"] = typeof(Kernel).Assembly.GetName().Version?.ToString(3),
        ["language_info"] = new JsonObject
        {
            ["name"] = "C#",
            ["version"] = "14.0",
            ["mimetype"] = "text/x-csharp",
            ["file_extension"] = ".cs",
            ["pygments_lexer"] = "csharp",
            ["codemirror_mode"] = "text/x-csharp",
        },
        ["banner"] = "DocTuneLab: C# with the magics of the lab. '#!lsmagic' lists them.",
        ["debugger"] = false,
        ["help_links"] = new JsonArray(),
    });

    private static JsonObject Ok(JsonObject content)
    {
        content["status"] = "ok";
        return content;
    }

    private static string Code(JsonObject content) => content["code"]?.ToString() ?? "";

    private static int Number(JsonObject content, string name, int otherwise) => content[name] is JsonValue value && value.TryGetValue<int>(out var number) ? number : otherwise;

    private static bool Flag(JsonObject content, string name, bool otherwise) => content[name] is JsonValue value && value.TryGetValue<bool>(out var flag) ? flag : otherwise;
}
