namespace Mingpu.Blending;

/// <summary>茶罐：按配方拼好的茶，由 <see cref="Blender.Make"/> 得到。</summary>
public sealed class Caddy : IShelved
{
    internal Caddy(TeaMark mark, BlendRecipe recipe, IReadOnlyDictionary<TeaMark, LeafWeight> contents, AromaNotes aroma)
    {
        (Mark, Recipe, Contents, Aroma) = (mark, recipe, contents, aroma);
        Weight = contents.Values.Aggregate(LeafWeight.None, (sum, w) => sum + w);
    }

    /// <summary>茶罐自己的茶标。</summary>
    public TeaMark Mark { get; }

    /// <summary>罐里的总叶量。</summary>
    public LeafWeight Weight { get; }

    /// <summary>所用的配方。</summary>
    public BlendRecipe Recipe { get; }

    /// <summary>每味的叶量。</summary>
    public IReadOnlyDictionary<TeaMark, LeafWeight> Contents { get; }

    /// <summary>各味香型的总和。</summary>
    public AromaNotes Aroma { get; }

    /// <summary>一味的叶量；罐里没有时为 <see cref="LeafWeight.None"/>。</summary>
    /// <param name="mark">茶标。</param>
    public LeafWeight this[TeaMark mark] => Contents.GetValueOrDefault(mark);

    /// <summary>能泡几次。</summary>
    /// <param name="dose">每次的投茶量，不能为零。</param>
    /// <returns>整次数，余下的不算。</returns>
    /// <exception cref="ArgumentException"><paramref name="dose"/> 是零。</exception>
    public int Doses(LeafWeight dose) =>
        dose.IsNone ? throw new ArgumentException("投茶量不能为零。", nameof(dose)) : (int)(Weight.Milligrams / dose.Milligrams);
}
