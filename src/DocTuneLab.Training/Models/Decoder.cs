using static TorchSharp.torch;

namespace DocTuneLab.Training.Models;

/// <summary>Keys and values of one layer for the tokens seen so far, [batch, key-value heads, length, head size].</summary>
public sealed class KeyValueCache(int layers) : IDisposable
{
    private readonly Tensor?[] _keys = new Tensor?[layers], _values = new Tensor?[layers];

    internal (Tensor Keys, Tensor Values) Append(int layer, Tensor keys, Tensor values)
    {
        var allKeys = _keys[layer] is { } k ? cat([k, keys], 2) : keys.clone();
        var allValues = _values[layer] is { } v ? cat([v, values], 2) : values.clone();
        _keys[layer]?.Dispose();
        _values[layer]?.Dispose();
        _keys[layer] = allKeys.DetachFromDisposeScope();
        _values[layer] = allValues.DetachFromDisposeScope();
        return (allKeys, allValues);
    }

    /// <summary>Keeps only the given rows of the batch.</summary>
    internal void Select(Tensor rows)
    {
        foreach (var side in (Tensor?[][])[_keys, _values])
        {
            for (var i = 0; i < side.Length; i++)
            {
                if (side[i] is not { } old) continue;
                side[i] = old.index_select(0, rows).DetachFromDisposeScope();
                old.Dispose();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var t in _keys.Concat(_values)) t?.Dispose();
    }
}

/// <summary>
/// The pre-norm decoder shared by Llama (Touvron et al. 2023, arXiv 2302.13971), Mistral (arXiv 2310.06825, with a sliding
/// window), Qwen2 (arXiv 2407.10671, with biases) and Qwen3 (arXiv 2505.09388, with norms of queries and keys): RMSNorm, rotary
/// grouped-query attention, SwiGLU. It computes in <see cref="ComputeType"/>; norms and logits in float32.
/// </summary>
public sealed class Decoder : IDisposable
{
    private readonly ModelConfig _config;
    private readonly Layer[] _layers;
    private readonly Tensor _finalNorm;
    private readonly DenseWeight _embedding, _head;
    private readonly Rotary _rotary;

    internal sealed record Layer(Tensor InputNorm, Linear Query, Linear Key, Linear Value, Linear Output, Tensor MlpNorm, Linear Gate, Linear Up, Linear Down)
    {
        /// <summary>RMSNorm of each query head, [head size], or null.</summary>
        public Tensor? QueryNorm { get; init; }

        /// <summary>RMSNorm of each key head, [head size], or null.</summary>
        public Tensor? KeyNorm { get; init; }

        public IEnumerable<Linear> Linears => [Query, Key, Value, Output, Gate, Up, Down];
    }

    internal Decoder(ModelConfig config, ScalarType computeType, DenseWeight embedding, Layer[] layers, Tensor finalNorm, DenseWeight? head)
    {
        (_config, ComputeType, _embedding, _layers, _finalNorm, _head) = (config, computeType, embedding, layers, finalNorm, head ?? embedding);
        _rotary = new Rotary(config);
    }

    /// <summary>Type of activations.</summary>
    public ScalarType ComputeType { get; }

    /// <summary>All adaptable linear layers, in order.</summary>
    public IEnumerable<Linear> Linears => _layers.SelectMany(l => l.Linears);

    internal IReadOnlyList<Layer> Layers => _layers;

    internal Tensor FinalNorm => _finalNorm;

    internal DenseWeight Embedding => _embedding;

    internal DenseWeight Head => _head;

    internal Rotary Rotary => _rotary;

    /// <summary>Number of layers.</summary>
    public int LayerCount => _layers.Length;

    /// <summary>Final hidden states, normalised.</summary>
    /// <param name="ids">[batch, length] int64.</param>
    /// <param name="positions">[batch, length] int64, or null for 0, 1, 2 … in each row.</param>
    /// <param name="mask">Additive or boolean attention mask broadcastable to [batch, heads, length, keys]; null is causal.</param>
    /// <param name="cache">Where given, keys and values are appended and attended to.</param>
    /// <returns>[batch, length, hidden] in <see cref="ComputeType"/>.</returns>
    public Tensor Forward(Tensor ids, Tensor? positions = null, Tensor? mask = null, KeyValueCache? cache = null)
    {
        var x = Rows(_embedding.Tensor, ids).to_type(ComputeType);
        var length = (int)ids.shape[1];
        var (cosine, sine) = _rotary.Tables(positions is null ? length : (int)positions.max().item<long>() + 1);
        (cosine, sine) = positions is null ? (cosine[..length].unsqueeze(0), sine[..length].unsqueeze(0)) : (Rows(cosine, positions), Rows(sine, positions));
        cosine = cosine.unsqueeze(1).to_type(ComputeType);
        sine = sine.unsqueeze(1).to_type(ComputeType);
        for (var i = 0; i < _layers.Length; i++)
        {
            x = x + Attention(i, Norm(x, _layers[i].InputNorm), cosine, sine, mask, cache);
            var h = Norm(x, _layers[i].MlpNorm);
            x = x + _layers[i].Down.Forward(nn.functional.silu(_layers[i].Gate.Forward(h)) * _layers[i].Up.Forward(h));
        }
        return Norm(x, _finalNorm);
    }

    /// <summary>Logits in float32 of hidden states [..., hidden].</summary>
    public Tensor Logits(Tensor hidden) => nn.functional.linear(hidden, _head.Materialize(ComputeType)).to_type(ScalarType.Float32);

    private Tensor Attention(int index, Tensor x, Tensor cosine, Tensor sine, Tensor? mask, KeyValueCache? cache)
    {
        var layer = _layers[index];
        var (batch, length) = (x.shape[0], x.shape[1]);
        var query = Rotate(Heads(layer.Query.Forward(x), _config.Heads, layer.QueryNorm), cosine, sine);
        var key = Rotate(Heads(layer.Key.Forward(x), _config.KeyValueHeads, layer.KeyNorm), cosine, sine);
        var value = Heads(layer.Value.Forward(x), _config.KeyValueHeads);
        if (cache is not null) (key, value) = cache.Append(index, key, value);
        if (_config.WindowOf(index) is { } window && key.shape[2] > window) mask = Windowed(mask, length, key.shape[2], window);
        var groups = _config.Heads / _config.KeyValueHeads;
        if (groups > 1) (key, value) = (key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1));
        var attended = nn.functional.scaled_dot_product_attention(query, key, value, mask!, 0, mask is null && length > 1);
        return layer.Output.Forward(attended.transpose(1, 2).reshape(batch, length, _config.Heads * _config.HeadSize));

        Tensor Heads(Tensor t, int heads, Tensor? norm = null)
        {
            t = t.view(batch, length, heads, _config.HeadSize);
            return (norm is null ? t : Norm(t, norm)).transpose(1, 2);
        }
    }

    // Columns count for positions here: rows are padded on one side only, and packed sequences lie side by side.
    private static Tensor Windowed(Tensor? mask, long queries, long keys, int window)
    {
        var distance = arange(keys - queries, keys).unsqueeze(1) - arange(keys).unsqueeze(0);
        var seen = (distance < window).view(1, 1, queries, keys);
        if (mask is null) return seen & (distance >= 0);
        return mask.dtype == ScalarType.Bool ? mask & seen : mask.masked_fill(~seen, float.NegativeInfinity);
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
