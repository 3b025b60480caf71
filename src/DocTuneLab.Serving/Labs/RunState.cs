using System.Text.Json;
using DocTuneLab.Experiments.Flow;
using DocTuneLab.Serving.Protocol;
using DocTuneLab.Storage;

namespace DocTuneLab.Serving.Labs;

/// <summary>How the run of a lab stands, kept in the lab's folder so that a reload and another start of the server find it. Thread safe.
/// </summary>
internal sealed class RunState : IProgress<FlowNews>
{
    private const string StateFile = "run-state.json";

    // While numbers only rise.
    private static readonly TimeSpan s_between = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly List<FlowLoss> _losses = [];
    private readonly Dictionary<FlowStage, long> _begun = [];
    private LabView _view;
    private long _written;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The run of a lab.</summary>
    /// <param name="folder">The lab's folder.</param>
    /// <param name="time">The clock.</param>
    public RunState(string folder, TimeProvider time)
    {
        (_path, _time) = (Path.Combine(folder, StateFile), time);
        _view = Fresh(Path.GetFileName(folder));
        if (Kept() is not { } kept) return;
        _losses.AddRange(kept.Losses);
        // What ran when the server ended was stopped by that.
        string Now(string state) => state is "running" or "queued" ? "stopped" : state;
        _view = kept with
        {
            Name = _view.Name,
            Losses = [],
            State = Now(kept.State),
            Stages = [.. kept.Stages.Select(s => s with { State = Now(s.State) })],
        };
    }

    /// <summary>Whether its folder still has it; one that never began has nothing to lose.</summary>
    public bool IsKept => View(int.MaxValue).State == "new" || File.Exists(_path);

    /// <summary>How it stands, with the points of the loss from a number on.</summary>
    public LabView View(int lossesFrom = 0)
    {
        lock (_lock)
        {
            var from = Math.Clamp(lossesFrom, 0, _losses.Count);
            return _view with { Losses = [.. _losses.Skip(from)], LossesFrom = from };
        }
    }

    /// <summary>Ends when something changed since a version.</summary>
    public Task ChangedSince(long version)
    {
        lock (_lock) return _view.Version > version ? Task.CompletedTask : _changed.Task;
    }

    /// <summary>It waits for its turn.</summary>
    public void Queue() => Change(v => v with { State = "queued" }, write: true);

    /// <summary>It begins: the stages are open again.</summary>
    public void Begin()
    {
        lock (_lock)
        {
            _losses.Clear();
            _begun.Clear();
        }
        Change(v => Fresh(v.Name) with { State = "running", HasReport = v.HasReport, Version = v.Version }, write: true);
    }

    /// <summary>It has ended.</summary>
    /// <param name="state"><c>done</c>, <c>stopped</c> or <c>failed</c>.</param>
    /// <param name="hasReport">Whether there is a report.</param>
    public void End(string state, bool hasReport) =>
        Change(v => v with { State = state, HasReport = v.HasReport || hasReport }, write: true);

    /// <inheritdoc/>
    public void Report(FlowNews value)
    {
        ArgumentNullException.ThrowIfNull(value);
        var now = _time.GetTimestamp();
        lock (_lock)
        {
            if (value.Loss is { } loss) _losses.Add(loss);
            _begun.TryAdd(value.Stage, now);
        }
        Change(v => v with
        {
            Stages = [.. v.Stages.Select(s => s.Stage != Name(value.Stage) ? s : s with
            {
                State = Name(value.State),
                Text = value.Text.Length > 0 ? value.Text : s.Text,
                Done = value.Progress?.Done ?? (value.State == FlowState.Done ? null : s.Done),
                Total = value.Progress?.Total ?? (value.State == FlowState.Done ? null : s.Total),
                Seconds = _time.GetElapsedTime(_begun[value.Stage], now).TotalSeconds,
                Figures = value.Figures.Count > 0 ? value.Figures : s.Figures,
            })],
        }, write: value.State != FlowState.Running || value.Text.Length == 0);
    }

    private static LabView Fresh(string name) => new()
    {
        Name = name,
        State = "new",
        Stages = [.. Enum.GetValues<FlowStage>().Select(s => new StageView { Stage = Name(s), State = "waiting" })],
    };

    private static string Name(Enum value) => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());

    private void Change(Func<LabView, LabView> change, bool write)
    {
        lock (_lock)
        {
            _view = change(_view) with { Version = _view.Version + 1 };
            if (write || _time.GetElapsedTime(_written) > s_between) Write();
            _changed.SetResult();
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    // A file that cannot be written must not end what it tells of.
    private void Write()
    {
        _written = _time.GetTimestamp();
        try
        {
            WholeFile.Write(_path, JsonSerializer.Serialize(_view with { Losses = _losses }, ApiJson.Options));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            string Told(string text) => text.Contains(e.Message, StringComparison.Ordinal) ? text : $"{text} ({e.Message})";
            _view = _view with
            {
                Stages = [.. _view.Stages.Select(s => s.State == "running" ? s with { Text = Told(s.Text) } : s)],
            };
        }
    }

    private LabView? Kept()
    {
        try
        {
            return File.Exists(_path) ? JsonSerializer.Deserialize<LabView>(File.ReadAllText(_path), ApiJson.Options) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
