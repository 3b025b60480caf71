using System.Text;
using System.Text.Json.Nodes;
using DocTuneLab.Notebooks;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Hosting;

namespace DocTuneLab.Jupyter;

/// <summary>Answers Jupyter's requests with a <see cref="NotebookSession"/>, which may still be starting.</summary>
internal sealed class Kernel(Task<NotebookSession> starting, Action<WireMessage> publish, Action<WireMessage> ask, Action<KernelEnd> stop)
{
    private readonly string _id = Guid.NewGuid().ToString();
    private readonly Lock _gate = new();
    private readonly ExecutionHistory _history = new();
    private CancellationTokenSource? _running;
    private TaskCompletionSource<string?>? _awaited;
    private int _executions;

    /// <summary>Tells clients that already listen that the kernel is there.</summary>
    public void Announce() => Publish("status", new JsonObject { ["execution_state"] = "starting" }, null);

    /// <summary>Greets a new subscriber of iopub, which from then on misses nothing.</summary>
    public void Welcome(string topic) => Publish("iopub_welcome", new JsonObject { ["subscription"] = topic }, null);

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
            var error = new ErrorOutput(exception.GetType().Name, exception.Message, [exception.Message]);
            if (request.Type == "execute_request")
                Publish("error", Contents.Error(error), request);
            var answer = Contents.Failed(error);
            answer["execution_count"] = _executions;
            Reply(request, answer, reply);
        }
        Publish("status", new JsonObject { ["execution_state"] = "idle" }, request);
        if (request.Type == "shutdown_request")
            stop(KernelEnd.Shutdown);
        else if (request.Type == "execute_request" && (await starting).IsStuck)
            stop(KernelEnd.Stuck);
        return failed;
    }

    /// <summary>Answers an execution request that is not run because one before it failed.</summary>
    public Task<bool> AbortAsync(WireMessage request, Action<WireMessage> reply)
    {
        Publish("status", new JsonObject { ["execution_state"] = "busy" }, request);
        Reply(request, new JsonObject { ["status"] = "aborted", ["execution_count"] = _executions }, reply);
        Publish("status", new JsonObject { ["execution_state"] = "idle" }, request);
        return Task.FromResult(false);
    }

    /// <summary>Takes the user's answer to the cell's question. One that nobody waits for is dropped.</summary>
    public void Answered(WireMessage reply) =>
        _awaited?.TrySetResult(reply.Type == "input_reply" ? reply.Content["value"]?.ToString() : null);

    private async Task<JsonObject?> AnswerAsync(WireMessage request)
    {
        var content = request.Content;
        switch (request.Type)
        {
            case "kernel_info_request":
                return Contents.KernelInfo();
            case "is_complete_request":
                var completeness = (await starting).Completeness(content.Code());
                return new JsonObject
                {
                    ["status"] = completeness.ToString().ToLowerInvariant(),
                    ["indent"] = completeness == CodeCompleteness.Incomplete ? "    " : ""
                };
            case "complete_request":
                return await CompleteAsync(content);
            case "inspect_request":
                return await InspectAsync(content);
            case "history_request":
                return Contents.Ok(new JsonObject { ["history"] = _history.Find(content) });
            case "comm_info_request":
                return Contents.Ok(new JsonObject { ["comms"] = new JsonObject() });
            case "interrupt_request":
                CancellationTokenSource? cell;
                lock (_gate)
                    cell = _running;
                if (cell is not null)
                    await cell.CancelAsync();
                return Contents.Ok([]);
            case "shutdown_request":
                return Contents.Ok(new JsonObject { ["restart"] = content.Flag("restart", false) });
            case "comm_open":
                // There is no one to talk to here: the front end must not wait.
                Publish("comm_close", new JsonObject { ["comm_id"] = content["comm_id"]?.DeepClone(), ["data"] = new JsonObject() },
                    request);
                return null;
            default:
                // Other comm messages and what later versions add: the protocol wants unknown types ignored.
                return null;
        }
    }

    private async Task<(JsonObject Answer, bool Failed)> ExecuteAsync(WireMessage request)
    {
        var code = request.Content.Code();
        var silent = request.Content.Flag("silent", false);
        if (!silent)
        {
            _executions++;
            if (request.Content.Flag("store_history", true))
                _history.Add(_executions, code);
            Publish("execute_input", new JsonObject { ["code"] = code, ["execution_count"] = _executions }, request);
        }
        var number = _executions;
        using var cancel = new CancellationTokenSource();
        lock (_gate)
            _running = cancel;
        CellResult result;
        try
        {
            var session = await starting;
            var cell = new CellRequest(code, $"cell {number}")
            {
                Input = request.Content.Flag("allow_stdin", false)
                    ? (prompt, secret, cancelled) => AskAsync(request, prompt, secret, cancelled)
                    : null
            };
            result = await session.RunAsync(cell, output =>
            {
                if (silent)
                    return;
                var (type, content) = Contents.Of(output, number);
                Publish(type, content, request);
            }, cancel.Token);
        }
        finally
        {
            lock (_gate)
                _running = null;
        }
        if (result.Error is not { } error)
            return (Contents.Ok(new JsonObject
            {
                ["execution_count"] = number,
                ["user_expressions"] = await EvaluateAsync(request.Content["user_expressions"] as JsonObject),
                ["payload"] = new JsonArray()
            }),
                false);
        var answer = Contents.Failed(error);
        answer["execution_count"] = number;
        return (answer, request.Content.Flag("stop_on_error", true));
    }

    // Values that a front end wants along with a cell. What they print is no one's to see.
    private async Task<JsonObject> EvaluateAsync(JsonObject? expressions)
    {
        var values = new JsonObject();
        foreach (var (name, expression) in expressions ?? [])
        {
            ResultOutput? value = null;
            var result = await (await starting).RunAsync(new CellRequest(expression?.ToString() ?? "", $"expression '{name}'"),
                output => value = output as ResultOutput ?? value);
            values[name] = result.Error is { } error
                ? Contents.Failed(error)
                : Contents.Ok(new JsonObject { ["data"] = value?.Data.DeepClone() ?? new JsonObject(), ["metadata"] = new JsonObject() });
        }
        return values;
    }

    private async Task<string?> AskAsync(WireMessage request, string prompt, bool isSecret, CancellationToken cancelled)
    {
        var waiting = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _awaited = waiting;
        ask(WireMessage.Create("input_request", new JsonObject { ["prompt"] = prompt, ["password"] = isSecret }, _id, request,
            request.Identities));
        return await waiting.Task.WaitAsync(cancelled);
    }

    private async Task<JsonObject> CompleteAsync(JsonObject content)
    {
        var code = content.Code();
        var found = await (await starting).CompleteAsync(code, CodePoints.ToIndex(code, content.Number("cursor_pos", int.MaxValue)));
        var (start, end) = (CodePoints.FromIndex(code, found.Start), CodePoints.FromIndex(code, found.End));
        return Contents.Ok(new JsonObject
        {
            ["matches"] = new JsonArray([.. found.Entries.Select(entry => (JsonNode)entry.Text)]),
            ["cursor_start"] = start,
            ["cursor_end"] = end,
            ["metadata"] = new JsonObject
            {
                ["_jupyter_types_experimental"] = new JsonArray(
                    [.. found.Entries.Select(entry => (JsonNode)new JsonObject
                    {
                        ["text"] = entry.Text,
                        ["type"] = entry.Kind.ToLowerInvariant(),
                        ["start"] = start,
                        ["end"] = end
                    })]),
            },
        });
    }

    /// <summary>What stands at the cursor; with detail level 1 also all overloads of the call around it.</summary>
    private async Task<JsonObject> InspectAsync(JsonObject content)
    {
        var code = content.Code();
        var position = CodePoints.ToIndex(code, content.Number("cursor_pos", 0));
        var session = await starting;
        var text = await session.InspectAsync(code, position);
        if ((text is null || content.Number("detail_level", 0) > 0) && await session.SignaturesAsync(code, position) is { } calls)
            text = string.Join("\n\n",
                calls.Signatures.Select(call => call.Documentation.Length == 0 ? call.Text : $"{call.Text}\n{call.Documentation}")
                    .Prepend(text)
                    .Where(part => part is not null));
        return Contents.Ok(new JsonObject
        {
            ["found"] = text is not null,
            ["data"] = text is null ? new JsonObject() : new JsonObject { ["text/plain"] = text },
            ["metadata"] = new JsonObject()
        });
    }

    private void Publish(string type, JsonObject content, WireMessage? parent) =>
        publish(WireMessage.Create(type, content, _id, parent, [Encoding.UTF8.GetBytes(type)]));

    private void Reply(WireMessage request, JsonObject content, Action<WireMessage> reply) =>
        reply(WireMessage.Create(request.Type.Replace("_request", "_reply", StringComparison.Ordinal), content, _id, request,
            request.Identities));
}

/// <summary>Why a kernel ended.</summary>
public enum KernelEnd
{
    /// <summary>A client asked for it, or the one that started it is gone.</summary>
    Shutdown,
    /// <summary>A cell could not be stopped: only a new process helps.</summary>
    Stuck,
}
