using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Checkpoints.Gguf;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Models.Families;
using DocTuneLab.Training.Models.Layout;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Export;

/// <summary>What an export wrote.</summary>
/// <param name="Path">File or folder.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="MergeDifference">See <see cref="MergedWeights.Difference"/>; null without an adapter.</param>
/// <param name="Notes">What the receiver does otherwise than here, a sentence each.</param>
public sealed record ExportResult(string Path, long Bytes, double? MergeDifference, IReadOnlyList<string> Notes);

/// <summary>Writes models and adapters as GGUF for llama.cpp and what is built on it.</summary>
public static class GgufExporter
{
    // With the number by which a file says what most of its matrices are.
    private static readonly Dictionary<GgufType, uint> s_fileTypes = new()
    {
        [GgufType.F32] = 0,
        [GgufType.F16] = 1,
        [GgufType.BF16] = 32,
        [GgufType.Q8_0] = 7,
        [GgufType.Q4_0] = 2,
        [GgufType.Q4_K] = 14,
    };

    /// <summary>The types a model can be written in.</summary>
    public static IReadOnlyCollection<GgufType> Types => s_fileTypes.Keys;

    /// <summary>Writes a model folder, with an adapter merged into it where there is one, tokenizer and chat template included;
    /// needs memory for one tensor.</summary>
    /// <param name="model">Model folder.</param>
    /// <param name="path">File to write.</param>
    /// <param name="type">One of <see cref="Types"/>, for matrices; norms and biases are float32.</param>
    /// <param name="adapter">Adapter folder, or null.</param>
    /// <param name="mergeBase">What it is merged into.</param>
    /// <param name="progress">Called with tensors done and tensors in all.</param>
    /// <param name="cancel">Stops between tensors; what was written is removed.</param>
    /// <exception cref="LabException">A file is missing or corrupt, a model cannot be written in that type, or llama.cpp has no place for
    /// something the model has.</exception>
    public static ExportResult Write(string model, string path, GgufType type = GgufType.F16, string? adapter = null,
        MergeBase mergeBase = MergeBase.Stored, Action<int, int>? progress = null, CancellationToken cancel = default)
    {
        if (!s_fileTypes.TryGetValue(type, out var fileType))
            throw new LabException($"a model cannot be written in the GGUF type {type}; expected one of {string.Join(", ", Types)}");
        using var weights = new MergedWeights(model, adapter, mergeBase);
        var config = weights.Config;
        var (tokenizer, template) = (weights.Parts.Tokenizer(), weights.Parts.Template());
        using var writer = new GgufWriter();
        var notes = Describe(writer, config, weights.Parts.Name, fileType);
        TokenizerFields.Write(writer, tokenizer, template, config);
        if (config.RopeScaling is { Type: "llama3" or "longrope" } rope)
        {
            var plain = Rotary.Frequencies(new RopeLayout(config.RopeTheta, config.HeadSize), 0);
            var divisors = (rope.Type == "llama3" ? plain.Select(f => Rotary.Llama3Divisor(rope, f)) : rope.ShortFactors)
                .Select(d => (float)d).ToArray();
            writer.Add("rope_freqs.weight", [divisors.Length], GgufType.F32,
                stream => stream.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(divisors)));
        }
        var head = config.TieEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight";
        foreach (var (name, shape) in config.Parameters())
        {
            // A coarse output layer costs most; llama.cpp keeps it finer too.
            var wanted = shape.Length == 1
                ? GgufType.F32 : name == head && type is (GgufType.Q4_0 or GgufType.Q4_K) ? GgufType.Q6_K : type;
            var chosen = GgufTypes.Fitting(wanted, shape[^1]);
            writer.Add(GgufNames.Of(name), shape, chosen, stream =>
            {
                cancel.ThrowIfCancellationRequested();
                using var scope = NewDisposeScope();
                TensorBytes.Write(stream, Permuted(config, name, weights.Read(name, shape)), chosen, name);
            });
        }
        writer.Save(path, progress);
        try
        {
            notes.AddRange(GgufReading.Check(path, config, tokenizer));
        }
        catch
        {
            File.Delete(path);
            throw;
        }
        return new ExportResult(path, new FileInfo(path).Length, weights.Difference, notes);
    }

    /// <summary>Writes an adapter folder as an adapter file for a GGUF of its base.</summary>
    /// <param name="model">Folder of the base.</param>
    /// <param name="adapter">Adapter folder.</param>
    /// <param name="path">File to write.</param>
    /// <exception cref="LabException">The adapter is DoRA, which llama.cpp cannot apply, or does not fit the base.</exception>
    public static ExportResult WriteAdapter(string model, string adapter, string path)
    {
        using var parts = ModelFiles.Open(model);
        var config = parts.Config;
        using var folder = PeftFolder.Open(adapter);
        if (folder.UseDora) throw new LabException($"{adapter}: llama.cpp cannot apply a DoRA adapter; export the merged model instead");
        using var writer = new GgufWriter();
        writer.Set("general.architecture", Architecture(config));
        writer.Set("general.type", "adapter");
        writer.Set("general.name", Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(adapter))));
        writer.Set("adapter.type", "lora");
        // llama.cpp scales by alpha over the rank of each tensor: at alpha = rank of the whole, what differs goes into B.
        writer.Set("adapter.lora.alpha", (float)folder.Rank);
        var shapes = config.Parameters().ToDictionary(p => p.Name, p => p.Shape, StringComparer.Ordinal);
        foreach (var layer in folder.Layers(config.LinearLayers()))
        {
            var shape = shapes[layer + ".weight"];
            var (name, rank) = (GgufNames.Of(layer + ".weight"), (long)folder.RankOf(layer));
            writer.Add(name + ".lora_a", [rank, shape[1]], GgufType.F32, stream => Part(stream, update => update.A));
            writer.Add(name + ".lora_b", [shape[0], rank], GgufType.F32,
                stream => Part(stream, update => Permuted(config, layer + ".weight", update.B * (update.Scale * rank / folder.Rank))));

            void Part(Stream stream, Func<LoraUpdate, Tensor> choose)
            {
                using var scope = NewDisposeScope();
                using var gradients = no_grad();
                TensorBytes.Write(stream, choose(folder.Read(layer, shape[0], shape[1])), GgufType.F32, layer);
            }
        }
        writer.Save(path);
        return new ExportResult(path, new FileInfo(path).Length, null, []);
    }

    private static List<string> Describe(GgufWriter writer, ModelConfig config, string name, uint fileType)
    {
        var (architecture, notes) = (Architecture(config), new List<string>());
        writer.Set("general.architecture", architecture);
        writer.Set("general.type", "model");
        writer.Set("general.name", name);
        writer.Set("general.file_type", fileType);
        writer.Set("general.quantization_version", 2u);
        void Set(string key, object value) => writer.Set($"{architecture}.{key}", value);
        Set("vocab_size", (uint)config.VocabularySize);
        Set("block_count", (uint)config.Layers);
        Set("context_length", (uint)config.MaxPositions);
        Set("embedding_length", (uint)config.HiddenSize);
        Set("feed_forward_length", (uint)config.IntermediateSize);
        Set("attention.head_count", (uint)config.Heads);
        Set("attention.head_count_kv", (uint)config.KeyValueHeads);
        Set("attention.key_length", (uint)config.HeadSize);
        Set("attention.value_length", (uint)config.HeadSize);
        Set("attention.layer_norm_rms_epsilon", (float)config.NormEpsilon);
        Set("rope.dimension_count", (uint)config.HeadSize);
        Set("rope.freq_base", (float)config.RopeTheta);
        switch (config.RopeScaling)
        {
            case { Type: "linear" } linear:
                Set("rope.scaling.type", "linear");
                Set("rope.scaling.factor", (float)linear.Factor);
                break;
            case { Type: "yarn", IsTruncated: false }:
                throw new LabException("llama.cpp rounds the ends of YaRN's ramp, and this model does not (truncate is false): it would "
                    + "compute otherwise; export safetensors instead");
            case { Type: "longrope" }:
                throw new LabException("long factors of the rotary embedding are not written as GGUF here; export safetensors instead");
            case { Type: "yarn" } yarn:
                Set("rope.scaling.type", "yarn");
                Set("rope.scaling.factor", (float)yarn.Factor);
                Set("rope.scaling.original_context_length", (uint)yarn.OriginalPositions);
                Set("rope.scaling.yarn_beta_fast", (float)yarn.BetaFast);
                Set("rope.scaling.yarn_beta_slow", (float)yarn.BetaSlow);
                // llama.cpp multiplies the usual factor in by itself.
                Set("rope.scaling.attn_factor", (float)(yarn.AttentionFactor / (0.1 * Math.Log(yarn.Factor) + 1)));
                if (yarn is not { BetaFast: 32, BetaSlow: 1 })
                    notes.Add(
                        $"YaRN's betas here are {yarn.BetaFast} and {yarn.BetaSlow}; readers that know no such fields take 32 and 1.");
                break;
            case { Type: "dynamic" } dynamic:
                notes.Add($"llama.cpp has no dynamic rotary scaling: beyond {dynamic.OriginalPositions} positions it computes otherwise.");
                break;
            case { Type: "llama3" or "longrope" } scaled when architecture != "llama":
                throw new LabException(
                    $"llama.cpp reads the rotary scaling {scaled.Type} for Llama models only, not for {config.ModelType}");
        }
        if (architecture == "qwen3" && config.AttentionBias)
            throw new LabException("llama.cpp has no place for the biases of this qwen3 model's attention; export safetensors instead");
        if (config.SlidingWindow is { } window && window < config.MaxPositions)
        {
            // Of the other families a file does not say which layers have it.
            if (architecture == "llama") Set("attention.sliding_window", (uint)window);
            notes.Add($"llama.cpp has no sliding window for {config.ModelType} models: beyond {window} tokens it attends to all of them.");
        }
        return notes;
    }

    private static string Architecture(ModelConfig config) => Architectures.All[config.ModelType].GgufName
        ?? throw new LabException($"{config.ModelType} models are not written as GGUF here; export safetensors, which llama.cpp's own "
            + "converter reads");

    // llama.cpp rotates neighbouring pairs in Llama models, Hugging Face the halves of a head: rows of q and k change places.
    private static Tensor Permuted(ModelConfig config, string name, Tensor tensor)
    {
        if (Architecture(config) != "llama") return tensor;
        var heads = name.Contains(".q_proj.", StringComparison.Ordinal)
            ? config.Heads : name.Contains(".k_proj.", StringComparison.Ordinal) ? config.KeyValueHeads : 0;
        return heads == 0 ? tensor : tensor.reshape(heads, 2, config.HeadSize / 2, -1).transpose(1, 2).reshape(tensor.shape);
    }
}
