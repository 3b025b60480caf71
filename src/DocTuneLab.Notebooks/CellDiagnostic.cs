namespace DocTuneLab.Notebooks;

/// <summary>What the language says about a stretch of a cell before it has run. Positions count UTF-16 units.</summary>
public sealed record CellDiagnostic(string Id, string Message, bool IsError, int Start, int End);

/// <summary>Whether code can be run as it is.</summary>
public enum CodeCompleteness
{
    /// <summary>It can.</summary>
    Complete,
    /// <summary>More lines are needed.</summary>
    Incomplete,
    /// <summary>No more lines can make it right.</summary>
    Invalid,
}
