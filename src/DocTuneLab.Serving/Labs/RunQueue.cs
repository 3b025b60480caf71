using System.Threading.Channels;
using DocTuneLab.Experiments.Flow;

namespace DocTuneLab.Serving.Labs;

/// <summary>Runs of labs, one at a time: a second waits for its turn.</summary>
internal sealed class RunQueue : IAsyncDisposable
{
    private readonly Workspace _workspace;
    private readonly Action<string> _faults;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, RunState> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CancellationTokenSource> _open = new(StringComparer.Ordinal);
    private readonly Channel<(string Name, CancellationTokenSource Stop)> _queue =
        Channel.CreateUnbounded<(string, CancellationTokenSource)>(new() { SingleReader = true });
    private readonly Task _worker;
    private CancellationTokenSource? _running;

    /// <summary>Runs of the labs of a workspace.</summary>
    /// <param name="workspace">Where they lie.</param>
    /// <param name="faults">Told what went wrong that is no fault of what was chosen.</param>
    public RunQueue(Workspace workspace, Action<string> faults)
    {
        (_workspace, _faults) = (workspace, faults);
        _worker = Task.Factory.StartNew(WorkAsync, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
    }

    /// <summary>How the run of a lab stands.</summary>
    public RunState this[string name]
    {
        get
        {
            lock (_lock)
                // A lab whose folder was deleted and made anew is another.
                return _byName.TryGetValue(name, out var run) && (_open.ContainsKey(name) || run.IsKept) ? run
                    : _byName[name] = new(_workspace.FolderOf(name), _workspace.Time);
        }
    }

    /// <summary>Whether a lab is running or waits.</summary>
    public bool IsOpen(string name)
    {
        lock (_lock) return _open.ContainsKey(name);
    }

    /// <summary>Starts a lab, or lets it wait for its turn.</summary>
    /// <returns>False where it runs or waits already.</returns>
    public bool Start(string name)
    {
        var run = this[name];
        lock (_lock)
        {
            if (_open.ContainsKey(name)) return false;
            var stop = _open[name] = new();
            run.Queue();
            return _queue.Writer.TryWrite((name, stop));
        }
    }

    /// <summary>Stops a lab, or takes it out of the queue.</summary>
    /// <returns>False where it neither runs nor waits.</returns>
    public bool Stop(string name)
    {
        lock (_lock)
        {
            if (!_open.TryGetValue(name, out var stop)) return false;
            stop.Cancel();
            if (stop == _running) return true;
            // What waits has nothing to end: its turn is passed over.
            this[name].End("stopped", hasReport: false);
            _open.Remove(name);
            return true;
        }
    }

    /// <summary>Stops what runs; what is done by then is kept.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        lock (_lock)
            foreach (var name in _open.Keys.ToList()) Stop(name);
        await _worker;
    }

    private async Task WorkAsync()
    {
        await foreach (var (name, stop) in _queue.Reader.ReadAllAsync())
        {
            using var _ = stop;
            lock (_lock)
            {
                if (stop.IsCancellationRequested) continue;
                _running = stop;
            }
            Run(name, stop.Token);
            lock (_lock)
            {
                _running = null;
                _open.Remove(name);
            }
        }
    }

    private void Run(string name, CancellationToken cancel)
    {
        var run = this[name];
        run.Begin();
        try
        {
            var report = new LabFlow(_workspace.FolderOf(name), _workspace.PlanOf(name), run).Run(cancel);
            run.End(cancel.IsCancellationRequested && report is null ? "stopped" : "done", report is not null);
        }
#pragma warning disable CA1031 // The page says what went wrong, and the next run has its turn.
        catch (Exception e)
#pragma warning restore CA1031
        {
            run.End("failed", hasReport: false);
            var message = e is LabException ? e.Message : $"{e.GetType().Name}: {e.Message}";
            // What failed before any stage began belongs to the first.
            if (run.View(int.MaxValue).Stages.All(s => s.State == "waiting"))
                run.Report(new(FlowStage.Read, FlowState.Failed, message));
            if (e is not LabException) _faults($"{name}: {message}");
        }
    }
}
