namespace DocTuneLab.Notebooks.Cells;

/// <summary>What runs the cells of a notebook: a session in this process, or a kernel in another one.</summary>
public interface ICellHost : IDisposable
{
    /// <summary>Runs a cell. What it shows goes to <paramref name="output"/>, which may be called from any thread, one
    /// call at a time.</summary>
    Task<CellResult> RunAsync(CellRequest cell, Action<CellOutput> output, CancellationToken cancellation = default);
}
