namespace DocTuneLab.Notebooks.Cells;

/// <summary>
/// Does things one after the other, in the order in which they were given, and holds no lock while it does them: who comes while another
/// thread is at work leaves his to that thread and goes on.
/// For what is called from several threads and calls out itself, such as to a console.
/// </summary>
public sealed class InTurn
{
    private readonly Lock _gate = new();
    private readonly Queue<Action> _waiting = new();
    private bool _busy;

    /// <summary>Does <paramref name="action"/> after all that were given before it: now, or on the thread that is at work.</summary>
    /// <param name="action">What to do. What it throws reaches the thread that does it; the rest is left to the next call.</param>
    public void Do(Action action)
    {
        lock (_gate)
        {
            _waiting.Enqueue(action);
            if (_busy)
                return;
            _busy = true;
        }
        while (Next() is { } next)
        {
            try
            {
                next();
            }
            catch
            {
                lock (_gate)
                    _busy = false;
                throw;
            }
        }
    }

    private Action? Next()
    {
        lock (_gate)
        {
            if (_waiting.TryDequeue(out var next))
                return next;
            _busy = false;
            return null;
        }
    }
}
