using System.Text.Json.Serialization;
using DocTuneLab.Settings;

namespace DocTuneLab.Training.Recipes;

/// <summary>Settings of a training run; the same for adapters and for a whole model.</summary>
public sealed record SftOptions
{
    /// <summary>Names, ranges and words of these settings.</summary>
    public static SettingTable<SftOptions> Settings => SettingTable<SftOptions>.Instance;

    /// <summary>Seed of the data order, the initial adapter and dropout. Default 1.</summary>
    [Setting("Seed of everything random.")]
    public int Seed { get; init; } = 1;

    /// <summary>Passes over the data. Default 3.</summary>
    [Setting("Passes over the corpus.", Above = 0)]
    public double Epochs { get; init; } = 3;

    /// <summary>Upper bound of optimiser steps. Default none.</summary>
    [Setting("Stops after this many optimiser steps.", Min = 1)]
    public int? MaxSteps { get; init; }

    /// <summary>Stops, with a checkpoint, once this much time has passed. Default none.</summary>
    [Setting("Stops after this many minutes and keeps what was done.", Option = "max-minutes", Field = "max_minutes",
        Aliases = ["max-duration"], Above = 0)]
    public TimeSpan? MaxDuration { get; init; }

    /// <summary>Tokens of a batch, padding included. Default 2048.</summary>
    [Setting("Tokens of a batch.", Min = 16)]
    public int BatchTokens { get; init; } = 2048;

    /// <summary>Batches whose gradients are summed for one optimiser step. The loss is divided by the targets of all of them, so how they
    /// are cut changes nothing. Default 1.</summary>
    [Setting("Batches of an optimiser step.", Option = "accumulation", Min = 1, Max = 4096)]
    public int GradientAccumulation { get; init; } = 1;

    /// <summary>Fills batches with samples of any length, best fit first, instead of samples of similar length.
    /// Either way none is padded and none sees another. Default false.</summary>
    [Setting("Fills batches best fit instead of by similar length.")]
    public bool Packing { get; init; }

    /// <summary>The optimiser. Default AdamW.</summary>
    [Setting("The optimiser; adamw_8bit has a quarter of the state, and paged_ before either keeps the state in the memory of the host, "
        + "not of the device.")]
    public Optimizer Optimizer { get; init; } = Optimizer.AdamW;

    /// <summary>Factor of the learning rate of the adapters' B (LoRA+, Hayou et al. 2024, arXiv 2402.12354). Default 1;
    /// the paper's is 16.</summary>
    [Setting("Factor of the learning rate of the adapter's B (LoRA+).", Option = "lora-plus", Above = 0)]
    public double LoraPlusRatio { get; init; } = 1;

    /// <summary>NEFTune's alpha: noise on the embeddings in training, plus or minus alpha / sqrt(length · hidden size).
    /// Default 0, off.</summary>
    [Setting("Alpha of the noise on embeddings (NEFTune); 0 is none.", Option = "neftune", Min = 0)]
    public double NeftuneAlpha { get; init; }

    /// <summary>
    /// Tokens of plain text about .NET beside each token of the samples, on which the model is held to what it said before tuning: the loss
    /// there is the divergence from the model without adapter (Li and Hoiem 2016, arXiv 1606.09282), so that tuning forgets less.
    /// Default 0, off.
    /// </summary>
    [Setting(
        "Tokens of plain text about .NET beside each token of the corpus, on which the model is held to what it said before, so that less "
            + "is forgotten; 0 is none.",
        Option = "replay", Min = 0, Max = 10)]
    public double ReplayShare { get; init; }

    /// <summary>Weight of the replayed text's divergence per token beside the samples' loss per token. Default 1.</summary>
    [Setting("Weight of that text's loss beside the corpus's.", Min = 0, Max = 1000)]
    public double ReplayWeight { get; init; } = 1;

    /// <summary>Whether <see cref="Optimizer"/> keeps its state in 8 bits a number.</summary>
    internal bool StateInEightBits => Optimizer is Optimizer.AdamW8Bit or Optimizer.PagedAdamW8Bit;

    /// <summary>Whether <see cref="Optimizer"/> keeps its state in the memory of the host.</summary>
    internal bool StateIsPaged => Optimizer is Optimizer.PagedAdamW or Optimizer.PagedAdamW8Bit;

    /// <summary>Which of the assistant's turns are trained. Default last.</summary>
    [Setting("Which of the assistant's turns in a conversation are trained: the last, or all.", Option = "train-on", Field = "train_on")]
    public TrainedTurns Turns { get; init; } = TrainedTurns.Last;

