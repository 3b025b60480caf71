using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using DocTuneLab.Endpoints.Accounting;
using DocTuneLab.Endpoints.Exchange;
using DocTuneLab.Endpoints.Pool;
using DocTuneLab.Endpoints.Retrying;
using DocTuneLab.Endpoints.Transport;
using DocTuneLab.Text;
using Microsoft.Extensions.AI;

namespace DocTuneLab.Endpoints;

/// <summary>
/// Asks endpoints, many at a time. An answer that was paid for is in the journal before anyone sees it, and a key that is there is
/// never asked again. Transient failures are tried again with jittered waits, an endpoint's refusals slow down that endpoint alone, and
/// a run whose requests mostly fail stops by itself. All members are thread safe.
/// </summary>
public sealed class RequestEngine : IDisposable
{
    // Shorter waits come and go unseen.
    private static readonly TimeSpan s_worthSaying = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_quotaPause = EndpointPool.QuotaPause / 2;
    private readonly EngineOptions _options;
    private readonly IAnswerJournal _journal;
    private readonly TimeProvider _time;
    private readonly EndpointPool _pool;
    private readonly IReadOnlyList<EndpointOptions> _endpoints;
    private readonly ConcurrentDictionary<string, Task<ChatOutcome>> _open = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly Random _jitter;
    private readonly SortedDictionary<string, long> _failed = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<FailedCall> _rejected = [];
    private readonly SortedDictionary<string, string> _said = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _marks;
    private readonly long _started;
    private readonly ITimer? _deadline;
    private long _requested, _answered, _reused, _failures, _notAsked, _promptTokens, _completionTokens, _cutOff;
    private double _cost, _reserved;
    private string? _stopped;
    private int _watching;
    private volatile bool _noStreams;

    /// <summary>An engine over endpoints with the clients that <see cref="ChatClients"/> makes.</summary>
    public RequestEngine(
        IReadOnlyList<EndpointOptions> endpoints, IAnswerJournal journal, EngineOptions? options = null, TimeProvider? time = null)
        : this([.. endpoints.Select(e => (e, ChatClients.Create(e, time)))], journal, options, time) { }

