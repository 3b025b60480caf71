using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Quantization;
using DocTuneLab.Training.Simd;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Compute;

/// <summary>
/// On any device, of libtorch's own operations. Between 16-bit activations they compute in float32, a slice of rows at a time, so that
/// what is not kept takes little memory however long a batch is.
/// What an operation would read back from the device is read at the end of a pass.
/// </summary>
internal class ComposedKernels(Workspace memory) : Kernels(memory)
{
    /// <summary>Float32 numbers in a temporary.</summary>
    internal const long SliceElements = 1 << 23;

    private readonly Dictionary<int[], Tensor> _indices = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<(nint Table, int[] Positions), Tensor> _angles = [];
    private readonly Dictionary<float[], (Tensor Map, Tensor Bounds)> _maps = new(ReferenceEqualityComparer.Instance);

    public override void Begin()
    {
        base.Begin();
        foreach (var tensor in _indices.Values.Concat(_angles.Values)) tensor.Dispose();
        _indices.Clear();
        _angles.Clear();
    }

    public override Tensor Indices(int[] values)
    {
        if (_indices.TryGetValue(values, out var known)) return known;
        using var scope = NewDisposeScope();
        return _indices[values] = tensor(values).to_type(ScalarType.Int64).to(Memory.Device).DetachFromDisposeScope();
    }

    // Embeddings may have stayed on the host.
    public override Tensor Rows(Tensor matrix, int[] rows) =>
        matrix.device_type == Memory.Device.type ? matrix[Indices(rows)] : matrix[tensor(rows).to_type(ScalarType.Int64)].to(Memory.Device);

    public override bool ReadsStored(int rows) => false;

    public override void Multiply(Tensor target, Tensor left, Tensor right, bool add, float scale = 1)
    {
        using var scope = NewDisposeScope();
        // Of two types, it is that of activations: a factor of an adapter beside them is rounded to it.
        var type = left.dtype == right.dtype ? left.dtype : Memory.Type;
        (left, right) = (left.to_type(type), right.to_type(type));
        if (target.dtype == type) target.addmm_(left, right, add ? 1 : 0, scale);
        else if (add) target.Add(left.mm(right), scale);
        else target.copy_(left.mm(right).Multiply(scale));
    }

    public override void Norm(Tensor x, Tensor weight, Tensor y, Tensor scales, int heads, double epsilon) => BySlices(x, (from, count) =>
    {
        var wide = Wide(x, from, count, heads);
        var factors = wide.Squared().mean([-1]).Plus(epsilon).rsqrt();
        scales.narrow(0, from, count).copy_(factors);
        Parts(y, from, count, heads).copy_(wide * factors.unsqueeze(-1) * weight);
    });

    public override void NormBackward(Tensor dy, Tensor x, Tensor weight, Tensor scales, Tensor dx, int heads,
        bool add) => BySlices(x, (from, count) =>
    {
        var (wide, factors) = (Wide(x, from, count, heads), scales.narrow(0, from, count).unsqueeze(-1));
        var d = Wide(dy, from, count, heads) * weight;
        var value = (d - wide * ((d * wide).mean([-1], true) * factors.Squared())).mul_(factors);
        var target = Parts(dx, from, count, heads);
        if (add) target.Add(value);
        else target.copy_(value);
    });

    public override void NormWeightGradient(Tensor dy, Tensor x, Tensor scales, Tensor gradient, int heads) => BySlices(x, (from, count) =>
        gradient.Add(
            (Wide(dy, from, count, heads) * Wide(x, from, count, heads) * scales.narrow(0, from, count).unsqueeze(-1)).sum([0, 1])));

