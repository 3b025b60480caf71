namespace DocTuneLab.Training.Recipes;

/// <summary>Settings of a training run; the same for adapters and for a whole model.</summary>
public sealed record SftOptions
{
    /// <summary>Seed of the data order and of dropout. Default 1.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Passes over the data. Default 3.</summary>
    public double Epochs { get; init; } = 3;

    /// <summary>Upper bound of optimiser steps. Default none.</summary>
    public int? MaxSteps { get; init; }

    /// <summary>Stops, with a checkpoint, once this much time has passed. Default none.</summary>
    public TimeSpan? MaxDuration { get; init; }

    /// <summary>Tokens of a batch, padding included. Default 2048.</summary>
    public int BatchTokens { get; init; } = 2048;

    /// <summary>Batches whose gradients are summed for one optimiser step. The loss is divided by the targets of all of them, so how they are cut changes nothing. Default 1.</summary>
    public int GradientAccumulation { get; init; } = 1;

    /// <summary>Fills batches with samples of any length, best fit first, instead of samples of similar length. Either way none is padded and none sees another. Default false.</summary>
    public bool Packing { get; init; }

    /// <summary>
    /// <c>adamw</c>, or <c>adamw_8bit</c> with a quarter of the state; <c>paged_adamw</c> and <c>paged_adamw_8bit</c> keep the state in the memory of the
    /// host and update there, which on the processor is no difference. Default adamw.
    /// </summary>
    public string Optimizer { get; init; } = "adamw";

    /// <summary>Factor of the learning rate of the adapters' B (LoRA+, Hayou et al. 2024, arXiv 2402.12354). Default 1; the paper's is 16.</summary>
    public double LoraPlusRatio { get; init; } = 1;

    /// <summary>NEFTune's alpha: noise on the embeddings in training, plus or minus alpha / sqrt(length · hidden size). Default 0, off.</summary>
    public double NeftuneAlpha { get; init; }

    /// <summary>
    /// Tokens of plain text about .NET beside each token of the samples, on which the model is held to what it said before tuning: the loss there is
    /// the divergence from the model without adapter (Li and Hoiem 2016, arXiv 1606.09282), so that tuning forgets less.
    /// Default 0, off.
    /// </summary>
    public double ReplayShare { get; init; }

    /// <summary>Weight of the replayed text's divergence per token beside the samples' loss per token. Default 1.</summary>
    public double ReplayWeight { get; init; } = 1;

    /// <summary>Values of <see cref="Optimizer"/>.</summary>
    public static IReadOnlyList<string> Optimizers { get; } = ["adamw", "adamw_8bit", "paged_adamw", "paged_adamw_8bit"];

    /// <summary>Whether <see cref="Optimizer"/> keeps its state in 8 bits a number.</summary>
    internal bool StateInEightBits => Optimizer.EndsWith("8bit", StringComparison.Ordinal);

    /// <summary>Whether <see cref="Optimizer"/> keeps its state in the memory of the host.</summary>
    internal bool StateIsPaged => Optimizer.StartsWith("paged", StringComparison.Ordinal);

    /// <summary>Values of <see cref="GradientCheckpointing"/>.</summary>
    public static IReadOnlyList<string> CheckpointingModes { get; } = ["auto", "on", "off", "offload"];

    /// <summary>
    /// <c>on</c> computes a layer's activations again in the backward pass, <c>off</c> keeps them; with <c>offload</c> what they are computed from waits in
    /// the memory of the host, if the model is on a device. <c>auto</c> takes what memory allows. Results are the same. Default auto.
    /// </summary>
    public string GradientCheckpointing { get; init; } = "auto";

    /// <summary>Peak learning rate. Default 2e-3: small models take (and need) more than the 2e-4 usual for large ones.</summary>
    public double LearningRate { get; init; } = 2e-3;

    /// <summary>Share of the steps over which the learning rate rises from zero. Default 0.05.</summary>
    public double WarmupRatio { get; init; } = 0.05;

    /// <summary><c>cosine</c>, <c>linear</c> or <c>constant</c>. Default cosine.</summary>
    public string Scheduler { get; init; } = "cosine";

    /// <summary>Gradients are scaled to at most this global norm. Default 1; 0 turns it off.</summary>
    public double MaxGradNorm { get; init; } = 1;

    /// <summary>Decoupled weight decay on matrices. Default 0.</summary>
    public double WeightDecay { get; init; }

    /// <summary>Longer samples are left out and counted. Default 512 tokens.</summary>
    public int MaxLength { get; init; } = 512;

