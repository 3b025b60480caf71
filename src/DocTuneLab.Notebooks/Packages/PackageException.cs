namespace DocTuneLab.Notebooks.Packages;

/// <summary>Packages that could not be restored.</summary>
/// <param name="message">The first reason, in NuGet's words.</param>
/// <param name="more">The others.</param>
public sealed class PackageException(string message, params string[] more) : NotebookException(message)
{
    /// <summary>Further reasons.</summary>
    public IReadOnlyList<string> More { get; } = more;
}
