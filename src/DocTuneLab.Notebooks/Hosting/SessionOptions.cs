namespace DocTuneLab.Notebooks.Hosting;

/// <summary>How a <see cref="NotebookSession"/> is set up.</summary>
public sealed record SessionOptions
{
    /// <summary>Full path of the notebook, if it has one. Its folder is where <c>#r</c> and <c>#load</c> look for relative paths.</summary>
    public string? NotebookPath { get; init; }

    /// <summary>Extensions to load before the first cell. Default: none.</summary>
    public IReadOnlyList<INotebookExtension> Extensions { get; init; } = [];

    /// <summary>How long a cancelled cell may take to stop before it counts as stuck. Default: 3 s.</summary>
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(3);
}
