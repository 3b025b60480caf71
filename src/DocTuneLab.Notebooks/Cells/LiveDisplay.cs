using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using DocTuneLab.Notebooks.Formatting;

namespace DocTuneLab.Notebooks.Cells;

/// <summary>Throttles the updates of one display: the latest state is sent at most ten times a second, and formatted
/// only when sent.</summary>
internal sealed class LiveDisplay : DisplayHandle
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly Lock gate = new();
    private readonly OutputQueue queue;
    private readonly ExecutionContext? context = ExecutionContext.Capture();
    private readonly Timer timer;
    private Func<(JsonObject Data, JsonObject Metadata)>? pending;
    private long lastSent = Environment.TickCount64;

    private readonly ConcurrentDictionary<string, LiveDisplay> waiting;

    /// <param name="id">Identity within the session.</param>
    /// <param name="waiting">The session's displays with an update not yet sent; this one enters and leaves it.</param>
    /// <param name="queue">Where updates go.</param>
    public LiveDisplay(string id, ConcurrentDictionary<string, LiveDisplay> waiting, OutputQueue queue)
    {
        Id = id;
        this.waiting = waiting;
        this.queue = queue;
        timer = new Timer(_ => Flush());
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
        return queue.SentAsync();
    }

    private void Flush() => queue.Add(Take);

    // Called in turn by the queue alone, so that of two states the later one is sent later;
    // formatting runs the user's code, and no lock is held.
    private UpdateOutput? Take()
    {
        Func<(JsonObject, JsonObject)>? state;
        lock (gate)
        {
            state = pending;
            pending = null;
            lastSent = Environment.TickCount64;
            waiting.TryRemove(Id, out _);
        }
        if (state is null)
            return null;
        UpdateOutput? update = null;
        if (context is null)
            Format();
        else
            ExecutionContext.Run(context, _ => Format(), null);
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
        lock (gate)
        {
            var alreadyWaiting = pending is not null;
            pending = state;
            if (alreadyWaiting)
                return;
            waiting[Id] = this;
            wait = Interval - TimeSpan.FromMilliseconds(Environment.TickCount64 - lastSent);
            if (wait > TimeSpan.Zero)
            {
                timer.Change(wait, Timeout.InfiniteTimeSpan);
                return;
            }
        }
        Flush();
    }
}
