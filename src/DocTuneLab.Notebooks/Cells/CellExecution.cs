using System.Diagnostics;

namespace DocTuneLab.Notebooks.Cells;

/// <summary>One run of a cell on a thread of its own, and how it is stopped.</summary>
internal sealed class CellExecution(SessionState session, TimeSpan stopGrace)
{
    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(100);

    // What the cell does about the cancellation itself (finally blocks, a last save) comes before it is left where it awaits.
    private static readonly TimeSpan s_abandonAfter = TimeSpan.FromMilliseconds(300);

    public async Task<CellResult> RunAsync(CellRequest cell, CellRunner runner, Action<CellOutput> output, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var context = new HostCellContext(session, cell.Input, output, stop.Token);
        using var thread = new CellThread(async () =>
        {
            using (context.Enter())
                await runner.RunAsync(cell, context);
        });
        thread.Start();
        ErrorOutput? error = null;
        var status = CellStatus.Ok;
        try
        {
            if (await StoppedAsync(thread, stop.Token))
            {
                await thread.Completion;
            }
            else
            {
                const string Why = "it is in a call into the system or into native code that cannot be interrupted";
                (status, error) = (CellStatus.Stuck,
                    new ErrorOutput("CellStuck", $"{cell.Label} was cancelled but did not stop: {Why}. Restart the session.",
                        [$"{cell.Label} was cancelled but did not stop: {Why}.", "Restart the session; its variables are lost."]));
            }
        }
        catch (Exception exception)
        {
            var cancelled = stop.IsCancellationRequested && Cause(exception) is OperationCanceledException or ThreadInterruptedException;
            status = cancelled ? CellStatus.Cancelled : CellStatus.Failed;
            error = cancelled
                ? new ErrorOutput("Cancelled", $"{cell.Label} was cancelled.", [$"{cell.Label} was cancelled."])
                : ErrorOf(exception, cell.Label);
        }
        if (error is not null)
            context.Emit(error);
        await context.CompleteAsync();
        return new CellResult(status, clock.Elapsed, error);
    }

    /// <summary>Waits for the end of the cell; after a cancellation only for as long as the session allows.</summary>
    private async Task<bool> StoppedAsync(CellThread thread, CancellationToken cancelled)
    {
        var ended = thread.Completion.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        var cancel = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (cancelled.Register(() => cancel.TrySetResult()))
            await Task.WhenAny(ended, cancel.Task);
        if (ended.IsCompleted)
            return true;
        CellGuard.Stopping();
        try
        {
            for (var clock = Stopwatch.StartNew(); !ended.IsCompleted && clock.Elapsed < stopGrace;)
            {
                thread.Interrupt();
                if (clock.Elapsed > s_abandonAfter)
                    thread.Abandon();
                await Task.WhenAny(ended, Task.Delay(s_tick, CancellationToken.None));
            }
            return ended.IsCompleted;
        }
        finally
        {
            // What a stopped cell left running elsewhere still has to notice.
            if (ended.IsCompleted)
                _ = Task.Delay(stopGrace, CancellationToken.None).ContinueWith(_ => CellGuard.Stopped(), TaskScheduler.Default);
        }
    }

    private static Exception Cause(Exception exception) => exception switch
    {
        ScriptFailure { InnerException: { } inner } => Cause(inner),
        AggregateException { InnerExceptions: [var inner] } => Cause(inner),
        _ => exception,
    };

    private static ErrorOutput ErrorOf(Exception exception, string label) => exception switch
    {
        CellFailure failure => failure.Error,
        ScriptFailure { InnerException: { } inner } => ExceptionTrace.Error(inner),
        NotebookException => new ErrorOutput("Error", exception.Message, [$"{label}: {exception.Message}"]),
        _ => ExceptionTrace.Error(exception),
    };
}
