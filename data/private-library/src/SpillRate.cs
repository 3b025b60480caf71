using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Fenmark;

/// <summary>A rate of flowing water in whole litres per second, never negative.</summary>
/// <remarks>Immutable. Taking a larger rate from a smaller one gives <see cref="Still"/>, because water does not flow back
/// through a count.</remarks>
/// <example>
/// <code>
/// var rate = SpillRate.FromLitres(320);
/// WaterLot hourly = rate * TimeSpan.FromHours(1); // 1152000 L
/// </code>
/// </example>
public readonly record struct SpillRate : IComparable<SpillRate>, IParsable<SpillRate>
{
    private SpillRate(long litresPerSecond) => LitresPerSecond = litresPerSecond;

    /// <summary>Gets the rate of still water, zero litres per second.</summary>
    public static SpillRate Still => default;

    /// <summary>Gets the rate in whole litres per second.</summary>
    public long LitresPerSecond { get; }

    /// <summary>Gets a value indicating whether nothing flows.</summary>
    public bool IsStill => LitresPerSecond == 0;

    /// <summary>Creates a rate from litres per second.</summary>
    /// <param name="litresPerSecond">The rate, zero or more.</param>
    /// <returns>The rate.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="litresPerSecond"/> is negative.</exception>
    public static SpillRate FromLitres(long litresPerSecond)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(litresPerSecond);
        return new(litresPerSecond);
    }

    /// <summary>Computes a share of this rate, rounded to the nearest litre per second.</summary>
    /// <param name="share">The factor, zero or more; 0.5 halves the rate.</param>
    /// <returns>The scaled rate.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="share"/> is negative or not finite.</exception>
    /// <exception cref="OverflowException">The scaled rate does not fit.</exception>
    public SpillRate Scale(double share)
    {
        if (!double.IsFinite(share) || share < 0)
            throw new ArgumentOutOfRangeException(nameof(share), share, "A share must be finite and not negative.");
        return new(checked((long)Math.Round(LitresPerSecond * share, MidpointRounding.AwayFromZero)));
    }

    /// <summary>Reads a rate from text such as <c>320 L/s</c>.</summary>
    /// <param name="text">A whole number, then <c>L/s</c>.</param>
    /// <returns>The rate that the text states.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="text"/> is null.</exception>
    /// <exception cref="FormatException"><paramref name="text"/> lacks the unit, or has no whole number that is zero or more.</exception>
    public static SpillRate Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(text, out var rate) ? rate : throw new FormatException($"'{text}' is not a rate: write it like '320 L/s'.");
    }

    /// <summary>Tries to read a rate from text such as <c>320 L/s</c>.</summary>
    /// <param name="text">The text to read; null counts as unreadable.</param>
    /// <param name="rate">The rate that was read, or <see cref="Still"/>.</param>
    /// <returns><see langword="true"/> when the text is a rate; otherwise <see langword="false"/>.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out SpillRate rate)
    {
        rate = default;
        var trimmed = text.AsSpan().Trim();
        if (!trimmed.EndsWith("L/s", StringComparison.Ordinal)
            || !long.TryParse(trimmed[..^3].TrimEnd(), NumberStyles.None, CultureInfo.InvariantCulture, out var litres))
            return false;
        rate = new(litres);
        return true;
    }

    static SpillRate IParsable<SpillRate>.Parse(string s, IFormatProvider? provider) => Parse(s);

    static bool IParsable<SpillRate>.TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out SpillRate result) =>
        TryParse(s, out result);

    /// <summary>Compares this rate with another.</summary>
    /// <param name="other">The rate to compare with.</param>
    /// <returns>Less than zero when this rate is smaller, zero when equal, more than zero when larger.</returns>
    public int CompareTo(SpillRate other) => LitresPerSecond.CompareTo(other.LitresPerSecond);

    /// <summary>Returns the rate as text, such as <c>320 L/s</c>.</summary>
    /// <returns>The text form, which <see cref="Parse"/> reads back.</returns>
    public override string ToString() => LitresPerSecond.ToString(CultureInfo.InvariantCulture) + " L/s";

    /// <summary>Adds two rates.</summary>
    /// <param name="left">A rate.</param>
    /// <param name="right">A rate.</param>
    /// <returns>The sum.</returns>
    /// <exception cref="OverflowException">The sum does not fit.</exception>
    public static SpillRate operator +(SpillRate left, SpillRate right) => new(checked(left.LitresPerSecond + right.LitresPerSecond));

    /// <summary>Subtracts one rate from another, stopping at <see cref="Still"/>.</summary>
    /// <param name="left">A rate.</param>
    /// <param name="right">The rate to take away.</param>
    /// <returns>The difference, never negative.</returns>
    public static SpillRate operator -(SpillRate left, SpillRate right) => new(Math.Max(0, left.LitresPerSecond - right.LitresPerSecond));

    /// <summary>Computes the water that a rate brings over a length of time, rounded to the nearest litre.</summary>
    /// <param name="rate">The rate.</param>
    /// <param name="time">How long it runs, zero or more.</param>
    /// <returns>The lot of water.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="time"/> is negative.</exception>
    /// <exception cref="OverflowException">The lot does not fit.</exception>
    public static WaterLot operator *(SpillRate rate, TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        // Decimal keeps whole litres exact where a double would lose them.
        return WaterLot.FromLitres((long)Math.Round((decimal)rate.LitresPerSecond * time.Ticks / TimeSpan.TicksPerSecond,
            MidpointRounding.AwayFromZero));
    }

    /// <summary>Tests whether the left rate is smaller.</summary>
    /// <param name="left">A rate.</param>
    /// <param name="right">A rate.</param>
    /// <returns><see langword="true"/> when <paramref name="left"/> is smaller than <paramref name="right"/>.</returns>
    public static bool operator <(SpillRate left, SpillRate right) => left.LitresPerSecond < right.LitresPerSecond;

    /// <summary>Tests whether the left rate is larger.</summary>
    /// <param name="left">A rate.</param>
    /// <param name="right">A rate.</param>
    /// <returns><see langword="true"/> when <paramref name="left"/> is larger than <paramref name="right"/>.</returns>
    public static bool operator >(SpillRate left, SpillRate right) => left.LitresPerSecond > right.LitresPerSecond;
}
