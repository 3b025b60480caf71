using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Mingpu.Blending;

/// <summary>架上的东西变少到警戒线以下时得到通知的方法。</summary>
/// <typeparam name="TItem">架上放的种类。</typeparam>
/// <param name="shelf">发生变化的架。</param>
/// <param name="item">变少的那一件。</param>
public delegate void ShelfThinned<TItem>(Shelf<TItem> shelf, TItem item)
    where TItem : class, IShelved;

/// <summary>茶架：按放上的先后保存东西，每个茶标只有一件。</summary>
/// <typeparam name="TItem">架上放的种类，例如 <see cref="LeafBatch"/> 或 <see cref="Caddy"/>。</typeparam>
/// <remarks>不能从几个线程同时使用。</remarks>
public sealed class Shelf<TItem> : IEnumerable<TItem>
    where TItem : class, IShelved
{
    private readonly List<TItem> _items = [];

    /// <summary>建立一个空架。</summary>
    /// <param name="capacity">最多放几件，至少一件。</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> 小于一。</exception>
    public Shelf(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        Capacity = capacity;
    }

    /// <summary>换上的东西轻于 <see cref="ThinLimit"/> 时发生。</summary>
    public event ShelfThinned<TItem>? Thinned;

    /// <summary>最多放几件。</summary>
    public int Capacity { get; }

    /// <summary>现在有几件。</summary>
    public int Count => _items.Count;

    /// <summary>警戒线，默认五十克。</summary>
    public LeafWeight ThinLimit { get; set; } = LeafWeight.OfGrams(50);

    /// <summary>按茶标取得一件。</summary>
    /// <param name="mark">茶标。</param>
    /// <exception cref="UnknownMarkException">架上没有这个茶标。</exception>
    public TItem this[TeaMark mark] => TryFind(mark, out var item) ? item : throw new UnknownMarkException(mark);

    /// <summary>按位置取得一件，第一件为零。</summary>
    /// <param name="position">位置。</param>
    /// <exception cref="ArgumentOutOfRangeException">没有这个位置。</exception>
    public TItem this[int position] => _items[position];

    /// <summary>放上一件。</summary>
    /// <param name="item">要放的东西。</param>
    /// <returns>这个架，便于连着写。</returns>
    /// <exception cref="ArgumentException">茶标已在架上。</exception>
    /// <exception cref="MingpuException">架已放满，种类为 <see cref="TeaFault.ShelfFull"/>。</exception>
    public Shelf<TItem> Place(TItem item)
    {
        ArgumentNullException.ThrowIfNull(item);
        if (TryFind(item.Mark, out _))
            throw new ArgumentException($"{item.Mark} 已在架上。", nameof(item));
        if (Count == Capacity)
            throw new MingpuException(TeaFault.ShelfFull, $"架上只能放 {Capacity} 件。");
        _items.Add(item);
        return this;
    }

    /// <summary>用茶标相同的另一件换下原来的，位置不变。</summary>
    /// <param name="item">换上的东西。</param>
    /// <exception cref="UnknownMarkException">架上没有这个茶标。</exception>
    public void Replace(TItem item)
    {
        ArgumentNullException.ThrowIfNull(item);
        var at = _items.FindIndex(i => i.Mark == item.Mark);
        if (at < 0)
            throw new UnknownMarkException(item.Mark);
        _items[at] = item;
        if (item.Weight < ThinLimit)
            Thinned?.Invoke(this, item);
    }

    /// <summary>取下一件。</summary>
    /// <param name="mark">茶标。</param>
    /// <returns>是否取下了。</returns>
    public bool Remove(TeaMark mark) => _items.RemoveAll(i => i.Mark == mark) > 0;

    /// <summary>尝试按茶标寻找。</summary>
    /// <param name="mark">茶标。</param>
    /// <param name="item">找到的东西。</param>
    /// <returns>是否找到。</returns>
    public bool TryFind(TeaMark mark, [NotNullWhen(true)] out TItem? item) => (item = _items.Find(i => i.Mark == mark)) is not null;

    /// <summary>最重的一件；同样重时为先放上的。</summary>
    /// <returns>最重的一件；空架时为 <see langword="null"/>。</returns>
    public TItem? Heaviest() => _items.MaxBy(i => i.Weight);

    /// <summary>按放上的先后列出。</summary>
    /// <returns>枚举器。</returns>
    public IEnumerator<TItem> GetEnumerator() => _items.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
