using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models.Layout;
using DocTuneLab.Training.Quantization;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Models;

/// <summary>A new decoder's tensors, to be trained: matrices normal with 0.02, those whose output is added to the residual stream over
/// the root of twice the layers; norms that change nothing, biases of zero.</summary>
internal sealed class FreshTensors : IDecoderTensors
{
    private readonly DecoderLayout _layout;
    private readonly Device _device;
    private readonly Generator _generator;
    private readonly HashSet<string> _residual, _zeros, _ones;

    public FreshTensors(DecoderLayout layout, Device device, int seed)
    {
        // Of its own: the process's one may be drawn from elsewhere meanwhile.
        (_layout, _device, _generator) = (layout, device, new Generator((ulong)seed, CPU));
        _residual = [.. layout.Layers.SelectMany(Outputs).Select(l => l.Tensor)];
        var norms = Norms(layout).ToLookup(n => n.AddsOne, n => n.Name);
        _ones = [.. norms[false].Select(n => n + ".weight")];
        _zeros =
        [
            .. norms[true].Select(n => n + ".weight"), .. norms.SelectMany(n => n).Select(n => n + ".bias"),
            .. layout.Layers.Select(l => l.Attention?.Sinks).OfType<string>(),
        ];
    }

    /// <summary>What is trained, by name; of a tensor that holds several matrices each with its number.</summary>
    public Dictionary<string, Tensor> Parameters { get; } = new(StringComparer.Ordinal);

    public Tensor Vector(string name, long[] shape)
    {
        using var scope = NewDisposeScope();
        return Trained(name, _ones.Contains(name) ? ones(shape, device: _device)
            : _zeros.Contains(name) || shape.Length == 1 ? zeros(shape, device: _device)
            : Drawn(shape, 0.02));
    }

    public Tensor Bias(LinearLayout linear)
    {
        using var scope = NewDisposeScope();
        return Trained(Key(linear.Bias!, linear), zeros(linear.Rows, device: _device));
    }

    public Weight Matrix(LinearLayout linear)
    {
        using var scope = NewDisposeScope();
        return new DenseWeight(Trained(Key(linear.Tensor, linear), Drawn([linear.Rows, linear.Columns],
            _residual.Contains(linear.Tensor) ? 0.02 / Math.Sqrt(2.0 * _layout.Layers.Count) : 0.02)));
    }

    public Weight Table(string name)
    {
        using var scope = NewDisposeScope();
        return new DenseWeight(Trained(name, Drawn([_layout.VocabularySize, _layout.HiddenSize], 0.02)));
    }

    /// <summary>The tensors of a checkpoint, in bf16; they belong to the current dispose scope.</summary>
    /// <param name="layout">The decoder.</param>
    /// <param name="parameters">What was trained.</param>
    public static IEnumerable<KeyValuePair<string, Tensor>> Stored(DecoderLayout layout, IReadOnlyDictionary<string, Tensor> parameters)
    {
        var stacks = layout.Linears.Where(l => l.Stack is not null).ToLookup(l => l.Tensor, StringComparer.Ordinal);
        var biases = layout.Linears.Where(l => l is { Stack: not null, Bias: not null }).ToLookup(l => l.Bias!, StringComparer.Ordinal);
        foreach (var tensor in layout.Tensors())
        {
            Tensor Turned(LinearLayout linear) => parameters[Key(tensor.Name, linear)].detach() is var matrix && linear.IsTransposed
                ? matrix.t()
                : matrix;
            var value = tensor.Linear is { } linear
                ? stacks.Contains(tensor.Name) ? stack(stacks[tensor.Name].Select(Turned)) : Turned(linear)
                : biases.Contains(tensor.Name)
                    ? stack(biases[tensor.Name].Select(l => parameters[Key(tensor.Name, l)].detach()))
                    : parameters[tensor.Name].detach();
            yield return KeyValuePair.Create(tensor.Name, value.to_type(ScalarType.BFloat16).contiguous());
        }
    }

    private static string Key(string tensor, LinearLayout linear) => linear.Stack is { } stack ? $"{tensor}.{stack.Index}" : tensor;

    private Tensor Drawn(long[] shape, double deviation) => randn(shape, generator: _generator).Times(deviation).to(_device).detach();

    private Tensor Trained(string name, Tensor tensor)
    {
        tensor.requires_grad = true;
        return Parameters[name] = tensor.DetachFromDisposeScope();
    }

    private static IEnumerable<LinearLayout> Outputs(LayerLayout layer)
    {
        yield return layer.Attention?.Output ?? ((ConvolutionLayout)layer.Mixer).Output;
        if (layer.FeedForward is MlpLayout mlp) yield return mlp.Down;
        else if (layer.FeedForward is ExpertsLayout mixture)
            foreach (var expert in mixture.Experts.Append(mixture.Shared).OfType<MlpLayout>()) yield return expert.Down;
    }

    private static IEnumerable<NormLayout> Norms(DecoderLayout layout) => layout.Layers
        .SelectMany(l => (NormLayout?[])
        [
            l.InputNorm, l.MixerOutputNorm, l.FeedForwardNorm, l.FeedForwardOutputNorm, l.Attention?.QueryNorm, l.Attention?.KeyNorm,
        ]).Append(layout.FinalNorm).OfType<NormLayout>();
}
