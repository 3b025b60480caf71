using System.Globalization;

namespace Fenmark;

/// <summary>An amount of water in whole litres, never negative.</summary>
/// <remarks>Immutable. Taking a larger lot from a smaller one gives <see cref="Empty"/>.</remarks>
/// <example>
/// <code>
/// var lot = WaterLot.FromCubicMetres(3) + WaterLot.FromLitres(500);
/// Console.WriteLine(lot.CubicMetres); // 3.5
/// </code>
/// </example>
public readonly record struct WaterLot : IComparable<WaterLot>
{
    private WaterLot(long litres) => Litres = litres;

    /// <summary>Gets the lot that holds no water.</summary>
    public static WaterLot Empty => default;

    /// <summary>Gets the amount in whole litres.</summary>
    public long Litres { get; }

    /// <summary>Gets the amount in cubic metres; one is a thousand litres.</summary>
    public double CubicMetres => Litres / 1000.0;

    /// <summary>Gets a value indicating whether the lot holds no water.</summary>
    public bool IsEmpty => Litres == 0;

    /// <summary>Creates a lot from litres.</summary>
    /// <param name="litres">The amount, zero or more.</param>
    /// <returns>The lot.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="litres"/> is negative.</exception>
    public static WaterLot FromLitres(long litres)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(litres);
        return new(litres);
    }

    /// <summary>Creates a lot from cubic metres, rounded to the nearest litre.</summary>
    /// <param name="cubicMetres">The amount, zero or more.</param>
    /// <returns>The lot.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="cubicMetres"/> is negative, not finite, or above 10^12.</exception>
    public static WaterLot FromCubicMetres(double cubicMetres)
    {
        if (!double.IsFinite(cubicMetres) || cubicMetres is < 0 or > 1e12)
            throw new ArgumentOutOfRangeException(nameof(cubicMetres), cubicMetres, "A lot must be between 0 and 10^12 cubic metres.");
        return new((long)Math.Round(cubicMetres * 1000, MidpointRounding.AwayFromZero));
    }

    /// <summary>Splits the lot into parts that differ by one litre at most.</summary>
    /// <param name="parts">How many parts to make, one or more.</param>
    /// <returns>The parts, larger ones first; their sum is this lot.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="parts"/> is less than one.</exception>
    /// <example>
    /// <code>
    /// var parts = WaterLot.FromLitres(10).Split(3); // 4 L, 3 L, 3 L
    /// </code>
    /// </example>
    public IReadOnlyList<WaterLot> Split(int parts)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parts, 1);
        var (each, left) = Math.DivRem(Litres, parts);
        return [.. Enumerable.Range(0, parts).Select(i => new WaterLot(i < left ? each + 1 : each))];
    }

    /// <summary>Computes how long a rate takes to move this lot.</summary>
    /// <param name="rate">The rate at which the water runs.</param>
    /// <returns>The time, to the nearest 100 nanoseconds; zero for an empty lot.</returns>
    /// <exception cref="ArgumentException"><paramref name="rate"/> is still and the lot is not empty: it would never move.</exception>
    /// <exception cref="OverflowException">The time is longer than a <see cref="TimeSpan"/> can hold.</exception>
    public TimeSpan TimeAt(SpillRate rate)
    {
        if (IsEmpty)
            return TimeSpan.Zero;
        if (rate.IsStill)
            throw new ArgumentException("Still water never moves a lot.", nameof(rate));
        return TimeSpan.FromTicks((long)Math.Round((decimal)Litres * TimeSpan.TicksPerSecond / rate.LitresPerSecond));
    }

    /// <summary>Compares this lot with another by amount.</summary>
    /// <param name="other">The lot to compare with.</param>
    /// <returns>Less than zero when this lot is smaller, zero when equal, more than zero when larger.</returns>
    public int CompareTo(WaterLot other) => Litres.CompareTo(other.Litres);

    /// <summary>Returns the lot in litres, such as <c>3500 L</c>.</summary>
    /// <returns>The text form.</returns>
    public override string ToString() => Litres.ToString(CultureInfo.InvariantCulture) + " L";

    /// <summary>Adds two lots.</summary>
    /// <param name="left">A lot.</param>
    /// <param name="right">A lot.</param>
    /// <returns>The sum.</returns>
    /// <exception cref="OverflowException">The sum does not fit.</exception>
    public static WaterLot operator +(WaterLot left, WaterLot right) => new(checked(left.Litres + right.Litres));

    /// <summary>Subtracts one lot from another, stopping at <see cref="Empty"/>.</summary>
    /// <param name="left">A lot.</param>
    /// <param name="right">The lot to take away.</param>
    /// <returns>The difference, never negative.</returns>
    public static WaterLot operator -(WaterLot left, WaterLot right) => new(Math.Max(0, left.Litres - right.Litres));

    /// <summary>Tests whether the left lot is smaller.</summary>
    /// <param name="left">A lot.</param>
    /// <param name="right">A lot.</param>
    /// <returns><see langword="true"/> when <paramref name="left"/> is smaller than <paramref name="right"/>.</returns>
    public static bool operator <(WaterLot left, WaterLot right) => left.Litres < right.Litres;

    /// <summary>Tests whether the left lot is larger.</summary>
    /// <param name="left">A lot.</param>
    /// <param name="right">A lot.</param>
    /// <returns><see langword="true"/> when <paramref name="left"/> is larger than <paramref name="right"/>.</returns>
    public static bool operator >(WaterLot left, WaterLot right) => left.Litres > right.Litres;
}
