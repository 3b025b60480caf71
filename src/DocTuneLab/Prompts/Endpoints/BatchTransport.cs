using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Storage;

namespace DocTuneLab.Prompts.Endpoints;

/// <summary>What a batch brought.</summary>
/// <param name="Answered">Requests answered, now in the lab.</param>
/// <param name="Failed">Requests that failed, by reason.</param>
/// <param name="Missing">Requests that the server said nothing about (an expired or cancelled batch); ask them again.</param>
public sealed record BatchResult(int Answered, IReadOnlyDictionary<string, int> Failed, int Missing);

/// <summary>
/// OpenAI's batch API as another way to send requests: slower, at a lower price. The requests go up as one file, the answers come
/// back as one; keys are the requests' names, so that answers find their place whenever they come. A batch that is under way is
/// taken up again, not sent twice. Afterwards a <see cref="RequestEngine"/> finds the answers in the lab.
/// </summary>
public sealed class BatchTransport : IDisposable
{
    private readonly EndpointOptions _endpoint;
    private readonly Lab _lab;
    private readonly HttpClient _http;
    private readonly TimeProvider _time;
    private readonly TimeSpan _poll;
    private readonly HashSet<string> _failedKeys = new(StringComparer.Ordinal);

    /// <summary>A transport to one endpoint.</summary>
    /// <param name="endpoint">Endpoint with OpenAI's protocol.</param>
    /// <param name="lab">Where batches and answers are kept.</param>
    /// <param name="poll">Time between two looks at a batch; default 30 s.</param>
    /// <param name="time">Clock; default the system's.</param>
    /// <exception cref="LabException">The endpoint speaks another protocol.</exception>
    public BatchTransport(EndpointOptions endpoint, Lab lab, TimeSpan? poll = null, TimeProvider? time = null)
    {
        if (endpoint.Kind != EndpointKind.OpenAI) throw new LabException($"Endpoint {endpoint.Name} has no batch API; only endpoints with OpenAI's protocol do.");
        (_endpoint, _lab, _time, _poll) = (endpoint.Validated(), lab, time ?? TimeProvider.System, poll ?? TimeSpan.FromSeconds(30));
        _http = ChatClients.Http(endpoint, _time);
        _http.BaseAddress = new Uri(endpoint.BaseUrl.ToString().TrimEnd('/') + "/");
        if (ApiKeys.Find(endpoint.KeyVariable) is { } key) _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    /// <summary>Sends what is not in the lab yet and waits for it.</summary>
    /// <param name="requests">Requests for the endpoint's model.</param>
    /// <param name="progress">Called with the number of requests that the server has finished.</param>
    /// <param name="cancel">Stops waiting; the batch goes on and is taken up by the next call.</param>
    /// <exception cref="LabException">The server refused the file or the batch.</exception>
    public async Task<BatchResult> RunAsync(IReadOnlyList<ChatRequest> requests, IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        var failed = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var answered = 0;
        foreach (var open in _lab.Batches(_endpoint.Name).Where(b => !IsOver(b.Status))) answered += await FinishAsync(open, failed, progress, cancel);
        var missing = requests.Where(r => _lab.FindRequest(r.Key) is null).DistinctBy(r => r.Key).ToList();
        if (missing.Count > 0)
        {
            var lines = string.Concat(missing.Select(r => Line(r) + "\n"));
            using var form = new MultipartFormDataContent { { new StringContent("batch"), "purpose" }, { new ByteArrayContent(Encoding.UTF8.GetBytes(lines)), "file", "requests.jsonl" } };
            var file = (string?)(await SendAsync(HttpMethod.Post, "files", form, cancel))["id"];
            using var body = new StringContent(new JsonObject { ["input_file_id"] = file, ["endpoint"] = "/v1/chat/completions", ["completion_window"] = "24h" }.ToJsonString(), Encoding.UTF8, "application/json");
            var made = await SendAsync(HttpMethod.Post, "batches", body, cancel);
            var batch = new StoredBatch((string)made["id"]!, _endpoint.Name, (string)made["status"]!, missing.Count);
            _lab.SaveBatch(batch);
            answered += await FinishAsync(batch, failed, progress, cancel);
        }
        return new BatchResult(answered, failed, missing.Count(r => !_failedKeys.Contains(r.Key) && _lab.FindRequest(r.Key) is null));
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<int> FinishAsync(StoredBatch batch, SortedDictionary<string, int> failed, IProgress<int>? progress, CancellationToken cancel)
    {
        JsonObject state;
        while (true)
        {
            state = await SendAsync(HttpMethod.Get, $"batches/{batch.Id}", null, cancel);
            progress?.Report((int?)state["request_counts"]?["completed"] ?? 0);
            if (IsOver((string)state["status"]!)) break;
            await Task.Delay(_poll, _time, cancel);
        }
        var answered = 0;
        foreach (var name in (string[])["output_file_id", "error_file_id"])
        {
            if ((string?)state[name] is not { } file) continue;
            using var response = await _http.GetAsync(new Uri($"files/{file}/content", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancel);
            if (!response.IsSuccessStatusCode) throw new LabException($"{_endpoint.Name}: the result file {file} of batch {batch.Id} could not be read (HTTP {(int)response.StatusCode}). Run again to take the batch up.");
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancel));
            while (await reader.ReadLineAsync(cancel) is { } line)
                if (line.Trim().Length > 0 && Keep(ApiKeys.Redact(line), failed)) answered++;
        }
        // Only now is the batch over for the lab: had the process died before, its files would be read again.
        _lab.SaveBatch(batch with { Status = (string)state["status"]! });
        return answered;
    }

    private bool Keep(string line, SortedDictionary<string, int> failed)
    {
        try
        {
            var row = JsonNode.Parse(line)!;
            var key = (string)row["custom_id"]!;
            var status = (int?)row["response"]?["status_code"] ?? 0;
            if (status == 200 && row["response"]!["body"] is { } body)
            {
                var raw = body.ToJsonString();
                var answer = RawAnswer.Parse(raw);
                _lab.KeepAnswers([new KeptAnswer(key, _endpoint.Model, _endpoint.Name, 1, answer.PromptTokens, answer.CompletionTokens, _endpoint.Cost(answer.PromptTokens, answer.CompletionTokens), raw)]);
                return true;
            }
            var failure = status switch { 429 => FailureKind.RateLimited, 401 or 403 => FailureKind.Unauthorized, >= 500 => FailureKind.ServerError, _ => FailureKind.BadRequest };
            _lab.NoteFailures([new FailedCall(key, _endpoint.Name, failure, row["error"]?.ToJsonString() ?? row["response"]?["body"]?.ToJsonString() ?? "no response", null)]);
            failed[failure.Name()] = failed.GetValueOrDefault(failure.Name()) + 1;
            _failedKeys.Add(key);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException)
        {
            _lab.NoteFailures([new FailedCall("", _endpoint.Name, FailureKind.Malformed, e.Message, line)]);
            failed[FailureKind.Malformed.Name()] = failed.GetValueOrDefault(FailureKind.Malformed.Name()) + 1;
        }
        return false;
    }

    private async Task<JsonObject> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = content };
        try
        {
            using var response = await _http.SendAsync(request, cancel);
            var text = await response.Content.ReadAsStringAsync(cancel);
            if (!response.IsSuccessStatusCode) throw new LabException($"{_endpoint.Name}: {method} {path} was refused (HTTP {(int)response.StatusCode}): {ApiKeys.Redact(text.Length > 300 ? text[..300] : text)}");
            return JsonNode.Parse(text) as JsonObject ?? throw new LabException($"{_endpoint.Name}: {method} {path} gave no JSON object.");
        }
        catch (Exception e) when (e is HttpRequestException or JsonException)
        {
            throw new LabException($"{_endpoint.Name}: {method} {path} failed: {ApiKeys.Redact(e.Message)} What was sent before is kept; run again to go on.", e);
        }
    }

    private static bool IsOver(string status) => status is "completed" or "failed" or "expired" or "cancelled";

    private static string Line(ChatRequest r)
    {
        var body = new JsonObject
        {
            ["model"] = r.Model, ["messages"] = new JsonArray([.. r.Messages.Select(m => new JsonObject { ["role"] = m.Role, ["content"] = m.Content })]), ["max_tokens"] = r.Sampling.MaxTokens,
            ["temperature"] = r.Sampling.Temperature, ["top_p"] = r.Sampling.TopP, ["seed"] = r.Sampling.Seed,
        };
        if (r.Schema is not null) body["response_format"] = new JsonObject { ["type"] = "json_schema", ["json_schema"] = new JsonObject { ["name"] = "answer", ["strict"] = true, ["schema"] = JsonNode.Parse(r.Schema) } };
        return new JsonObject { ["custom_id"] = r.Key, ["method"] = "POST", ["url"] = "/v1/chat/completions", ["body"] = body }.ToJsonString();
    }
}
