using DocTuneLab.Training.Models;
using DocTuneLab.Training.Quantization;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Compute;

/// <summary>What a pass keeps in memory, to be faster.</summary>
/// <param name="KeepActivations">Activations of all layers from forward to backward; otherwise a layer's are computed again (Chen et al.
/// 2016, arXiv 1604.06174).</param>
/// <param name="KeepWeights">Dequantised matrices between uses; otherwise one buffer serves all.</param>
/// <param name="NoiseAlpha">NEFTune's alpha; 0 is off.</param>
/// <param name="Offload">Layers' inputs in the memory of the host from forward to backward, where activations are not kept.</param>
/// <param name="Smoothing">Share of a target's probability that is spread over the vocabulary, in training.</param>
internal sealed record PassOptions(
    bool KeepActivations, bool KeepWeights, double NoiseAlpha = 0, bool Offload = false, double Smoothing = 0);

/// <summary>
/// Loss and gradients of a packed batch without autograd: layers forward under no graph, cross-entropy in chunks of rows with
/// the gradient to the hidden states computed at once, layers backward. Full logits are never in memory, and only trained
/// positions reach the vocabulary.
/// </summary>
internal sealed class TrainingPass : IDisposable
{
    // Logits of a chunk take at most this many bytes, but are of this many rows at least: with fewer, reading the vocabulary's
    // matrix takes longer than multiplying by it.
    internal const long ChunkBytes = 256L << 20, ChunkRows = 64;
    private readonly BaseModel _model;
    private readonly Kernels _kernels;
    private readonly Workspace _memory;
    private readonly Workspace? _host;
    private readonly Products _products;
    private readonly Gradients _gradients;
    private readonly PassOptions _options;
    private readonly LayerPass[] _layers;
    private readonly InputPass _input;
    private readonly OutputPass _output;
    private readonly Teacher? _teacher;
    private readonly Tensor? _wideHead;

    /// <summary>A pass over a model whose adapter, if any, is attached.</summary>
    /// <param name="model">The model.</param>
    /// <param name="gradients">Of what is trained.</param>
    /// <param name="options">What to keep in memory.</param>
    /// <param name="teacher">The model without its adapter, for replayed batches.</param>
    /// <param name="kernels">Null are those for the model's device.</param>
    public TrainingPass(BaseModel model, Gradients gradients, PassOptions options, Teacher? teacher = null, Kernels? kernels = null)
    {
        (_model, _gradients, _options, _teacher, _kernels) = (model, gradients, options, teacher, kernels ?? Kernels.For(model.Decoder));
        _memory = _kernels.Memory;
        if (options is { Offload: true, KeepActivations: false })
            _host = new Workspace(CPU, _memory.Type, pinned: _memory.Device.type == TorchSharp.DeviceType.CUDA);
        _products = new Products(_kernels, model.Decoder.ComputeType);
        _layers = [.. Enumerable.Range(0, model.Decoder.LayerCount)
            .Select(i => LayerPass.Of(model.Decoder, i, _kernels, gradients, options))];
        _input = new InputPass(model.Decoder, model.Config.Layout, _kernels, gradients);
        _output = new OutputPass(model.Decoder, model.Config.Layout, _kernels, gradients);
        // Products with the whole vocabulary in every step: better converted once.
        if (gradients.Any && model.Decoder.Head is BlockWeight blocks)
            _wideHead = blocks.Materialize(model.Decoder.ComputeType).DetachFromDisposeScope();
        else if (gradients.Any && model.Decoder.Head is DenseWeight head && gradients.Of(head) is null)
            head.Convert(model.Decoder.ComputeType);
    }

    /// <summary>
    /// Sum of the loss over the batch's targets, in nats, and where asked for the gradients of its part of the loss, added up. The loss
    /// is the cross-entropy with the target token; in a replayed batch the divergence from the teacher's distribution.
    /// </summary>
    /// <param name="batch">Sequences.</param>
    /// <param name="gradientScale">1 / targets of the whole step; 0 computes the loss only.</param>
    /// <param name="step">Key of the step.</param>
    /// <param name="each">Where given, receives the loss of each target.</param>
    public double Run(PackedBatch batch, double gradientScale, StepKey step, double[]? each = null)
    {
        if (batch.Rows.Length == 0) return 0;
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        _kernels.Begin();
        var train = gradientScale != 0;
        var (losses, dy) = Loss(Forward(batch, train, step), batch, gradientScale);
        if (train) Backward(batch, dy, step);
        // Read only now: a device has the whole pass to work on meanwhile.
        var read = losses.cpu().data<double>().ToArray();
        if (each is not null) read.CopyTo(each, 0);
        return read.Sum();
    }

    private void Backward(PackedBatch batch, Tensor dy, StepKey step)
    {
        var (tokens, hidden) = (batch.Ids.Length, _model.Config.HiddenSize);
        for (var i = _layers.Length - 1; i >= 0; i--)
        {
            var input = Kept(i, tokens);
            // Without kept activations the buffers hold those of the last layer that ran.
            if (!_options.KeepActivations && !_layers[i].IsLast && !_layers[i].KeepsNothing)
                _layers[i].Forward(input, _memory.Get("again", tokens, hidden), batch, step);
            dy = _layers[i].Backward(input, dy, batch, step, needInput: i > 0 || _input.IsTrained);
        }
        if (_input.IsTrained) _input.Backward(dy, batch.Ids, batch.Positions);
    }