    /// <summary>An engine over any clients.</summary>
    /// <param name="endpoints">Clients with their settings; at least one. They are disposed of with the engine.</param>
    /// <param name="journal">Where answers are kept.</param>
    /// <param name="options">Attempts, deadlines, ceilings.</param>
    /// <param name="time">Clock; default the system's.</param>
    /// <exception cref="LabException">No endpoint, an option out of range, or a cost ceiling without prices.</exception>
    public RequestEngine(IReadOnlyList<(EndpointOptions Options, IChatClient Client)> endpoints, IAnswerJournal journal,
        EngineOptions? options = null, TimeProvider? time = null)
    {
        if (endpoints.Count == 0)
            throw new LabException(
                "No endpoint is configured. Give one with --endpoint URL --endpoint-model NAME, or a file of endpoints.");
        (_options, _journal, _time) = ((options ?? new EngineOptions()).Validated(), journal, time ?? TimeProvider.System);
        _endpoints = [.. endpoints.Select(e => e.Options)];
        if (_options.CostCeiling is not null
            && _endpoints.FirstOrDefault(e => e.InputPrice is null || e.OutputPrice is null) is { } unpriced)
            throw new LabException($"A cost ceiling needs prices, but endpoint {unpriced.Name} has none. "
                + "Give its inputPrice and outputPrice per million tokens.");
        _pool = new EndpointPool(endpoints, _options, _time);
        // What endpoints add to requests decides the answers too.
        _marks = _endpoints.GroupBy(e => e.Model, StringComparer.Ordinal).ToDictionary(
            g => g.Key, g => string.Join('|', g.Select(RequestBody.Mark).Where(m => m.Length > 0).Distinct(StringComparer.Ordinal)),
            StringComparer.Ordinal);
        _jitter = new Random(_options.Seed);
        _started = _time.GetTimestamp();
        if (_options.TotalTimeout is { } total)
            _deadline = _time.CreateTimer(_ => Stop($"the time limit of {total} was reached"), null, total, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Requests in flight at most, over all endpoints.</summary>
    public int Capacity => _pool.Capacity;

    /// <summary>How many should ask at a time, so that all of <see cref="Capacity"/> is used:
    /// half as many again, for those that wait for the disk or the compiler.</summary>
    public int Askers => Capacity + (Capacity + 1) / 2;

    /// <summary>Shown one answer at a time while it comes; that one is asked for as a stream. Default nobody.</summary>
    public IProgress<LiveText>? Live { get; init; }

    /// <summary>How it stands.</summary>
    public EngineStatus Status
    {
        get
        {
            lock (_gate)
                return new EngineStatus
                {
                    Requested = _requested,
                    Answered = _answered,
                    Reused = _reused,
                    Failed = new SortedDictionary<string, long>(_failed, StringComparer.Ordinal),
                    Said = new SortedDictionary<string, string>(_said, StringComparer.Ordinal),
                    CutOff = _cutOff,
                    NotAsked = _notAsked,
                    Pending = _requested - _answered - _reused - _failures - _notAsked,
                    PromptTokens = _promptTokens,
                    CompletionTokens = _completionTokens,
                    Cost = _cost,
                    RequestsPerSecond = _answered / Math.Max(1e-9, _time.GetElapsedTime(_started).TotalSeconds),
                    StoppedBecause = _stopped,
                    Endpoints = _pool.Status,
                };
        }
    }

    /// <summary>The model that a question goes to: among several, by their weights and the question alone, so that a repeated run
    /// asks the same.</summary>
    /// <param name="what">Anything that identifies the question.</param>
    public string ModelFor(string what)
    {
        var at = Convert.ToUInt32(ContentHash.Of(what)[..8], 16) / 4294967296.0 * _endpoints.Sum(e => e.Weight);
        foreach (var endpoint in _endpoints)
            if ((at -= endpoint.Weight) < 0) return endpoint.Model;
        return _endpoints[^1].Model;
    }

    /// <summary>Whether the servers of a model hold answers to a schema.</summary>
    public bool HoldsSchema(string model) => _endpoints.Where(e => e.Model == model).All(e => e.StructuredOutput);

    /// <summary>Price of a call of a model, by its first endpoint's prices; 0 where they are unknown.</summary>
    public double CostOf(string model, long promptTokens, long completionTokens) =>
        _endpoints.FirstOrDefault(e => e.Model == model)?.Cost(promptTokens, completionTokens) ?? 0;

    /// <summary>Asks nothing more; what is in flight is waited for by those who asked.</summary>
    /// <param name="reason">Shown to the user.</param>
    public void Stop(string reason)
    {
        lock (_gate) _stopped ??= reason;
        _stop.Cancel();
    }

    /// <summary>The answer to a request: kept, or asked for now. A key asked twice at the same time is asked once.</summary>
    /// <exception cref="OperationCanceledException">The caller has cancelled.</exception>
    public async Task<ChatOutcome> AskAsync(ChatRequest request, CancellationToken cancel = default)
    {
        lock (_gate) _requested++;
        if (_marks.TryGetValue(request.Model, out var mark) && mark.Length > 0)
            request = request with { Key = ContentHash.Of(request.Key, mark) };
        try
        {
            if (Kept(request) is { } kept) return Count(kept, request.TakesCutOff);
            var mine = new TaskCompletionSource<ChatOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_open.TryAdd(request.Key, mine.Task) is false && _open.TryGetValue(request.Key, out var other))
                return Count((await other.WaitAsync(cancel)) with { Reused = true, Attempts = 0 }, request.TakesCutOff);
            try
            {
                // It may have been kept between the look and the claim.
                var outcome = Kept(request) ?? await TryAsync(request, cancel);
                mine.SetResult(outcome);
                return Count(outcome, request.TakesCutOff);
            }
            catch (Exception e)
            {
                mine.SetException(e);
                _ = mine.Task.Exception;
                throw;
            }
            finally
            {
                _open.TryRemove(request.Key, out _);
            }
        }
        catch (Exception)
        {
            lock (_gate) _notAsked++;
            throw;
        }
    }

    /// <summary>An answer that came and cannot be used after all: it counts as failed. It stays what the model says to this, unless such
    /// answers are the rule: then something is wrong with the server, and a later run asks again.</summary>
    /// <param name="outcome">The answer.</param>
    /// <param name="failure">What is wrong with it.</param>
    /// <param name="detail">In words.</param>
    public void Reject(ChatOutcome outcome, FailureKind failure, string detail)
    {
        if (outcome.Failure != FailureKind.None) return;
        _rejected.Enqueue(new FailedCall(outcome.Key, "", failure, detail, null));
        lock (_gate)
        {
            if (outcome.Reused) _reused--;
            else _answered--;
        }
        Count(outcome with { Failure = failure, Detail = detail }, false);
    }

    /// <summary>Waits for nothing; answers in flight whose callers were cancelled are lost to them, not to the journal.</summary>
    public void Dispose()
    {
        if (_failures > (_answered + _reused + _failures) * _options.EarlyStopShare)
            while (_rejected.TryDequeue(out var rejected)) _journal.Discard(rejected);
        _deadline?.Dispose();
        _pool.Dispose();
        _stop.Dispose();
    }

    private ChatOutcome? Kept(ChatRequest request)
    {
        if (_journal.Find(request.Key) is not { } raw) return null;
        var answer = RawAnswer.Parse(raw);
        var failure = CallVerdict.Judge(answer);
        // What cannot be used is asked again: the server's limit may have been raised since.
        return failure == FailureKind.None || request.TakesCutOff
            ? new ChatOutcome(request.Key, answer, failure, failure == FailureKind.None ? null : failure.Name(), 0, true)
            : null;
    }

    private ChatOutcome Count(ChatOutcome outcome, bool takesCutOff)
    {
        lock (_gate)
        {
            if (outcome.Failure == FailureKind.TruncatedAtMaxTokens) _cutOff++;
            if (outcome.Failure == FailureKind.NotAsked) _notAsked++;
            else if (outcome.Failure != FailureKind.None && !(takesCutOff && outcome.Failure == FailureKind.TruncatedAtMaxTokens))
            {
                _failures++;
                _failed[outcome.Failure.Name()] = _failed.GetValueOrDefault(outcome.Failure.Name()) + 1;
                if (outcome.Detail is { Length: > 0 } said) _said[outcome.Failure.Name()] = said;
            }
            else if (outcome.Reused) _reused++;
            else _answered++;
            var finished = _answered + _failures;
            if (_stopped is not null || outcome.Reused || finished < _options.EarlyStopAfter
                || _failures <= finished * _options.EarlyStopShare)
                return outcome;
        }
        Stop($"more than {_options.EarlyStopShare:P0} of the requests failed "
            + $"({string.Join(", ", Status.Failed.Select(f => $"{f.Key} {f.Value}{Said(f.Key)}"))}); what was answered is kept");
        return outcome;
    }

    private string Said(string kind)
    {
        lock (_gate) return _said.TryGetValue(kind, out var said) && said != kind ? $", the last: {said}" : "";
    }

    private async Task<ChatOutcome> TryAsync(ChatRequest request, CancellationToken cancel)
    {
        var (calls, refusals, repeated) = (0, 0, false);
        while (true)
        {
            var price = _endpoints.Where(e => e.Model == request.Model)
                .Select(e => e.Cost(request.EstimatedPromptTokens, RequestBody.Tokens(request, e)))
                .DefaultIfEmpty(0)
                .Max();
            if (!Reserve(price)) return NotAsked();
            EndpointPool.Lease lease;
            try
            {
                using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, _stop.Token);
                lease = await _pool.AcquireAsync(request.Model, request.EstimatedTokens, either.Token);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested && !cancel.IsCancellationRequested)
            {
                Unreserve(price);
                return NotAsked();
            }
            catch
            {
                Unreserve(price);
                throw;
            }
            Attempt attempt;
            try
            {
                attempt = await HedgedAsync(lease, request, calls + refusals + 1, repeated, cancel);
            }
            finally
            {
                Unreserve(price);
            }
            if (attempt.Failure is FailureKind.None or FailureKind.TruncatedAtMaxTokens or FailureKind.Filtered)
                return new ChatOutcome(request.Key, attempt.Answer, attempt.Failure, attempt.Detail, calls + refusals + 1, false);
            if (attempt.Failure == FailureKind.RateLimited) refusals++;
            else calls++;
            repeated |= attempt.Failure == FailureKind.RepeatedChunks;
            if (attempt.Failure == FailureKind.Unauthorized)
                Stop($"endpoint {lease.Options.Name} refused the key (set {lease.Options.KeyVariable}): {attempt.Detail}");
            if (attempt.Failure == FailureKind.OutOfQuota)
            {
                // Another endpoint may have some.
                if (_pool.PauseOf(request.Model) < s_quotaPause) continue;
                Stop($"endpoint {lease.Options.Name} has no quota left: {attempt.Detail} What was answered is kept; run again to go on");
                return NotAsked();
            }
            if (attempt.RetryAfter is { } wait)
            {
                var words = $"{lease.Options.Name} asks to wait {CallVerdict.Words(wait)}: {attempt.Detail}";
                if (wait >= s_worthSaying) Live?.Report(new LiveText(lease.Options.Name, words));
                if (_pool.PauseOf(request.Model) > _options.LongestServerWait)
                {
                    Stop($"{words}; that is more than {CallVerdict.Words(_options.LongestServerWait)} (longest_server_wait). "
                        + "What was answered is kept; run again later to go on");
                    return NotAsked();
                }
            }
            if (!attempt.Failure.IsTransient() || calls >= _options.MaxAttempts || refusals > _options.MaxRefusals)
                return new ChatOutcome(request.Key, null, attempt.Failure, attempt.Detail, calls + refusals, false);
            // Refusals, and waits that the server asked for, pause the endpoint, and another may take the request at once.
            if (attempt.RetryAfter is not null || attempt.Failure == FailureKind.RateLimited) continue;
            try
            {
                using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, _stop.Token);
                await Task.Delay(Wait(calls + refusals), _time, either.Token);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                return NotAsked();
            }
        }

