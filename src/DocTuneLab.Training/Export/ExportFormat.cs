using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using DocTuneLab.Training.Checkpoints.Gguf;
using DocTuneLab.Training.Quantization.Formats;

namespace DocTuneLab.Training.Export;

/// <summary>What is exported, and how.</summary>
public sealed record ExportRequest
{
    /// <summary>Model folder.</summary>
    public required string Model { get; init; }

    /// <summary>File or folder to write.</summary>
    public required string Target { get; init; }

    /// <summary>Adapter folder; null, the default, exports the model alone.</summary>
    public string? Adapter { get; init; }

    /// <summary>What the base is rounded to before an adapter is merged into it: a name of <see cref="WeightFormats"/>. Default none: the
    /// weights as they are stored, which is usually better than those that the adapter was trained over.</summary>
    public string MergeInto { get; init; } = "none";

    /// <summary>Type of the matrices in a GGUF file: one of <see cref="GgufExporter.Types"/>. Default F16.</summary>
    public GgufType GgufType { get; init; } = GgufType.F16;

    /// <summary>What the linear layers in safetensors are quantised to: a name of <see cref="WeightFormats"/>. Default none.</summary>
    public string Weights { get; init; } = "none";

    /// <summary>Type in safetensors of what is not quantised. Default stored.</summary>
    public StoredFloats Floats { get; init; } = StoredFloats.Stored;

    /// <summary>Called with tensors done and tensors in all. Default null.</summary>
    public Action<int, int>? Progress { get; init; }
}

/// <summary>Type of numbers in a model's files.</summary>
[SuppressMessage("Naming", "CA1720", Justification = "Types of numbers are what it names.")]
[JsonConverter(typeof(JsonStringEnumConverter<StoredFloats>))]
public enum StoredFloats
{
    /// <summary>The one that a tensor has.</summary>
    [JsonStringEnumMemberName("stored")]
    Stored,

    /// <summary>float32.</summary>
    [JsonStringEnumMemberName("fp32")]
    Float32,

    /// <summary>float16.</summary>
    [JsonStringEnumMemberName("fp16")]
    Float16,

    /// <summary>bfloat16.</summary>
    [JsonStringEnumMemberName("bf16")]
    BFloat16,
}

/// <summary>
/// What a model, with an adapter merged into it, or an adapter can be written as. <see cref="MergedWeights"/> reads the tensors. A new one
/// is a class in a file of its own and a line in <see cref="ExportFormats"/>; a program adds its own there.
/// </summary>
public abstract class ExportFormat
{
    /// <summary>Name in settings, such as <c>gguf</c>.</summary>
    public abstract string Name { get; }

    /// <summary>For people: who reads it, in a few words.</summary>
    public abstract string Description { get; }

    /// <summary>Whether it writes an adapter, and so needs one. Default false.</summary>
    public virtual bool NeedsAdapter => false;

    /// <summary>Writes.</summary>
    /// <param name="request">What, and where to.</param>
    /// <param name="cancel">Stops between tensors.</param>
    /// <exception cref="LabException">A file is missing or corrupt, or the format has no place for what the model has.</exception>
    public abstract ExportResult Write(ExportRequest request, CancellationToken cancel = default);
}
