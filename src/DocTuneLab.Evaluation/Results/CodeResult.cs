using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Library;

namespace DocTuneLab.Evaluation.Results;

/// <summary>What compiler and hidden tests say of an answer to a programming task.</summary>
public sealed record CodeResult
{
    /// <summary>Task id.</summary>
    public required string Task { get; init; }

    /// <summary>0 is greedy.</summary>
    public required int Sample { get; init; }

    /// <summary>Where the code was found, or why there is none.</summary>
    public required string Extraction { get; init; }

    /// <summary>The code as extracted, or null.</summary>
    public required string? Code { get; init; }

    /// <summary>What the code was taken for; null without code.</summary>
    public required CodeForm? Form { get; init; }

    /// <summary>No syntax error.</summary>
    public required bool Parses { get; init; }

    /// <summary>The task's class with it compiles against the library.</summary>
    public required bool Compiles { get; init; }

    /// <summary>Compiler errors; lines count from the first line of the code, 0 lies outside.</summary>
    public required IReadOnlyList<CodeDiagnostic> Errors { get; init; }

    /// <summary>Library names in the answer as the compiler sees them, cascades left out.</summary>
    public required IReadOnlyList<SymbolUse> Uses { get; init; }

    /// <summary>Gold symbols that resolve in the answer.</summary>
    public required IReadOnlyList<string> GoldUsed { get; init; }

    /// <summary>The other gold symbols.</summary>
    public required IReadOnlyList<string> GoldMissed { get; init; }

    /// <summary>How the run ended; null where nothing was run.</summary>
    public required ExecutionStatus? Status { get; init; }

    /// <summary>Failed check or exception; empty where there is none.</summary>
    public required string Message { get; init; }

    /// <summary>Not run, because it declares a type of the library or uses what serves only to reach the checker; the message says what.
    /// It counts as failed.</summary>
    public bool Refused { get; init; }

    /// <summary>Whether the run says something of the model: it was made, and the harness did not fail.</summary>
    public bool IsDecided => Status is not (null or ExecutionStatus.HarnessError);

    /// <summary>Number of library names of one kind.</summary>
    public int Count(SymbolUseKind kind) => Uses.Count(u => u.Kind == kind);

    /// <summary>|used ∩ gold| / |gold|.</summary>
    public double ApiRecall => GoldUsed.Count + GoldMissed.Count == 0 ? 0 : (double)GoldUsed.Count / (GoldUsed.Count + GoldMissed.Count);

    /// <summary>All hidden checks hold.</summary>
    public bool Passes => Status == ExecutionStatus.Pass;
}
