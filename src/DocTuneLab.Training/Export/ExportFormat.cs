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

    /// <summary>What an adapter is merged into. Default the weights as they are stored.</summary>
    public MergeBase MergeBase { get; init; } = MergeBase.Stored;

    /// <summary>Type of the matrices in a GGUF file: one of <see cref="GgufExporter.Types"/>. Default F16.</summary>
    public GgufType GgufType { get; init; } = GgufType.F16;

    /// <summary>What the linear layers in safetensors are quantised to: a name of <see cref="WeightFormats"/>. Default none.</summary>
    public string Weights { get; init; } = "none";

    /// <summary>Called with tensors done and tensors in all. Default null.</summary>
    public Action<int, int>? Progress { get; init; }
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
