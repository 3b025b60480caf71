namespace DocTuneLab.Documents.Model;

/// <summary>A link between pages that leads nowhere.</summary>
/// <param name="DocumentPath">The page it stands in.</param>
/// <param name="Line">One-based line.</param>
/// <param name="Target">The link as written.</param>
/// <param name="Reason">What is missing.</param>
public sealed record BrokenLink(string DocumentPath, int Line, string Target, string Reason)
{
    /// <summary><c>file:line target (reason)</c>.</summary>
    public override string ToString() => $"{DocumentPath}:{Line} {Target} ({Reason})";
}
