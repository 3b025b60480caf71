namespace Mingpu.Tasting;

/// <summary>评茶单：每位评茶人一个评分。</summary>
public sealed class TastingSheet
{
    private readonly Dictionary<string, CupScore> _scores = new(StringComparer.Ordinal);

    /// <summary>已经评了的人数。</summary>
    public int Count => _scores.Count;

    /// <summary>平均总分；还没有人评时为 0。</summary>
    public double MeanTotal => _scores.Count == 0 ? 0 : _scores.Values.Average(s => s.Total);

    /// <summary>取得或写下一个人的评分；再写一次就换掉原来的。</summary>
    /// <param name="taster">评茶人。</param>
    /// <exception cref="KeyNotFoundException">取得时，这个人还没有评。</exception>
    public CupScore this[string taster]
    {
        get => _scores[taster];
        set => _scores[taster] = value;
    }

    /// <summary>这个人是否评了。</summary>
    /// <param name="taster">评茶人。</param>
    /// <returns>评了时为 <see langword="true"/>。</returns>
    public bool Has(string taster) => _scores.ContainsKey(taster);

    /// <summary>评茶人按总分从高到低；同分时按名字。</summary>
    /// <returns>名字。</returns>
    public IReadOnlyList<string> Ranked() =>
        [.. _scores.OrderByDescending(s => s.Value.Total).ThenBy(s => s.Key, StringComparer.Ordinal).Select(s => s.Key)];
}
