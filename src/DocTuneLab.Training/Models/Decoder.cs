using DocTuneLab.Training.Quantization;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Models;

/// <summary>
/// The pre-norm decoder shared by Llama (Touvron et al. 2023, arXiv 2302.13971), Mistral (arXiv 2310.06825, with a sliding
/// window), Qwen2 (arXiv 2407.10671, with biases) and Qwen3 (arXiv 2505.09388, with norms of queries and keys): RMSNorm, rotary
/// grouped-query attention, SwiGLU. It computes in <see cref="ComputeType"/>; norms and logits in float32. <see cref="Forward"/> is
/// the plain composition, under autograd; training and generation have passes of their own over the same layers.
/// </summary>
public sealed class Decoder : IDisposable
{
    private readonly ModelConfig _config;
    private readonly Layer[] _layers;
    private readonly Tensor _finalNorm;
    private readonly DenseWeight _embedding, _head;
    private readonly Rotary _rotary;

    /// <summary>The tensors of one layer: norms are [hidden size].</summary>
    internal sealed record Layer
    {
        public required Tensor InputNorm { get; init; }

        public required Linear Query { get; init; }

        public required Linear Key { get; init; }

        public required Linear Value { get; init; }

        public required Linear Output { get; init; }

        public required Tensor MlpNorm { get; init; }

        public required Linear Gate { get; init; }

        public required Linear Up { get; init; }

        public required Linear Down { get; init; }

        /// <summary>RMSNorm of each query head, [head size], or null.</summary>
        public Tensor? QueryNorm { get; init; }

        /// <summary>RMSNorm of each key head, [head size], or null.</summary>
        public Tensor? KeyNorm { get; init; }

        public IEnumerable<Linear> Linears => [Query, Key, Value, Output, Gate, Up, Down];
    }

    /// <summary>Where a decoder is computed, and how.</summary>
    /// <param name="Device">The device.</param>
    /// <param name="ComputeType">Type of activations.</param>
    /// <param name="Composed">Whether passes are composed of libtorch's operations.</param>
    internal readonly record struct Placement(Device Device, ScalarType ComputeType, bool Composed);

    internal Decoder(ModelConfig config, Placement placement, DenseWeight embedding, Layer[] layers, Tensor finalNorm, DenseWeight? head)
    {
        (_config, _embedding, _layers, _finalNorm, _head) = (config, embedding, layers, finalNorm, head ?? embedding);
        (Device, ComputeType, Composed) = placement;
        _rotary = new Rotary(config, Device);
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
    public IEnumerable<Linear> Linears => _layers.SelectMany(l => l.Linears);

    internal IReadOnlyList<Layer> Layers => _layers;

    internal Tensor FinalNorm => _finalNorm;

    internal DenseWeight Embedding => _embedding;

    internal DenseWeight Head => _head;

    internal Rotary Rotary => _rotary;

    /// <summary>Number of layers.</summary>
    public int LayerCount => _layers.Length;

    /// <summary>Bytes of all linear layers in <see cref="ComputeType"/>.</summary>
    internal long DequantizedBytes => Linears.Sum(l => l.Weight.Rows * l.Weight.Columns) * (ComputeType == ScalarType.BFloat16 ? 2 : 4);

    /// <summary>Final hidden states, normalised, of whole sequences.</summary>
    /// <param name="ids">[batch, length] int64.</param>
    /// <returns>[batch, length, hidden] in <see cref="ComputeType"/>.</returns>
    public Tensor Forward(Tensor ids)
    {
        var x = Rows(_embedding.Tensor, ids).to_type(ComputeType);
        var length = (int)ids.shape[1];
        var (cosine, sine) = _rotary.Tables(length);
        (cosine, sine) = (cosine[..length].to_type(ComputeType), sine[..length].to_type(ComputeType));
        for (var i = 0; i < _layers.Length; i++)
        {
            x = x + Attention(i, Norm(x, _layers[i].InputNorm), cosine, sine);
            var h = Norm(x, _layers[i].MlpNorm);
            x = x + _layers[i].Down.Forward(nn.functional.silu(_layers[i].Gate.Forward(h)) * _layers[i].Up.Forward(h));
        }
        return Norm(x, _finalNorm);
    }

    /// <summary>Logits in float32 of hidden states [..., hidden].</summary>
    public Tensor Logits(Tensor hidden) => nn.functional.linear(hidden, _head.Materialize(ComputeType)).to_type(ScalarType.Float32);

    private Tensor Attention(int index, Tensor x, Tensor cosine, Tensor sine)
    {
        var layer = _layers[index];
        var (batch, length) = (x.shape[0], x.shape[1]);
        var query = Rotate(Heads(layer.Query.Forward(x), _config.Heads, layer.QueryNorm), cosine, sine);
        var key = Rotate(Heads(layer.Key.Forward(x), _config.KeyValueHeads, layer.KeyNorm), cosine, sine);
        var value = Heads(layer.Value.Forward(x), _config.KeyValueHeads);
        var mask = _config.WindowOf(index) is { } window && length > window ? Windowed(length, window, Device) : null;
        var groups = _config.Heads / _config.KeyValueHeads;
        if (groups > 1) (key, value) = (key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1));
        var attended = nn.functional.scaled_dot_product_attention(query, key, value, mask!, 0, mask is null);
        return layer.Output.Forward(attended.transpose(1, 2).reshape(batch, length, _config.Heads * _config.HeadSize));

        Tensor Heads(Tensor t, int heads, Tensor? norm = null)
        {
            t = t.view(batch, length, heads, _config.HeadSize);
            return (norm is null ? t : Norm(t, norm)).transpose(1, 2);
        }
    }

    private static Tensor Windowed(long length, int window, Device device)
    {
        var distance = arange(length, device: device).unsqueeze(1) - arange(length, device: device).unsqueeze(0);
        return (distance >= 0) & (distance < window);
    }

    private static Tensor Rows(Tensor table, Tensor ids) => table.index_select(0, ids.reshape(-1)).view([.. ids.shape, table.shape[1]]);

    private static Tensor Rotate(Tensor x, Tensor cosine, Tensor sine)
    {
        var halves = x.chunk(2, -1);
        return x * cosine + cat([-halves[1], halves[0]], -1) * sine;
    }

    private Tensor Norm(Tensor x, Tensor weight)
    {
        var wide = x.to_type(ScalarType.Float32);
        return (wide * rsqrt(wide.square().mean([-1], true) + _config.NormEpsilon) * weight).to_type(ComputeType);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var layer in _layers)
        {
            foreach (var linear in layer.Linears) linear.Dispose();
            layer.InputNorm.Dispose();
            layer.MlpNorm.Dispose();
            layer.QueryNorm?.Dispose();
            layer.KeyNorm?.Dispose();
        }
        if (!ReferenceEquals(_head, _embedding)) _head.Dispose();
        _embedding.Dispose();
        _finalNorm.Dispose();
        _rotary.Dispose();
    }
}
