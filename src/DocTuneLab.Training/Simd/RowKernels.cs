using System.Runtime.Intrinsics;

namespace DocTuneLab.Training.Simd;

/// <summary>Rows of float32 in memory: pointer, number, distance between rows.</summary>
internal readonly unsafe struct RowSpan(float* start, int rows, int step)
{
    public float* Start { get; } = start;

    public int Rows { get; } = rows;

    /// <summary>Elements from a row to the next.</summary>
    public int Step { get; } = step;

    public float* Row(int row) => Start + (long)row * Step;

    public RowSpan Columns(int from) => new(Start + from, Rows, Step);
}

/// <summary>Consecutive parts of a row that are normalised each by itself: its heads, or the row as one.</summary>
/// <param name="Count">How many.</param>
/// <param name="Size">Elements of each.</param>
internal readonly record struct RowParts(int Count, int Size);

/// <summary>Root mean square normalisation (Zhang and Sennrich 2019, arXiv 1910.07467), rotary embedding and the gated MLP's middle,
/// forward and backward in place.</summary>
internal static unsafe class RowKernels
{
    private static readonly int s_lanes = Vector256<float>.Count;

    /// <summary>y = x · scale · weight with scale = 1/sqrt(mean(x²) + epsilon), for each of the consecutive parts of a row;
    /// the scales, [rows × parts], are kept for the backward pass.</summary>
    public static void Norm(RowSpan x, float* weight, RowSpan y, float* scales, RowParts parts, float epsilon)
    {
        var (heads, size) = parts;
        Cores.Rows(x.Rows, heads * size, (from, to) =>
        {
            for (var row = from; row < to; row++)
            {
                for (var head = 0; head < heads; head++)
                {
                    float* source = x.Row(row) + head * size, target = y.Row(row) + head * size;
                    var scale = 1 / MathF.Sqrt(Dot(source, source, size) / size + epsilon);
                    scales[(long)row * heads + head] = scale;
                    var i = 0;
                    for (; i + s_lanes <= size; i += s_lanes)
                        (Vector256.Load(source + i) * scale * Vector256.Load(weight + i)).Store(target + i);
                    for (; i < size; i++) target[i] = source[i] * scale * weight[i];
                }
            }
        });
    }

    /// <summary>Gradient of <see cref="Norm"/> to x: added to <paramref name="dx"/>, or written over it.</summary>
    public static void NormBackward(RowSpan dy, RowSpan x, float* weight, float* scales, RowSpan dx, RowParts parts, bool add)
    {
        var (heads, size) = parts;
        Cores.Rows(x.Rows, heads * size, (from, to) =>
        {
            for (var row = from; row < to; row++)
            {
                for (var head = 0; head < heads; head++)
                {
                    float* d = dy.Row(row) + head * size, source = x.Row(row) + head * size, target = dx.Row(row) + head * size;
                    var scale = scales[(long)row * heads + head];
                    var sum = Vector256<float>.Zero;
                    var i = 0;
                    for (; i + s_lanes <= size; i += s_lanes)
                        sum = Vector256.FusedMultiplyAdd(Vector256.Load(d + i) * Vector256.Load(weight + i), Vector256.Load(source + i),
                            sum);
                    var mean = Vector256.Sum(sum);
                    for (; i < size; i++) mean += d[i] * weight[i] * source[i];
                    mean *= scale * scale / size;
                    for (i = 0; i + s_lanes <= size; i += s_lanes)
                    {
                        var value = (Vector256.Load(d + i) * Vector256.Load(weight + i) - Vector256.Load(source + i) * mean) * scale;
                        (add ? value + Vector256.Load(target + i) : value).Store(target + i);
                    }
                    for (; i < size; i++)
                    {
                        var value = (d[i] * weight[i] - source[i] * mean) * scale;
                        target[i] = add ? target[i] + value : value;
                    }
                }
            }
        });
    }

    /// <summary>Adds the gradient of <see cref="Norm"/> to its weight.</summary>
    public static void NormWeightGradient(RowSpan dy, RowSpan x, float* scales, float* gradient, RowParts parts)
    {
        var (heads, size) = parts;
        const int Block = 64;
        Cores.For((size + Block - 1) / Block, b =>
        {
            var (from, to) = (b * Block, Math.Min(size, (b + 1) * Block));
            for (var row = 0; row < x.Rows; row++)
            {
                for (var head = 0; head < heads; head++)
                {
                    float* d = dy.Row(row) + head * size, source = x.Row(row) + head * size;
                    var scale = scales[(long)row * heads + head];
                    for (var i = from; i < to; i++) gradient[i] += d[i] * source[i] * scale;
                }
            }
        });
    }

