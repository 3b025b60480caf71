using System.Runtime.Intrinsics;
using DocTuneLab.Training.Quantization;
using DocTuneLab.Training.Simd;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Compute;

/// <summary>On the processor: activations in float32, one pass over memory each.</summary>
internal sealed unsafe class ProcessorKernels(Workspace memory) : Kernels(memory)
{
    public override Tensor Indices(int[] values) => tensor(values).to_type(ScalarType.Int64);

    public override Tensor Rows(Tensor matrix, int[] rows) => matrix.index_select(0, Indices(rows));

    public override bool ReadsStored(int rows) => rows <= MatrixVector.MaxVectors;

    public override void Multiply(Tensor target, Tensor left, Tensor right, bool add, float scale = 1) =>
        MatrixProduct.Run(target, left, right, add, scale);

    public override void Norm(Tensor x, Tensor weight, Tensor y, Tensor scales, int heads, double epsilon) =>
        RowKernels.Norm(x.Rows(), weight.Pointer(), y.Rows(), scales.Pointer(), new RowParts(heads, (int)weight.size(0)), (float)epsilon);

    public override void NormBackward(Tensor dy, Tensor x, Tensor weight, Tensor scales, Tensor dx, int heads, bool add) =>
        RowKernels.NormBackward(dy.Rows(), x.Rows(), weight.Pointer(), scales.Pointer(), dx.Rows(),
            new RowParts(heads, (int)weight.size(0)), add);

    public override void NormWeightGradient(Tensor dy, Tensor x, Tensor scales, Tensor gradient, int heads) =>
        RowKernels.NormWeightGradient(dy.Rows(), x.Rows(), scales.Pointer(), gradient.Pointer(),
            new RowParts(heads, (int)gradient.size(0)));

    public override void Rotate(Tensor x, int[] positions, Tensor cosine, Tensor sine, int heads, int direction) =>
        RowKernels.Rotate(x.Rows(), positions, cosine.Pointer(), sine.Pointer(), heads, (int)cosine.size(1), direction);

    public override void Gate(Tensor x, Tensor h) => RowKernels.Gate(x.Rows(), h.Rows(), (int)h.size(1));

    public override void GateBackward(Tensor dh, Tensor x) => RowKernels.GateBackward(dh.Rows(), x.Rows(), (int)dh.size(1));

    public override void Attend(AttentionTensors x, AttentionRows rows, AttentionShape shape)
    {
        if (IsPlain(shape, x.Sinks)) Attention.Forward(Matrices(x), rows, shape);
        else Composed.Attend(x, rows, shape);
    }

    public override void AttendBackward(AttentionTensors x, AttentionTensorGradients gradients, AttentionRows rows, AttentionShape shape)
    {
        if (!IsPlain(shape, x.Sinks))
        {
            Composed.AttendBackward(x, gradients, rows, shape);
            return;
        }
        var shared = Memory.Get("d shared", Math.Max(1, rows.SharedRows), 2 * shape.KeyValueHeads * shape.Size);
        Attention.Backward(Matrices(x),
            new AttentionGradients(gradients.Output.Rows(), gradients.Q.Rows(), gradients.K.Rows(), gradients.V.Rows(), shared.Pointer()),
            rows, shape);
    }

    private static AttentionMatrices Matrices(AttentionTensors x) =>
        new(x.Q.Rows(), x.K.Rows(), x.V.Rows(), x.Output.Rows(), x.Sums.Pointer());

    public override void Decode(Tensor q, Tensor cache, CachedRows rows, Tensor output, AttentionShape shape, Tensor? sinks = null)
    {
        if (IsPlain(shape, sinks)) Attention.Decode(q.Rows(), cache.Rows(), rows, output.Rows(), shape);
        else Composed.Decode(q, cache, rows, output, shape, sinks);
    }

    // What the kernels of the processor know.
    private static bool IsPlain(AttentionShape shape, Tensor? sinks) => shape.Cap == 0 && sinks is null;

    public override void Store(Tensor k, Tensor v, int[] rows, Tensor cache, int[] cacheRows)
    {
        var width = (int)k.size(1);
        RowSpan keys = k.Rows(), values = v.Rows(), target = cache.Rows();
        for (var i = 0; i < rows.Length; i++)
        {
            new Span<float>(keys.Row(rows[i]), width).CopyTo(new Span<float>(target.Row(cacheRows[i]), width));
            new Span<float>(values.Row(rows[i]), width).CopyTo(new Span<float>(target.Row(cacheRows[i]) + width, width));
        }
    }

    public override void Drop(Tensor x, double share, ulong key) => Dropout.Apply(x.Rows(), share, key);

    public override void AddNoise(Tensor x, int[] starts, double alpha, ulong key) => Dropout.AddNoise(x.Rows(), starts, alpha, key);

