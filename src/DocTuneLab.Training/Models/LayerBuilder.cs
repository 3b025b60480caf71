using DocTuneLab.Training.Models.Layout;
using DocTuneLab.Training.Quantization;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Models;

/// <summary>Where a decoder's tensors come from: a checkpoint, or chance.</summary>
internal interface IDecoderTensors
{
    /// <summary>A tensor in float32: of norms, biases, positions and the like.</summary>
    /// <param name="name">Its name in a checkpoint.</param>
    /// <param name="shape">Its dimensions.</param>
    Tensor Vector(string name, long[] shape);

    /// <summary>The bias of a linear layer that has one, [out].</summary>
    Tensor Bias(LinearLayout linear);

    /// <summary>The matrix of a linear layer, [out, in].</summary>
    Weight Matrix(LinearLayout linear);

    /// <summary>The embedding, or the output layer's matrix, [vocabulary, hidden].</summary>
    Weight Table(string name);
}

/// <summary>Makes layers of their layouts and tensors.</summary>
/// <param name="tensors">Where they come from.</param>
/// <param name="rotary">The rotary embedding of a layout; layers share it.</param>
internal sealed class LayerBuilder(IDecoderTensors tensors, Func<RopeLayout, Rotary> rotary)
{
    /// <summary>A layer; what is asked for first is what is computed first.</summary>
    public DecoderLayer Layer(LayerLayout layout) => new()
    {
        Layout = layout,
        InputNorm = Norm(layout.InputNorm),
        Mixer = layout.Mixer is ConvolutionLayout convolution ? Convolution(convolution) : Attention((AttentionLayout)layout.Mixer),
        MixerOutputNorm = Norm(layout.MixerOutputNorm),
        FeedForwardNorm = Norm(layout.FeedForwardNorm),
        FeedForward = layout.FeedForward is ExpertsLayout experts ? Mixture(experts) : Mlp((MlpLayout)layout.FeedForward),
        FeedForwardOutputNorm = Norm(layout.FeedForwardOutputNorm),
    };

    /// <summary>A norm, or null where there is none.</summary>
    public Norm? Norm(NormLayout? layout) => layout is null ? null
        : new Norm(layout, layout.HasWeight ? tensors.Vector(layout.Name + ".weight", layout.Shape) : null,
            layout.HasBias ? tensors.Vector(layout.Name + ".bias", layout.Shape) : null);

    private AttentionMixer Attention(AttentionLayout layout) => new()
    {
        Layout = layout,
        Projections = layout.Projections.Select(Linear).ToArray(),
        Output = Linear(layout.Output),
        QueryNorm = Norm(layout.QueryNorm),
        KeyNorm = Norm(layout.KeyNorm),
        Rotary = layout.Rope is { } rope ? rotary(rope) : null,
        Sinks = layout.Sinks is { } sinks ? tensors.Vector(sinks, [layout.Heads]) : null,
    };

    private ConvolutionMixer Convolution(ConvolutionLayout layout) => new()
    {
        Layout = layout,
        Input = Linear(layout.Input),
        Output = Linear(layout.Output),
        Kernel = tensors.Vector(layout.Kernel + ".weight", [layout.Channels, 1, layout.Length]),
        Bias = layout.HasBias ? tensors.Vector(layout.Kernel + ".bias", [layout.Channels]) : null,
    };

    private Mlp Mlp(MlpLayout layout) => new()
    {
        Layout = layout,
        Inputs = [.. layout.Inputs.Select(Linear)],
        Down = Linear(layout.Down),
    };

    private Mixture Mixture(ExpertsLayout layout) => new()
    {
        Layout = layout,
        Router = tensors.Vector(layout.Router + ".weight", [layout.Experts.Count, layout.Hidden]),
        RouterBias = layout.HasRouterBias ? tensors.Vector(layout.Router + ".bias", [layout.Experts.Count]) : null,
        Experts = [.. layout.Experts.Select(Mlp)],
        Shared = layout.Shared is { } shared ? Mlp(shared) : null,
        SharedGate = layout.SharedGate is { } gate ? tensors.Vector(gate + ".weight", [1, layout.Hidden]) : null,
    };

    private Linear Linear(LinearLayout layout) =>
        new(layout.Name, tensors.Matrix(layout), layout.Bias is null ? null : tensors.Bias(layout)) { IsAdaptable = layout.Stack is null };
}
