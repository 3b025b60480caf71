using System.Runtime.Intrinsics;
using DocTuneLab.Training.Native;
using DocTuneLab.Training.Quantization;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Sft;

/// <summary>
/// AdamW (Loshchilov and Hutter 2017, arXiv 1711.05101) in one pass over memory per tensor, with state in float32 or in 8
/// bits a number (Dettmers et al. 2021, arXiv 2110.02861: blocks of 256 with their own scale, dynamic code). Tensors below
/// 4,096 elements stay in float32. State can be saved and loaded by name.
/// </summary>
internal sealed unsafe class AdamW : IDisposable
{
    private const float Beta1 = 0.9f, Epsilon = 1e-8f;
    private const int BlockSize = 256, SmallestQuantized = 4096;
    private readonly Gradients _gradients;
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
    /// <param name="weightDecay">Decoupled decay of matrices.</param>
    /// <param name="eightBit">Whether large tensors keep their state in 8 bits.</param>
    /// <param name="rateFactor">Factor of the learning rate by name (LoRA+); null is 1 for all.</param>
    /// <param name="beta2">Decay of the squares.</param>
    public AdamW(IReadOnlyDictionary<string, Tensor> parameters, Gradients gradients, double weightDecay, bool eightBit = false, Func<string, double>? rateFactor = null, double beta2 = 0.999)
    {
        (_gradients, _weightDecay, _beta2) = (gradients, (float)weightDecay, (float)beta2);
        _slots = [.. parameters.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p =>
        {
            var (count, quantized) = (p.Value.numel(), eightBit && p.Value.numel() >= SmallestQuantized);
            Tensor Zeros(long size, ScalarType type) => zeros(size, dtype: type).DetachFromDisposeScope();
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
            var count = slot.Parameter.numel();
            var rate = learningRate * slot.RateFactor;
            var numbers = new Numbers((float)gradientScale, (float)(rate / correct1), (float)(1 / Math.Sqrt(correct2)), slot.Parameter.dim() > 1 ? 1 - (float)rate * _weightDecay : 1, _beta2);
            float* parameter = slot.Parameter.Pointer(), gradient = slot.Gradient.Pointer();
            if (slot.MeanScales is null)
            {
                float* mean = slot.Mean.Pointer(), square = slot.Square.Pointer();
                const int part = 1 << 15;
                Cores.For((int)((count + part - 1) / part), i =>
                {
                    var (from, length) = ((long)i * part, (int)Math.Min(part, count - (long)i * part));
                    Run(parameter + from, gradient + from, mean + from, square + from, length, numbers);
                });
                continue;
            }
            byte* meanCodes = (byte*)slot.Mean.Address(), squareCodes = (byte*)slot.Square.Address();
            float* meanScales = slot.MeanScales.Pointer(), squareScales = slot.SquareScales!.Pointer();
            const int blocksOfPart = 32;
            var blocks = (int)((count + BlockSize - 1) / BlockSize);
            Cores.For((blocks + blocksOfPart - 1) / blocksOfPart, p =>
            {
                float* mean = stackalloc float[BlockSize], square = stackalloc float[BlockSize];
                for (var b = p * blocksOfPart; b < Math.Min(blocks, (p + 1) * blocksOfPart); b++)
                {
                    var (from, length) = ((long)b * BlockSize, (int)Math.Min(BlockSize, count - (long)b * BlockSize));
                    DynamicCode.Decode(DynamicCode.Signed, meanCodes + from, meanScales[b], mean, length);
                    DynamicCode.Decode(DynamicCode.Unsigned, squareCodes + from, squareScales[b], square, length);
                    Run(parameter + from, gradient + from, mean, square, length, numbers);
                    meanScales[b] = DynamicCode.Encode(DynamicCode.Signed, mean, meanCodes + from, length);
                    squareScales[b] = DynamicCode.Encode(DynamicCode.Unsigned, square, squareCodes + from, length);
                }
            });
        }
        _gradients.Clear();
    }

    private readonly record struct Numbers(float GradientScale, float Rate, float SquareFactor, float Decay, float Beta2);

    private static void Run(float* parameter, float* gradient, float* mean, float* square, int length, Numbers n)
    {
        var lanes = Vector256<float>.Count;
        var i = 0;
        for (; i + lanes <= length; i += lanes)
        {
            var g = Vector256.Load(gradient + i) * n.GradientScale;
            var m = Vector256.Load(mean + i) * Beta1 + g * (1 - Beta1);
            var s = Vector256.Load(square + i) * n.Beta2 + g * g * (1 - n.Beta2);
            m.Store(mean + i);
            s.Store(square + i);
            (Vector256.Load(parameter + i) * n.Decay - m * n.Rate / (Vector256.Sqrt(s) * n.SquareFactor + Vector256.Create(Epsilon))).Store(parameter + i);
        }
        for (; i < length; i++)
        {
            var g = gradient[i] * n.GradientScale;
            mean[i] = mean[i] * Beta1 + g * (1 - Beta1);
            square[i] = square[i] * n.Beta2 + g * g * (1 - n.Beta2);
            parameter[i] = parameter[i] * n.Decay - mean[i] * n.Rate / (MathF.Sqrt(square[i]) * n.SquareFactor + Epsilon);
        }
    }

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
        foreach (var (_, tensor) in _slots.SelectMany(s => s.State)) tensor.Dispose();
    }
}