    /// <summary>
    /// Floating-point operations of a step over the batch: per row and frozen weight 2 forward and 2 for the gradient of the
    /// input, where it is needed, 2 more where the weight itself is trained; adapters; attention; the vocabulary for trained
    /// rows. Rows that are not computed (a shared beginning, untrained rows in the last layer) do not count, nor does what is
    /// computed again to save memory, nor the teacher's pass.
    /// </summary>
    public double Operations(PackedBatch batch) =>
        _layers.Select((l, i) => l.Operations(batch, i > 0 || _input.IsTrained)).Sum()
            + (double)batch.Rows.Length * _model.Config.VocabularySize * _model.Config.HiddenSize * (_input.IsTrained ? 6 : 4);

    /// <summary>Hidden states that the vocabulary is multiplied by, at the batch's trained rows, [rows, hidden];
    /// valid until the next pass.</summary>
    public Tensor Outputs(PackedBatch batch, StepKey step)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        _kernels.Begin();
        return _output.Normed(Forward(batch, train: false, step));
    }

    private Tensor Forward(PackedBatch batch, bool train, StepKey step)
    {
        var x = Input(0, batch.Ids.Length, train);
        _input.Embed(x, batch.Ids);
        if (train && _options.NoiseAlpha > 0 && !batch.Replayed) _kernels.AddNoise(x, batch.Starts, _options.NoiseAlpha, step.Of("noise"));
        _input.Place(x, batch.Positions);
        for (var i = 0; i < _layers.Length; i++)
        {
            var y = _layers[i].IsLast
                ? _memory.Get("last", batch.Rows.Length, _model.Config.HiddenSize)
                : Input(i + 1, batch.Ids.Length, train);
            if (train && _host is not null) Waiting(i, batch.Ids.Length).copy_(x, nonBlocking: true);
            _layers[i].Forward(x, y, batch, step);
            x = y;
        }
        return x;
    }

    private Tensor Input(int layer, int tokens, bool train) =>
        _memory.Get(train && _host is null ? $"input.{layer}" : $"input.{layer % 2}", tokens, _model.Config.HiddenSize);

    private Tensor Waiting(int layer, int tokens) => _host!.Get($"input.{layer}", tokens, _model.Config.HiddenSize);

    // A device copies to and from pinned memory in the order of its other work, so nobody has to wait.
    private Tensor Kept(int layer, int tokens)
    {
        var input = Input(layer, tokens, train: true);
        return _host is null ? input : input.copy_(Waiting(layer, tokens), nonBlocking: true);
    }

    private (Tensor Losses, Tensor Gradient) Loss(Tensor x, PackedBatch batch, double gradientScale)
    {
        var (decoder, hidden, vocabulary) = (_model.Decoder, _model.Config.HiddenSize, _model.Config.VocabularySize);
        var (rows, train) = (batch.Rows.Length, gradientScale != 0);
        var normed = _output.Normed(x);
        var dNormed = _memory.Get("d final", rows, hidden);
        var headGradient = _gradients.Of(decoder.Head);
        var wide = _wideHead ?? decoder.Head.Materialize(decoder.ComputeType);
        // Of equal size: the matrix is read once for each, however few rows it has.
        var most = (int)Math.Clamp(ChunkBytes / wide.element_size() / vocabulary, ChunkRows, 4096);
        var chunks = (rows + most - 1) / most;
        var chunk = (rows + chunks - 1) / chunks;
        var losses = new List<Tensor>();
        var taught =
            batch.Replayed ? (_teacher ?? throw new InvalidOperationException("a replayed batch needs a teacher")).Outputs(batch) : null;
        for (var from = 0; from < rows; from += chunk)
        {
            using var scope = NewDisposeScope();
            var count = Math.Min(chunk, rows - from);
            var input = normed.narrow(0, from, count);
            var all = _products.Get("logits", input, wide.t());
            var logits = all.narrow(0, 0, count);
            _output.Finish(logits);
            var slopes = train ? _output.Slopes(logits) : null;
            Tensor part;
            if (taught is null)
            {
                part = _kernels.CrossEntropy(logits, batch.Targets, from, (float)gradientScale, train ? (float)_options.Smoothing : 0);
            }
            else
            {
                var theirs = _products.Get("teacher's logits", taught.narrow(0, from, count), wide.t()).narrow(0, 0, count);
                _output.Finish(theirs);
                part = _kernels.Distill(logits, theirs, (float)gradientScale);
            }
            losses.Add(part.MoveToOuterDisposeScope());
            if (!train) continue;
            _output.FinishBackward(logits, slopes);
            _products.Run(dNormed.narrow(0, from, count), all, wide);
            if (headGradient is not null) _kernels.Multiply(headGradient, logits.to_type(_memory.Type).t(), input, add: true);
        }
        if (!train) return (cat(losses), dNormed);
        var dx = _memory.Get("d last", rows, hidden);
        _output.NormBackward(x, dNormed, dx);
        return (cat(losses), dx);
    }

    public void Dispose()
    {
        _wideHead?.Dispose();
        foreach (var layer in _layers) layer.Dispose();
        _kernels.Dispose();
        _host?.Dispose();
    }
}