    /// <summary>Steps between validations. Default 50; 0 turns it off.</summary>
    public int EvalEvery { get; init; } = 50;

    /// <summary>Ends training after this many validations without a new lowest loss, and keeps the best. Default 0, off.</summary>
    public int EarlyStoppingPatience { get; init; }

    /// <summary>Whether the result has the parameters of the lowest validation loss instead of the last ones. Default false.</summary>
    public bool KeepBest { get; init; }

    /// <summary>Steps between checkpoints. Default 100; 0 keeps only the last.</summary>
    public int SaveEvery { get; init; } = 100;

    /// <summary>Checkpoints that stay; the oldest go. Default 2.</summary>
    public int KeepCheckpoints { get; init; } = 2;

    /// <summary>Stops as diverging when the loss is above this three times in a row. Default none: then a mean loss of 1.5 times the start's, plus 0.5, stops it.</summary>
    public double? LossLimit { get; init; }

    /// <summary>Where checkpoints, the log and the result go. Default artifacts/run.</summary>
    public string OutputDirectory { get; init; } = "artifacts/run";

    /// <summary>Continues from the last checkpoint in <see cref="OutputDirectory"/>, if there is one. Default false.</summary>
    public bool Resume { get; init; }

    /// <summary>Checks ranges.</summary>
    /// <exception cref="LabException">A setting is out of range; the message names it.</exception>
    public void Validate()
    {
        Require(Epochs > 0, nameof(Epochs), Epochs, "more than 0");
        Require(MaxSteps is null or > 0, nameof(MaxSteps), MaxSteps, "more than 0");
        Require(BatchTokens >= 16, nameof(BatchTokens), BatchTokens, "at least 16");
        Require(LearningRate is > 0 and < 1, nameof(LearningRate), LearningRate, "more than 0 and less than 1");
        Require(WarmupRatio is >= 0 and < 1, nameof(WarmupRatio), WarmupRatio, "0 or more and less than 1");
        Require(Scheduler is "cosine" or "linear" or "constant", nameof(Scheduler), Scheduler, "cosine, linear or constant");
        Require(GradientAccumulation is >= 1 and <= 4096, nameof(GradientAccumulation), GradientAccumulation, "1 to 4096");
        Require(Optimizers.Contains(Optimizer), nameof(Optimizer), Optimizer, string.Join(", ", Optimizers));
        Require(LoraPlusRatio > 0, nameof(LoraPlusRatio), LoraPlusRatio, "more than 0");
        Require(ReplayShare is >= 0 and <= 10, nameof(ReplayShare), ReplayShare, "0 to 10");
        Require(ReplayWeight is >= 0 and <= 1000, nameof(ReplayWeight), ReplayWeight, "0 to 1000");
        Require(NeftuneAlpha >= 0, nameof(NeftuneAlpha), NeftuneAlpha, "0 or more");
        Require(CheckpointingModes.Contains(GradientCheckpointing), nameof(GradientCheckpointing), GradientCheckpointing, string.Join(", ", CheckpointingModes));
        Require(EarlyStoppingPatience >= 0, nameof(EarlyStoppingPatience), EarlyStoppingPatience, "0 or more");
        Require(KeepCheckpoints >= 1, nameof(KeepCheckpoints), KeepCheckpoints, "at least 1");
        Require(WeightDecay is >= 0 and < 1, nameof(WeightDecay), WeightDecay, "0 or more and less than 1");
        Require(EvalEvery >= 0 && SaveEvery >= 0, nameof(EvalEvery), $"{EvalEvery}, SaveEvery {SaveEvery}", "0 or more");
        Require(MaxLength >= 8, nameof(MaxLength), MaxLength, "at least 8");

        static void Require(bool holds, string name, object? value, string expected)
        {
            if (!holds) throw new LabException($"training option {name} is {value}; expected {expected}");
        }
    }

    /// <summary>Learning rate of a step, counted from 0.</summary>
    public double LearningRateAt(int step, int totalSteps)
    {
        var warmup = (int)Math.Ceiling(WarmupRatio * totalSteps);
        if (step < warmup) return LearningRate * (step + 1) / warmup;
        var progress = totalSteps <= warmup ? 0 : (double)(step - warmup) / (totalSteps - warmup);
        return LearningRate * (Scheduler switch { "cosine" => 0.5 * (1 + Math.Cos(Math.PI * progress)), "linear" => 1 - progress, _ => 1 });
    }
}
