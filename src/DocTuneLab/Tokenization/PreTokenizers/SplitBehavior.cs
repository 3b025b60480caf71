namespace DocTuneLab.Tokenization.PreTokenizers;

/// <summary>What becomes of the matches of a split.</summary>
internal enum SplitBehavior
{
    /// <summary>Each is a part of its own.</summary>
    Isolated,

    /// <summary>They are dropped.</summary>
    Removed,

    /// <summary>Those that touch are one part.</summary>
    Contiguous,

    /// <summary>They end the part before them.</summary>
    MergedWithPrevious,

    /// <summary>They begin the part after them.</summary>
    MergedWithNext,
}
