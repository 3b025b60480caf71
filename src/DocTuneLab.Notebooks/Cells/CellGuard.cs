using System.Runtime.CompilerServices;

namespace DocTuneLab.Notebooks.Cells;

/// <summary>
/// Called by compiled cells in loops and functions, where a rewriter puts the calls: stops a cancelled cell, and turns endless recursion
/// into an exception instead of the end of the process.
/// </summary>
public static class CellGuard
{
    private static int s_stopping;

    /// <summary>Throws if the running cell is cancelled or its stack is nearly used up.</summary>
    /// <param name="line">Filled in by the compiler: line of the call, as the user counts.</param>
    /// <param name="place">Filled in by the compiler: the cell.</param>
    /// <exception cref="OperationCanceledException">The cell was interrupted.</exception>
    /// <exception cref="InsufficientExecutionStackException">The recursion is too deep.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Check([CallerLineNumber] int line = 0, [CallerFilePath] string place = "")
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            TooDeep(line, place);
        // Which cell this is costs more to know than an iteration of a tight loop: ask only while one is being stopped.
        if (Volatile.Read(ref s_stopping) != 0)
            Stop();
    }

    /// <summary>Where a recursion was ended, as a line of a trace; null for other exceptions.</summary>
    internal static string? PlaceOf(Exception exception) => exception.Data[nameof(CellGuard)] as string;

    /// <summary>From now until <see cref="Stopped"/> some cell of this process is being stopped.</summary>
    internal static void Stopping() => Interlocked.Increment(ref s_stopping);

    internal static void Stopped() => Interlocked.Decrement(ref s_stopping);

    // The trace of such an exception has half a million frames and takes a minute to write out: the place is kept instead.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void TooDeep(int line,
        string place) => throw new InsufficientExecutionStackException("The recursion is too deep: the stack of the cell is used up.")
        {
            Data = { [nameof(CellGuard)] = $"   at {place}:line {line}" },
        };

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Stop() => CellContext.CurrentOrNull?.CancellationToken.ThrowIfCancellationRequested();
}
