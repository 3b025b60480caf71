using DocTuneLab.Training.Compute;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Quantization;
using DocTuneLab.Training.Simd;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Inference;

/// <summary>
/// Next-token logits of several sequences at once, with keys and values kept: prompts in one packed pass in which a common
/// beginning is computed once, then a token of each sequence a step. The same kernels and the same matrices as in training;
/// an attached adapter is applied without touching the base.
/// </summary>
internal sealed class DecodingPass : IDisposable
{
    // Logits at once where a text is scored: a vocabulary may have a quarter of a million tokens.
    private const int ScoredRows = 64;

    private static readonly StepKey s_step = new(0, -1, 0);
    private readonly BaseModel _model;
    private readonly Kernels _kernels;
    private readonly Workspace _memory;
    private readonly Gradients _none = new([]);
    private readonly LayerPass[] _layers;
    private readonly InputPass _input;
    private readonly OutputPass _output;
    private Tensor[] _cache = [];
    private Tensor? _wideHead;
    private int _capacity;
    private readonly int? _short;
    private readonly Dictionary<int, List<int>> _texts = [];

    /// <summary>A pass over a model whose adapter, if any, is attached.</summary>
    /// <param name="model">The model.</param>
    /// <param name="keepWeights">
    /// Whether dequantised matrices stay in memory until it is disposed: where many sequences are read or go on side by side.
    /// A few go on from the weights as they are stored, and need the others for their prompt only.
    /// </param>
    /// <param name="kernels">Null are those for the model's device.</param>
    public DecodingPass(BaseModel model, bool keepWeights, Kernels? kernels = null)
    {
        (_model, _kernels) = (model, kernels ?? Kernels.For(model.Decoder));
        _memory = _kernels.Memory;
        var options = new PassOptions(KeepActivations: false, keepWeights);
        _layers = [.. Enumerable.Range(0, model.Decoder.LayerCount)
            .Select(i => LayerPass.Of(model.Decoder, i, _kernels, _none, options))];
        _input = new InputPass(model.Decoder, model.Config.Layout, _kernels, _none);
        _short = model.Config.Layout.Layers.Select(l => l.Attention?.Rope?.Scaling).FirstOrDefault(r => r?.Type == "longrope")
            ?.OriginalPositions;
        _output = new OutputPass(model.Decoder, model.Config.Layout, _kernels, _none);
    }

    /// <summary>Bytes of keys and values for each token.</summary>
    public static long CacheBytes(ModelConfig config) => 4L * config.Layout.Layers.Sum(l => l.Mixer.CacheWidth);

    /// <summary>Reads prompts, forgetting those before.</summary>
    /// <param name="prompts">Token ids, at least one each.</param>
    /// <param name="capacity">Tokens that a sequence may grow to.</param>
    /// <returns>[prompts, vocabulary] logits after each, valid until the next call.</returns>
    public Tensor Read(IReadOnlyList<int[]> prompts, int capacity)
    {
        using var _ = no_grad();
        Forget();
        _capacity = capacity;
        // Zeros: a masked product reads what shorter sequences have not written yet, and whatever is there must be a number.
        _cache = [.. _layers.Select(l =>
            zeros((long)prompts.Count * capacity, l.CacheWidth, dtype: _memory.Type, device: _memory.Device).DetachFromDisposeScope())];
        return Fill([.. prompts], [.. Enumerable.Range(0, prompts.Count)]);
    }

