using DocTuneLab.Notebooks.Cells;

namespace DocTuneLab.Notebooks.Running;

/// <summary>How a notebook is run.</summary>
public sealed record RunOptions
{
    /// <summary>Values for the cell tagged <c>parameters</c>, as typed by the user. Default: none.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();

    /// <summary>Where the executed notebook goes, rewritten at the start and end of every cell. Null: nowhere.</summary>
    public string? OutputPath { get; init; }

    /// <summary>Limit for each cell. Default: none.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>How often the notebook is saved while a cell runs. Default: 30 s.</summary>
    public TimeSpan SaveEvery { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Starts what runs the cells, given the notebook's full path. Default:
    /// a session in this process, with <see cref="Extensions"/>.</summary>
    public Func<string, CancellationToken, Task<ICellHost>>? StartHost { get; init; }

    /// <summary>Extensions to load. Default: none.</summary>
    public IReadOnlyList<INotebookExtension> Extensions { get; init; } = [];

    /// <summary>Told what happens. Default: no one.</summary>
    public IRunProgress? Progress { get; init; }

    /// <summary>Source of the times that are recorded. Default: the system's clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}

/// <summary>How a run ended. The values are the exit codes of <c>doctune run</c>.</summary>
public enum RunStatus
{
    /// <summary>All cells ran.</summary>
    Completed = 0,
    /// <summary>A cell failed; those after it did not run.</summary>
    Failed = 1,
    /// <summary>A cell reached the limit.</summary>
    TimedOut = 3,
    /// <summary>The process that ran the cells ended.</summary>
    KernelDied = 4,
    /// <summary>The user interrupted the run.</summary>
    Interrupted = 130,
}

/// <summary>The outcome of a run.</summary>
/// <param name="Notebook">The executed notebook, as saved.</param>
/// <param name="Status">How it ended.</param>
/// <param name="CellsRun">Code cells that ran, the failed one included.</param>
/// <param name="CodeCells">Code cells in all.</param>
/// <param name="Duration">Wall time.</param>
/// <param name="Error">What failed, or null.</param>
public sealed record RunResult(
    Formats.Notebook Notebook, RunStatus Status, int CellsRun, int CodeCells, TimeSpan Duration, Cells.ErrorOutput? Error);

/// <summary>A code cell of a run.</summary>
/// <param name="Number">Which code cell it is, from 1.</param>
/// <param name="Total">Code cells in all.</param>
/// <param name="Heading">The nearest heading above it, or empty.</param>
public sealed record RunCell(int Number, int Total, string Heading);

/// <summary>Follows a run. Called from one thread at a time.</summary>
public interface IRunProgress
{
    /// <summary>A cell starts.</summary>
    void CellStarted(RunCell cell);

    /// <summary>A cell shows something.</summary>
    void CellOutput(RunCell cell, Cells.CellOutput output);

    /// <summary>A cell ended.</summary>
    void CellFinished(RunCell cell, Cells.CellResult result);
}
