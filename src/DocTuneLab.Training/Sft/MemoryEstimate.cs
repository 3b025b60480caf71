using DocTuneLab.Training.Models;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Sft;

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

    /// <summary>The estimate for a run over batches of at most so many tokens, with what pays to be kept where it fits.</summary>
    /// <param name="model">Loaded model.</param>
    /// <param name="trained">Elements that are trained.</param>
    /// <param name="tokens">Tokens of the largest batch.</param>
    /// <param name="options">Settings.</param>
    /// <param name="available">Bytes that may be used.</param>
    public static MemoryEstimate Of(BaseModel model, long trained, long tokens, SftOptions options, long available)
    {
        var c = model.Config;
        long q = (long)c.Heads * c.HeadSize, kv = 2L * c.KeyValueHeads * c.HeadSize, hidden = c.HiddenSize, middle = c.IntermediateSize;
        var size = model.Decoder.ComputeType == ScalarType.BFloat16 ? 2 : 4;
        var largest = Math.Max(2 * middle, q + kv) * hidden;
        var all = c.Layers * ((q + kv + q) * hidden + 3 * middle * hidden);
        // Kept of a layer: its input, queries, keys and values, attention's result, middle, gate and up.
        var layer = 4 * tokens * (2 * hidden + 2 * q + kv + 2 * middle);
        var passing = 4 * tokens * (6 * hidden + 3 * q + 2 * kv + 4 * middle);
        var inputs = 4 * tokens * hidden * (c.Layers + 1);
        var logits = Math.Min(Math.Max(TrainingPass.ChunkBytes, size * TrainingPass.ChunkRows * c.VocabularySize), size * tokens * c.VocabularySize);
        var head = model.Decoder.Head.Tensor.dtype != model.Decoder.ComputeType ? size * c.VocabularySize * hidden : 0;
        var state = trained * (4 + (options.Optimizer == "adamw_8bit" ? 2 : 8));
        // The teacher of replayed text has buffers of its own, for a forward pass.
        var taught = options.ReplayShare > 0 ? 2 : 1;
        MemoryEstimate With(bool activations, bool weights) => new(model.WeightBytes, taught * (weights ? all : largest) * size, state, taught * passing + (activations ? c.Layers * layer : inputs + layer) + (taught - 1) * layer, taught * logits + head)
        {
            KeepsActivations = activations, KeepsWeights = weights,
        };
        // Half of what is free, so that an estimate that is off does no harm; matrices only where they are small beside it.
        var roomy = With(true, true);
        var weightsFit = roomy.Dequantized < available / 8;
        return options.GradientCheckpointing switch
        {
            "on" => With(false, weightsFit),
            "off" => With(true, weightsFit),
            _ => With(With(true, weightsFit).Total < available / 2, weightsFit),
        };
    }

    /// <summary>Bytes that this process may still take, from the system or the container it is in.</summary>
    public static long Available()
    {
        var info = GC.GetGCMemoryInfo();
        var limit = info.TotalAvailableMemoryBytes;
        const string path = "/proc/meminfo";
        if (!OperatingSystem.IsLinux() || !File.Exists(path)) return Math.Max(0, limit - Environment.WorkingSet);
        var line = File.ReadLines(path).FirstOrDefault(l => l.StartsWith("MemAvailable:", StringComparison.Ordinal));
        var free = line is null ? limit : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture) * 1024;
        return Math.Min(free, Math.Max(0, limit - Environment.WorkingSet));
    }

    /// <summary>Fails where the run cannot fit, and says what to lower.</summary>
    /// <exception cref="LabException">More is needed than is available.</exception>
    public void Require(long available, SftOptions options)
    {
        if (Total <= available) return;
        (long Bytes, string Advice)[] parts =
        [
            (Activations, KeepsActivations ? "set gradient checkpointing to auto or on" : $"lower batch tokens (now {options.BatchTokens}) and raise gradient accumulation"),
            (Trained, options.Optimizer == "adamw" ? "use the optimizer adamw_8bit or lower the rank" : "lower the rank or target fewer modules"),
            (Logits, $"lower batch tokens (now {options.BatchTokens})"),
            (Dequantized, "take a smaller base model"),
        ];
        throw new LabException($"training needs about {Megabytes(Total)} MB beside the model, but only {Megabytes(available)} MB are free ({this}); {parts.MaxBy(p => p.Bytes).Advice}");
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"weights {Megabytes(Weights)} MB, dequantised {Megabytes(Dequantized)} MB{(KeepsWeights ? " kept" : "")}, gradients and optimiser {Megabytes(Trained)} MB, activations {Megabytes(Activations)} MB{(KeepsActivations ? " kept" : " recomputed")}, logits {Megabytes(Logits)} MB";

    private static string Megabytes(long bytes) => (bytes / 1048576.0).ToString("F0", System.Globalization.CultureInfo.InvariantCulture);
}