    /// <summary>Makes room for sequences that come and go (<see cref="Fill"/>), keeping what is cached.</summary>
    /// <param name="sequences">Sequences at once, not fewer than before.</param>
    /// <param name="capacity">Tokens that a sequence may grow to, not fewer than before.</param>
    public void Reserve(int sequences, int capacity)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var old = _cache;
        _cache = [.. _layers.Select(l =>
            zeros((long)sequences * capacity, l.CacheWidth, dtype: _memory.Type, device: _memory.Device).DetachFromDisposeScope())];
        for (var i = 0; i < old.Length; i++)
        {
            var kept = old[i].view(-1, _capacity, old[i].shape[1]);
            _cache[i].view(sequences, capacity, old[i].shape[1])[..(int)kept.shape[0], .._capacity].copy_(kept);
            old[i].Dispose();
        }
        _capacity = capacity;
    }

    /// <summary>Reads texts from their beginning into the places of some sequences; the others stay as they are.</summary>
    /// <param name="texts">Token ids, at least one each.</param>
    /// <param name="sequences">A place for each.</param>
    /// <returns>[texts, vocabulary] logits after each, valid until the next call.</returns>
    public Tensor Fill(int[][] texts, int[] sequences)
    {
        using var _ = no_grad();
        var config = _model.Config;
        _kernels.Begin();
        if (_short is not null)
            for (var i = 0; i < texts.Length; i++) _texts[sequences[i]] = [.. texts[i]];
        // A token after the last one makes that one's row a trained row; which token it is does not matter.
        var batch = PackedBatch.Of([.. texts.Select(p => new TokenizedSample([.. p, 0], p.Length))],
            share: !config.Layout.FollowsLength, unread: 1);
        var (rows, cacheRows) = CacheRows(batch, texts, sequences, _capacity);
        using var scope = NewDisposeScope();
        var x = Embedded(batch.Ids, batch.Positions, "input 0");
        for (var i = 0; i < _layers.Length; i++)
        {
            var y = _memory.Get(_layers[i].IsLast ? "last" : $"input {(i + 1) % 2}",
                _layers[i].IsLast ? batch.Rows.Length : batch.Ids.Length, config.HiddenSize);
            _layers[i].Forward(x, y, batch, s_step);
            _layers[i].Keep(batch.Ids.Length, batch.Rows.Length, rows, _cache[i], cacheRows);
            x = y;
        }
        var order = new int[texts.Length];
        for (var s = 0; s < order.Length; s++) order[batch.Order[s]] = s;
        return Logits(_kernels.Rows(x, order));
    }

    /// <summary>The logits before each token of a text but the first, whatever is cached.</summary>
    /// <param name="text">Token ids, at least two.</param>
    /// <param name="told">Called with the number of a token and its logits.</param>
    public void Score(int[] text, Action<int, float[]> told)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        _kernels.Begin();
        var batch = PackedBatch.Of([new TokenizedSample(text, 1)], share: false, unread: 1);
        var x = Embedded(batch.Ids, batch.Positions, "input 0");
        for (var i = 0; i < _layers.Length; i++)
        {
            var y = _memory.Get(_layers[i].IsLast ? "last" : $"input {(i + 1) % 2}",
                _layers[i].IsLast ? batch.Rows.Length : batch.Ids.Length, _model.Config.HiddenSize);
            _layers[i].Forward(x, y, batch, s_step);
            x = y;
        }
        for (var from = 0; from < batch.Rows.Length; from += ScoredRows)
        {
            using var some = NewDisposeScope();
            int[] rows = [.. Enumerable.Range(from, Math.Min(ScoredRows, batch.Rows.Length - from))];
            var values = Logits(_kernels.Rows(x, rows)).cpu().data<float>().ToArray();
            var width = values.Length / rows.Length;
            for (var i = 0; i < rows.Length; i++) told(rows[i] + 1, values[(i * width)..((i + 1) * width)]);
        }
    }

    /// <summary>Adds a token to some of the sequences.</summary>
    /// <param name="sequences">Numbers of the prompts.</param>
    /// <param name="tokens">A token for each.</param>
    /// <param name="positions">How many tokens stand before each.</param>
    /// <returns>[sequences, vocabulary] logits, valid until the next call.</returns>
    public Tensor Add(int[] sequences, int[] tokens, int[] positions)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        if (BeginsAnew(sequences, tokens, positions))
            return Fill([.. sequences.Select(s => _texts[s].ToArray())], sequences);
        _kernels.Begin();
        var x = Embedded(tokens, positions, "token");
        var rows = new CachedRows(sequences, _capacity, positions);
        for (var i = 0; i < _layers.Length; i++) _layers[i].Step(x, _cache[i], rows, s_step);
        return Logits(x);
    }

    /// <summary>Puts other sequences in the place of those that are there: number i goes on from what is kept of <c>from[i]</c>.</summary>
    /// <param name="from">Numbers of the sequences, at most as many as there are.</param>
    public void Reorder(int[] from)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var moved = Enumerable.Range(0, from.Length).Where(i => from[i] != i).ToArray();
        if (moved.Length == 0) return;
        if (_short is not null)
        {
            var texts = Array.ConvertAll(moved, i => _texts[from[i]].ToList());
            for (var i = 0; i < moved.Length; i++) _texts[moved[i]] = texts[i];
        }
        foreach (var cache in _cache)
        {
            var rows = cache.view(-1, (long)_capacity * cache.shape[1]);
            rows.index_copy_(0, tensor(Array.ConvertAll(moved, i => (long)i), device: cache.device),
                rows.index_select(0, tensor(Array.ConvertAll(moved, i => (long)from[i]), device: cache.device)));
        }
    }

    // Long factors are of all positions of a sequence: where one grows past the context of the short ones, or is cut back to it, all that
    // is cached of it is out of date.
    private bool BeginsAnew(int[] sequences, int[] tokens, int[] positions)
    {
        if (_short is not { } limit) return false;
        var anew = false;
        for (var i = 0; i < sequences.Length; i++)
        {
            var text = _texts[sequences[i]];
            var wasLong = text.Count > limit;
            text.RemoveRange(positions[i], text.Count - positions[i]);
            text.Add(tokens[i]);
            anew |= wasLong != text.Count > limit;
        }
        return anew;
    }

    // Where each token of each text stands in the batch, and where in the cache.
    private static (int[] Rows, int[] CacheRows) CacheRows(PackedBatch batch, int[][] texts, int[] sequences, int capacity)
    {
        var (rows, cacheRows) = (new List<int>(), new List<int>());
        for (var s = 0; s < batch.Order.Count; s++)
        {
            var (first, shared, own) = (sequences[batch.Order[s]] * capacity, batch.Shared[s], batch.Starts[s]);
            for (var t = 0; t < texts[batch.Order[s]].Length; t++)
            {
                rows.Add(t < shared.Length ? shared[t] : own + t - shared.Length);
                cacheRows.Add(first + t);
            }
        }
        return ([.. rows], [.. cacheRows]);
    }

    private Tensor Embedded(int[] ids, int[] positions, string name)
    {
        var x = _memory.Get(name, ids.Length, _model.Config.HiddenSize);
        _input.Embed(x, ids);
        _input.Place(x, positions);
        return x;
    }

    private Tensor Logits(Tensor hidden)
    {
        var (decoder, rows) = (_model.Decoder, hidden.size(0));
        var normed = _output.Normed(hidden);
        var logits = _memory.Get("logits", rows, _model.Config.VocabularySize, ScalarType.Float32);
        if (_kernels.ReadsStored((int)rows))
        {
            decoder.Head.Multiply(normed.Rows(), logits.Rows());
            _output.Finish(logits);
            return logits;
        }
        var head = decoder.Head is DenseWeight { Tensor: var stored } && stored.dtype == decoder.ComputeType
            ? stored
            : _wideHead ??= decoder.Head.Materialize(decoder.ComputeType).DetachFromDisposeScope();
        new Products(_kernels, decoder.ComputeType).Run(logits, normed, head.t());
        _output.Finish(logits);
        return logits;
    }

    private void Forget()
    {
        foreach (var tensor in _cache) tensor.Dispose();
        _cache = [];
        _texts.Clear();
    }

    public void Dispose()
    {
        Forget();
        foreach (var layer in _layers) layer.Dispose();
        _kernels.Dispose();
        _none.Dispose();
        _wideHead?.Dispose();
    }
}
