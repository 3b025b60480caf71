using System.Runtime.ExceptionServices;

namespace DocTuneLab.Evaluation.Execution;

/// <summary>
/// Runs work on threads with a large stack. The compiler recurses over what it compiles, and models that repeat themselves write
/// expressions thousands of operators deep, which the 1.5 MB of a pool thread do not hold.
/// </summary>
internal static class DeepStack
{
    private const int StackBytes = 256 << 20;

    /// <summary>Calls <paramref name="body"/> for 0 to <paramref name="count"/> - 1; throws the first exception.</summary>
    public static void For(int count, int parallelism, Action<int> body, CancellationToken cancel)
    {
        var next = -1;
        ExceptionDispatchInfo? failure = null;
        void Work()
        {
            int i;
            while (failure is null && !cancel.IsCancellationRequested && (i = Interlocked.Increment(ref next)) < count)
            {
                try { body(i); }
                catch (Exception e) { Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(e), null); }
            }
        }
        var threads = Enumerable.Range(0, Math.Min(count, parallelism > 0 ? parallelism : Environment.ProcessorCount))
            .Select(_ => new Thread(Work, StackBytes) { IsBackground = true, Name = "evaluation" }).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        cancel.ThrowIfCancellationRequested();
        failure?.Throw();
    }
}