        ChatOutcome NotAsked() => new(request.Key, null, FailureKind.NotAsked, Status.StoppedBecause, calls + refusals, false);
    }

    private TimeSpan Wait(int calls)
    {
        var ceiling = Math.Min(_options.LongestDelay.TotalSeconds,
            2 * _options.FirstDelay.TotalSeconds * Math.Pow(2, Math.Min(calls - 1, 20)));
        lock (_jitter) return TimeSpan.FromSeconds(_jitter.NextDouble() * ceiling);
    }

    // What is in flight counts with the most that it can cost, so that the ceiling holds whatever comes back.
    private bool Reserve(double price)
    {
        lock (_gate)
        {
            if (_stopped is not null) return false;
            if (_options.CostCeiling is not { } ceiling || _cost + _reserved + price <= ceiling)
            {
                _reserved += price;
                return true;
            }
        }
        Stop($"the cost ceiling of {_options.CostCeiling} was reached");
        return false;
    }

    private void Unreserve(double price)
    {
        lock (_gate) _reserved -= price;
    }

    private async Task<Attempt> HedgedAsync(EndpointPool.Lease lease, ChatRequest request, int number, bool whole, CancellationToken cancel)
    {
        var first = CallAsync(lease, request, number, whole, cancel);
        if (_options.HedgeAfter is not { } after) return await first;
        if (await Task.WhenAny(first, Task.Delay(after, _time, cancel)) == first) return await first;
        var second = CallAsync(await _pool.AcquireAsync(request.Model, request.EstimatedTokens, cancel), request, number, whole, cancel);
        var early = await Task.WhenAny(first, second);
        return (await early).Failure == FailureKind.None ? await early : await (early == first ? second : first);
    }

    private async Task<Attempt> CallAsync(EndpointPool.Lease lease, ChatRequest request, int number, bool whole, CancellationToken cancel)
    {
        var exchange = new ChatExchange(request, _options.MaxAnswerBytes);
        var failure = FailureKind.ConnectionLost;
        var (used, released) = (0, false);
        var streams = lease.Options.Streaming && !whole;
        var watched = Live is not null && !whole && !_noStreams && lease.Client is not BatchChatClient
            && Interlocked.Exchange(ref _watching, 1) == 0;
        void Release(FailureKind how)
        {
            if (!released) lease.Release(how, exchange.RetryAfter, used);
            released = true;
        }
        try
        {
            using var timeout = new CancellationTokenSource(_options.RequestTimeout, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, timeout.Token);
            string raw;
            string detail;
            RawAnswer? answer = null;
            try
            {
                raw = ApiKeys.Redact(await SendAsync(lease, request, exchange, streams || watched, watched ? Live : null, either.Token));
                answer = RawAnswer.Parse(raw);
                (failure, detail) = (CallVerdict.Judge(answer), "");
            }
            catch (Exception e) when (!cancel.IsCancellationRequested)
            {
                raw = ApiKeys.Redact(exchange.Body);
                (failure, detail) = CallVerdict.Classify(e, exchange, timeout.IsCancellationRequested);
                // The client may stumble over a response that is whole and paid for.
                if (failure == FailureKind.Malformed && CallVerdict.Complete(raw) is { } complete)
                    (answer, failure, detail) = (complete, CallVerdict.Judge(complete), "");
                // A server that takes no streams is asked again without.
                if (watched && !streams && failure == FailureKind.BadRequest) (failure, _noStreams) = (FailureKind.Malformed, true);
            }
            // A stream cuts its text anywhere, through a key as well: then the whole text is what is kept.
            if (answer is not null && ApiKeys.Redact(answer.Text) is var clean && clean != answer.Text)
                (answer, raw) = (answer with { Text = clean }, (answer with { Text = clean }).Write());
            if (answer is not null && failure is FailureKind.None or FailureKind.TruncatedAtMaxTokens or FailureKind.Filtered)
            {
                var (prompt, completion) = (answer!.PromptTokens, answer.CompletionTokens);
                if (prompt == 0) prompt = request.EstimatedPromptTokens;
                if (completion == 0) completion = (answer.Text.Length + 3) / 4;
                used = prompt + completion;
                var cost = lease.Options.Cost(prompt, completion);
                // The server has done its part: the next request need not wait for the disk. Whoever asked does.
                Release(failure);
                if (!exchange.IsInLab)
                    await _journal.KeepAsync(new KeptAnswer
                    {
                        Key = request.Key,
                        Model = request.Model,
                        Endpoint = lease.Options.Name,
                        Attempts = number,
                        PromptTokens = prompt,
                        CompletionTokens = completion,
                        Cost = cost,
                        Raw = raw,
                    });
                lock (_gate)
                    (_promptTokens, _completionTokens, _cost) = (_promptTokens + prompt, _completionTokens + completion, _cost + cost);
                return new Attempt(answer, failure, failure == FailureKind.None ? null : failure.Name(), null);
            }
            var said = detail.Length > 0 ? detail : failure.Name();
            if (!exchange.IsInLab)
                _journal.Note(new FailedCall(request.Key, lease.Options.Name, failure, said,
                    exchange.Status is >= 200 and < 300 && raw.Length > 0
                        ? ApiKeys.InPieces(raw) ? "[withheld: it held a key, cut into pieces]" : raw
                        : null));
            return new Attempt(null, failure, said,
                failure is FailureKind.RateLimited or FailureKind.ServerError ? exchange.RetryAfter : null);
        }
        finally
        {
            if (watched) Volatile.Write(ref _watching, 0);
            // A cancelled caller says nothing about the endpoint.
            Release(cancel.IsCancellationRequested && failure == FailureKind.ConnectionLost ? FailureKind.NotAsked : failure);
        }
    }

    private async Task<string> SendAsync(EndpointPool.Lease lease, ChatRequest request, ChatExchange exchange, bool stream,
        IProgress<LiveText>? live, CancellationToken cancel)
    {
        var options = new ChatOptions
        {
            ModelId = request.Model,
            MaxOutputTokens = RequestBody.Tokens(request, lease.Options),
            Temperature = (float)request.Sampling.Temperature,
            TopP = request.Sampling.TopP < 1 ? (float)request.Sampling.TopP : null,
            Seed = request.Sampling.Seed,
            ResponseFormat = request.Schema is null || !lease.Options.StructuredOutput
                ? null
                : ChatResponseFormat.ForJsonSchema(JsonElement.Parse(request.Schema), "answer"),
        };
        var messages = request.Messages.Select(m => new ChatMessage(new ChatRole(m.Role), m.Content)).ToList();
        ChatExchange.Current = exchange;
        try
        {
            if (!stream)
            {
                var response = await lease.Client.GetResponseAsync(messages, options, cancel);
                return exchange.Status > 0 ? exchange.Body : RawAnswer.Write(response);
            }
            var updates = new List<ChatResponseUpdate>();
            var (text, shown) = (new StringBuilder(), 0L);
            await foreach (var update in lease.Client.GetStreamingResponseAsync(messages, options, cancel))
            {
                updates.Add(update);
                if (live is null) continue;
                text.Append(update.Text);
                // Ten a second are as many as anyone sees, and the last.
                if (_time.GetElapsedTime(shown) < TimeSpan.FromSeconds(0.1) && update.FinishReason is null) continue;
                live.Report(new LiveText(lease.Options.Name, ApiKeys.RedactUnfinished(text.ToString())));
                shown = _time.GetTimestamp();
            }
            return exchange.Status > 0 ? exchange.Body : RawAnswer.Write(updates.ToChatResponse());
        }
        finally
        {
            ChatExchange.Current = null;
        }
    }

    private sealed record Attempt(RawAnswer? Answer, FailureKind Failure, string? Detail, TimeSpan? RetryAfter);
}