    /// <summary>
    /// Rotates heads of x in place by the angles of their positions (Su et al. 2021, arXiv 2104.09864; halves, as Llama
    /// stores them). With <paramref name="direction"/> -1 it is the inverse, which is also the gradient.
    /// Tables are [positions, size], the halves of a row equal.
    /// </summary>
    public static void Rotate(RowSpan x, int[] positions, float* cosine, float* sine, int heads, int size,
        float direction) => Cores.Rows(x.Rows, heads * size, (from, to) =>
    {
        var half = size / 2;
        for (var row = from; row < to; row++)
        {
            float* c = cosine + (long)positions[row] * size, s = sine + (long)positions[row] * size;
            for (var head = 0; head < heads; head++)
            {
                float* low = x.Row(row) + head * size, high = low + half;
                var i = 0;
                for (; i + s_lanes <= half; i += s_lanes)
                {
                    Vector256<float> a = Vector256.Load(low + i), b = Vector256.Load(high + i), cos = Vector256.Load(c + i),
                        sin = Vector256.Load(s + i) * direction;
                    (a * cos - b * sin).Store(low + i);
                    (b * cos + a * sin).Store(high + i);
                }
                for (; i < half; i++)
                {
                    var (a, b, sin) = (low[i], high[i], s[i] * direction);
                    low[i] = a * c[i] - b * sin;
                    high[i] = b * c[i] + a * sin;
                }
            }
        }
    });

    /// <summary>h = silu(gate) · up (Shazeer 2020, arXiv 2002.05202); a row of x is gate then up.</summary>
    public static void Gate(RowSpan x, RowSpan h, int size) => Cores.Rows(x.Rows, 2 * size, (from, to) =>
    {
        for (var row = from; row < to; row++)
        {
            float* gate = x.Row(row), up = gate + size, target = h.Row(row);
            var i = 0;
            for (; i + s_lanes <= size; i += s_lanes)
            {
                var g = Vector256.Load(gate + i);
                (g / (Vector256<float>.One + Exponential.Of(-g)) * Vector256.Load(up + i)).Store(target + i);
            }
            for (; i < size; i++) target[i] = gate[i] / (1 + MathF.Exp(-gate[i])) * up[i];
        }
    });

    /// <summary>Gradient of <see cref="Gate"/>: overwrites gate and up by theirs.</summary>
    public static void GateBackward(RowSpan dh, RowSpan x, int size) => Cores.Rows(x.Rows, 2 * size, (from, to) =>
    {
        for (var row = from; row < to; row++)
        {
            float* gate = x.Row(row), up = gate + size, d = dh.Row(row);
            var i = 0;
            for (; i + s_lanes <= size; i += s_lanes)
            {
                Vector256<float> g = Vector256.Load(gate + i), u = Vector256.Load(up + i), dy = Vector256.Load(d + i);
                var sigmoid = Vector256<float>.One / (Vector256<float>.One + Exponential.Of(-g));
                (dy * u * sigmoid * (Vector256<float>.One + g * (Vector256<float>.One - sigmoid))).Store(gate + i);
                (dy * g * sigmoid).Store(up + i);
            }
            for (; i < size; i++)
            {
                var sigmoid = 1 / (1 + MathF.Exp(-gate[i]));
                var (g, u) = (gate[i], up[i]);
                gate[i] = d[i] * u * sigmoid * (1 + g * (1 - sigmoid));
                up[i] = d[i] * g * sigmoid;
            }
        }
    });

    /// <summary>target += factor · x.</summary>
    public static void Add(float* x, float* target, int size, float factor = 1)
    {
        var i = 0;
        for (; i + s_lanes <= size; i += s_lanes)
            Vector256.FusedMultiplyAdd(Vector256.Load(x + i), Vector256.Create(factor), Vector256.Load(target + i)).Store(target + i);
        for (; i < size; i++) target[i] += factor * x[i];
    }

    /// <summary>target *= x, element by element.</summary>
    public static void Multiply(float* x, float* target, int size)
    {
        var i = 0;
        for (; i + s_lanes <= size; i += s_lanes) (Vector256.Load(x + i) * Vector256.Load(target + i)).Store(target + i);
        for (; i < size; i++) target[i] *= x[i];
    }

    /// <summary>Sum of a[i] · b[i].</summary>
    public static float Dot(float* a, float* b, int size)
    {
        Vector256<float> first = default, second = default;
        var i = 0;
        for (; i + 2 * s_lanes <= size; i += 2 * s_lanes)
        {
            first = Vector256.FusedMultiplyAdd(Vector256.Load(a + i), Vector256.Load(b + i), first);
            second = Vector256.FusedMultiplyAdd(Vector256.Load(a + i + s_lanes), Vector256.Load(b + i + s_lanes), second);
        }
        var sum = Vector256.Sum(first + second);
        for (; i < size; i++) sum += a[i] * b[i];
        return sum;
    }
}