    public override void Rotate(Tensor x, int[] positions, Tensor cosine, Tensor sine, int heads,
        int direction) => BySlices(x, (from, count) =>
    {
        var half = cosine.size(1) / 2;
        var (cos, sin) = (Angles(cosine, positions).narrow(0, from, count), Angles(sine, positions).narrow(0, from, count));
        if (direction < 0) sin = sin.neg();
        var parts = Parts(x, from, count, heads);
        var (low, high) = (parts.narrow(2, 0, half), parts.narrow(2, half, half));
        var (a, b) = (low.to_type(ScalarType.Float32), high.to_type(ScalarType.Float32));
        var (first, second) = (a * cos - b * sin, (b * cos).Plus(a * sin));
        low.copy_(first);
        high.copy_(second);
    });

    public override void Gate(Tensor x, Tensor h)
    {
        using var scope = NewDisposeScope();
        var size = h.size(1);
        h.copy_(nn.functional.silu(x.narrow(1, 0, size))).mul_(x.narrow(1, size, size));
    }

    public override void GateBackward(Tensor dh, Tensor x) => BySlices(x, (from, count) =>
    {
        var size = dh.size(1);
        Tensor gate = x.narrow(0, from, count).narrow(1, 0, size), up = x.narrow(0, from, count).narrow(1, size, size);
        Tensor g = gate.to_type(ScalarType.Float32), d = dh.narrow(0, from, count).to_type(ScalarType.Float32);
        var sigmoid = g.sigmoid();
        var (dGate, dUp) = (d * up * sigmoid * (g * sigmoid.negative().Plus(1)).Plus(1), d * g * sigmoid);
        gate.copy_(dGate);
        up.copy_(dUp);
    });

    public override void Attend(AttentionTensors x, AttentionRows rows, AttentionShape shape) => Composed.Attend(x, rows, shape);

    public override void AttendBackward(AttentionTensors x, AttentionTensorGradients gradients, AttentionRows rows,
        AttentionShape shape) => Composed.AttendBackward(x, gradients, rows, shape);

    public override void Decode(Tensor q, Tensor cache, CachedRows rows, Tensor output, AttentionShape shape, Tensor? sinks = null) =>
        Composed.Decode(q, cache, rows, output, shape, sinks);

    public override void Store(Tensor k, Tensor v, int[] rows, Tensor cache, int[] cacheRows)
    {
        using var scope = NewDisposeScope();
        cache.index_copy_(0, Indices(cacheRows), cat([Rows(k, rows), Rows(v, rows)], 1));
    }

    public override void Drop(Tensor x, double share, ulong key) => BySlices(x, (from, count) =>
    {
        var limit = (long)Math.Min(uint.MaxValue, share * 4294967296.0);
        var part = x.narrow(0, from, count);
        part.Multiply(1 / (1 - share)).Fill(0, (Random(part, from, key) & 0xFFFFFFFF).Below(limit));
    });

    public override void AddNoise(Tensor x, int[] starts, double alpha, ulong key)
    {
        for (var s = 0; s + 1 < starts.Length; s++)
        {
            using var scope = NewDisposeScope();
            var part = x.narrow(0, starts[s], starts[s + 1] - starts[s]);
            var bound = (float)(alpha / Math.Sqrt((double)(part.size(0) + 1) * part.size(1)));
            part.Add(Shifted(Random(part, starts[s], key), 40).to_type(ScalarType.Float32).Times(2f / (1 << 24)).Minus(1).Times(bound));
        }
    }

    public override Tensor CrossEntropy(Tensor logits, int[] targets, int from, float gradientScale, float smoothing = 0)
    {
        var losses = empty(logits.size(0), dtype: ScalarType.Float64, device: Memory.Device);
        BySlices(logits, (at, count) =>
        {
            var part = logits.narrow(0, at, count);
            var (own, target) = (Logarithms(part), Indices(targets).narrow(0, from + at, count).unsqueeze(1));
            var loss = own.gather(1, target).neg().squeeze(1);
            if (smoothing != 0) loss = loss.Times(1 - smoothing).Plus(own.mean([1L]).Times(-smoothing));
            losses.narrow(0, at, count).copy_(loss);
            if (gradientScale == 0) return;
            var gradient = own.exp_().Multiply(gradientScale);
            if (smoothing != 0) gradient.Add(-smoothing * gradientScale / logits.size(1));
            gradient.scatter_add_(1, target, TensorArithmetic.Full([count, 1], -(1 - smoothing) * gradientScale, Memory.Device));
            part.copy_(gradient);
        });
        return losses;
    }

