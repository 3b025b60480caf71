using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Simd;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Inference;

/// <summary>
/// Answers many requests side by side. Each joins between two tokens of the others and leaves when it is whole (iteration-level
/// scheduling: Yu et al. 2022, Orca), whatever its length, options or adapter. One thread of its own computes; alone, a request gets the
/// tokens that <see cref="LocalModel"/> gives.
/// </summary>
public sealed class ContinuousBatch : IDisposable
{
    // Prompts that are read between two tokens of the others, who wait so long.
    private const int PromptTokens = 2048;

    private readonly BaseModel _model;
    private readonly int _most;
    private readonly long _cacheBytes;
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _wanted = new(0);
    private readonly LinkedList<LiveAnswer> _waiting = [];
    private readonly Queue<Action> _scoring = [];
    private readonly List<BatchLane> _lanes = [];
    private readonly HashSet<int> _ends;
    private readonly Thread _thread;
    private volatile bool _isClosed;
    private int _running;
    private long _promptTokens, _tokens;

    /// <summary>A batch of a model.</summary>
    /// <param name="model">The model; nothing else may use it while this answers.</param>
    /// <param name="most">Requests at once; others wait their turn. Default 16.</param>
    /// <param name="cacheBytes">Keys and values at most; a request that needs more alone is answered alone. Default 1 GiB.</param>
    public ContinuousBatch(BaseModel model, int most = 16, long cacheBytes = 1L << 30)
    {
        ArgumentNullException.ThrowIfNull(model);
        (_model, _most, _cacheBytes) = (model, most, cacheBytes);
        _ends = [.. model.EndTokens];
        _thread = new(Run) { IsBackground = true, Name = "decoding" };
        _thread.Start();
    }

