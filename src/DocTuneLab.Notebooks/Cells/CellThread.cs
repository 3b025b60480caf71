using System.Collections.Concurrent;

namespace DocTuneLab.Notebooks.Cells;

/// <summary>
/// Runs a cell on a thread of its own with a large stack (deep recursion in a cell must not end the host) and a pumped synchronization
/// context, so that the cell's code stays on the one thread that <see cref="Interrupt"/> can wake out of sleeps and waits.
/// </summary>
internal sealed class CellThread : SynchronizationContext, IDisposable
{
    private const int StackSize = 16 * 1024 * 1024;
    private static readonly TimeSpan s_rescueDelay = TimeSpan.FromMilliseconds(100);

    private readonly BlockingCollection<(SendOrPostCallback Callback, object? State)> _queue = [];
    private readonly Thread _thread;
    private readonly Timer _rescue;
    private readonly CancellationTokenSource _abandon = new();
    private volatile bool _pumping;

    public CellThread(Func<Task> work)
    {
        _rescue = new Timer(_ => Rescue());
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Completion = done.Task;
        _thread = new Thread(() => Run(work, done), StackSize) { IsBackground = true, Name = "cell" };
    }

    /// <summary>Completes when the work has ended, with its exception if it threw.</summary>
    public Task Completion { get; }

    public void Start() => _thread.Start();

    /// <summary>Wakes the thread if it sleeps or waits. One that only awaits what never comes is left alone.</summary>
    public void Interrupt()
    {
        if (!Completion.IsCompleted && !_pumping)
            _thread.Interrupt();
    }

    /// <summary>Ends the work if it does no more than await something: what comes of that later runs elsewhere.</summary>
    public void Abandon()
    {
        if (_pumping)
            _abandon.Cancel();
    }

    public override void Post(SendOrPostCallback d, object? state)
    {
        try
        {
            _queue.Add((d, state));
        }
        // Also when the queue is disposed of.
        catch (InvalidOperationException)
        {
            // The cell has ended; what it left behind goes on without it.
            ThreadPool.QueueUserWorkItem(_ => d(state));
            return;
        }
        if (!_pumping)
            _rescue.Change(s_rescueDelay, Timeout.InfiniteTimeSpan);
    }

    public override void Send(SendOrPostCallback d, object? state)
    {
        if (Thread.CurrentThread == _thread)
            d(state);
        else
            throw new NotSupportedException("Synchronous calls into the thread of a cell would deadlock with it.");
    }

    public override SynchronizationContext CreateCopy() => this;

    public void Dispose()
    {
        if (!Completion.IsCompleted)
            return; // The thread could not be stopped and still uses both.
        _rescue.Dispose();
        _queue.Dispose();
        _abandon.Dispose();
    }

    private void Run(Func<Task> work, TaskCompletionSource done)
    {
        SetSynchronizationContext(this);
        Exception? failure = null;
        try
        {
            var task = work();
            task.ContinueWith(_ => Complete(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            _pumping = true;
            foreach (var (callback, state) in Pump())
            {
                _pumping = false;
                callback(state);
                _pumping = true;
            }
            task.GetAwaiter().GetResult();
        }
        catch (Exception exception)
        {
            failure = exception;
        }
        _pumping = false;
        _queue.CompleteAdding();
        if (failure is null)
            done.SetResult();
        else
            done.SetException(failure);
    }

    private void Complete()
    {
        try
        {
            _queue.CompleteAdding();
        }
        catch (ObjectDisposedException)
        {
            // The work was abandoned, and has come to its end after all.
        }
    }

    private IEnumerable<(SendOrPostCallback Callback, object? State)> Pump()
    {
        while (!_queue.IsCompleted)
        {
            (SendOrPostCallback, object?) item;
            try
            {
                if (!_queue.TryTake(out item, Timeout.Infinite, _abandon.Token))
                    yield break;
            }
            catch (ThreadInterruptedException)
            {
                continue; // An interrupt that came just as the wait it was meant for had ended.
            }
            yield return item;
        }
    }

    /// <summary>
    /// A cell that blocks on a task (<c>task.Result</c>) whose continuation waits for this thread would deadlock: while the thread is
    /// blocked, continuations run on the pool instead.
    /// </summary>
    private void Rescue()
    {
        try
        {
            if (Completion.IsCompleted || _pumping)
                return;
            if ((_thread.ThreadState & ThreadState.WaitSleepJoin) != 0)
            {
                while (!_pumping && _queue.TryTake(out var item))
                    ThreadPool.UnsafeQueueUserWorkItem(static work => work.Callback(work.State), item, preferLocal: false);
            }
            if (_queue.Count > 0)
                _rescue.Change(s_rescueDelay, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // The cell ended while the timer fired.
        }
    }
}
