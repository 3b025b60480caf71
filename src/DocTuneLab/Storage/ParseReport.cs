namespace DocTuneLab.Storage;

/// <summary>Something wrong with the documentation.</summary>
/// <param name="Path">Page or file.</param>
/// <param name="Line">One-based line, 0 where there is none.</param>
/// <param name="Kind">Such as <c>broken-link</c>.</param>
/// <param name="Message">What, and what to do.</param>
public sealed record ParseProblem(string Path, int Line, string Kind, string Message)
{
    /// <summary><c>file:line: message</c>.</summary>
    public override string ToString() => Line > 0 ? $"{Path}:{Line}: {Message}" : $"{Path}: {Message}";
}

/// <summary>What parsing came to.</summary>
public sealed record ParseReport
{
    /// <summary>In pages.</summary>
    public required DocumentChanges Changes { get; init; }

    /// <summary>Pages in the lab.</summary>
    public required int Pages { get; init; }

    /// <summary>Their passages.</summary>
    public required long Chunks { get; init; }

    /// <summary>Tokens of all passages.</summary>
    public required long Tokens { get; init; }

    /// <summary>Public members of the library.</summary>
    public required int Symbols { get; init; }

    /// <summary>How many of them a passage mentions.</summary>
    public required long LinkedSymbols { get; init; }

    /// <summary>Samples in the lab that no longer stand.</summary>
    public required long StaleSamples { get; init; }

    /// <summary>What is wrong with the documentation.</summary>
    public required IReadOnlyList<ParseProblem> Problems { get; init; }

    /// <summary>Nothing had changed since the last time, so nothing was parsed.</summary>
    public required bool FromScan { get; init; }
}
