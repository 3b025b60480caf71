namespace Fenmark.Watch;

/// <summary>How much a note at the watch desk matters; later ranks matter more.</summary>
public enum WatchRank
{
    /// <summary>For the record only.</summary>
    Calm,

    /// <summary>Look at it on the next round.</summary>
    Heed,

    /// <summary>Act at once.</summary>
    Grave,
}
