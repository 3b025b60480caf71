namespace DocTuneLab.Extension.Magics;

/// <summary>Reports on the caller's thread: a cell's display must not be updated after the cell has ended.</summary>
internal sealed class Follow<T>(Action<T> show) : IProgress<T>
{
    public void Report(T value) => show(value);
}
