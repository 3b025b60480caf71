namespace DocTuneLab.Notebooks;

/// <summary>
/// Completions for a position: what stands from start to end is replaced by one of the entries. Positions count UTF-16 units.
/// </summary>
public sealed record CellCompletions(int Start, int End, IReadOnlyList<CompletionEntry> Entries)
{
    /// <summary>No completions at <paramref name="position"/>.</summary>
    public static CellCompletions None(int position) => new(position, position, []);
}

/// <summary>A way to go on typing.</summary>
/// <param name="Text">What replaces the text between the list's start and end.</param>
/// <param name="Kind">What it is: <c>Method</c>, <c>Class</c>, <c>Keyword</c>, <c>Magic</c>, …</param>
public sealed record CompletionEntry(string Text, string Kind);
