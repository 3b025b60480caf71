using System.Text;

namespace DocTuneLab.Notebooks.Cells;

/// <summary>
/// What a cell shows, on its way to the host: in order, one call at a time, and never from the thread that shows it. That one may hold
/// any lock (inside <c>Console.WriteLine</c> the console's own), and the host may be waiting for just that lock; so the host is called
/// from a thread of the pool, which holds none. Printed text is sent in batches, because a message for every <c>Write</c> would drown
/// the front end.
/// </summary>
internal sealed class OutputQueue : IDisposable
{
    private const int BatchLength = 64 * 1024;
    private static readonly TimeSpan s_batchAge = TimeSpan.FromMilliseconds(40);

    // A cell that prints faster than its host takes it is held up for a moment at each write. Only for a moment: see above.
    private const long MostWaiting = 8 * 1024 * 1024;
    private static readonly TimeSpan s_brake = TimeSpan.FromMilliseconds(50);

    private readonly object _gate = new();
    private readonly Action<CellOutput> _host;
    private readonly Queue<Item> _waiting = new();
    private readonly StringBuilder _text = new();
    private readonly Timer _timer;
    private long _waitingLength;
    private bool _textIsError;
    private bool _timerSet;
    private bool _sending;
    private bool _closed;
    private Exception? _failure;

    /// <param name="host">Takes the outputs, one call at a time.</param>
    public OutputQueue(Action<CellOutput> host)
    {
        this._host = host;
        _timer = new Timer(_ => Flush());
    }

    /// <summary>Adds printed text: at most 40 ms later it is on its way.</summary>
    public void Write(bool isError, ReadOnlySpan<char> value, bool endLine = false)
    {
        lock (_gate)
        {
            if (_closed)
                return;
            if (isError != _textIsError)
                Cut();
            _textIsError = isError;
            _text.Append(value);
            if (endLine)
                _text.Append('\n');
            if (_text.Length >= BatchLength)
            {
                Cut();
            }
            else if (_text.Length > 0 && !_timerSet)
            {
                _timerSet = true;
                _timer.Change(s_batchAge, Timeout.InfiniteTimeSpan);
            }
            if (_waitingLength > MostWaiting)
                Monitor.Wait(_gate, s_brake);
        }
    }

    /// <summary>Adds an output, in order with what was printed before it.</summary>
    public void Add(CellOutput output) => Add(() => output);

    /// <summary>Adds an output that is made when its turn has come; null is none.</summary>
    public void Add(Func<CellOutput?> output)
    {
        lock (_gate)
        {
            Cut();
            Enqueue(new Item(output, 0, null));
        }
    }

    /// <summary>Sends what was printed so far without waiting for more.</summary>
    public void Flush()
    {
        lock (_gate)
        {
            _timerSet = false;
            Cut();
        }
    }

    /// <summary>What the host threw, if it did: it gets nothing after that, because the rest would come with a gap.</summary>
    public Exception? Failure => Volatile.Read(ref _failure);

    /// <summary>Completes when the host has got all that was added so far.</summary>
    public Task SentAsync()
    {
        lock (_gate)
        {
            Cut();
            var sent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Enqueue(new Item(null, 0, sent));
            return sent.Task;
        }
    }

    /// <summary>Text and results that come later (of tasks that outlive their cell) are dropped; updates of displays still pass.</summary>
    public void Close()
    {
        lock (_gate)
        {
            Cut();
            _closed = true;
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Cut()
    {
        if (_text.Length == 0)
            return;
        var output = new StreamOutput(_textIsError, _text.ToString());
        _text.Clear();
        Enqueue(new Item(() => output, output.Text.Length, null));
    }

    private void Enqueue(Item item)
    {
        // A cell that was left where it awaited may get a value after all: too late.
        _waiting.Enqueue(
            _closed && item.Make is { } make ? item with { Make = () => make() is var made and not ResultOutput ? made : null } : item);
        _waitingLength += item.Length;
        if (_sending)
            return;
        _sending = true;
        // Without the cell's context: what a host prints is not the cell's.
        ThreadPool.UnsafeQueueUserWorkItem(static queue => queue.Send(), this, preferLocal: false);
    }

    private void Send()
    {
        while (true)
        {
            Item item;
            lock (_gate)
            {
                if (!_waiting.TryDequeue(out item))
                {
                    _sending = false;
                    return;
                }
            }
            try
            {
                if (item.Make?.Invoke() is { } output && _failure is null)
                    _host(output);
            }
            catch (Exception exception)
            {
                Volatile.Write(ref _failure, _failure ?? exception);
            }
            item.Sent?.SetResult();
            lock (_gate)
            {
                _waitingLength -= item.Length;
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <param name="Make">Makes the output, or null for a mark that only tells that its turn has come.</param>
    /// <param name="Length">Characters of text that it holds.</param>
    /// <param name="Sent">Told when the host has taken it.</param>
    private readonly record struct Item(Func<CellOutput?>? Make, int Length, TaskCompletionSource? Sent);
}
