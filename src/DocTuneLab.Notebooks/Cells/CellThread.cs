using System.Collections.Concurrent;

namespace DocTuneLab.Notebooks.Cells;

/// <summary>
/// Runs a cell on a thread of its own with a large stack (deep recursion in a cell must not end the host) and a pumped synchronization
/// context, so that the cell's code stays on the one thread that <see cref="Interrupt"/> can wake out of sleeps and waits.
/// </summary>
internal sealed class CellThread : SynchronizationContext, IDisposable
{
    private const int StackSize = 16 * 1024 * 1024;
    private static readonly TimeSpan RescueDelay = TimeSpan.FromMilliseconds(100);

    private readonly BlockingCollection<(SendOrPostCallback Callback, object? State)> queue = [];
    private readonly Thread thread;
    private readonly Timer rescue;
    private readonly CancellationTokenSource abandon = new();
    private volatile bool pumping;

    public CellThread(Func<Task> work)
    {
        rescue = new Timer(_ => Rescue());
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Completion = done.Task;
        thread = new Thread(() => Run(work, done), StackSize) { IsBackground = true, Name = "cell" };
    }

    /// <summary>Completes when the work has ended, with its exception if it threw.</summary>
    public Task Completion { get; }

    public void Start() => thread.Start();

    /// <summary>Wakes the thread if it sleeps or waits. One that only awaits what never comes is left alone.</summary>
    public void Interrupt()
    {
        if (!Completion.IsCompleted && !pumping)
            thread.Interrupt();
    }

    /// <summary>Ends the work if it does no more than await something: what comes of that later runs elsewhere.</summary>
    public void Abandon()
    {
        if (pumping)
            abandon.Cancel();
    }

    public override void Post(SendOrPostCallback d, object? state)
    {
        try
        {
            queue.Add((d, state));
        }
        // Also when the queue is disposed of.
        catch (InvalidOperationException)
        {
            // The cell has ended; what it left behind goes on without it.
            ThreadPool.QueueUserWorkItem(_ => d(state));
            return;
        }
        if (!pumping)
            rescue.Change(RescueDelay, Timeout.InfiniteTimeSpan);
    }

    public override void Send(SendOrPostCallback d, object? state)
    {
        if (Thread.CurrentThread == thread)
            d(state);
        else
            throw new NotSupportedException("Synchronous calls into the thread of a cell would deadlock with it.");
    }

    public override SynchronizationContext CreateCopy() => this;

    public void Dispose()
    {
        if (!Completion.IsCompleted)
            return; // The thread could not be stopped and still uses both.
        rescue.Dispose();
        queue.Dispose();
        abandon.Dispose();
    }

    private void Run(Func<Task> work, TaskCompletionSource done)
    {
        SetSynchronizationContext(this);
        Exception? failure = null;
        try
        {
            var task = work();
            task.ContinueWith(_ => Complete(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            pumping = true;
            foreach (var (callback, state) in Pump())
            {
                pumping = false;
                callback(state);
                pumping = true;
            }
            task.GetAwaiter().GetResult();
        }
        catch (Exception exception)
        {
            failure = exception;
        }
        pumping = false;
        queue.CompleteAdding();
        if (failure is null)
            done.SetResult();
        else
            done.SetException(failure);
    }

    private void Complete()
    {
        try
        {
            queue.CompleteAdding();
        }
        catch (ObjectDisposedException)
        {
            // The work was abandoned, and has come to its end after all.
        }
    }

    private IEnumerable<(SendOrPostCallback Callback, object? State)> Pump()
    {
        while (!queue.IsCompleted)
        {
            (SendOrPostCallback, object?) item;
            try
            {
                if (!queue.TryTake(out item, Timeout.Infinite, abandon.Token))
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
            if (Completion.IsCompleted || pumping)
                return;
            if ((thread.ThreadState & ThreadState.WaitSleepJoin) != 0)
            {
                while (!pumping && queue.TryTake(out var item))
                    ThreadPool.UnsafeQueueUserWorkItem(static work => work.Callback(work.State), item, preferLocal: false);
            }
            if (queue.Count > 0)
                rescue.Change(RescueDelay, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // The cell ended while the timer fired.
        }
    }
}
