using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Checkpoints.Gguf;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Models.Families;
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
    /// <param name="mergeInto">As in <see cref="ExportRequest.MergeInto"/>.</param>
    /// <param name="progress">Called with tensors done and tensors in all.</param>
    /// <param name="cancel">Stops between tensors; what was written is removed.</param>
    /// <exception cref="LabException">A file is missing or corrupt, a model cannot be written in that type, or llama.cpp has no place for
    /// something the model has.</exception>
    public static ExportResult Write(string model, string path, GgufType type = GgufType.F16, string? adapter = null,
        string mergeInto = "none", Action<int, int>? progress = null, CancellationToken cancel = default)
    {
        if (!s_fileTypes.TryGetValue(type, out var fileType))
            throw new LabException($"a model cannot be written in the GGUF type {type}; expected one of {string.Join(", ", Types)}");
        using var weights = new MergedWeights(model, adapter, mergeInto);
        var config = weights.Config;
        var (tokenizer, template) = (weights.Parts.Tokenizer(), weights.Parts.Template());
        using var writer = new GgufWriter();
        var form = Form(config);
        Name(writer, form, "model", weights.Parts.Name);
        writer.Set("general.file_type", fileType);
        writer.Set("general.quantization_version", 2u);
        var notes = GgufFields.Write(writer, config, form);
        TokenizerFields.Write(writer, tokenizer, template, config);
        var plan = new GgufPlan(config.Layout, form);
        foreach (var tensor in plan.Tensors)
        {
            // A coarse output layer costs most; llama.cpp keeps it finer too.
            var wanted = !tensor.IsProduct
                ? GgufType.F32 : tensor.Name == plan.Head && type is (GgufType.Q4_0 or GgufType.Q4_K) ? GgufType.Q6_K : type;
            var chosen = GgufTypes.Fitting(wanted, tensor.Shape[^1]);
            writer.Add(tensor.Name, tensor.Shape, chosen, stream =>
            {
                foreach (var part in tensor.Parts)
                {
                    cancel.ThrowIfCancellationRequested();
                    using var scope = NewDisposeScope();
                    TensorBytes.Write(stream, part.Of(weights.Read(part.Source, part.Shape)), chosen, part.Source);
                }
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
        var form = Form(config);
        using var writer = new GgufWriter();
        Name(writer, form, "adapter", Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(adapter))));
        writer.Set("adapter.type", "lora");
        // llama.cpp scales by alpha over the rank of each tensor: at alpha = rank of the whole, what differs goes into B.
        writer.Set("adapter.lora.alpha", (float)folder.Rank);
        var planned = new GgufPlan(config.Layout, form).Tensors.Where(t => t.Parts.Count == 1)
            .ToLookup(t => t.Parts[0].Source, StringComparer.Ordinal);
        var linears = config.Layout.Linears.ToDictionary(l => l.Name, StringComparer.Ordinal);
        var (layers, others) = folder.Fit(config.AdaptedModules());
        if (others.Any)
            throw new LabException($"{adapter}: the adapter brings parameters in full ({others.Why}), for which llama.cpp's adapters have "
                + "no place; export the merged model instead");
        foreach (var layer in layers)
        {
            var (linear, rank) = (linears[layer], (long)folder.RankOf(layer));
            if (planned[linear.Tensor].FirstOrDefault() is not { IsProduct: true } place)
                throw new LabException($"{adapter}: llama.cpp has no place for an adapter of {layer}; export the merged model instead");
            var name = place.Name;
            writer.Add(name + ".lora_a", [rank, linear.Columns], GgufType.F32, stream => Part(stream, update => update.A));
            writer.Add(name + ".lora_b", [linear.Rows, rank], GgufType.F32, stream => Part(stream, update =>
                place.Parts[0].Of(linear.IsTransposed ? Scaled(update).t() : Scaled(update))));

            Tensor Scaled(LoraUpdate update) => update.B.Times(update.Scale * rank / folder.Rank);

            void Part(Stream stream, Func<LoraUpdate, Tensor> choose)
            {
                using var scope = NewDisposeScope();
                using var gradients = no_grad();
                TensorBytes.Write(stream, choose(folder.Read(layer, linear.Rows, linear.Columns)), GgufType.F32, layer);
            }
        }
        writer.Save(path);
        return new ExportResult(path, new FileInfo(path).Length, null, []);
    }

    private static void Name(GgufWriter writer, GgufForm form, string kind, string name)
    {
        writer.Set("general.architecture", form.Name);
        writer.Set("general.type", kind);
        writer.Set("general.name", name);
    }

    private static GgufForm Form(ModelConfig config) => Architectures.All[config.ModelType].Gguf(config.Layout)
        ?? throw new LabException($"{config.ModelType} models are not written as GGUF here; export safetensors, which llama.cpp's own "
            + "converter reads");
}
