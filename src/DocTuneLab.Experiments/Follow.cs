namespace DocTuneLab.Experiments;

/// <summary>Reports on the caller's thread, in order: what is shown of a cell or a stage must not change after it has ended.</summary>
/// <typeparam name="T">What is reported.</typeparam>
/// <param name="show">Shows it.</param>
public sealed class Follow<T>(Action<T> show) : IProgress<T>
{
    /// <inheritdoc/>
    public void Report(T value) => show(value);
}
