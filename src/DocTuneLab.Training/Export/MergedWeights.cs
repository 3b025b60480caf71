using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Models.Layout;
using DocTuneLab.Training.Quantization.Formats;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Export;

/// <summary>The weights of a model in float32, one at a time, with an adapter merged into them where there is one.</summary>
public sealed class MergedWeights : IDisposable
{
    private readonly ModelFiles _parts;
    private readonly PeftFolder? _adapter;
    private readonly PeftReplacements? _others;
    private readonly Dictionary<string, LinearLayout> _updated;
    private readonly WeightFormat? _base;
    private readonly ScalarType? _type;
    private double _difference, _update;

    /// <summary>Opens the files; nothing is read yet.</summary>
    /// <param name="model">Model folder, or a GGUF file.</param>
    /// <param name="adapter">Adapter folder, or null.</param>
    /// <param name="mergeInto">Name of the format of <see cref="WeightFormats"/> that the base is rounded to before the adapter is merged
    /// into it; <c>none</c> takes the weights as they are stored, which is also done with what is stored quantised.</param>
    /// <param name="type">Type of <see cref="StoredType"/>; null keeps the stored ones.</param>
    /// <exception cref="LabException">A file is missing or corrupt, or the adapter does not fit.</exception>
    public MergedWeights(string model, string? adapter = null, string mergeInto = "none", ScalarType? type = null)
    {
        (_base, _type) = (mergeInto == "none" ? null : WeightFormats.All[mergeInto], type);
        _parts = ModelFiles.Open(model);
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
    /// Distance between the adapted layers' merged weights in the stored base and in the rounded one (NF4 where none was named), over the
    /// length of the update itself (Frobenius), of what was read so far; null without an adapter. Well below 1 the choice hardly matters.
    /// </summary>
    public double? Difference => _update == 0 ? null : Math.Sqrt(_difference / _update);

    /// <summary>Floating-point type that a tensor is written in: the one that was asked for, else its own, float32 of 64 bits, and for what
    /// is quantised the one that the configuration names, or bfloat16.</summary>
    public ScalarType StoredType(string name) => _type ?? OwnType(name);

    private ScalarType OwnType(string name) => _parts.Weights.IsInBlocks(name)
        ? ScalarType.BFloat16
        : _parts.Weights.Find(name)?.Type switch
        {
            ScalarType.Float16 => ScalarType.Float16,
            ScalarType.BFloat16 => ScalarType.BFloat16,
            ScalarType.Float32 or ScalarType.Float64 or null => ScalarType.Float32,
            _ => Config.DeclaredType ?? ScalarType.BFloat16
        };

    /// <summary>A tensor in float32; belongs to the current dispose scope.</summary>
    /// <param name="name">Name of the parameter, as <see cref="ModelConfig.Parameters"/> lists it.</param>
    /// <param name="shape">Its dimensions there.</param>
    /// <exception cref="LabException">The tensor is missing or of another shape.</exception>
    public Tensor Read(string name, long[] shape)
    {
        using var gradients = no_grad();
        using var scope = NewDisposeScope();
        using var stored = WeightFormats.Stored(_parts.Weights, name, shape);
        var weight = stored?.Materialize(ScalarType.Float32) ?? _parts.Weights.Read(name, shape).to_type(ScalarType.Float32);
        if (_others?.Of(name, shape, () => weight) is { } replaced) return replaced.MoveToOuterDisposeScope();
        if (_adapter is null || !_updated.TryGetValue(name, out var linear)) return weight.MoveToOuterDisposeScope();
        // An adapter knows [out, in], however the matrix is stored.
        if (linear.IsTransposed) weight = weight.t().contiguous();
        var update = _adapter.Read(linear.Name, linear.Rows, linear.Columns);
        // What the files hold quantised is trained over as it is.
        if (stored is not null)
        {
            var sum = update.Merge(weight);
            return (linear.IsTransposed ? sum.t().contiguous() : sum).MoveToOuterDisposeScope();
        }
        using var quantized = (_base ?? WeightFormats.All["nf4"]).Quantize(weight.to_type(OwnType(name)), ScalarType.Float32);
        var (one, other) = (update.Merge(weight), update.Merge(quantized.Materialize(ScalarType.Float32)));
        _difference += (one - other).Squared().sum().item<float>();
        _update += (one - weight).Squared().sum().item<float>();
        var merged = _base is null ? one : other;
        return (linear.IsTransposed ? merged.t().contiguous() : merged).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _parts.Dispose();
        _adapter?.Dispose();
    }
}