    /// <summary>Requests that wait for a place.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock) return _waiting.Count;
        }
    }

    /// <summary>Requests that are being answered.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>Tokens of prompts that were read so far.</summary>
    public long PromptTokensRead => Interlocked.Read(ref _promptTokens);

    /// <summary>Tokens that were chosen so far.</summary>
    public long TokensDecoded => Interlocked.Read(ref _tokens);

    /// <summary>Answers a request.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="cancel">Ends it where it is; its place is free for another at once.</param>
    /// <exception cref="LabException">The prompt is empty or leaves no room in the model's context, or an option is out of range.
    /// </exception>
    public Task<DecodedAnswer> AskAsync(DecodingRequest request, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        LocalModel.Check(_model, [request.Prompt], request.Sampling);
        Check(request.Prompt);
        if (request.Budget.Beams > 1) throw new LabException($"{request.Budget.Beams} beams are not searched side by side: expected 1");
        ObjectDisposedException.ThrowIf(_isClosed, this);
        var answer = new LiveAnswer(request, _model.Tokenizer.Stream(continues: request.Continues), _ends,
            Math.Min(request.Sampling.MaxTokens, _model.Config.Layout.Context - request.Prompt.Count), cancel);
        lock (_lock) _waiting.AddLast(answer);
        _wanted.Release();
        return answer.Answer;
    }

    /// <summary>The tokens of a text behind its first, as a model sees them: between two tokens of what is being answered.</summary>
    /// <param name="text">Token ids.</param>
    /// <param name="adapter">The adapter; null is the base.</param>
    /// <param name="alternatives">So many of the likeliest tokens are told beside each.</param>
    /// <param name="cancel">Given up where it has not begun.</param>
    /// <exception cref="LabException">The text is longer than the model's context, or an id is none of its vocabulary.</exception>
    public async Task<IReadOnlyList<DecodedToken>> ScoreAsync(
        IReadOnlyList<int> text, LoraAdapter? adapter, int alternatives, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        Check(text);
        if (text.Count > _model.Config.Layout.Context)
            throw new LabException($"the text has {text.Count} tokens; the model's context is {_model.Config.Layout.Context}");
        if (text.Count < 2) return [];
        var told = new TaskCompletionSource<IReadOnlyList<DecodedToken>>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var gone = cancel.Register(() => told.TrySetCanceled(cancel));
        lock (_lock)
            _scoring.Enqueue(() =>
            {
                if (told.Task.IsCompleted) return;
                var lane = LaneOf(adapter);
                Within(lane, e => told.TrySetException(e), () => told.TrySetResult(lane.Score(text, alternatives)));
            });
        _wanted.Release();
        return await told.Task;
    }

    /// <summary>Ends what is asked, and waits until nothing is computed any more.</summary>
    public void Dispose()
    {
        if (_isClosed) return;
        _isClosed = true;
        _wanted.Release();
        _thread.Join();
        _wanted.Dispose();
    }

    private void Run()
    {
        try
        {
            while (!_isClosed)
            {
                if (_lanes.TrueForAll(l => l.Answers.Count == 0) && Waiting == 0 && NextScoring() is null) _wanted.Wait();
                NextScoring(take: true)?.Invoke();
                foreach (var lane in _lanes) Leave(lane);
                Join();
                foreach (var lane in _lanes.Where(l => l.Answers.Count > 0))
                    Within(lane, e => Fail(lane, [.. lane.Answers], e), () => Interlocked.Add(ref _tokens, lane.Step()));
                Volatile.Write(ref _running, _lanes.Sum(l => l.Answers.Count));
            }
        }
        finally
        {
            Close();
        }
    }

    private Action? NextScoring(bool take = false)
    {
        lock (_lock) return _scoring.TryPeek(out var next) ? take ? _scoring.Dequeue() : next : null;
    }

    private void Check(IReadOnlyList<int> ids)
    {
        foreach (var id in ids)
            if (id < 0 || id >= _model.Config.VocabularySize)
                throw new LabException($"the ids go from 0 to {_model.Config.VocabularySize - 1}; {id} is none of them");
    }

    private void Close()
    {
        var over = new OperationCanceledException("the model answers no more");
        lock (_lock)
        {
            foreach (var answer in _waiting)
            {
                answer.Fail(over);
                answer.Dispose();
            }
            _waiting.Clear();
        }
        foreach (var lane in _lanes)
        {
            foreach (var answer in lane.Answers.ToList())
            {
                answer.Fail(over);
                lane.Remove(answer);
            }
            lane.Dispose();
        }
        _lanes.Clear();
    }

    // Those whose client has gone, and those that are whole.
    private static void Leave(BatchLane lane)
    {
        foreach (var answer in lane.Answers.Where(a => a.IsDone || a.Cancel.IsCancellationRequested).ToList())
        {
            if (answer.IsDone) answer.Finish();
            lane.Remove(answer);
        }
    }

    // In their order; what does not fit now waits, and all behind it, so that none waits for ever.
    private void Join()
    {
        List<LiveAnswer> joining = [];
        var tokens = 0;
        while (_lanes.Sum(l => l.Answers.Count) + joining.Count < _most)
        {
            LiveAnswer? next;
            lock (_lock)
            {
                while (_waiting.First is { Value.Cancel.IsCancellationRequested: true } gone)
                {
                    gone.Value.Dispose();
                    _waiting.RemoveFirst();
                }
                next = _waiting.First?.Value;
            }
            if (next is null || (tokens > 0 && tokens + next.Request.Prompt.Count > PromptTokens)) break;
            if (!Fits(next, joining)) break;
            lock (_lock) _waiting.RemoveFirst();
            joining.Add(next);
            tokens += next.Request.Prompt.Count;
        }
        foreach (var group in joining.GroupBy(a => LaneOf(a.Request.Adapter)))
        {
            LiveAnswer[] entering = [.. group];
            Within(group.Key, e => Fail(group.Key, entering, e), () =>
            {
                group.Key.Enter(entering);
                group.Key.Read(entering);
                Interlocked.Add(ref _tokens, entering.Length);
            });
            Interlocked.Add(ref _promptTokens, group.Sum(a => a.Request.Prompt.Count));
        }
        foreach (var lane in _lanes) Leave(lane);
    }

    private bool Fits(LiveAnswer next, List<LiveAnswer> joining)
    {
        long Bytes() => _lanes.Sum(l => l.BytesWith([.. joining.Append(next).Where(a => a.Request.Adapter == l.Adapter)]));
        LaneOf(next.Request.Adapter);
        if (Bytes() <= _cacheBytes) return true;
        // What idle lanes hold is given back first.
        foreach (var idle in _lanes.Where(l => l.Answers.Count == 0 && !joining.Exists(a => a.Request.Adapter == l.Adapter)).ToList())
        {
            idle.Dispose();
            _lanes.Remove(idle);
        }
        LaneOf(next.Request.Adapter);
        return Bytes() <= _cacheBytes || (joining.Count == 0 && _lanes.TrueForAll(l => l.Answers.Count == 0));
    }

    private BatchLane LaneOf(LoraAdapter? adapter)
    {
        if (_lanes.Find(l => l.Adapter == adapter) is { } known) return known;
        var keeps = _model.Decoder.Composed
            ? _model.Decoder.DequantizedBytes < ComputeDevices.FreeBytes(_model.Decoder.Device) / 2 : _most > MatrixVector.MaxVectors;
        var lane = new BatchLane(_model, adapter, keeps);
        _lanes.Add(lane);
        return lane;
    }

    // What goes wrong here is told to those whom it concerns, and the others go on.
    private void Within(BatchLane lane, Action<Exception> failed, Action work)
    {
        try
        {
            using var attached = lane.Adapter?.Attach();
            using var scope = NewDisposeScope();
            ComputeDevices.Within(_model.Decoder.Device, "what is asked at once", "let fewer be answered at once, or end what else uses it",
                () =>
                {
                    work();
                    return true;
                });
        }
#pragma warning disable CA1031 // Whatever it is, the requests must hear of it, and the thread must live.
        catch (Exception e)
#pragma warning restore CA1031
        {
            failed(e);
        }
    }

    private static void Fail(BatchLane lane, LiveAnswer[] concerned, Exception error)
    {
        foreach (var answer in concerned)
        {
            answer.Fail(error);
            lane.Remove(answer);
        }
    }
}
