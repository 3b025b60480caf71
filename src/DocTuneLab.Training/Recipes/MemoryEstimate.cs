using DocTuneLab.Training.Compute;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Quantization;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Recipes;

/// <summary>Bytes that a training run will need, by what needs them.</summary>
/// <param name="Weights">The model at rest, loaded already.</param>
/// <param name="Dequantized">Dequantised matrices: all, or one buffer for the largest.</param>
/// <param name="Trained">Trained tensors' gradients and optimiser state.</param>
/// <param name="Activations">Between forward and backward.</param>
/// <param name="Logits">One chunk of them, and the output matrix where it is converted.</param>
public sealed record MemoryEstimate(long Weights, long Dequantized, long Trained, long Activations, long Logits)
{
    /// <summary>What the run adds to the memory in use.</summary>
    public long Total => Dequantized + Trained + Activations + Logits;

    /// <summary>Whether activations of all layers are kept rather than computed again.</summary>
    public bool KeepsActivations { get; init; }

    /// <summary>Whether dequantised matrices are kept.</summary>
    public bool KeepsWeights { get; init; }

    /// <summary>Whether what layers are computed again from waits in the memory of the host.</summary>
    public bool OffloadsActivations { get; init; }

    /// <summary>Bytes in the memory of the host that the above and a paged optimiser take;
    /// of a model on the processor they are among the others.</summary>
    public long Host { get; init; }

    /// <summary>Bytes that were free where the model is.</summary>
    public long Available { get; init; }

    /// <summary>The estimate for a run over batches of at most so many tokens, with what pays to be kept where it fits.</summary>
    /// <param name="model">Loaded model.</param>
    /// <param name="trained">Elements that are trained.</param>
    /// <param name="tokens">Tokens of the largest batch.</param>
    /// <param name="options">Settings.</param>
    /// <param name="available">Bytes that may be used where the model is; by default those that are free now.</param>
    /// <param name="ranks">Sum of the ranks of an adapter's layers: of each, the input times A stays until the backward pass.</param>
    public static MemoryEstimate Of(BaseModel model, long trained, long tokens, SftOptions options, long? available = null, long ranks = 0)
    {
        var (c, free) = (model.Config, available ?? ComputeDevices.FreeBytes(model.Decoder.Device));
        // Of the widest layer; what a layer keeps is counted twice where it is not of Llama's form, whose memory is used again.
        long hidden = c.HiddenSize, middle = c.Layout.Layers.Max(l => l.FeedForward.Width) / 2;
        long q = c.Layout.Layers.Max(l => l.Attention?.QueryWidth ?? hidden), kv = c.Layout.Layers.Max(l => (long)l.Mixer.CacheWidth);
        var other = c.Layout.Layers.Any(l => !FusedLayerPass.Taken(l));
        var (onDevice, composed) = (model.Decoder.Device.type != TorchSharp.DeviceType.CPU, model.Decoder.Composed);
        var size = model.Decoder.ComputeType == ScalarType.BFloat16 ? 2 : 4;
        // The processor's kernels keep activations in float32 whatever the products are computed in.
        var element = composed ? size : 4;
        var largest = Math.Max(c.Layout.Linears.Max(l => l.Rows * l.Columns), Math.Max(2 * middle, q + kv) * hidden);
        var all = model.Decoder.DequantizedBytes;
        // Kept of a layer: its input, queries, keys and values, attention's result, middle, gate and up.
        var layer = element * tokens * (2 * hidden + 2 * q + kv + 2 * middle);
        // Of one layer at a time. The processor's kernels have products in 16 bits beside them; between composed operations there are
        // float32 slices, and keys and values repeated for all heads with their gradients.
        var passing = element * tokens * (composed ? 8 * hidden + 2 * q + kv + 2 * middle : 6 * hidden + 3 * q + 2 * kv + 4 * middle);
        if (composed)
            passing += 6 * 4 * Math.Min(ComposedKernels.SliceElements, tokens * Math.Max(c.VocabularySize, Math.Max(middle, hidden)))
                + element * (8 * tokens * q + Math.Min(ComposedAttention.KeptMasks, tokens * ComposedAttention.TileKeys));
        if (other) passing += 2 * layer;
        passing += element * tokens * ranks;
        var inputs = element * tokens * hidden * (c.Layers + 1);
        var logits = Math.Min(Math.Max(TrainingPass.ChunkBytes, size * TrainingPass.ChunkRows * c.VocabularySize),
            size * tokens * c.VocabularySize);
        var head = (model.Decoder.Head as DenseWeight)?.Tensor.dtype != model.Decoder.ComputeType ? size * c.VocabularySize * hidden : 0;
        var (gradients, state) = (4 * trained, trained * (options.StateInEightBits ? 2 : 8));
        var paged = onDevice && options.StateIsPaged;
        // The teacher of replayed text has buffers of its own, for a forward pass.
        var taught = options.ReplayShare > 0 ? 2 : 1;
        MemoryEstimate With(bool activations, bool weights,
            bool offload = false) => new(model.WeightBytes, taught * (weights ? all : largest * size), gradients + (paged ? 0 : state),
            taught * passing + (activations ? c.Layers * layer : (offload ? 3 * element * tokens * hidden : inputs) + layer)
                + (taught - 1) * layer,
            taught * logits + head)
            {
                KeepsActivations = activations,
                KeepsWeights = weights,
                OffloadsActivations = offload,
                Host = (offload ? inputs : 0) + (paged ? state : 0),
                Available = free,
            };
        // Half of what is free, so that an estimate that is off does no harm; matrices only where they are small beside it.
        var weightsFit = With(true, true).Dequantized < free / 8;
        return options.GradientCheckpointing switch
        {
            // Who asks for it wants memory, and a processor dequantises a matrix in a small part of the time that a layer takes.
            GradientCheckpointing.On => With(false, onDevice && weightsFit),
            GradientCheckpointing.Off => With(true, weightsFit),
            GradientCheckpointing.Offload => With(false, onDevice && weightsFit, offload: onDevice),
            _ =>
                With(true, weightsFit) is var kept && kept.Total < free / 2 ? kept
                    : With(false, weightsFit) is var again && again.Total > free && onDevice ? With(false, weightsFit, offload: true)
                    : again,
        };
    }

