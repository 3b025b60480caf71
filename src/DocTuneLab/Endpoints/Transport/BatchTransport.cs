using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Endpoints.Exchange;
using DocTuneLab.Endpoints.Retrying;

namespace DocTuneLab.Endpoints.Transport;

/// <summary>A request that a batch did not answer.</summary>
/// <param name="Kind">As failures are counted.</param>
/// <param name="Detail">The batch, the server's file and its words, without keys.</param>
public sealed record BatchFailure(FailureKind Kind, string Detail);

/// <summary>What a batch brought.</summary>
/// <param name="Answered">Requests answered, now in the lab.</param>
/// <param name="Failed">Requests that failed, by key.</param>
/// <param name="Missing">Requests that the server said nothing about (an expired or cancelled batch); ask them again.</param>
public sealed record BatchResult(int Answered, IReadOnlyDictionary<string, BatchFailure> Failed, int Missing);

/// <summary>The server took no file or batch, or could not be reached.</summary>
/// <param name="status">HTTP status; 0 where there was no answer.</param>
/// <param name="message">In words, without keys.</param>
/// <param name="inner">What happened.</param>
public sealed class BatchRefusedException(int status, string message, Exception? inner = null) : LabException(message, inner!)
{
    /// <summary>HTTP status; 0 where there was no answer.</summary>
    public int Status => status;

    /// <summary>As failures are counted.</summary>
    public FailureKind Kind => Refusal.Of(status == 0 ? 503 : status, Message)!.Kind;
}

/// <summary>
/// OpenAI's batch API as another way to send requests: slower, at a lower price. The requests go up as one file, the answers come
/// back as one; keys are the requests' names, so that answers find their place whenever they come. A batch that is under way is
/// taken up again, not sent twice: the lab holds its name, or, had the process died before the server could say it, a mark that the
/// server's list of batches is searched for.
/// </summary>
public sealed class BatchTransport : IDisposable
{
    // Answers that go to the disk together.
    private const int GroupSize = 256;
    private const string Mark = "mark-", Sending = "sending", Sent = "sent", Metadata = "doctune";
    private readonly EndpointOptions _endpoint;
    private readonly IBatchStore _store;
    private readonly HttpClient _http;
    private readonly TimeProvider _time;
    private readonly TimeSpan _poll;

