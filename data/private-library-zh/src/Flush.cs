namespace Mingpu;

/// <summary>采摘的季节，按一年中的先后排列。</summary>
public enum Flush
{
    /// <summary>露芽：清明之前的嫩芽。</summary>
    DewBud,

    /// <summary>雨芽：谷雨前后的芽叶。</summary>
    RainBud,

    /// <summary>伏叶：三伏天的大叶。</summary>
    HeatLeaf,

    /// <summary>霜叶：霜降之后的老叶。</summary>
    FrostLeaf,
}