    public override Tensor Distill(Tensor logits, Tensor teacher, float gradientScale)
    {
        var losses = empty(logits.size(0), dtype: ScalarType.Float64, device: Memory.Device);
        BySlices(logits, (at, count) =>
        {
            var part = logits.narrow(0, at, count);
            var (own, taught) = (Logarithms(part), Logarithms(teacher.narrow(0, at, count)));
            var p = taught.exp();
            losses.narrow(0, at, count).copy_((p * (taught - own)).sum(-1));
            if (gradientScale != 0) part.copy_(own.exp_().sub_(p).Multiply(gradientScale));
        });
        return losses;
    }

    public override double Length(Tensor vector)
    {
        using var scope = NewDisposeScope();
        var parts = new List<Tensor>();
        ByParts(vector,
            (from, count) => parts.Add(vector.narrow(0, from, count).Squared().sum(ScalarType.Float64).MoveToOuterDisposeScope()));
        return Math.Sqrt(stack(parts).cpu().sum().item<double>());
    }

    public override void Update(Tensor parameter, Tensor gradient, Tensor mean, Tensor square, AdamW.Factors factors) =>
        ByParts(parameter,
            (from, count) => Adam(parameter.narrow(0, from, count), gradient.narrow(0, from, count), mean.narrow(0, from, count),
                square.narrow(0, from, count), factors));

    public override void Update(Tensor parameter, Tensor gradient, (Tensor Codes, Tensor Scales) mean, (Tensor Codes, Tensor Scales) square,
        AdamW.Factors factors) => ByParts(parameter, (from, count) =>
    {
        (Tensor, Tensor) Part((Tensor Codes, Tensor Scales) state) =>
            (state.Codes.narrow(0, from, count),
                state.Scales.narrow(0, from / AdamW.BlockSize, (count + AdamW.BlockSize - 1) / AdamW.BlockSize));
        var (means, squares) = (Decoded(Part(mean), DynamicCode.Signed), Decoded(Part(square), DynamicCode.Unsigned));
        Adam(parameter.narrow(0, from, count), gradient.narrow(0, from, count), means, squares, factors);
        Encode(means, Part(mean), DynamicCode.Signed);
        Encode(squares, Part(square), DynamicCode.Unsigned);
    });

    private static void Adam(Tensor parameter, Tensor gradient, Tensor mean, Tensor square, AdamW.Factors factors)
    {
        var g = gradient.Times(factors.Gradient);
        mean.Multiply(factors.Beta1).Add(g, 1 - factors.Beta1);
        square.Multiply(factors.Beta2).AddProduct(g, g, 1 - factors.Beta2);
        if (factors.Decay != 1) parameter.Multiply(factors.Decay);
        parameter.AddQuotient(mean, square.sqrt().Multiply(factors.Square).Add(factors.Epsilon), -factors.Rate);
    }

    public override void Dispose()
    {
        Begin();
        foreach (var (map, bounds) in _maps.Values)
        {
            map.Dispose();
            bounds.Dispose();
        }
        base.Dispose();
    }

    private static void BySlices(Tensor x, Action<int, int> run)
    {
        var rows = (int)x.size(0);
        var step = (int)Math.Max(1, SliceElements / x.size(1));
        for (var from = 0; from < rows; from += step)
        {
            using var scope = NewDisposeScope();
            run(from, Math.Min(step, rows - from));
        }
    }

    // Of a vector; a part is of whole blocks of the optimiser's.
    private static void ByParts(Tensor x, Action<long, long> run)
    {
        for (var from = 0L; from < x.numel(); from += SliceElements)
        {
            using var scope = NewDisposeScope();
            run(from, Math.Min(SliceElements, x.numel() - from));
        }
    }

