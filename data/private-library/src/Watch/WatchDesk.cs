using System.Runtime.CompilerServices;

namespace Fenmark.Watch;

/// <summary>The desk at which notes are posted, heard and streamed, and from which the journal is written.</summary>
/// <remarks>
/// Safe for use from several threads. Closing the desk with <see cref="DisposeAsync"/> ends all streams and writes the
/// notes to the journal; what was posted can still be read.
/// </remarks>
/// <example>
/// <code>
/// await using var desk = new WatchDesk(TimeProvider.System);
/// using var hearing = desk.Subscribe(note => Console.WriteLine(note));
/// desk.Post(WatchRank.Heed, "silt at the north sill");
/// </code>
/// </example>
public sealed class WatchDesk : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _clock;
    private readonly TextWriter? _journal;
    private readonly List<WatchNote> _notes = [];
    private readonly List<Action<WatchNote>> _hearers = [];
    private TaskCompletionSource _news = NewSignal();
    private bool _isClosed;

    /// <summary>Creates an open desk without notes.</summary>
    /// <param name="clock">The clock that dates the notes.</param>
    /// <param name="journal">Where the notes are written when the desk closes; null writes none.
    /// The desk flushes it but does not close it.</param>
    /// <exception cref="ArgumentNullException"><paramref name="clock"/> is null.</exception>
    public WatchDesk(TimeProvider clock, TextWriter? journal = null)
    {
        ArgumentNullException.ThrowIfNull(clock);
        _clock = clock;
        _journal = journal;
    }

    /// <summary>Gets the notes posted so far, in order; a copy that does not change.</summary>
    public IReadOnlyList<WatchNote> Notes
    {
        get
        {
            lock (_lock)
                return [.. _notes];
        }
    }

    /// <summary>Gets the highest rank posted so far; <see cref="WatchRank.Calm"/> when there is no note.</summary>
    public WatchRank Worst => Notes.Select(n => n.Rank).DefaultIfEmpty().Max();

    /// <summary>Posts a note and tells everyone who subscribed.</summary>
    /// <param name="rank">How much it matters.</param>
    /// <param name="text">The text, which must not be blank.</param>
    /// <returns>The note, with its number and moment.</returns>
    /// <exception cref="ArgumentException"><paramref name="text"/> is null or blank.</exception>
    /// <exception cref="ObjectDisposedException">The desk is closed.</exception>
    public WatchNote Post(WatchRank rank, string text)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(text);
        WatchNote note;
        Action<WatchNote>[] hearers;
        TaskCompletionSource news;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            note = new WatchNote(_notes.Count + 1, _clock.GetUtcNow(), rank, text);
            _notes.Add(note);
            hearers = [.. _hearers];
            (news, _news) = (_news, NewSignal());
        }
        // Outside the lock: a hearer may post or read in turn.
        news.SetResult();
        foreach (var hear in hearers)
            hear(note);
        return note;
    }

    /// <summary>Counts the notes of a rank or above.</summary>
    /// <param name="rank">The lowest rank to count.</param>
    /// <returns>The number of notes.</returns>
    public int CountFrom(WatchRank rank) => Notes.Count(n => n.Rank >= rank);

    /// <summary>Calls back for every note posted from now on.</summary>
    /// <param name="hear">What to call, on the thread that posts.</param>
    /// <returns>A handle; disposing it ends the calls.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="hear"/> is null.</exception>
    /// <exception cref="ObjectDisposedException">The desk is closed.</exception>
    public IDisposable Subscribe(Action<WatchNote> hear)
    {
        ArgumentNullException.ThrowIfNull(hear);
        // A wrapper of its own, so that ending one subscription never ends another with the same callback.
        Action<WatchNote> own = note => hear(note);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            _hearers.Add(own);
        }
        return new Hearing(this, own);
    }

    /// <summary>Posts a <see cref="WatchRank.Grave"/> note whenever a gauge passes its limit.</summary>
    /// <param name="gauge">The gauge to follow.</param>
    /// <param name="place">Where the gauge stands, for the text of the note: <c>silt over limit at </c> and the place.</param>
    /// <exception cref="ArgumentNullException"><paramref name="gauge"/> or <paramref name="place"/> is null.</exception>
    /// <remarks>A closed desk no longer follows: the gauge goes on without notes.</remarks>
    public void Follow(SiltGauge gauge, string place)
    {
        ArgumentNullException.ThrowIfNull(gauge);
        ArgumentNullException.ThrowIfNull(place);
        gauge.LimitPassed += (_, _) =>
        {
            bool isClosed;
            lock (_lock)
                isClosed = _isClosed;
            if (!isClosed)
                Post(WatchRank.Grave, $"silt over limit at {place}");
        };
    }

    /// <summary>Streams all notes: those posted already, then new ones until the desk closes.</summary>
    /// <param name="cancel">Stops the stream.</param>
    /// <returns>The notes in order. Each call starts again from the first note.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was signalled.</exception>
    public async IAsyncEnumerable<WatchNote> ReadAllAsync([EnumeratorCancellation] CancellationToken cancel = default)
    {
        for (var next = 0; ; next++)
        {
            WatchNote? note = null;
            while (note is null)
            {
                cancel.ThrowIfCancellationRequested();
                Task news;
                lock (_lock)
                {
                    news = _news.Task;
                    if (next < _notes.Count)
                        note = _notes[next];
                    else if (_isClosed)
                        yield break;
                }
                if (note is null)
                    await news.WaitAsync(cancel);
            }
            yield return note;
        }
    }

    /// <summary>Closes the desk: ends all streams, drops all subscriptions and writes the notes to the journal, one a line.</summary>
    /// <returns>A task that ends when the journal is written and flushed.</returns>
    /// <remarks>Closing a closed desk does nothing.</remarks>
    public async ValueTask DisposeAsync()
    {
        TaskCompletionSource news;
        lock (_lock)
        {
            if (_isClosed)
                return;
            _isClosed = true;
            _hearers.Clear();
            news = _news;
        }
        news.SetResult();
        if (_journal is null)
            return;
        foreach (var note in Notes)
            await _journal.WriteLineAsync(note.ToString());
        await _journal.FlushAsync();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Hearing(WatchDesk desk, Action<WatchNote> hear) : IDisposable
    {
        public void Dispose()
        {
            lock (desk._lock)
                desk._hearers.Remove(hear);
        }
    }
}
