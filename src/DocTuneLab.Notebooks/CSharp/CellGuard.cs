using System.Runtime.CompilerServices;

namespace DocTuneLab.Notebooks.CSharp;

/// <summary>
/// Called by compiled cells in loops and functions (see <see cref="LoopGuard"/>): stops a cancelled cell, and turns endless recursion
/// into an exception instead of the end of the process.
/// </summary>
public static class CellGuard
{
    /// <summary>Throws if the running cell is cancelled or its stack is nearly used up.</summary>
    /// <exception cref="OperationCanceledException">The cell was interrupted.</exception>
    /// <exception cref="InsufficientExecutionStackException">The recursion is too deep.</exception>
    public static void Check()
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        CellContext.CurrentOrNull?.CancellationToken.ThrowIfCancellationRequested();
    }
}
