using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Models.Layout;
using DocTuneLab.Training.Quantization;
using DocTuneLab.Training.Quantization.Formats;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Export;

/// <summary>Which weights an adapter is merged into.</summary>
public enum MergeBase
{
    /// <summary>Those of the model folder: usually the better choice.</summary>
    Stored,

    /// <summary>Those of the model folder quantised to NF4 and back: what the adapter was trained over.</summary>
    Dequantized,
}

/// <summary>The weights of a model in float32, one at a time, with an adapter merged into them where there is one.</summary>
public sealed class MergedWeights : IDisposable
{
    private readonly ModelFiles _parts;
    private readonly PeftFolder? _adapter;
    private readonly PeftReplacements? _others;
    private readonly Dictionary<string, LinearLayout> _updated;
    private readonly MergeBase _base;
    private double _difference, _update;

    /// <summary>Opens the files; nothing is read yet.</summary>
    /// <param name="model">Model folder, or a GGUF file.</param>
    /// <param name="adapter">Adapter folder, or null.</param>
    /// <param name="mergeBase">What it is merged into.</param>
    /// <exception cref="LabException">A file is missing or corrupt, or the adapter does not fit.</exception>
    public MergedWeights(string model, string? adapter = null, MergeBase mergeBase = MergeBase.Stored)
    {
        _parts = ModelFiles.Open(model);
        _base = mergeBase;
        _adapter = adapter is null ? null : PeftFolder.Open(adapter);
        Config = _parts.Config.For(_parts.Weights);
        var (layers, others) = _adapter is null ? ([], null) : _adapter.Fit(Config.AdaptedModules());
        _others = others;
        var parameters = Config.Parameters().Select(p => p.Name).ToHashSet(StringComparer.Ordinal);
        if (others?.Names.FirstOrDefault(n => !parameters.Contains(n) || (n == Config.Layout.Embedding && Config.Layout.IsTied
            && !others.HeadFollows)) is { } without)
            throw new LabException($"{adapter}: the adapter brings {without} ({others.Why}), and the base has no place of its own for it, "
                + "so it cannot be merged; use it as an adapter");
        var updated = layers.ToHashSet(StringComparer.Ordinal);
        _updated = Config.Layout.Linears.Where(l => updated.Contains(l.Name)).ToDictionary(l => l.Tensor, StringComparer.Ordinal);
    }

    /// <summary>Shape of the model.</summary>
    public ModelConfig Config { get; }

    /// <summary>The model's other parts.</summary>
    internal ModelFiles Parts => _parts;

    /// <summary>
    /// Distance between the adapted layers' merged weights in the one base and in the other, over the length of the update
    /// itself (Frobenius), of what was read so far; null without an adapter. Well below 1 the choice hardly matters.
    /// </summary>
    public double? Difference => _update == 0 ? null : Math.Sqrt(_difference / _update);

    /// <summary>Floating-point type that a tensor is written in: its own, float32 of 64 bits, and bfloat16 for what is quantised.</summary>
    public ScalarType StoredType(string name) => _parts.Weights.IsInBlocks(name)
        ? ScalarType.BFloat16
        : _parts.Weights.Find(name)?.Type switch
        {
            ScalarType.Float16 => ScalarType.Float16,
            ScalarType.Float32 or ScalarType.Float64 or null => ScalarType.Float32,
            _ => ScalarType.BFloat16
        };

    /// <summary>A tensor in float32; belongs to the current dispose scope.</summary>
    /// <param name="name">Name of the parameter, as <see cref="ModelConfig.Parameters"/> lists it.</param>
    /// <param name="shape">Its dimensions there.</param>
    /// <exception cref="LabException">The tensor is missing or of another shape.</exception>
    public Tensor Read(string name, long[] shape)
    {
        using var gradients = no_grad();
        using var scope = NewDisposeScope();
        var weight = WeightFormats.Stored(_parts.Weights, name, shape)?.Materialize(ScalarType.Float32)
            ?? _parts.Weights.Read(name, shape).to_type(ScalarType.Float32);
        if (_others?.Of(name, shape, () => weight) is { } replaced) return replaced.MoveToOuterDisposeScope();
        if (_adapter is null || !_updated.TryGetValue(name, out var linear)) return weight.MoveToOuterDisposeScope();
        // An adapter knows [out, in], however the matrix is stored.
        if (linear.IsTransposed) weight = weight.t().contiguous();
        var update = _adapter.Read(linear.Name, linear.Rows, linear.Columns);
        var dequantized = FourBitTensor.Quantize(weight).Dequantize(ScalarType.Float32);
        var (one, other) = (update.Merge(weight), update.Merge(dequantized));
        _difference += (one - other).Squared().sum().item<float>();
        _update += (one - weight).Squared().sum().item<float>();
        var merged = _base == MergeBase.Stored ? one : other;
        return (linear.IsTransposed ? merged.t().contiguous() : merged).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _parts.Dispose();
        _adapter?.Dispose();
    }
}
