namespace DocTuneLab.Notebooks.Cells;

/// <summary>
/// Does things one after the other, in the order in which they were given, and holds no lock while it does them: who comes while another
/// thread is at work leaves his to that thread and goes on.
/// For what is called from several threads and calls out itself, such as to a console.
/// </summary>
public sealed class InTurn
{
    private readonly Lock gate = new();
    private readonly Queue<Action> waiting = new();
    private bool busy;

    /// <summary>Does <paramref name="action"/> after all that were given before it: now, or on the thread that is at work.</summary>
    /// <param name="action">What to do. What it throws reaches the thread that does it; the rest is left to the next call.</param>
    public void Do(Action action)
    {
        lock (gate)
        {
            waiting.Enqueue(action);
            if (busy)
                return;
            busy = true;
        }
        while (Next() is { } next)
        {
            try
            {
                next();
            }
            catch
            {
                lock (gate)
                    busy = false;
                throw;
            }
        }
    }

    private Action? Next()
    {
        lock (gate)
        {
            if (waiting.TryDequeue(out var next))
                return next;
            busy = false;
            return null;
        }
    }
}
