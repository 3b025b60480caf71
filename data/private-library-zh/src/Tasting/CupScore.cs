namespace Mingpu.Tasting;

/// <summary>一杯茶的评分：香、味、色各 0 到 10 分。</summary>
public readonly record struct CupScore
{
    private CupScore(int aroma, int taste, int colour) => (Aroma, Taste, Colour) = (aroma, taste, colour);

    /// <summary>香气的分数。</summary>
    public int Aroma { get; }

    /// <summary>滋味的分数。</summary>
    public int Taste { get; }

    /// <summary>汤色的分数。</summary>
    public int Colour { get; }

    /// <summary>总分，滋味算两次，0 到 40。</summary>
    public int Total => Aroma + (2 * Taste) + Colour;

    /// <summary>由三个分数得到评分。</summary>
    /// <param name="aroma">香气，0 到 10。</param>
    /// <param name="taste">滋味，0 到 10。</param>
    /// <param name="colour">汤色，0 到 10。</param>
    /// <returns>评分。</returns>
    /// <exception cref="ArgumentOutOfRangeException">有一个分数不在 0 到 10 之间。</exception>
    public static CupScore Of(int aroma, int taste, int colour)
    {
        foreach (var part in (ReadOnlySpan<int>)[aroma, taste, colour])
            if (part is < 0 or > 10)
                throw new ArgumentOutOfRangeException(nameof(aroma), part, "分数应在 0 到 10 之间。");
        return new(aroma, taste, colour);
    }

    /// <summary>每项取较高的分数。</summary>
    /// <param name="left">一个评分。</param>
    /// <param name="right">另一个评分。</param>
    /// <returns>合成的评分。</returns>
    public static CupScore operator |(CupScore left, CupScore right) =>
        new(Math.Max(left.Aroma, right.Aroma), Math.Max(left.Taste, right.Taste), Math.Max(left.Colour, right.Colour));
}
