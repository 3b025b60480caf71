namespace Fenmark.Works;

/// <summary>A regular tide: straight from high to low water and back, one round every 12 hours 25 minutes.</summary>
/// <example>
/// <code>
/// var first = new DateTimeOffset(2031, 3, 1, 6, 0, 0, TimeSpan.Zero);
/// var tide = new TideTable(first, WaterHead.FromMetres(4), WaterHead.FromMetres(0));
/// WaterHead low = tide.HeadAt(first + TideTable.Period / 2); // 0.000 m
/// </code>
/// </example>
public sealed class TideTable
{
    private readonly DateTimeOffset _firstHigh;
    private readonly WaterHead _high;
    private readonly WaterHead _low;

    /// <summary>Creates a tide from one high water and the two extremes.</summary>
    /// <param name="firstHigh">The moment of any high water.</param>
    /// <param name="high">The head of high water.</param>
    /// <param name="low">The head of low water, below <paramref name="high"/>.</param>
    /// <exception cref="ArgumentException"><paramref name="low"/> is not below <paramref name="high"/>.</exception>
    public TideTable(DateTimeOffset firstHigh, WaterHead high, WaterHead low)
    {
        if (low >= high)
            throw new ArgumentException("Low water must be below high water.", nameof(low));
        (_firstHigh, _high, _low) = (firstHigh, high, low);
    }

    /// <summary>Gets the time from one high water to the next, 12 hours 25 minutes.</summary>
    public static TimeSpan Period { get; } = new(12, 25, 0);

    /// <summary>Computes the head of the sea at a moment.</summary>
    /// <param name="moment">The moment, before or after the first high water.</param>
    /// <returns>The head, to the nearest millimetre.</returns>
    public WaterHead HeadAt(DateTimeOffset moment)
    {
        var half = Period.Ticks / 2;
        var fromLow = Math.Abs(Phase(moment) - half);
        return _low + WaterHead.FromMetres((_high - _low).Metres * fromLow / half);
    }

    /// <summary>Returns the first high water after a moment.</summary>
    /// <param name="moment">The moment; a high water at this very moment does not count.</param>
    /// <returns>The moment of the next high water.</returns>
    public DateTimeOffset NextHigh(DateTimeOffset moment) => moment.AddTicks(Period.Ticks - Phase(moment));

    /// <summary>Tests whether the sea rises at a moment.</summary>
    /// <param name="moment">The moment.</param>
    /// <returns><see langword="true"/> from low water until high water; <see langword="false"/> from high water until low water.</returns>
    public bool IsRising(DateTimeOffset moment) => Phase(moment) >= Period.Ticks / 2;

    /// <summary>Lists the windows in which the sea stands below a head.</summary>
    /// <param name="limit">The head that the sea must stay below.</param>
    /// <param name="from">The start of the span to look at.</param>
    /// <param name="until">The end of the span, not before <paramref name="from"/>.</param>
    /// <returns>The windows in order, cut to the span; one window for the whole span when high water is below
    /// <paramref name="limit"/>.</returns>
    /// <exception cref="ArgumentException"><paramref name="until"/> is before <paramref name="from"/>.</exception>
    public IReadOnlyList<TideWindow> WindowsBelow(WaterHead limit, DateTimeOffset from, DateTimeOffset until)
    {
        if (until < from)
            throw new ArgumentException("The span must not end before it starts.", nameof(until));
        if (limit <= _low || until == from)
            return [];
        var span = new TideWindow(from, until);
        if (limit > _high)
            return [span];
        var windows = new List<TideWindow>();
        var toLimit = (long)Math.Round(Period.Ticks / 2.0 * (_high - limit).Millimetres / (_high - _low).Millimetres);
        for (var high = from.AddTicks(-Phase(from)); high < until; high += Period)
        {
            if (new TideWindow(high.AddTicks(toLimit), high.AddTicks(Period.Ticks - toLimit)).Overlap(span) is { } window)
                windows.Add(window);
        }
        return windows;
    }

    private long Phase(DateTimeOffset moment)
    {
        var ticks = (moment - _firstHigh).Ticks % Period.Ticks;
        return ticks < 0 ? ticks + Period.Ticks : ticks;
    }
}
