using DocTuneLab.Training.Quantization;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Sft;

/// <summary>
/// AdamW (Loshchilov and Hutter 2017, arXiv 1711.05101) in one pass over memory per tensor, with state in float32 or in 8
/// bits a number (Dettmers et al. 2021, arXiv 2110.02861: blocks of 256 with their own scale, dynamic code). Tensors below
/// 4,096 elements stay in float32. Of tensors on a device it can be on the host, where the update is then made. State can be saved and loaded by name.
/// </summary>
internal sealed class AdamW : IDisposable
{
    /// <summary>Decay of the means, and what is added to the roots of the squares.</summary>
    internal const float Beta1 = 0.9f, Epsilon = 1e-8f;

    /// <summary>Numbers in 8 bits that share a scale.</summary>
    internal const int BlockSize = 256;

    private const int SmallestQuantized = 4096;
    private readonly Gradients _gradients;
    private readonly Kernels _kernels;
    private readonly bool _ownKernels;
    private readonly float _beta2, _weightDecay;
    private readonly Slot[] _slots;

    private sealed record Slot(string Name, Tensor Parameter, Tensor Gradient, double RateFactor, Tensor Mean, Tensor Square, Tensor? MeanScales, Tensor? SquareScales)
    {
        public IEnumerable<(string Name, Tensor Tensor)> State => MeanScales is null
            ? [("mean." + Name, Mean), ("square." + Name, Square)]
            : [("mean." + Name, Mean), ("square." + Name, Square), ("mean_scales." + Name, MeanScales), ("square_scales." + Name, SquareScales!)];
    }

    /// <param name="parameters">Trained tensors by name.</param>
    /// <param name="gradients">Their gradients.</param>
    /// <param name="kernels">Where they are.</param>
    /// <param name="weightDecay">Decoupled decay of matrices.</param>
    /// <param name="eightBit">Whether large tensors keep their state in 8 bits.</param>
    /// <param name="paged">Whether the state is on the host.</param>
    /// <param name="rateFactor">Factor of the learning rate by name (LoRA+); null is 1 for all.</param>
    /// <param name="beta2">Decay of the squares.</param>
    public AdamW(IReadOnlyDictionary<string, Tensor> parameters, Gradients gradients, Kernels kernels, double weightDecay, bool eightBit = false, bool paged = false, Func<string, double>? rateFactor = null, double beta2 = 0.999)
    {
        _ownKernels = paged && kernels is not ProcessorKernels;
        (_gradients, _kernels, _weightDecay, _beta2) = (gradients, _ownKernels ? new ProcessorKernels(new Workspace(CPU, ScalarType.Float32)) : kernels, (float)weightDecay, (float)beta2);
        _slots = [.. parameters.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p =>
        {
            var (count, quantized) = (p.Value.numel(), eightBit && p.Value.numel() >= SmallestQuantized);
            Tensor Zeros(long size, ScalarType type) => zeros(size, dtype: type, device: _kernels.Memory.Device).DetachFromDisposeScope();
            var (type, blocks) = (quantized ? ScalarType.Byte : ScalarType.Float32, (count + BlockSize - 1) / BlockSize);
            var slot = new Slot(p.Key, p.Value, gradients.Of(p.Value)!, rateFactor?.Invoke(p.Key) ?? 1, Zeros(count, type), Zeros(count, type),
                quantized ? Zeros(blocks, ScalarType.Float32) : null, quantized ? Zeros(blocks, ScalarType.Float32) : null);
            if (quantized) using (no_grad()) slot.Mean.fill_(DynamicCode.ZeroOf(DynamicCode.Signed));
            return slot;
        })];
    }

    /// <summary>Number of updates made.</summary>
    public int Step { get; private set; }

    /// <summary>Bytes of the state.</summary>
    public long StateBytes => _slots.SelectMany(s => s.State).Sum(t => t.Tensor.numel() * t.Tensor.element_size());

    /// <summary>One update from the gradients times <paramref name="gradientScale"/> (clipping), then forgets them.</summary>
    public void Update(double learningRate, double gradientScale)
    {
        Step++;
        var (correct1, correct2) = (1 - Math.Pow(Beta1, Step), 1 - Math.Pow(_beta2, Step));
        foreach (var slot in _slots)
        {
            using var scope = NewDisposeScope();
            using var _ = no_grad();
            var rate = learningRate * slot.RateFactor;
            var factors = new Factors((float)gradientScale, (float)(rate / correct1), (float)(1 / Math.Sqrt(correct2)), slot.Parameter.dim() > 1 ? 1 - (float)rate * _weightDecay : 1, _beta2);
            // Where the state is; a copy where that is elsewhere.
            var (parameter, gradient) = (slot.Parameter.to(_kernels.Memory.Device), slot.Gradient.to(_kernels.Memory.Device));
            if (slot.MeanScales is null) _kernels.Update(parameter, gradient, slot.Mean, slot.Square, factors);
            else _kernels.Update(parameter, gradient, (slot.Mean, slot.MeanScales), (slot.Square, slot.SquareScales!), factors);
            if (parameter.Handle != slot.Parameter.Handle) slot.Parameter.copy_(parameter);
        }
        _gradients.Clear();
    }

    /// <summary>Of an update: of the gradient (clipping), the rate over the first moment's correction, of the root of the second moment, of the parameter (decay), and beta 2.</summary>
    internal readonly record struct Factors(float Gradient, float Rate, float Square, float Decay, float Beta2);

    /// <summary>The moments by name, for a checkpoint.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> State() => _slots.SelectMany(s => s.State).Select(t => KeyValuePair.Create(t.Name, t.Tensor));

    /// <summary>Restores what <see cref="State"/> gave.</summary>
    public void Restore(int step, Func<string, long[], Tensor> read)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Step = step;
        foreach (var (name, tensor) in _slots.SelectMany(s => s.State)) tensor.copy_(read(name, tensor.shape));
    }

    public void Dispose()
    {
        if (_ownKernels) _kernels.Dispose();
        foreach (var (_, tensor) in _slots.SelectMany(s => s.State)) tensor.Dispose();
    }
}
