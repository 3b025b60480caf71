using System.Globalization;

namespace Mingpu.Tasting;

/// <summary>茶汤的浓度，0 到 100 度，保留一位小数。</summary>
public readonly record struct BrewStrength : IComparable<BrewStrength>
{
    private BrewStrength(double degrees) => Degrees = degrees;

    /// <summary>最浓，100 度。</summary>
    public static BrewStrength Fullest => new(100);

    /// <summary>度数。</summary>
    public double Degrees { get; }

    /// <summary>称呼：<c>淡</c>（不到 30 度）、<c>浓</c>（70 度以上），其余为 <c>醇</c>。</summary>
    public string Label => Degrees switch { < 30 => "淡", >= 70 => "浓", _ => "醇" };

    /// <summary>由度数得到浓度；超出 0 到 100 的取最近的一端。</summary>
    /// <param name="degrees">度数。</param>
    /// <returns>浓度。</returns>
    /// <exception cref="ArgumentException"><paramref name="degrees"/> 不是数。</exception>
    public static BrewStrength Of(double degrees) =>
        double.IsNaN(degrees)
            ? throw new ArgumentException("浓度必须是数。", nameof(degrees))
            : new(Math.Round(Math.Clamp(degrees, 0, 100), 1, MidpointRounding.AwayFromZero));

    /// <summary>再泡几次之后的浓度，每泡剩下八成。</summary>
    /// <param name="rounds">再泡的次数，不小于零。</param>
    /// <returns>变淡的浓度。</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="rounds"/> 小于零。</exception>
    public BrewStrength Faded(int rounds)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rounds);
        return Of(Degrees * Math.Pow(0.8, rounds));
    }

    /// <summary>比较两个浓度。</summary>
    /// <param name="other">另一个浓度。</param>
    /// <returns>较淡为负，相同为零，较浓为正。</returns>
    public int CompareTo(BrewStrength other) => Degrees.CompareTo(other.Degrees);

    /// <summary>写成如 <c>48.6°</c> 的文字。</summary>
    /// <returns>文字。</returns>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Degrees:0.0}°");

    /// <summary>是否较淡。</summary>
    /// <param name="left">左边。</param>
    /// <param name="right">右边。</param>
    /// <returns>左边淡于右边。</returns>
    public static bool operator <(BrewStrength left, BrewStrength right) => left.Degrees < right.Degrees;

    /// <summary>是否较浓。</summary>
    /// <param name="left">左边。</param>
    /// <param name="right">右边。</param>
    /// <returns>左边浓于右边。</returns>
    public static bool operator >(BrewStrength left, BrewStrength right) => left.Degrees > right.Degrees;

    /// <summary>是否不浓于。</summary>
    /// <param name="left">左边。</param>
    /// <param name="right">右边。</param>
    /// <returns>左边不浓于右边。</returns>
    public static bool operator <=(BrewStrength left, BrewStrength right) => left.Degrees <= right.Degrees;

    /// <summary>是否不淡于。</summary>
    /// <param name="left">左边。</param>
    /// <param name="right">右边。</param>
    /// <returns>左边不淡于右边。</returns>
    public static bool operator >=(BrewStrength left, BrewStrength right) => left.Degrees >= right.Degrees;
}
