using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using DocTuneLab.Notebooks.Formatting;

namespace DocTuneLab.Notebooks.Cells;

/// <summary>Throttles the updates of one display: the latest state is sent at most ten times a second, and formatted
/// only when sent.</summary>
internal sealed class LiveDisplay : DisplayHandle
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private readonly OutputQueue _queue;
    private readonly ExecutionContext? _context = ExecutionContext.Capture();
    private readonly Timer _timer;
    private Func<(JsonObject Data, JsonObject Metadata)>? _pending;
    private long _lastSent = Environment.TickCount64;

    private readonly ConcurrentDictionary<string, LiveDisplay> _waiting;

    /// <param name="id">Identity within the session.</param>
    /// <param name="waiting">The session's displays with an update not yet sent; this one enters and leaves it.</param>
    /// <param name="queue">Where updates go.</param>
    public LiveDisplay(string id, ConcurrentDictionary<string, LiveDisplay> waiting, OutputQueue queue)
    {
        Id = id;
        this._waiting = waiting;
        this._queue = queue;
        _timer = new Timer(_ => Flush());
    }

    public override string Id { get; }

    public override void Update(object? value) => Schedule(() => (ValueFormatter.Format(value), []));

    public override void UpdateMime(IReadOnlyDictionary<string, object> data, IReadOnlyDictionary<string, object>? metadata = null)
    {
        // Read now: the caller may change its dictionary before the update is sent.
        var (json, meta) = (ValueFormatter.ToJson(data), ValueFormatter.ToJson(metadata));
        Schedule(() => (json, meta));
    }

    /// <summary>Sends the latest state now; completes when the host has got it.</summary>
    public Task FlushAsync()
    {
        Flush();
        return _queue.SentAsync();
    }

    private void Flush() => _queue.Add(Take);

    // Called in turn by the queue alone, so that of two states the later one is sent later;
    // formatting runs the user's code, and no lock is held.
    private UpdateOutput? Take()
    {
        Func<(JsonObject, JsonObject)>? state;
        lock (_gate)
        {
            state = _pending;
            _pending = null;
            _lastSent = Environment.TickCount64;
            _waiting.TryRemove(Id, out _);
        }
        if (state is null)
            return null;
        UpdateOutput? update = null;
        if (_context is null)
            Format();
        else
            ExecutionContext.Run(_context, _ => Format(), null);
        return update;

        void Format()
        {
            var (data, metadata) = state();
            update = new UpdateOutput(data, metadata, Id);
        }
    }

    private void Schedule(Func<(JsonObject, JsonObject)> state)
    {
        var wait = TimeSpan.Zero;
        lock (_gate)
        {
            var alreadyWaiting = _pending is not null;
            _pending = state;
            if (alreadyWaiting)
                return;
            _waiting[Id] = this;
            wait = s_interval - TimeSpan.FromMilliseconds(Environment.TickCount64 - _lastSent);
            if (wait > TimeSpan.Zero)
            {
                _timer.Change(wait, Timeout.InfiniteTimeSpan);
                return;
            }
        }
        Flush();
    }
}