    // [rows, heads, size] of some rows: a view, and as float32.
    private static Tensor Parts(Tensor x, int from, int count, int heads) =>
        x.narrow(0, from, count).unflatten(1, [heads, x.size(1) / heads]);

    private static Tensor Wide(Tensor x, int from, int count, int heads) => Parts(x, from, count, heads).to_type(ScalarType.Float32);

    private static Tensor Logarithms(Tensor logits) => nn.functional.log_softmax(logits.to_type(ScalarType.Float32), -1);

    // Half a row of a table for each position, [rows, 1, size / 2]; the same for all layers.
    private Tensor Angles(Tensor table, int[] positions)
    {
        if (_angles.TryGetValue((table.Handle, positions), out var known)) return known;
        using var scope = NewDisposeScope();
        return _angles[(table.Handle,
            positions)] = table[Indices(positions)].narrow(1, 0, table.size(1) / 2).unsqueeze(1).contiguous().DetachFromDisposeScope();
    }

    // SplitMix64 of the key and each element's index, as on the processor.
    private Tensor Random(Tensor part, int firstRow, ulong key)
    {
        var first = (long)firstRow * part.size(1);
        var value = TensorArithmetic.Range(first, first + part.numel(), ScalarType.Int64, Memory.Device).view(part.shape);
        value = value.bitwise_xor_(tensor(unchecked((long)key))).Add(unchecked((long)0x9E3779B97F4A7C15UL));
        value = value.bitwise_xor_(Shifted(value, 30)).Multiply(unchecked((long)0xBF58476D1CE4E5B9UL));
        value = value.bitwise_xor_(Shifted(value, 27)).Multiply(unchecked((long)0x94D049BB133111EBUL));
        return value.bitwise_xor_(Shifted(value, 31));
    }

    // To the right, filling with zeros.
    private static Tensor Shifted(Tensor value, int bits) => value.bitwise_right_shift(tensor((long)bits)) & ((1L << (64 - bits)) - 1);

    private Tensor Decoded((Tensor Codes, Tensor Scales) state, float[] code)
    {
        var (values, count) = (zeros(state.Scales.numel() * AdamW.BlockSize, device: Memory.Device), state.Codes.numel());
        values.narrow(0, 0, count).copy_(Map(code).Map[state.Codes.to_type(ScalarType.Int32)]);
        return values.view(-1, AdamW.BlockSize).mul_(state.Scales.unsqueeze(1)).view(-1).narrow(0, 0, count);
    }

    private void Encode(Tensor values, (Tensor Codes, Tensor Scales) state, float[] code)
    {
        var padded = zeros(state.Scales.numel() * AdamW.BlockSize, device: Memory.Device);
        padded.narrow(0, 0, values.numel()).copy_(values);
        var blocks = padded.view(-1, AdamW.BlockSize);
        state.Scales.copy_(blocks.amax([1]).maximum(blocks.amin([1]).neg()));
        var relative = (blocks * state.Scales.reciprocal().Fill(0, state.Scales.EqualTo(0)).unsqueeze(1)).view(-1)
            .narrow(0, 0, values.numel());
        var nearest = bucketize(relative, Map(code).Bounds);
        // As a second moment, what is not zero must not become zero.
        state.Codes.copy_(nearest.Fill(1, nearest.EqualTo(0) & relative.Above(0)));
    }

    // The values of a code and the midpoints between them: of two equally near ones the lower is taken.
    private (Tensor Map, Tensor Bounds) Map(float[] code)
    {
        if (_maps.TryGetValue(code, out var known)) return known;
        using var scope = NewDisposeScope();
        float[] bounds = [.. code.Skip(1).Select((v, i) => (float)(((double)v + code[i]) / 2))];
        return _maps[code] = (tensor(code).to(Memory.Device).DetachFromDisposeScope(),
            tensor(bounds).to(Memory.Device).DetachFromDisposeScope());
    }
}
