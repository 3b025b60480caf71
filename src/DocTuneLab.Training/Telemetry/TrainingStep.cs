namespace DocTuneLab.Training.Telemetry;

/// <summary>What is known after an optimiser step.</summary>
public sealed record TrainingStep
{
    /// <summary>Steps done, from 1.</summary>
    public required int Step { get; init; }

    /// <summary>Steps planned.</summary>
    public required int TotalSteps { get; init; }

    /// <summary>Cross-entropy per trained token of the samples, in nats.</summary>
    public required double Loss { get; init; }

    /// <summary>The same on the validation samples, where this step measured it.</summary>
    public double? EvalLoss { get; init; }

    /// <summary>Used in this step.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Global norm before clipping.</summary>
    public required double GradNorm { get; init; }

    /// <summary>All tokens of the batch, padding left out, by the time of the step.</summary>
    public required double TokensPerSecond { get; init; }

    /// <summary>Tokens seen so far.</summary>
    public required long Tokens { get; init; }

    /// <summary>Processor use of this process since the step before; 100 is all cores.</summary>
    public required double CpuPercent { get; init; }

    /// <summary>Resident memory of this process.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Use of the CUDA device that the model is on; null on the processor.</summary>
    public double? GpuPercent { get; init; }

    /// <summary>Memory in use on it, by all processes.</summary>
    public long? GpuMemoryBytes { get; init; }

    /// <summary>Since the run began.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Estimate.</summary>
    public required TimeSpan Remaining { get; init; }

    /// <summary>Divergence per replayed token from the model before tuning, in nats, where text is replayed:
    /// what has been forgotten so far.</summary>
    public double? ReplayLoss { get; init; }

    /// <summary>Floating-point operations a second that the step's products and attention need, in 10⁹.</summary>
    public double GigaflopsPerSecond { get; init; }

    /// <summary>The same as a share of this machine's own measured peak of a large product.</summary>
    public double ShareOfPeak { get; init; }

    /// <summary>Watts of the processor package, where the system tells.</summary>
    public double? PowerWatts { get; init; }

    /// <summary>Watts of the CUDA device that the model is on.</summary>
    public double? GpuPowerWatts { get; init; }

    /// <summary>Passes over the data so far.</summary>
    public double Epoch { get; init; }
}
