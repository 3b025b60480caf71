using DocTuneLab.Training.Models;
using DocTuneLab.Training.Simd;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Compute;

/// <summary>A short convolution between two gates; the cache holds what its kernel passes over.</summary>
internal sealed class ConvolutionPass(ConvolutionMixer convolution, PassParts parts) : MixerPass
{
    private readonly LinearGroup _input = parts.Group(convolution.Input), _output = parts.Group(convolution.Output);
    private Tensor? _raw, _mixed;

    private Kernels Kernels => parts.Kernels;

    private long Channels => convolution.Layout.Channels;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x, PackedBatch batch, bool isLast, StepKey step)
    {
        var call = new PassCall(step, Few: false);
        _raw = parts.Apply(_input, x, call);
        Kernels.Memory.Get("composed passed", x.size(0), Channels).copy_(ConvolutionMixer.Gated(_raw).Passed);
        _mixed = Mixed(_raw, batch, isLast).contiguous();
        return parts.Apply(_output, _mixed, call);
    }

    /// <inheritdoc/>
    public override Tensor Step(Tensor x, Tensor cache, CachedRows rows, PassCall call)
    {
        var (passed, gate) = ConvolutionMixer.Gated(parts.Apply(_input, x, call));
        cache.index_copy_(0, Kernels.Indices(rows.Own), passed);
        Tensor Before(int tokens)
        {
            var there = Array.ConvertAll(rows.Positions, p => p >= tokens ? 1f : 0f);
            return Kernels.Rows(cache, [.. rows.Own.Select((own, i) => there[i] > 0 ? own - tokens : own)])
                * tensor(there, device: cache.device).to_type(cache.dtype).unsqueeze(1);
        }
        var taps = Enumerable.Range(0, convolution.Layout.Length).Select(t => t == 0 ? passed : Before(t)).ToArray();
        return parts.Apply(_output, (gate * convolution.Passed(taps)).contiguous(), call);
    }

    /// <inheritdoc/>
    public override void Keep(int tokens, int[] rows, Tensor cache, int[] cacheRows) =>
        cache.index_copy_(0, Kernels.Indices(cacheRows), Kernels.Rows(Kernels.Memory.Get("composed passed", tokens, Channels), rows));

    /// <inheritdoc/>
    public override Tensor? Backward(Tensor x, Tensor dy, PackedBatch batch, bool isLast, StepKey step, bool needInput)
    {
        var dMixed = parts.Backward(_output, _mixed!, dy, step);
        var dRaw = Recomputed.Backward(i => [Mixed(i[0], batch, isLast)], [_raw!], [dMixed], parts.Gradients, convolution.KernelTensors)[0];
        var dx = needInput ? parts.New(x.size(0), x.size(1)) : null;
        _input.Backward(x, dRaw.contiguous(), dx, step);
        return dx;
    }

    /// <inheritdoc/>
    public override double Operations(PackedBatch batch, bool isLast, bool needInput) =>
        _input.Operations(batch.Ids.Length, needInput) + _output.Operations(isLast ? batch.Rows.Length : batch.Ids.Length, true);

    /// <inheritdoc/>
    public override void Dispose()
    {
        _input.Dispose();
        _output.Dispose();
    }

    private Tensor Mixed(Tensor raw, PackedBatch batch, bool isLast)
    {
        var (passed, gate) = ConvolutionMixer.Gated(raw);
        // Before the first token of a sequence there is nothing: a row of zeros behind all others.
        var padded = cat([passed, zeros([1, Channels], dtype: passed.dtype, device: passed.device)], 0);
        var (taps, row) = (new List<Tensor> { passed }, Enumerable.Range(0, batch.Ids.Length).ToArray());
        for (var t = 1; t < convolution.Layout.Length; t++)
        {
            row = Array.ConvertAll(row, r => r < batch.Ids.Length && batch.Previous[r] is >= 0 and var before ? before : batch.Ids.Length);
            taps.Add(padded.index_select(0, Kernels.Indices(row)));
        }
        var mixed = gate * convolution.Passed(taps);
        return isLast ? mixed.index_select(0, Kernels.Indices(batch.Rows)) : mixed;
    }
}
