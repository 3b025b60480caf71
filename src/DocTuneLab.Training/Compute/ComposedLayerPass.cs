using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Models.Layout;
using DocTuneLab.Training.Simd;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Compute;

/// <summary>
/// A layer of any form, as its layout says: products of matrices and attention by the kernels, what stands between them by libtorch's
/// operations. Nothing is kept from forward to backward but the input.
/// </summary>
internal sealed class ComposedLayerPass : LayerPass
{
    private readonly LayerLayout _layout;
    private readonly Kernels _kernels;
    private readonly NormPass _inputNorm, _mixerNorm, _feedForwardNorm, _outputNorm;
    private readonly MixerPass _mixer;
    private readonly FeedForwardPass _feedForward;

    /// <param name="decoder">The model.</param>
    /// <param name="index">Which layer.</param>
    /// <param name="kernels">Where it is computed, and working memory of all layers.</param>
    /// <param name="gradients">Where gradients go.</param>
    /// <param name="options">What to keep.</param>
    public ComposedLayerPass(Decoder decoder, int index, Kernels kernels, Gradients gradients, PassOptions options)
        : base(index == decoder.LayerCount - 1)
    {
        var layer = decoder.Layers[index];
        (_layout, _kernels) = (layer.Layout, kernels);
        (_inputNorm, _mixerNorm, _feedForwardNorm, _outputNorm) = (new(layer.InputNorm, gradients), new(layer.MixerOutputNorm, gradients),
            new(layer.FeedForwardNorm, gradients), new(layer.FeedForwardOutputNorm, gradients));
        var parts = new PassParts(kernels, gradients, decoder.ComputeType, options.KeepWeights);
        _mixer = layer.Mixer is ConvolutionMixer convolution
            ? new ConvolutionPass(convolution, parts)
            : new AttentionPass((AttentionMixer)layer.Mixer, parts);
        _feedForward = layer.FeedForward is Mixture mixture ? new MixturePass(mixture, parts) : new MlpPass((Mlp)layer.FeedForward, parts);
    }

    /// <inheritdoc/>
    public override int CacheWidth => _layout.Mixer.CacheWidth;

    /// <inheritdoc/>
    public override bool KeepsNothing => true;

    // Without a norm of its own, the second part of a parallel layer reads what the first one does.
    private bool ReadsInputNorm => _layout.IsParallel && !_feedForwardNorm.IsThere;

    /// <inheritdoc/>
    public override void Forward(Tensor x, Tensor result, PackedBatch batch, StepKey step)
    {
        using var scope = NewDisposeScope();
        result.copy_(Run(x, batch, step).Result);
    }

    /// <inheritdoc/>
    public override void Step(Tensor x, Tensor cache, CachedRows rows, StepKey step)
    {
        using var scope = NewDisposeScope();
        var call = new PassCall(step, _kernels.ReadsStored(rows.Sequences.Length));
        var normed = _inputNorm.Forward(x);
        var mixed = _mixer.Step(Dense(normed), cache, rows, call);
        x.copy_(Finished(x, normed, mixed, call).Result);
    }

    /// <inheritdoc/>
    public override void Keep(int tokens, int queries, int[] rows, Tensor cache, int[] cacheRows)
    {
        using var scope = NewDisposeScope();
        _mixer.Keep(tokens, rows, cache, cacheRows);
    }

    /// <inheritdoc/>
    public override Tensor Backward(Tensor x, Tensor dy, PackedBatch batch, StepKey step, bool needInput)
    {
        using var scope = NewDisposeScope();
        var state = Run(x, batch, step);
        var factor = _layout.ResidualScale;
        var dFed = _outputNorm.Backward(state.Fed, Scaled(dy, factor));
        var dGiven = _feedForward.Backward(state.Given, Dense(dFed), step);
        // To the layer's input at the rows that go on, and to what the norm before attention gave there.
        Tensor dMiddle = dy, dResidual = dy;
        Tensor? dAsked = null;
        if (ReadsInputNorm) dAsked = dGiven;
        else if (_layout.IsParallel) dResidual = dy.Plus(_feedForwardNorm.Backward(state.Residual, dGiven));
        else dResidual = dMiddle = dy.Plus(_feedForwardNorm.Backward(state.Middle, dGiven));
        var dMixed = _mixerNorm.Backward(state.Mixed, Scaled(dMiddle, factor));
        needInput |= _inputNorm.IsTrained;
        var dNormed = _mixer.Backward(state.Normed, Dense(dMixed), batch, IsLast, step, needInput);
        var target = IsLast ? _kernels.Memory.Get("d hidden", x.size(0), x.size(1)) : dy;
        if (dNormed is null) return target;
        if (dAsked is not null) Gathered(dNormed, dAsked, batch);
        var dx = _inputNorm.Backward(x, dNormed);
        if (IsLast)
        {
            target.copy_(dx);
            target.AddRows(_kernels.Indices(batch.Rows), dResidual);
        }
        else
        {
            target.copy_(dx.Plus(dResidual));
        }
        return target;
    }

    /// <inheritdoc/>
    public override double Operations(PackedBatch batch, bool needInput)
    {
        var rows = IsLast ? batch.Rows.Length : batch.Ids.Length;
        return _mixer.Operations(batch, IsLast, needInput || _inputNorm.IsTrained) + _feedForward.Operations(rows);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _mixer.Dispose();
        _feedForward.Dispose();
    }

    private readonly record struct State(Tensor Normed, Tensor Residual, Tensor Mixed, Tensor Middle, Tensor Given, Tensor Fed,
        Tensor Result);

    private State Run(Tensor x, PackedBatch batch, StepKey step)
    {
        var normed = Dense(_inputNorm.Forward(x));
        var mixed = _mixer.Forward(normed, batch, IsLast, step);
        return IsLast
            ? Finished(_kernels.Rows(x, batch.Rows), ReadsInputNorm ? _kernels.Rows(normed, batch.Rows) : normed, mixed,
                new PassCall(step, Few: false)) with
            { Normed = normed }
            : Finished(x, normed, mixed, new PassCall(step, Few: false));
    }

    // From the mixer's result to the layer's, at the rows that go on.
    private State Finished(Tensor residual, Tensor normed, Tensor mixed, PassCall call)
    {
        var factor = _layout.ResidualScale;
        var middle = residual.Plus(Scaled(_mixerNorm.Forward(mixed), factor));
        var given = Dense(ReadsInputNorm ? normed : _feedForwardNorm.Forward(_layout.IsParallel ? residual : middle));
        var fed = _feedForward.Forward(given, call);
        return new State(normed, residual, mixed, middle, given, fed, middle.Plus(Scaled(_outputNorm.Forward(fed), factor)));
    }

    private void Gathered(Tensor target, Tensor rows, PackedBatch batch)
    {
        if (IsLast) target.AddRows(_kernels.Indices(batch.Rows), rows);
        else target.Add(rows);
    }

    private static Tensor Scaled(Tensor x, double factor) => factor == 1 ? x : x.Times(factor);

    // Kernels read rows whose elements lie side by side.
    private static Tensor Dense(Tensor x) => x.contiguous();
}