    /// <summary>A transport to one endpoint.</summary>
    /// <param name="endpoint">Endpoint with OpenAI's protocol.</param>
    /// <param name="store">Where batches and answers are kept.</param>
    /// <param name="poll">Time between two looks at a batch; default 30 s.</param>
    /// <param name="time">Clock; default the system's.</param>
    /// <exception cref="LabException">The endpoint speaks another protocol.</exception>
    public BatchTransport(EndpointOptions endpoint, IBatchStore store, TimeSpan? poll = null, TimeProvider? time = null)
    {
        if (endpoint.Kind != EndpointKind.OpenAI)
            throw new LabException($"Endpoint {endpoint.Name} has no batch API; only endpoints with OpenAI's protocol do.");
        (_endpoint, _store, _time, _poll) = (endpoint.Validated(), store, time ?? TimeProvider.System, poll ?? TimeSpan.FromSeconds(30));
        _http = ChatClients.Http(endpoint, _time);
        _http.BaseAddress = new Uri(endpoint.BaseUrl.ToString().TrimEnd('/') + "/");
        if (ApiKeys.Find(endpoint.KeyVariable) is { } key)
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    /// <summary>Sends what is not in the lab yet and waits for it.</summary>
    /// <param name="requests">Requests for the endpoint's model.</param>
    /// <param name="progress">Called with how the batch stands, at each look.</param>
    /// <param name="cancel">Stops waiting; the batch goes on and is taken up by the next call.</param>
    /// <exception cref="BatchRefusedException">The server refused the file or the batch.</exception>
    public async Task<BatchResult> RunAsync(IReadOnlyList<ChatRequest> requests, IProgress<string>? progress = null,
        CancellationToken cancel = default)
    {
        var failed = new SortedDictionary<string, BatchFailure>(StringComparer.Ordinal);
        var answered = 0;
        foreach (var open in _store.Batches(_endpoint.Name).Where(b => !b.IsOver))
            if (await UnderWayAsync(open, cancel) is { } batch) answered += await FinishAsync(batch, failed, progress, cancel);
        // What a batch taken up has failed at is said, and not sent again behind the caller's back; what it had no time for is.
        foreach (var key in failed.Where(f => f.Value.Kind == FailureKind.Expired).Select(f => f.Key).ToList()) failed.Remove(key);
        var missing = requests.Where(r => !failed.ContainsKey(r.Key) && _store.Find(r.Key) is null).DistinctBy(r => r.Key).ToList();
        if (missing.Count > 0) answered += await FinishAsync(await SendAsync(missing, cancel), failed, progress, cancel);
        return new BatchResult(answered, failed, missing.Count(r => !failed.ContainsKey(r.Key) && _store.Find(r.Key) is null));
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<StoredBatch> SendAsync(List<ChatRequest> requests, CancellationToken cancel)
    {
        var lines = string.Concat(requests.Select(r => Line(r) + "\n"));
        using var form = new MultipartFormDataContent
        {
            { new StringContent("batch"), "purpose" }, { new ByteArrayContent(Encoding.UTF8.GetBytes(lines)), "file", "requests.jsonl" }
        };
        var file = (string?)(await SendAsync(HttpMethod.Post, "files", form, cancel))["id"];
        var mark = new StoredBatch(Mark + Guid.NewGuid().ToString("N"), _endpoint.Name, Sending, requests.Count);
        _store.SaveBatch(mark);
        using var body = new StringContent(new JsonObject
        {
            ["input_file_id"] = file,
            ["endpoint"] = "/v1/chat/completions",
            ["completion_window"] = "24h",
            ["metadata"] = new JsonObject { [Metadata] = mark.Id },
        }.ToJsonString(), Encoding.UTF8, "application/json");
        JsonObject made;
        try
        {
            made = await SendAsync(HttpMethod.Post, "batches", body, cancel);
        }
        catch (BatchRefusedException e) when (e.Status is >= 400 and < 500)
        {
            _store.SaveBatch(mark with { Status = Sent });
            throw;
        }
        return Known(mark, made);
    }

    /// <summary>The batch itself, also of one of which only the mark is known; null where the server never got it.</summary>
    private async Task<StoredBatch?> UnderWayAsync(StoredBatch open, CancellationToken cancel)
    {
        if (open.Status != Sending) return open;
        // The newest 100; those of a run that was killed are among them.
        var list = await SendAsync(HttpMethod.Get, "batches?limit=100", null, cancel);
        if ((list["data"] as JsonArray)?.FirstOrDefault(b => (string?)b?["metadata"]?[Metadata] == open.Id) is JsonObject found)
            return Known(open, found);
        _store.SaveBatch(open with { Status = Sent });
        return null;
    }

    private StoredBatch Known(StoredBatch mark, JsonObject made)
    {
        var batch = new StoredBatch((string)made["id"]!, _endpoint.Name, "validating", mark.Requests);
        _store.SaveBatch(batch);
        _store.SaveBatch(mark with { Status = Sent });
        return batch;
    }

    private async Task<int> FinishAsync(StoredBatch batch, SortedDictionary<string, BatchFailure> failed, IProgress<string>? progress,
        CancellationToken cancel)
    {
        JsonObject state;
        string status;
        while (true)
        {
            try
            {
                state = await SendAsync(HttpMethod.Get, $"batches/{batch.Id}", null, cancel);
            }
            catch (BatchRefusedException e) when (e.Status == 404)
            {
                // The server has forgotten it.
                state = new JsonObject { ["status"] = "expired" };
            }
            status = (string)state["status"]!;
            progress?.Report($"batch {batch.Id}: {status.Replace('_', ' ')}, {(int?)state["request_counts"]?["completed"] ?? 0} of "
                + $"{batch.Requests} requests finished");
            if ((batch with { Status = status }).IsOver) break;
            await Task.Delay(_poll, _time, cancel);
        }
        var (answered, before) = (0, failed.Count);
        foreach (var name in (string[])["output_file_id", "error_file_id"])
        {
            if ((string?)state[name] is not { } file) continue;
            using var response = await _http.GetAsync(new Uri($"files/{file}/content", UriKind.Relative),
                HttpCompletionOption.ResponseHeadersRead, cancel);
            if (!response.IsSuccessStatusCode)
                throw new BatchRefusedException((int)response.StatusCode,
                    $"{_endpoint.Name}: the result file {file} of batch {batch.Id} could not be read (HTTP {(int)response.StatusCode}). "
                        + "Run again to take the batch up.");
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancel));
            var group = new List<KeptAnswer>(GroupSize);
            void Keep()
            {
                if (group.Count > 0) _store.Keep(group);
                answered += group.Count;
                group.Clear();
            }
            while (await reader.ReadLineAsync(cancel) is { } line)
            {
                if (line.Trim().Length > 0 && Read(ApiKeys.Redact(line), $"batch {batch.Id}, file {file}", failed) is { } answer)
                    group.Add(answer);
                if (group.Count == GroupSize) Keep();
            }
            Keep();
        }
        // Only now is the batch over for the lab: had the process died before, its files would be read again.
        _store.SaveBatch(batch with { Status = status });
        var errors = (string?)state["error_file_id"];
        progress?.Report($"batch {batch.Id}: {status}, {answered} of {batch.Requests} "
            + $"answered{(failed.Count == before ? "" : $", {failed.Count - before} failed")}"
            + $"{(errors is null ? "" : $"; the server's file of errors is {errors}")}");
        if (status == "failed")
        {
            var reasons = ((state["errors"]?["data"] as JsonArray) ?? []).Take(5)
                .Select(e => ApiKeys.Redact($"line {e?["line"]}: {e?["message"]}"));
            throw new BatchRefusedException(400, $"{_endpoint.Name}: batch {batch.Id} was refused: {string.Join("; ", reasons)}");
        }
        return answered;
    }

    private KeptAnswer? Read(string line, string from, SortedDictionary<string, BatchFailure> failed)
    {
        var (key, failure) = ("", new BatchFailure(FailureKind.Malformed, $"{from}: a line is not what the batch API says"));
        try
        {
            var row = JsonNode.Parse(line)!;
            key = (string)row["custom_id"]!;
            var status = (int?)row["response"]?["status_code"] ?? 0;
            if (status == 200 && row["response"]!["body"] is { } body && Refusal.Of(200, body.ToJsonString()) is null)
            {
                var raw = body.ToJsonString();
                var answer = RawAnswer.Parse(raw);
                return new KeptAnswer
                {
                    Key = key,
                    Model = _endpoint.Model,
                    Endpoint = _endpoint.Name,
                    Attempts = 1,
                    PromptTokens = answer.PromptTokens,
                    CompletionTokens = answer.CompletionTokens,
                    Cost = _endpoint.Cost(answer.PromptTokens, answer.CompletionTokens),
                    Raw = raw,
                };
            }
            var said = row["error"] as JsonObject ?? row["response"]?["body"];
            var words = said?.ToJsonString() ?? "no response";
            var refused = row["error"] is null ? words : $"{{\"error\": {words}}}";
            var kind = (string?)row["error"]?["code"] is "batch_expired" or "batch_cancelled"
                ? FailureKind.Expired
                : Refusal.Of(status == 0 ? 400 : status, refused)?.Kind ?? FailureKind.Malformed;
            failure = new BatchFailure(kind, $"{from}: {words}");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException)
        {
            failure = failure with { Detail = $"{failure.Detail}: {e.Message}" };
        }
        _store.Note(
            [new FailedCall(key, _endpoint.Name, failure.Kind, failure.Detail, failure.Kind == FailureKind.Malformed ? line : null)]);
        failed[key] = failure;
        return null;
    }

    private async Task<JsonObject> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = content };
        try
        {
            using var response = await _http.SendAsync(request, cancel);
            var text = await response.Content.ReadAsStringAsync(cancel);
            if (!response.IsSuccessStatusCode)
                throw new BatchRefusedException((int)response.StatusCode,
                    $"{_endpoint.Name}: {method} {path} was refused (HTTP {(int)response.StatusCode}): "
                        + $"{ApiKeys.Redact(text.Length > 300 ? text[..300] : text)}");
            return JsonNode.Parse(text) as JsonObject
                ?? throw new BatchRefusedException(0, $"{_endpoint.Name}: {method} {path} gave no JSON object.");
        }
        catch (Exception e) when (e is HttpRequestException or JsonException)
        {
            throw new BatchRefusedException(0,
                $"{_endpoint.Name}: {method} {path} failed: {ApiKeys.Redact(e.Message)} What was sent before is kept; run again to go on.",
                e);
        }
    }

    private string Line(ChatRequest r) => new JsonObject
    {
        ["custom_id"] = r.Key,
        ["method"] = "POST",
        ["url"] = "/v1/chat/completions",
        ["body"] = RequestBody.Of(r, _endpoint),
    }.ToJsonString();
}
