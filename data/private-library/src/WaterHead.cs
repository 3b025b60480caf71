using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Fenmark;

/// <summary>A height of water in whole millimetres: a level above the board's datum, or a depth.</summary>
/// <remarks>
/// Immutable. Two heads are equal when their millimetres are equal. The text form is metres with three
/// decimals, such as <c>1.250 m</c>; it reads back with <see cref="Parse"/>.
/// </remarks>
/// <example>
/// <code>
/// var sill = WaterHead.FromMillimetres(800);
/// var level = WaterHead.Parse("1.25 m");
/// Console.WriteLine(level.Above(sill)); // 0.450 m
/// </code>
/// </example>
public readonly record struct WaterHead : IComparable<WaterHead>, IParsable<WaterHead>
{
    private WaterHead(int millimetres) => Millimetres = millimetres;

    /// <summary>Gets the head at the board's datum, zero millimetres.</summary>
    public static WaterHead Datum => default;

    /// <summary>Gets the height in whole millimetres; negative below the datum.</summary>
    public int Millimetres { get; }

    /// <summary>Gets the height in metres.</summary>
    public double Metres => Millimetres / 1000.0;

    /// <summary>Gets a value indicating whether the head lies below the datum.</summary>
    public bool IsBelowDatum => Millimetres < 0;

    /// <summary>Creates a head from whole millimetres.</summary>
    /// <param name="millimetres">The height in millimetres; may be negative.</param>
    /// <returns>The head of that height.</returns>
    public static WaterHead FromMillimetres(int millimetres) => new(millimetres);

    /// <summary>Creates a head from metres, rounded to the nearest millimetre.</summary>
    /// <param name="metres">The height in metres; halves of a millimetre round away from zero.</param>
    /// <returns>The head of that height.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="metres"/> is not finite, or is beyond 1,000,000 m
    /// either way.</exception>
    public static WaterHead FromMetres(double metres)
    {
        if (!double.IsFinite(metres) || Math.Abs(metres) > 1_000_000)
            throw new ArgumentOutOfRangeException(nameof(metres), metres, "A head must be finite and within 1,000,000 m of the datum.");
        return new((int)Math.Round(metres * 1000, MidpointRounding.AwayFromZero));
    }

    /// <summary>Computes how far this head stands above another, never less than zero.</summary>
    /// <param name="other">The lower head, such as a sill.</param>
    /// <returns>The difference, or <see cref="Datum"/> when this head is not above <paramref name="other"/>.</returns>
    /// <example>
    /// <code>
    /// var over = WaterHead.FromMetres(2).Above(WaterHead.FromMetres(1.5)); // 0.500 m
    /// </code>
    /// </example>
    public WaterHead Above(WaterHead other) => this > other ? this - other : Datum;

    /// <summary>Returns this head, held between two limits.</summary>
    /// <param name="low">The lowest head to return.</param>
    /// <param name="high">The highest head to return.</param>
    /// <returns>This head, or the limit that it passes.</returns>
    /// <exception cref="ArgumentException"><paramref name="low"/> is above <paramref name="high"/>.</exception>
    public WaterHead Clamp(WaterHead low, WaterHead high) => new(Math.Clamp(Millimetres, low.Millimetres, high.Millimetres));

    /// <summary>Reads a head from text such as <c>1.25 m</c> or <c>1250 mm</c>.</summary>
    /// <param name="text">A number and a unit, <c>m</c> or <c>mm</c>; blanks around either are ignored.</param>
    /// <returns>The head that the text states.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="text"/> is null.</exception>
    /// <exception cref="FormatException"><paramref name="text"/> has no unit, or no number that a head can hold.</exception>
    /// <seealso cref="TryParse"/>
    public static WaterHead Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(text, out var head)
            ? head
            : throw new FormatException($"'{text}' is not a head: write it like '1.25 m' or '1250 mm'.");
    }

    /// <summary>Tries to read a head from text such as <c>1.25 m</c> or <c>1250 mm</c>.</summary>
    /// <param name="text">The text to read; null counts as unreadable.</param>
    /// <param name="head">The head that was read, or <see cref="Datum"/>.</param>
    /// <returns><see langword="true"/> when the text is a head; otherwise <see langword="false"/>.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out WaterHead head)
    {
        head = default;
        var trimmed = text.AsSpan().Trim();
        if (!trimmed.EndsWith("m", StringComparison.Ordinal))
            return false;
        var isMillimetres = trimmed.EndsWith("mm", StringComparison.Ordinal);
        var digits = trimmed[..^(isMillimetres ? 2 : 1)].TrimEnd();
        if (!double.TryParse(digits, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture,
            out var number))
            return false;
        var metres = isMillimetres ? number / 1000 : number;
        if (!double.IsFinite(metres) || Math.Abs(metres) > 1_000_000)
            return false;
        head = FromMetres(metres);
        return true;
    }

    static WaterHead IParsable<WaterHead>.Parse(string s, IFormatProvider? provider) => Parse(s);

    static bool IParsable<WaterHead>.TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out WaterHead result) =>
        TryParse(s, out result);

    /// <summary>Compares this head with another by height.</summary>
    /// <param name="other">The head to compare with.</param>
    /// <returns>Less than zero when this head is lower, zero when equal, more than zero when higher.</returns>
    public int CompareTo(WaterHead other) => Millimetres.CompareTo(other.Millimetres);

    /// <summary>Returns the head in metres with three decimals, such as <c>1.250 m</c>.</summary>
    /// <returns>The text form.</returns>
    public override string ToString() => Metres.ToString("0.000", CultureInfo.InvariantCulture) + " m";

    /// <summary>Adds two heads.</summary>
    /// <param name="left">A head.</param>
    /// <param name="right">The rise to add.</param>
    /// <returns>The sum.</returns>
    /// <exception cref="OverflowException">The sum does not fit a head.</exception>
    public static WaterHead operator +(WaterHead left, WaterHead right) => new(checked(left.Millimetres + right.Millimetres));

    /// <summary>Subtracts one head from another; the result may be negative.</summary>
    /// <param name="left">A head.</param>
    /// <param name="right">The head to take away.</param>
    /// <returns>The signed difference. Use <see cref="Above"/> for one that stops at zero.</returns>
    /// <exception cref="OverflowException">The difference does not fit a head.</exception>
    public static WaterHead operator -(WaterHead left, WaterHead right) => new(checked(left.Millimetres - right.Millimetres));

    /// <summary>Tests whether the left head is lower.</summary>
    /// <param name="left">A head.</param>
    /// <param name="right">A head.</param>
    /// <returns><see langword="true"/> when <paramref name="left"/> is lower than <paramref name="right"/>.</returns>
    public static bool operator <(WaterHead left, WaterHead right) => left.Millimetres < right.Millimetres;

    /// <summary>Tests whether the left head is higher.</summary>
    /// <param name="left">A head.</param>
    /// <param name="right">A head.</param>
    /// <returns><see langword="true"/> when <paramref name="left"/> is higher than <paramref name="right"/>.</returns>
    public static bool operator >(WaterHead left, WaterHead right) => left.Millimetres > right.Millimetres;

    /// <summary>Tests whether the left head is lower or equal.</summary>
    /// <param name="left">A head.</param>
    /// <param name="right">A head.</param>
    /// <returns><see langword="true"/> when <paramref name="left"/> is not higher than <paramref name="right"/>.</returns>
    public static bool operator <=(WaterHead left, WaterHead right) => left.Millimetres <= right.Millimetres;

    /// <summary>Tests whether the left head is higher or equal.</summary>
    /// <param name="left">A head.</param>
    /// <param name="right">A head.</param>
    /// <returns><see langword="true"/> when <paramref name="left"/> is not lower than <paramref name="right"/>.</returns>
    public static bool operator >=(WaterHead left, WaterHead right) => left.Millimetres >= right.Millimetres;
}