    /// <summary>What a pass is to keep, as it is estimated here.</summary>
    /// <param name="options">The recipe.</param>
    internal PassOptions PassOptions(SftOptions options) =>
        new(KeepsActivations, KeepsWeights, options.NeftuneAlpha, OffloadsActivations, options.LabelSmoothing);

    /// <summary>Fails where the run cannot fit, and says what to lower.</summary>
    /// <exception cref="LabException">More is needed than is available.</exception>
    public void Require(SftOptions options)
    {
        if (Host > 0 && Host > MainMemory.FreeBytes())
            throw new LabException($"{Megabytes(Host)} MB are to wait in the memory of the host, "
                + $"but only {Megabytes(MainMemory.FreeBytes())} MB of it are free; lower batch tokens (now {options.BatchTokens}), "
                + "or set gradient checkpointing to on and the optimizer to one that is not paged");
        if (Total <= Available) return;
        (long Bytes, string Advice)[] parts =
        [
            (Activations,
                KeepsActivations
                    ? "set gradient checkpointing to auto or on"
                    : $"lower batch tokens (now {options.BatchTokens}) and raise gradient accumulation"),
            (Trained,
                options.Optimizer == Optimizer.AdamW
                    ? "use the optimizer adamw_8bit or lower the rank"
                    : "lower the rank or target fewer modules"),
            (Logits, $"lower batch tokens (now {options.BatchTokens})"),
            (Dequantized, "take a smaller base model"),
        ];
        throw new LabException($"training needs about {Megabytes(Total)} MB beside the model, but only {Megabytes(Available)} MB are free "
            + $"({this}); {parts.MaxBy(p => p.Bytes).Advice}");
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"weights {Megabytes(Weights)} MB, dequantised {Megabytes(Dequantized)} MB{(KeepsWeights ? " kept" : "")}, gradients and optimiser "
            + $"{Megabytes(Trained)} MB, activations {Megabytes(Activations)} "
            + $"MB{(KeepsActivations ? " kept" : OffloadsActivations ? " recomputed from the host's memory" : " recomputed")}, logits "
            + $"{Megabytes(Logits)} MB{(Host > 0 ? $", on the host {Megabytes(Host)} MB" : "")}";

    private static string Megabytes(long bytes) => (bytes / 1048576.0).ToString("F0", System.Globalization.CultureInfo.InvariantCulture);
}
