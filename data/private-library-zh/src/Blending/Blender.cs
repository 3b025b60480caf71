namespace Mingpu.Blending;

/// <summary>拼配完成时的消息。</summary>
/// <param name="caddy">拼好的茶罐。</param>
/// <param name="leftOnShelf">架上剩下的总叶量。</param>
public sealed class BlendedEventArgs(Caddy caddy, LeafWeight leftOnShelf) : EventArgs
{
    /// <summary>拼好的茶罐。</summary>
    public Caddy Caddy { get; } = caddy;

    /// <summary>架上剩下的总叶量。</summary>
    public LeafWeight LeftOnShelf { get; } = leftOnShelf;
}

/// <summary>拼配师：从一个架上取批次，按配方拼成茶罐。</summary>
/// <param name="shelf">取茶的架。</param>
public sealed class Blender(Shelf<LeafBatch> shelf)
{
    /// <summary>每拼好一罐发生一次，这时架上已经取走了茶。</summary>
    public event EventHandler<BlendedEventArgs>? Blended;

    /// <summary>取茶的架。</summary>
    public Shelf<LeafBatch> Shelf { get; } = shelf ?? throw new ArgumentNullException(nameof(shelf));

    /// <summary>架上的茶最多能拼出多少。</summary>
    /// <param name="recipe">配方。</param>
    /// <returns>最大的总量；缺一味时为 <see cref="LeafWeight.None"/>。</returns>
    public LeafWeight MostOf(BlendRecipe recipe)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        Int128 sum = recipe.Parts.Sum(p => (long)p.Parts);
        return LeafWeight.OfMilligrams(
            (long)recipe.Parts.Min(p => Shelf.TryFind(p.Mark, out var batch) ? batch.Weight.Milligrams * sum / p.Parts : 0));
    }

    /// <summary>架上的茶够不够拼。</summary>
    /// <param name="recipe">配方。</param>
    /// <param name="total">总量。</param>
    /// <returns>够时为 <see langword="true"/>。</returns>
    public bool CanMake(BlendRecipe recipe, LeafWeight total) => total <= MostOf(recipe);

    /// <summary>拼一罐；取空的批次从架上拿掉。</summary>
    /// <param name="recipe">配方。</param>
    /// <param name="total">总量，不能为零。</param>
    /// <param name="mark">茶罐的茶标。</param>
    /// <returns>拼好的茶罐。</returns>
    /// <exception cref="ArgumentException"><paramref name="total"/> 是零。</exception>
    /// <exception cref="UnknownMarkException">架上缺一味；架不变。</exception>
    /// <exception cref="LeafShortageException">有一味不够；架不变。</exception>
    public Caddy Make(BlendRecipe recipe, LeafWeight total, TeaMark mark)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        if (total.IsNone)
            throw new ArgumentException("总量不能为零。", nameof(total));
        var contents = recipe.Weigh(total);
        // 先算出每一批剩下的，全部成立之后才动架子。
        var rests = contents.Select(c => (c.Key, Batch: Shelf[c.Key], Left: Shelf[c.Key].Less(c.Value))).ToList();
        foreach (var (key, _, left) in rests)
            if (left is null)
                Shelf.Remove(key);
            else
                Shelf.Replace(left);
        var caddy = new Caddy(mark, recipe, contents, rests.Aggregate(AromaNotes.None, (notes, r) => notes | r.Batch.Aroma));
        Blended?.Invoke(this, new(caddy, Shelf.TotalWeight()));
        return caddy;
    }
}
