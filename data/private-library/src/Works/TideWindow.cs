namespace Fenmark.Works;

/// <summary>A span of time, its start within and its end without.</summary>
public readonly record struct TideWindow
{
    /// <summary>Creates a window.</summary>
    /// <param name="start">The first moment of the window.</param>
    /// <param name="end">The first moment after the window.</param>
    /// <exception cref="ArgumentException"><paramref name="end"/> is not after <paramref name="start"/>.</exception>
    public TideWindow(DateTimeOffset start, DateTimeOffset end)
    {
        if (end <= start)
            throw new ArgumentException("A window must end after it starts.", nameof(end));
        (Start, End) = (start, end);
    }

    /// <summary>Gets the first moment of the window.</summary>
    public DateTimeOffset Start { get; }

    /// <summary>Gets the first moment after the window.</summary>
    public DateTimeOffset End { get; }

    /// <summary>Gets the length of the window.</summary>
    public TimeSpan Length => End - Start;

    /// <summary>Tests whether a moment lies in the window.</summary>
    /// <param name="moment">The moment.</param>
    /// <returns><see langword="true"/> from <see cref="Start"/> until just before <see cref="End"/>.</returns>
    public bool Contains(DateTimeOffset moment) => moment >= Start && moment < End;

    /// <summary>Returns the span that this window shares with another.</summary>
    /// <param name="other">The other window.</param>
    /// <returns>The shared span, or null when they share none; windows that only touch share none.</returns>
    public TideWindow? Overlap(TideWindow other)
    {
        var start = Start > other.Start ? Start : other.Start;
        var end = End < other.End ? End : other.End;
        return end > start ? new TideWindow(start, end) : null;
    }
}
