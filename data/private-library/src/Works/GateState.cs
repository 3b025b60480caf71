namespace Fenmark.Works;

/// <summary>What a gate is doing.</summary>
public enum GateState
{
    /// <summary>The gate stands at 0 percent and can move.</summary>
    Shut,

    /// <summary>The gate stands between 1 and 99 percent and can move.</summary>
    Ajar,

    /// <summary>The gate stands at 100 percent and can move.</summary>
    Open,

    /// <summary>The gate cannot move until it is freed; it keeps its opening.</summary>
    Jammed,
}
