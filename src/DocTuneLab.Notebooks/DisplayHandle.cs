namespace DocTuneLab.Notebooks;

/// <summary>
/// A display that can change in place. Updates may come as often as the caller likes: the host sends at most ten a second, always the
/// latest, and the last one is sent and saved before the cell ends.
/// </summary>
public abstract class DisplayHandle
{
    /// <summary>Identity of the display within its notebook.</summary>
    public abstract string Id { get; }

    /// <summary>Shows <paramref name="value"/>, formatted, in place of what was shown.</summary>
    public abstract void Update(object? value);

    /// <summary>Shows raw content in place of what was shown; see <see cref="CellContext.DisplayMime"/>.</summary>
    public abstract void UpdateMime(IReadOnlyDictionary<string, object> data, IReadOnlyDictionary<string, object>? metadata = null);
}
