using System.Text;
using System.Threading.Channels;
using DocTuneLab.Endpoints.Accounting;
using DocTuneLab.Endpoints.Exchange;
using DocTuneLab.Endpoints.Retrying;
using DocTuneLab.Settings;
using Microsoft.Extensions.AI;

namespace DocTuneLab.Endpoints.Transport;

/// <summary>How requests are gathered into batches.</summary>
public sealed record BatchOptions
{
    /// <summary>Names, ranges and words of these settings.</summary>
    public static SettingTable<BatchOptions> Settings => SettingTable<BatchOptions>.Instance;

    /// <summary>Whether requests of a stage go as batches; default false: each goes by itself.</summary>
    [Setting("Sends requests through OpenAI's batch API: cheaper, and answered within a day. A run that is stopped takes its batches up "
        + "again.", Option = "batch", Field = "batch")]
    public bool Enabled { get; init; }

    /// <summary>Time between two looks at a batch; default 30 s.</summary>
    [Setting("Seconds between two looks at a batch.", Option = "batch-poll", Field = "batch_poll", Above = 0, Max = 3600,
        Unit = TimeUnit.Seconds)]
    public TimeSpan Poll { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A batch is sent when no further request has come for this long; default 5 s.
    /// It decides how requests are grouped, never what they are.</summary>
    [Setting("Seconds without a further request after which a batch is sent.", Option = "batch-settle", Field = "batch_settle", Above = 0,
        Max = 3600, Unit = TimeUnit.Seconds)]
    public TimeSpan Settle { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Requests of a batch at most; default 20,000 (OpenAI takes 50,000).</summary>
    [Setting("Requests of a batch at most.", Option = "batch-requests", Field = "batch_requests", Min = 1)]
    public int MaxRequests { get; init; } = 20_000;

    /// <summary>The options of an engine over batches: the deadline of a call is longer than the day that a server may take, and a call
    /// that failed twice stays failed.</summary>
    /// <param name="options">Ceiling, deadline of the whole and all else.</param>
    public static EngineOptions Patient(EngineOptions options) =>
        options with { RequestTimeout = TimeSpan.FromDays(3), MaxAttempts = Math.Min(options.MaxAttempts, 2) };
}

/// <summary>
/// A client of a <c>RequestEngine</c> that gathers what is asked at one time and sends it as a batch, so that everything that the
/// engine does (kept answers, ceiling, accounting, early stop) holds for batches too. One batch at a time; what is asked meanwhile goes
/// into the next. Dialogues of several turns thus take several batches.
/// </summary>
public sealed class BatchChatClient : IChatClient
{
    private readonly BatchTransport _transport;
    private readonly BatchOptions _options;
    private readonly IBatchStore _store;
    private readonly TimeProvider _time;
    private readonly IProgress<LiveText>? _live;
    private readonly Channel<Waiting> _asked = Channel.CreateUnbounded<Waiting>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _end = new();
    private readonly Task _working;

    private sealed record Waiting(ChatRequest Request, TaskCompletionSource<(BatchFailure? Failure, bool IsNoted)> Over);

    /// <summary>A client of one endpoint.</summary>
    /// <param name="endpoint">Endpoint with OpenAI's protocol.</param>
    /// <param name="store">Where batches and answers are kept.</param>
    /// <param name="options">When a batch is sent and looked at.</param>
    /// <param name="live">Told how a batch stands.</param>
    /// <param name="time">Clock; default the system's.</param>
    /// <exception cref="LabException">The endpoint speaks another protocol.</exception>
    public BatchChatClient(
        EndpointOptions endpoint, IBatchStore store, BatchOptions options, IProgress<LiveText>? live = null, TimeProvider? time = null)
    {
        (_store, _options, _live, _time) = (store, options, live, time ?? TimeProvider.System);
        _transport = new BatchTransport(endpoint, store, options.Poll, time);
        _working = Task.Run(WorkAsync);
    }

    /// <inheritdoc/>
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        var exchange = ChatExchange.Current ?? throw new InvalidOperationException("Batches are gathered from a RequestEngine.");
        var over = new TaskCompletionSource<(BatchFailure? Failure, bool IsNoted)>(TaskCreationOptions.RunContinuationsAsynchronously);
        await _asked.Writer.WriteAsync(new Waiting(exchange.Request, over), cancellationToken);
        var (failure, isNoted) = await over.Task.WaitAsync(cancellationToken);
        if (failure is null && _store.Find(exchange.Request.Key) is { } kept)
        {
            exchange.Append(Encoding.UTF8.GetBytes(kept.Raw));
            (exchange.Status, exchange.IsInLab) = (200, true);
            return new ChatResponse();
        }
        exchange.IsInLab = isNoted;
        exchange.Failure = failure?.Kind ?? FailureKind.Expired;
        throw new HttpRequestException(failure?.Detail ?? "the batch ended without a word about this request");
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null,
        CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("A batch has no streams.");

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    /// <summary>Waits for no batch: the lab knows it, and the next run takes it up.</summary>
    public void Dispose()
    {
        _asked.Writer.TryComplete();
        _end.Cancel();
        // It ends at its next wait; the lab must not be closed before.
        _working.GetAwaiter().GetResult();
        _transport.Dispose();
        _end.Dispose();
    }

    private async Task WorkAsync()
    {
        var batch = new List<Waiting>();
        try
        {
            while (await _asked.Reader.WaitToReadAsync(_end.Token))
            {
                batch.Clear();
                while (batch.Count < _options.MaxRequests && await MoreAsync())
                    while (batch.Count < _options.MaxRequests && _asked.Reader.TryRead(out var next)) batch.Add(next);
                await AnswerAsync(batch);
            }
        }
        catch (OperationCanceledException)
        {
            foreach (var waiting in batch) waiting.Over.TrySetCanceled(CancellationToken.None);
            while (_asked.Reader.TryRead(out var waiting)) waiting.Over.TrySetCanceled(CancellationToken.None);
        }
    }

    /// <summary>Whether something has come within the time that a batch is held open.</summary>
    private async Task<bool> MoreAsync()
    {
        using var settled = new CancellationTokenSource(_options.Settle, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(settled.Token, _end.Token);
        try
        {
            return await _asked.Reader.WaitToReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!_end.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task AnswerAsync(List<Waiting> batch)
    {
        try
        {
            var result = await _transport.RunAsync(batch.ConvertAll(w => w.Request), new Progress(this), _end.Token);
            foreach (var waiting in batch)
                waiting.Over.TrySetResult(
                    result.Failed.TryGetValue(waiting.Request.Key, out var failure) ? (failure, true) : (null, false));
        }
        catch (BatchRefusedException e)
        {
            foreach (var waiting in batch) waiting.Over.TrySetResult((new BatchFailure(e.Kind, e.Message), false));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            foreach (var waiting in batch) waiting.Over.TrySetException(e);
        }
    }

    private sealed class Progress(BatchChatClient client) : IProgress<string>
    {
        public void Report(string value) => client._live?.Report(new LiveText("batch", value));
    }
}
