namespace Mingpu;

/// <summary>叶量、批次和香型的简便写法。</summary>
public static class LeafExtensions
{
    /// <summary>把整数当作克数，例如 <c>50.Grams()</c>。</summary>
    /// <param name="grams">克数，不小于零。</param>
    /// <returns>叶量。</returns>
    public static LeafWeight Grams(this int grams) => LeafWeight.OfGrams(grams);

    /// <summary>把整数当作钱数，例如 <c>3.Qian()</c>。</summary>
    /// <param name="qian">钱数，不小于零。</param>
    /// <returns>叶量。</returns>
    public static LeafWeight Qian(this int qian) => LeafWeight.OfQian(qian);

    /// <summary>合计的叶量。</summary>
    /// <typeparam name="TItem">能上架的种类。</typeparam>
    /// <param name="items">要合计的东西。</param>
    /// <returns>总量；一件也没有时为 <see cref="LeafWeight.None"/>。</returns>
    public static LeafWeight TotalWeight<TItem>(this IEnumerable<TItem> items)
        where TItem : IShelved => items.Aggregate(LeafWeight.None, (sum, item) => sum + item.Weight);

    /// <summary>只留下某一季采的批次，顺序不变。</summary>
    /// <param name="batches">批次。</param>
    /// <param name="flush">季节。</param>
    /// <returns>那一季的批次。</returns>
    public static IEnumerable<LeafBatch> PickedIn(this IEnumerable<LeafBatch> batches, Flush flush) => batches.Where(b => b.Flush == flush);

    /// <summary>是否含有另一些香型的全部。</summary>
    /// <param name="notes">香型。</param>
    /// <param name="wanted">要找的香型。</param>
    /// <returns>全部含有时为 <see langword="true"/>。</returns>
    public static bool Carries(this AromaNotes notes, AromaNotes wanted) => (notes & wanted) == wanted;
}
