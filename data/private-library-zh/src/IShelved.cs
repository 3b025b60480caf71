namespace Mingpu;

/// <summary>能放上架的东西：有茶标，有叶量。</summary>
public interface IShelved
{
    /// <summary>茶标，在一个架上只能出现一次。</summary>
    TeaMark Mark { get; }

    /// <summary>叶量。</summary>
    LeafWeight Weight { get; }
}
