namespace DocTuneLab.Storage;

/// <summary>What a lab holds.</summary>
public sealed record LabStats
{
    /// <summary>Rows by table.</summary>
    public required IReadOnlyDictionary<string, long> Rows { get; init; }

    /// <summary>Immutable documents in LiteDB.</summary>
    public required int StoredDocuments { get; init; }

    /// <summary>Samples that passed all checks.</summary>
    public required long AcceptedSamples { get; init; }

    /// <summary>Samples whose passage or member is gone or changed.</summary>
    public required long StaleSamples { get; init; }

    /// <summary>Tokens of all chunks.</summary>
    public required long Tokens { get; init; }

    /// <summary>Size of <c>lab.sqlite</c> with its log.</summary>
    public required long SqliteBytes { get; init; }

    /// <summary>Size of <c>lab.litedb</c> with its log.</summary>
    public required long LiteDbBytes { get; init; }

    /// <summary>Size of all that lies in <c>runs/</c>.</summary>
    public required long RunBytes { get; init; }

    /// <summary>Hash of pages, passages, links and symbols; equal labs have equal ones however they came about.</summary>
    public required string ContentHash { get; init; }
}

/// <summary>What <see cref="LabMaintenance.CollectGarbage"/> removed.</summary>
/// <param name="Documents">LiteDB documents that no row named.</param>
/// <param name="Passages">Passages of former pages that no sample is built on any more, and marks of such pages.</param>
/// <param name="RunFolders">Folders of runs that never came to a row and hold nothing but a manifest.</param>
public sealed record Garbage(int Documents, int Passages, int RunFolders);

/// <summary>Something in a lab that does not hold.</summary>
/// <param name="Table">Where.</param>
/// <param name="Row">Which row.</param>
/// <param name="Message">What, and what to do.</param>
public sealed record LabProblem(string Table, string Row, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Table} {Row}: {Message}";
}