    /// <summary>Whether the backward pass computes a layer's activations again. Results are the same either way. Default auto.</summary>
    [Setting(
        "on computes a layer's activations again in the backward pass, and on the processor keeps no dequantised matrix; off keeps both, "
            + "offload keeps even layers' inputs in the memory of the host; auto is what memory allows.",
        Option = "checkpointing")]
    public GradientCheckpointing GradientCheckpointing { get; init; } = GradientCheckpointing.Auto;

    /// <summary>Peak learning rate. Default 2e-3: small models take (and need) more than the 2e-4 usual for large ones.</summary>
    [Setting("Peak learning rate.", Option = "lr", Placeholder = "RATE", Above = 0, Below = 1)]
    public double LearningRate { get; init; } = 2e-3;

    /// <summary>Share of the steps over which the learning rate rises from zero. Default 0.05.</summary>
    [Setting("Share of the steps over which the learning rate rises from zero.", Option = "warmup", Placeholder = "SHARE", Min = 0,
        Below = 1)]
    public double WarmupRatio { get; init; } = 0.05;

    /// <summary>Steps over which the learning rate rises from zero, instead of <see cref="WarmupRatio"/>. Default none.</summary>
    [Setting("Steps over which the learning rate rises from zero, instead of a share.", Min = 0)]
    public int? WarmupSteps { get; init; }

    /// <summary>How the learning rate falls after the warm-up. Default cosine.</summary>
    [Setting("How the learning rate falls after the warm-up.")]
    public Scheduler Scheduler { get; init; } = Scheduler.Cosine;

    /// <summary>Gradients are scaled to at most this global norm. Default 1; 0 turns it off.</summary>
    [Setting("Gradients are scaled to at most this global norm; 0 turns it off.", Min = 0)]
    public double MaxGradNorm { get; init; } = 1;

    /// <summary>AdamW's decay of the means. Default 0.9.</summary>
    [Setting("AdamW's decay of the means of gradients.", Min = 0, Below = 1)]
    public double AdamBeta1 { get; init; } = 0.9;

    /// <summary>AdamW's decay of the squares. Default 0.999.</summary>
    [Setting("AdamW's decay of the means of their squares.", Min = 0, Below = 1)]
    public double AdamBeta2 { get; init; } = 0.999;

    /// <summary>What AdamW adds to the roots of the squares. Default 1e-8.</summary>
    [Setting("What AdamW adds to the roots of the squares.", Above = 0, Max = 1)]
    public double AdamEpsilon { get; init; } = 1e-8;

    /// <summary>Share of a target's probability that is spread evenly over the vocabulary (Szegedy et al. 2015, arXiv 1512.00567):
    /// the loss is (1 - e) · cross-entropy + e · the mean of it over all tokens. Only in training, not in validation.
    /// Default 0.</summary>
    [Setting("Share of a target's probability that is spread evenly over the vocabulary in training; 0 is none.",
        Aliases = ["label-smoothing-factor"], Min = 0, Below = 1)]
    public double LabelSmoothing { get; init; }

    /// <summary>Decoupled weight decay of all tensors of an adapter, or of a whole model's matrices. Default 0.</summary>
    [Setting("Decoupled weight decay of an adapter, or of a whole model's matrices; 0 is none.", Min = 0, Below = 1)]
    public double WeightDecay { get; init; }

    /// <summary>Longer samples are left out and counted. Default 512 tokens.</summary>
    [Setting("Samples of more tokens are left out and counted.", Min = 8)]
    public int MaxLength { get; init; } = 512;

    /// <summary>Steps between validations. Default 50; 0 turns it off.</summary>
    [Setting("Steps between validations; 0 is none.", Min = 0)]
    public int EvalEvery { get; init; } = 50;

    /// <summary>Ends training after this many validations without a new lowest loss, and keeps the best. Default 0, off.</summary>
    [Setting("Validations without a new lowest loss after which training ends, with the best kept; 0 is never.", Option = "patience",
        Min = 0)]
    public int EarlyStoppingPatience { get; init; }

    /// <summary>Whether the result has the parameters of the lowest validation loss instead of the last ones. Default false.</summary>
    [Setting("Takes the parameters of the lowest validation loss instead of the last ones.")]
    public bool KeepBest { get; init; }

    /// <summary>Steps between checkpoints. Default 100; 0 keeps only the last.</summary>
    [Setting("Steps between checkpoints; 0 keeps only the last.", Min = 0)]
    public int SaveEvery { get; init; } = 100;

