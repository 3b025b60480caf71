namespace Mingpu.Blending;

/// <summary>配方里的一味。</summary>
/// <param name="Mark">茶标。</param>
/// <param name="Parts">份数，大于零。</param>
public readonly record struct BlendPart(TeaMark Mark, int Parts);

/// <summary>配方：几味茶按份数拼配，以及怎样冲泡。配方不可变，由 <see cref="Named"/> 开始写。</summary>
/// <example>
/// <code>
/// BlendRecipe recipe = BlendRecipe.Named("晨雾").With(TeaMark.Parse("QY25-007"), 3).With(TeaMark.Parse("LS25-001"), 1).Seal();
/// </code>
/// </example>
public sealed class BlendRecipe
{
    internal BlendRecipe(string name, IReadOnlyList<BlendPart> parts, TimeSpan steepTime, int celsius) =>
        (Name, Parts, SteepTime, Celsius) = (name, parts, steepTime, celsius);

    /// <summary>名字。</summary>
    public string Name { get; }

    /// <summary>各味，按写下的先后。</summary>
    public IReadOnlyList<BlendPart> Parts { get; }

    /// <summary>第一泡的时间。</summary>
    public TimeSpan SteepTime { get; }

    /// <summary>水温，摄氏度。</summary>
    public int Celsius { get; }

    /// <summary>开始写一张配方。</summary>
    /// <param name="name">名字，不能为空白。</param>
    /// <returns>配方笔。</returns>
    /// <exception cref="ArgumentException"><paramref name="name"/> 为空白。</exception>
    public static BlendRecipeWriter Named(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return new(name);
    }

    /// <summary>一味所占的比例。</summary>
    /// <param name="mark">茶标。</param>
    /// <returns>0 到 1；配方里没有时为 0。</returns>
    public double ShareOf(TeaMark mark) => (double)Parts.Where(p => p.Mark == mark).Sum(p => p.Parts) / Parts.Sum(p => p.Parts);

    /// <summary>一定总量里每味要多少。</summary>
    /// <param name="total">总量。</param>
    /// <returns>茶标到叶量；合计恰好是 <paramref name="total"/>。</returns>
    public IReadOnlyDictionary<TeaMark, LeafWeight> Weigh(LeafWeight total) =>
        Parts.Zip(total.Split([.. Parts.Select(p => p.Parts)])).ToDictionary(p => p.First.Mark, p => p.Second);
}
