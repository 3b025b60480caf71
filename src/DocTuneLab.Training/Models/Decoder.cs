using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models.Layout;
using DocTuneLab.Training.Quantization;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Models;

/// <summary>
/// A decoder as its <see cref="DecoderLayout"/> describes it. It computes in <see cref="ComputeType"/>; norms and logits in float32.
/// <see cref="Forward"/> is the plain composition, under autograd; training and generation have passes of their own over the same layers.
/// </summary>
public sealed class Decoder : IDisposable
{
    private readonly DecoderLayout _layout;
    private readonly DecoderLayer[] _layers;
    private readonly Rotary[] _rotaries;

    /// <summary>Where a decoder is computed, and how.</summary>
    /// <param name="Device">The device.</param>
    /// <param name="ComputeType">Type of activations.</param>
    /// <param name="Composed">Whether passes are composed of libtorch's operations.</param>
    internal readonly record struct Placement(Device Device, ScalarType ComputeType, bool Composed);

    /// <summary>All from <paramref name="tensors"/>, asked for in the order of the network.</summary>
    internal Decoder(DecoderLayout layout, Placement placement, IDecoderTensors tensors)
    {
        _layout = layout;
        (Device, ComputeType, Composed) = placement;
        Embedding = tensors.Table(layout.Embedding);
        Positions = layout.Positions is { } positions ? tensors.Vector(positions, [layout.MaxPositions, layout.HiddenSize]) : null;
        var rotaries = new Dictionary<RopeLayout, Rotary>();
        var builder = new LayerBuilder(tensors, rope =>
        {
            if (!rotaries.TryGetValue(rope, out var rotary)) rotaries[rope] = rotary = new Rotary(rope, layout.MaxPositions, Device);
            return rotary;
        });
        _layers = [.. layout.Layers.Select(builder.Layer)];
        _rotaries = [.. rotaries.Values];
        FinalNorm = builder.Norm(layout.FinalNorm);
        Head = layout.IsTied ? Embedding : tensors.Table(layout.HeadTensor);
        HeadBias = layout.HasHeadBias ? tensors.Vector(layout.Head + ".bias", [layout.VocabularySize]) : null;
    }

    /// <summary>Type of activations.</summary>
    public ScalarType ComputeType { get; }

    /// <summary>Where everything is computed, and the weights are; on another device than the processor, embeddings of their own stay in
    /// the memory of the host.</summary>
    public Device Device { get; }

    /// <summary>Whether passes are composed of libtorch's operations, which run on any device, instead of the
    /// processor's kernels.</summary>
    internal bool Composed { get; }

    /// <summary>All adaptable linear layers, in order.</summary>
    public IEnumerable<Linear> Linears => AllLinears.Where(l => l.IsAdaptable);

    /// <summary>Number of layers.</summary>
    public int LayerCount => _layers.Length;

    internal IReadOnlyList<DecoderLayer> Layers => _layers;

    internal Norm? FinalNorm { get; }

    /// <summary>The table of the vocabulary: dense, or in the blocks of a file.</summary>
    internal Weight Embedding { get; private set; }

    /// <summary>Learnt positions, [positions, hidden], or null.</summary>
    internal Tensor? Positions { get; }

    /// <summary>The output layer; the embedding itself where they are tied.</summary>
    internal Weight Head { get; private set; }

    internal Tensor? HeadBias { get; }

    /// <summary>Norms by the names of their modules.</summary>
    internal IEnumerable<Norm> Norms => _layers.SelectMany(l => l.Norms).Append(FinalNorm).OfType<Norm>();

    /// <summary>Puts other tables in the place of its own, which belong to whoever puts them back.</summary>
    /// <returns>Those that were there.</returns>
    internal (Weight Embedding, Weight Head) Exchange(Weight embedding, Weight head)
    {
        var before = (Embedding, Head);
        (Embedding, Head) = (embedding, head);
        return before;
    }

    /// <summary>Bytes of all linear layers in <see cref="ComputeType"/>.</summary>
    internal long DequantizedBytes => AllLinears.Sum(l => l.Weight.Rows * l.Weight.Columns) * (ComputeType == ScalarType.BFloat16 ? 2 : 4);

    private IEnumerable<Linear> AllLinears => _layers.SelectMany(l => l.Linears);

    /// <summary>Final hidden states, normalised, of whole sequences.</summary>
    /// <param name="ids">[batch, length] int64.</param>
    /// <returns>[batch, length, hidden] in <see cref="ComputeType"/>.</returns>
    public Tensor Forward(Tensor ids)
    {
        var x = Rows((Embedding as DenseWeight)?.Tensor ?? Embedding.Materialize(ScalarType.Float32), ids).to_type(ComputeType);
        if (_layout.EmbeddingScale != 1) x = x.Times(_layout.EmbeddingScale);
        if (Positions is not null) x = x.Plus(Positions.narrow(0, 0, ids.size(1)).to_type(ComputeType));
        foreach (var layer in _layers)
        {
            var input = layer.InputNorm?.Apply(x) ?? x;
            var mixed = layer.Mixer.Forward(input);
            var middle = Added(x, layer.MixerOutputNorm?.Apply(mixed) ?? mixed, layer.Layout.ResidualScale);
            var read = layer.Layout.IsParallel ? x : middle;
            var given = layer.FeedForwardNorm?.Apply(read) ?? (layer.Layout.IsParallel ? input : read);
            var fed = layer.FeedForward.Forward(given);
            x = Added(middle, layer.FeedForwardOutputNorm?.Apply(fed) ?? fed, layer.Layout.ResidualScale);
        }
        return FinalNorm?.Apply(x) ?? x;
    }

    /// <summary>Logits in float32 of hidden states [..., hidden].</summary>
    public Tensor Logits(Tensor hidden)
    {
        var logits = nn.functional.linear(hidden, Head.Materialize(ComputeType)).to_type(ScalarType.Float32);
        if (HeadBias is not null) logits = logits.Plus(HeadBias);
        if (_layout.LogitScale != 1) logits = logits.Times(_layout.LogitScale);
        return _layout.LogitCap is { } cap ? logits.Over(cap).tanh().Times(cap) : logits;
    }

    private static Tensor Added(Tensor x, Tensor y, double scale) => x.Plus(scale == 1 ? y : y.Times(scale));

    private static Tensor Rows(Tensor table, Tensor ids) => table.index_select(0, ids.reshape(-1)).view([.. ids.shape, table.shape[1]]);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var layer in _layers) layer.Dispose();
        foreach (var rotary in _rotaries) rotary.Dispose();
        if (!ReferenceEquals(Head, Embedding)) Head.Dispose();
        Embedding.Dispose();
        Positions?.Dispose();
        FinalNorm?.Dispose();
        HeadBias?.Dispose();
    }
}
