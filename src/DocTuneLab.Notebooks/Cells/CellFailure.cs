namespace DocTuneLab.Notebooks.Cells;

/// <summary>Ends a cell with an error that is already in the form to be shown.</summary>
internal sealed class CellFailure(ErrorOutput error) : Exception(error.Message)
{
    public ErrorOutput Error { get; } = error;

    /// <summary>An error with a message only: no trace helps with a mistyped magic.</summary>
    public static CellFailure At(string location, string name, string message, params string[] details) =>
        new(new ErrorOutput(name, message, [.. details, $"{location}: {message}"]));
}