    public override Tensor CrossEntropy(Tensor logits, int[] targets, int from, float gradientScale, float smoothing = 0)
    {
        var losses = new double[logits.size(0)];
        Simd.CrossEntropy.Run(logits, targets.AsMemory(from, losses.Length), losses, gradientScale, smoothing);
        return tensor(losses);
    }

    public override Tensor Distill(Tensor logits, Tensor teacher, float gradientScale)
    {
        var losses = new double[logits.size(0)];
        Simd.CrossEntropy.Distill(logits, teacher, losses, gradientScale);
        return tensor(losses);
    }

    // Summed in a fixed order in double.
    public override double Length(Tensor vector)
    {
        const int Block = 1 << 15;
        var start = vector.Pointer();
        var count = vector.numel();
        var sums = new double[(count + Block - 1) / Block];
        Cores.For(sums.Length, b =>
        {
            var (from, to) = ((long)b * Block, Math.Min(count, (b + 1L) * Block));
            double sum = 0;
            for (var i = from; i < to; i += 1024)
            {
                var length = (int)Math.Min(1024, to - i);
                sum += RowKernels.Dot(start + i, start + i, length);
            }
            sums[b] = sum;
        });
        return Math.Sqrt(sums.Sum());
    }

    public override void Update(Tensor parameter, Tensor gradient, Tensor mean, Tensor square, AdamW.Factors factors)
    {
        const int Part = 1 << 15;
        var count = parameter.numel();
        float* values = parameter.Pointer(), slopes = gradient.Pointer(), means = mean.Pointer(), squares = square.Pointer();
        Cores.For((int)((count + Part - 1) / Part), i =>
        {
            var (from, length) = ((long)i * Part, (int)Math.Min(Part, count - (long)i * Part));
            Update(values + from, slopes + from, means + from, squares + from, length, factors);
        });
    }

    public override void Update(Tensor parameter, Tensor gradient, (Tensor Codes, Tensor Scales) mean, (Tensor Codes, Tensor Scales) square,
        AdamW.Factors factors)
    {
        const int Size = AdamW.BlockSize, BlocksOfPart = 32;
        var count = parameter.numel();
        float* values = parameter.Pointer(), slopes = gradient.Pointer(), meanScales = mean.Scales.Pointer(),
            squareScales = square.Scales.Pointer();
        byte* meanCodes = (byte*)mean.Codes.Address(), squareCodes = (byte*)square.Codes.Address();
        var blocks = (int)((count + Size - 1) / Size);
        Cores.For((blocks + BlocksOfPart - 1) / BlocksOfPart, p =>
        {
            float* means = stackalloc float[Size], squares = stackalloc float[Size];
            for (var b = p * BlocksOfPart; b < Math.Min(blocks, (p + 1) * BlocksOfPart); b++)
            {
                var (from, length) = ((long)b * Size, (int)Math.Min(Size, count - (long)b * Size));
                DynamicCode.Decode(DynamicCode.Signed, meanCodes + from, meanScales[b], means, length);
                DynamicCode.Decode(DynamicCode.Unsigned, squareCodes + from, squareScales[b], squares, length);
                Update(values + from, slopes + from, means, squares, length, factors);
                meanScales[b] = DynamicCode.Encode(DynamicCode.Signed, means, meanCodes + from, length);
                squareScales[b] = DynamicCode.Encode(DynamicCode.Unsigned, squares, squareCodes + from, length);
            }
        });
    }

    private static void Update(float* parameter, float* gradient, float* mean, float* square, int length, AdamW.Factors f)
    {
        var lanes = Vector256<float>.Count;
        var i = 0;
        for (; i + lanes <= length; i += lanes)
        {
            var g = Vector256.Load(gradient + i) * f.Gradient;
            var m = Vector256.Load(mean + i) * f.Beta1 + g * (1 - f.Beta1);
            var s = Vector256.Load(square + i) * f.Beta2 + g * g * (1 - f.Beta2);
            m.Store(mean + i);
            s.Store(square + i);
            (Vector256.Load(parameter + i) * f.Decay - m * f.Rate / (Vector256.Sqrt(s) * f.Square + Vector256.Create(f.Epsilon)))
                .Store(parameter + i);
        }
        for (; i < length; i++)
        {
            var g = gradient[i] * f.Gradient;
            mean[i] = mean[i] * f.Beta1 + g * (1 - f.Beta1);
            square[i] = square[i] * f.Beta2 + g * g * (1 - f.Beta2);
            parameter[i] = parameter[i] * f.Decay - mean[i] * f.Rate / (MathF.Sqrt(square[i]) * f.Square + f.Epsilon);
        }
    }
}
