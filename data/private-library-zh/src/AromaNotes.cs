namespace Mingpu;

/// <summary>香型，可以同时有几种。</summary>
[Flags]
public enum AromaNotes
{
    /// <summary>没有记下香型。</summary>
    None = 0,

    /// <summary>兰香。</summary>
    Orchid = 1,

    /// <summary>栗香。</summary>
    Chestnut = 2,

    /// <summary>松烟香。</summary>
    PineSmoke = 4,

    /// <summary>蜜香。</summary>
    Honey = 8,
}