    /// <summary>Checkpoints that stay; the oldest go. Default 2.</summary>
    [Setting("Checkpoints that stay; the oldest go.", Min = 1)]
    public int KeepCheckpoints { get; init; } = 2;

    /// <summary>Stops as diverging when the loss is above this three times in a row. Default none:
    /// then a mean loss of 1.5 times the start's, plus 0.5, stops it.</summary>
    [Setting("Stops as diverging when the loss is above this three times in a row. Without one, a mean loss of 1.5 times the start's, "
        + "plus 0.5, stops it.", Above = 0)]
    public double? LossLimit { get; init; }

    /// <summary>Where checkpoints, the log and the result go. Default artifacts/run.</summary>
    [Setting("Where checkpoints, logs and the adapter go; in a lab, the run's folder.", Option = "out", Letter = "o", Placeholder = "DIR")]
    public string OutputDirectory { get; init; } = "artifacts/run";

    /// <summary>Continues from the last checkpoint in <see cref="OutputDirectory"/>, if there is one. Default false.</summary>
    [Setting("Continues from the last checkpoint in the output folder, if there is one.")]
    public bool Resume { get; init; }

    /// <summary>Begins anew where <see cref="OutputDirectory"/> holds another run, of which checkpoints, log and result are deleted.
    /// Default false: such a folder is refused. Of no effect where a run is resumed.</summary>
    [Setting("Begins anew in an output folder that holds another run, whose checkpoints, log and adapter are deleted.")]
    public bool Overwrite { get; init; }

    /// <summary>Checks ranges.</summary>
    /// <exception cref="LabException">A setting is out of range; the message names it.</exception>
    public void Validate() => Settings.Validate(this);

    /// <summary>Learning rate of a step, counted from 0: as in transformers it is 0 in the first step of a warm-up.</summary>
    public double LearningRateAt(int step, int totalSteps)
    {
        var warmup = WarmupSteps ?? (int)Math.Ceiling(WarmupRatio * totalSteps);
        if (step < warmup) return LearningRate * step / warmup;
        var progress = totalSteps <= warmup ? 0 : (double)(step - warmup) / (totalSteps - warmup);
        return LearningRate
            * (Scheduler switch { Scheduler.Cosine => 0.5 * (1 + Math.Cos(Math.PI * progress)), Scheduler.Linear => 1 - progress, _ => 1 });
    }
}

/// <summary>Optimisers.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Optimizer>))]
public enum Optimizer
{
    /// <summary>AdamW with a state of 32 bits.</summary>
    [JsonStringEnumMemberName("adamw")]
    AdamW,

    /// <summary>AdamW with a quarter of the state.</summary>
    [JsonStringEnumMemberName("adamw_8bit")]
    AdamW8Bit,

    /// <summary>AdamW that keeps its state in the memory of the host and updates there, which on the processor is no difference.</summary>
    [JsonStringEnumMemberName("paged_adamw")]
    PagedAdamW,

    /// <summary>Both.</summary>
    [JsonStringEnumMemberName("paged_adamw_8bit")]
    PagedAdamW8Bit,
}

/// <summary>Which of the assistant's turns in a conversation are trained.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TrainedTurns>))]
public enum TrainedTurns
{
    /// <summary>The last one.</summary>
    [JsonStringEnumMemberName("last")]
    Last,

    /// <summary>Each of them.</summary>
    [JsonStringEnumMemberName("all")]
    All,
}

/// <summary>How the learning rate falls after the warm-up.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Scheduler>))]
public enum Scheduler
{
    /// <summary>Half a cosine, to zero.</summary>
    [JsonStringEnumMemberName("cosine")]
    Cosine,

    /// <summary>A straight line, to zero.</summary>
    [JsonStringEnumMemberName("linear")]
    Linear,

    /// <summary>Not at all.</summary>
    [JsonStringEnumMemberName("constant")]
    Constant,
}

/// <summary>Whether the backward pass computes a layer's activations again.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<GradientCheckpointing>))]
public enum GradientCheckpointing
{
    /// <summary>What memory allows.</summary>
    [JsonStringEnumMemberName("auto")]
    Auto,

    /// <summary>They are computed again.</summary>
    [JsonStringEnumMemberName("on")]
    On,

    /// <summary>They are kept.</summary>
    [JsonStringEnumMemberName("off")]
    Off,

    /// <summary>They are computed again from inputs that wait in the memory of the host, if the model is on a device.</summary>
    [JsonStringEnumMemberName("offload")]
    Offload,
}
