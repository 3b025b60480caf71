using System.Collections.Concurrent;

namespace DocTuneLab.Notebooks.Cells;

/// <summary>What the cells of a session share.</summary>
/// <param name="notebookPath">Full path of the notebook, or null.</param>
/// <param name="folder">Where relative paths in cells start.</param>
/// <param name="main">The language of cells that do not say theirs, which also keeps the values that magics declare.</param>
internal sealed class SessionState(string? notebookPath, string folder, ICellLanguage main)
{
    private int _displays;

    public string? NotebookPath => notebookPath;

    public ICellLanguage Main => main;

    public MagicTable Magics { get; } = new();

    public IDictionary<string, object> Items { get; } = new ConcurrentDictionary<string, object>();

    /// <summary>The displays with an update not yet sent.</summary>
    public ConcurrentDictionary<string, LiveDisplay> WaitingDisplays { get; } = new();

    public string NextDisplayId() => $"display-{Interlocked.Increment(ref _displays)}";

    /// <summary>Full path of a file that a cell names: relative to the notebook.</summary>
    public string Resolve(string path) => Path.GetFullPath(path, folder);
}
