using DocTuneLab.Training.Telemetry;

namespace DocTuneLab.Training.Recipes;

/// <summary>How a run ended.</summary>
public sealed record TrainingResult
{
    /// <summary>The result: an adapter in PEFT layout, or a model folder.</summary>
    public required string AdapterDirectory { get; init; }

    /// <summary>Optimiser steps done.</summary>
    public required int Steps { get; init; }

    /// <summary>Mean loss of the last twenty steps.</summary>
    public required double FinalLoss { get; init; }

    /// <summary>Lowest validation loss, where there was validation.</summary>
    public double? BestEvalLoss { get; init; }

    /// <summary>Tokens seen.</summary>
    public required long Tokens { get; init; }

    /// <summary>Time of the loop.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Highest resident memory seen.</summary>
    public required long PeakMemoryBytes { get; init; }

    /// <summary>Stopped before the planned steps, by request or by <see cref="SftOptions.MaxDuration"/>.</summary>
    public required bool Interrupted { get; init; }

    /// <summary>All steps.</summary>
    public required IReadOnlyList<TrainingStep> History { get; init; }

    /// <summary>Step of the lowest validation loss, where there was validation.</summary>
    public int? BestStep { get; init; }

    /// <summary>Most memory in use on the CUDA device that the model was on, once a second; null on the processor.</summary>
    public long? PeakGpuMemoryBytes { get; init; }

    /// <summary>Whether validation stopped improving (<see cref="SftOptions.EarlyStoppingPatience"/>).</summary>
    public bool StoppedEarly { get; init; }

    /// <summary>What went wrong without ending the run, such as a checkpoint that did not fit on the disk.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Use of the machine, once a second.</summary>
    public IReadOnlyList<ResourceSample> Resources { get; init; } = [];
}
