namespace Mingpu;

/// <summary>一批毛茶。批次不可变：每个方法都返回新的批次。</summary>
/// <example>
/// <code>
/// var batch = LeafBatch.Pick(TeaMark.Parse("QY25-007"), LeafWeight.OfGrams(500), Flush.DewBud).Scented(AromaNotes.Orchid);
/// </code>
/// </example>
public sealed class LeafBatch : IShelved
{
    /// <summary>刚采下时的含水率，百分之八。</summary>
    public const double FreshMoisture = 8;

    private LeafBatch(TeaMark mark, LeafWeight weight, Flush flush, AromaNotes aroma, double moisture) =>
        (Mark, Weight, Flush, Aroma, Moisture) = (mark, weight, flush, aroma, moisture);

    /// <summary>茶标。</summary>
    public TeaMark Mark { get; }

    /// <summary>叶量。</summary>
    public LeafWeight Weight { get; }

    /// <summary>采摘的季节。</summary>
    public Flush Flush { get; }

    /// <summary>香型。</summary>
    public AromaNotes Aroma { get; }

    /// <summary>含水率，百分数。</summary>
    public double Moisture { get; }

    /// <summary>登记一批新采的茶，含水率为 <see cref="FreshMoisture"/>，还没有香型。</summary>
    /// <param name="mark">茶标。</param>
    /// <param name="weight">叶量，不能为零。</param>
    /// <param name="flush">采摘的季节。</param>
    /// <returns>新的批次。</returns>
    /// <exception cref="ArgumentException"><paramref name="weight"/> 是零。</exception>
    public static LeafBatch Pick(TeaMark mark, LeafWeight weight, Flush flush) =>
        weight.IsNone
            ? throw new ArgumentException("一批茶不能没有茶叶。", nameof(weight))
            : new(mark, weight, flush, AromaNotes.None, FreshMoisture);

    /// <summary>加上香型，原有的香型保留。</summary>
    /// <param name="notes">要加的香型。</param>
    /// <returns>加了香型的批次。</returns>
    public LeafBatch Scented(AromaNotes notes) => new(Mark, Weight, Flush, Aroma | notes, Moisture);

    /// <summary>烘到更低的含水率；失去的只是水，所以叶量变轻。</summary>
    /// <param name="moisture">目标含水率，百分数，大于零且不高于现在的含水率。</param>
    /// <returns>烘过的批次。</returns>
    /// <exception cref="ArgumentOutOfRangeException">目标不大于零，或高于现在的含水率。</exception>
    public LeafBatch DriedTo(double moisture)
    {
        if (!(moisture > 0 && moisture <= Moisture))
            throw new ArgumentOutOfRangeException(nameof(moisture), moisture, $"含水率应大于零且不高于 {Moisture}。");
        return new(Mark, LeafWeight.OfGrams(Weight.Grams * (100 - Moisture) / (100 - moisture)), Flush, Aroma, moisture);
    }

    /// <summary>取走一部分，剩下的仍是同一批。</summary>
    /// <param name="weight">取走的叶量。</param>
    /// <returns>剩下的批次；全部取走时为 <see langword="null"/>。</returns>
    /// <exception cref="LeafShortageException">取走的比这一批多。</exception>
    public LeafBatch? Less(LeafWeight weight)
    {
        if (weight > Weight)
            throw new LeafShortageException(Mark, weight, Weight);
        return weight == Weight ? null : new(Mark, Weight - weight, Flush, Aroma, Moisture);
    }
}
