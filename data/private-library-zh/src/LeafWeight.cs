using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Mingpu;

/// <summary>叶量：干茶的重量，以整毫克保存，不会是负数。</summary>
/// <remarks>一钱等于五克。相加、按份拆分都不会丢失毫克。</remarks>
/// <example>
/// <code>
/// var scoop = LeafWeight.OfGrams(7.5) + LeafWeight.OfQian(1); // 12.500 g
/// </code>
/// </example>
public readonly record struct LeafWeight : IComparable<LeafWeight>
{
    private const double MilligramsPerGram = 1000;
    private const double GramsPerQian = 5;

    private LeafWeight(long milligrams) => Milligrams = milligrams;

    /// <summary>没有茶叶，零毫克。</summary>
    public static LeafWeight None => default;

    /// <summary>整毫克数。</summary>
    public long Milligrams { get; }

    /// <summary>克数。</summary>
    public double Grams => Milligrams / MilligramsPerGram;

    /// <summary>是否一点茶叶也没有。</summary>
    public bool IsNone => Milligrams == 0;

    /// <summary>由毫克数得到叶量。</summary>
    /// <param name="milligrams">毫克数，不小于零。</param>
    /// <returns>这么多毫克的叶量。</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="milligrams"/> 小于零。</exception>
    public static LeafWeight OfMilligrams(long milligrams)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(milligrams);
        return new(milligrams);
    }

    /// <summary>由克数得到叶量，四舍五入到毫克。</summary>
    /// <param name="grams">克数，不小于零。</param>
    /// <returns>最接近的叶量。</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="grams"/> 小于零或不是有限的数。</exception>
    public static LeafWeight OfGrams(double grams)
    {
        if (!(grams >= 0 && grams <= 1e12))
            throw new ArgumentOutOfRangeException(nameof(grams), grams, "克数必须是不小于零的有限数。");
        return new((long)Math.Round(grams * MilligramsPerGram, MidpointRounding.AwayFromZero));
    }

    /// <summary>由钱数得到叶量，一钱为五克。</summary>
    /// <param name="qian">钱数，不小于零。</param>
    /// <returns>最接近的叶量。</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="qian"/> 小于零或不是有限的数。</exception>
    public static LeafWeight OfQian(double qian) => OfGrams(qian * GramsPerQian);

    /// <summary>读取文字，例如 <c>12.5g</c>、<c>800mg</c> 或 <c>3钱</c>。</summary>
    /// <param name="text">数字加单位，中间可以有空格。</param>
    /// <returns>读到的叶量。</returns>
    /// <exception cref="FormatException">文字不是叶量。</exception>
    /// <seealso cref="TryParse"/>
    public static LeafWeight Parse(string text) =>
        TryParse(text, out var weight)
            ? weight
            : throw new FormatException($"“{text}”不是叶量；应为数字加 mg、g 或 钱。");

    /// <summary>尝试读取文字。</summary>
    /// <param name="text">数字加单位。</param>
    /// <param name="weight">读到的叶量；失败时为 <see cref="None"/>。</param>
    /// <returns>是否读到。</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out LeafWeight weight)
    {
        weight = None;
        if (text is null)
            return false;
        var trimmed = text.Trim();
        var (unit, milligrams) = trimmed switch
        {
            _ when trimmed.EndsWith("mg", StringComparison.Ordinal) => ("mg", 1.0),
            _ when trimmed.EndsWith('g') => ("g", MilligramsPerGram),
            _ when trimmed.EndsWith('钱') => ("钱", GramsPerQian * MilligramsPerGram),
            _ => ("", 0.0),
        };
        if (unit.Length == 0
            || !double.TryParse(trimmed[..^unit.Length].TrimEnd(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture,
                out var number)
            || number > 1e9)
            return false;
        weight = new((long)Math.Round(number * milligrams, MidpointRounding.AwayFromZero));
        return true;
    }

    /// <summary>按份数拆开，各份之和恰好等于原来的叶量。</summary>
    /// <param name="parts">每一份的份数，都大于零。</param>
    /// <returns>与 <paramref name="parts"/> 顺序相同的叶量；除不尽的毫克归前面除不尽的几份。</returns>
    /// <exception cref="ArgumentException">没有份数，或有一份不大于零。</exception>
    public IReadOnlyList<LeafWeight> Split(params IReadOnlyList<int> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        if (parts.Count == 0 || parts.Any(p => p <= 0))
            throw new ArgumentException("至少要有一份，且每份都大于零。", nameof(parts));
        Int128 sum = parts.Sum(p => (long)p);
        Int128 whole = Milligrams;
        var split = parts.Select(p => (long)(whole * p / sum)).ToArray();
        var left = Milligrams - split.Sum();
        for (var i = 0; left > 0; i++)
        {
            if (whole * parts[i] % sum == 0)
                continue;
            split[i]++;
            left--;
        }
        return [.. split.Select(m => new LeafWeight(m))];
    }

    /// <summary>比较两个叶量。</summary>
    /// <param name="other">另一个叶量。</param>
    /// <returns>较轻为负，相等为零，较重为正。</returns>
    public int CompareTo(LeafWeight other) => Milligrams.CompareTo(other.Milligrams);

    /// <summary>写成三位小数的克数，例如 <c>12.500 g</c>。</summary>
    /// <returns>文字。</returns>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Grams:0.000} g");

    /// <summary>两份茶叶合在一起。</summary>
    /// <param name="left">一份。</param>
    /// <param name="right">另一份。</param>
    /// <returns>总量。</returns>
    public static LeafWeight operator +(LeafWeight left, LeafWeight right) => new(left.Milligrams + right.Milligrams);

    /// <summary>取走一份茶叶。</summary>
    /// <param name="left">原有的。</param>
    /// <param name="right">取走的。</param>
    /// <returns>剩下的。</returns>
    /// <exception cref="LeafShortageException">取走的比原有的多。</exception>
    public static LeafWeight operator -(LeafWeight left, LeafWeight right) =>
        right.Milligrams <= left.Milligrams ? new(left.Milligrams - right.Milligrams) : throw new LeafShortageException(right, left);

    /// <summary>整数倍的叶量。</summary>
    /// <param name="weight">一份。</param>
    /// <param name="times">倍数，不小于零。</param>
    /// <returns>总量。</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="times"/> 小于零。</exception>
    public static LeafWeight operator *(LeafWeight weight, int times) => OfMilligrams(weight.Milligrams * times);

    /// <summary>两个叶量之比。</summary>
    /// <param name="left">被除的叶量。</param>
    /// <param name="right">除数，不能为零。</param>
    /// <returns>比值。</returns>
    /// <exception cref="DivideByZeroException"><paramref name="right"/> 是 <see cref="None"/>。</exception>
    public static double operator /(LeafWeight left, LeafWeight right) =>
        right.IsNone ? throw new DivideByZeroException("不能除以零叶量。") : (double)left.Milligrams / right.Milligrams;

    /// <summary>是否较轻。</summary>
    /// <param name="left">左边。</param>
    /// <param name="right">右边。</param>
    /// <returns>左边轻于右边。</returns>
    public static bool operator <(LeafWeight left, LeafWeight right) => left.Milligrams < right.Milligrams;

    /// <summary>是否较重。</summary>
    /// <param name="left">左边。</param>
    /// <param name="right">右边。</param>
    /// <returns>左边重于右边。</returns>
    public static bool operator >(LeafWeight left, LeafWeight right) => left.Milligrams > right.Milligrams;

    /// <summary>是否不重于。</summary>
    /// <param name="left">左边。</param>
    /// <param name="right">右边。</param>
    /// <returns>左边不重于右边。</returns>
    public static bool operator <=(LeafWeight left, LeafWeight right) => left.Milligrams <= right.Milligrams;

    /// <summary>是否不轻于。</summary>
    /// <param name="left">左边。</param>
    /// <param name="right">右边。</param>
    /// <returns>左边不轻于右边。</returns>
    public static bool operator >=(LeafWeight left, LeafWeight right) => left.Milligrams >= right.Milligrams;
}
