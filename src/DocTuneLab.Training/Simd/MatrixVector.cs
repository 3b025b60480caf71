using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace DocTuneLab.Training.Simd;

/// <summary>A matrix as it is stored, read in groups of sixteen numbers.</summary>
internal unsafe interface IStoredMatrix
{
    int Rows { get; }

    int Columns { get; }

    /// <summary>Bytes that so many elements of a row take.</summary>
    int Bytes(int count);

    /// <summary>Whether a group is read as its even elements and then its odd ones, which for packed formats costs no shuffles;
    /// otherwise in order.</summary>
    bool Interleaved { get; }

    /// <summary>Factor of the elements from <paramref name="column"/> on, and where it ends.</summary>
    float Scale(int row, int column, out int end);

    /// <summary>Where a row starts.</summary>
    byte* Start(int row);

    /// <summary>Sixteen elements of a row from a multiple of sixteen on, without their factor.</summary>
    void Load(byte* row, int column, out Vector256<float> first, out Vector256<float> second);

    /// <summary>One element, without its factor.</summary>
    float At(int row, int column);
}

/// <summary>
/// Products of a stored matrix with a few vectors, as in decoding token by token: each weight is read once, in the bytes it is
/// stored in, and never written elsewhere, so that the speed of memory is the limit. A result does not depend on how many
/// vectors or threads there are.
/// </summary>
internal static unsafe class MatrixVector
{
    /// <summary>Beyond this many vectors a product with the dequantised matrix is faster.</summary>
    public const int MaxVectors = 8;

    private const int Group = 16, VectorsAtOnce = 4, BytesOfPart = 1 << 16;

    /// <summary>y = x · matrixᵀ for at most <see cref="MaxVectors"/> rows of x;
    /// y += factor · (x · matrixᵀ) where <paramref name="factor"/> is given.</summary>
    public static void Run<T>(T matrix, RowSpan x, RowSpan y, float? factor = null) where T : struct, IStoredMatrix
    {
        if (x.Rows > MaxVectors) throw new ArgumentOutOfRangeException(nameof(x), x.Rows, "too many vectors for this kernel");
        if (x.Rows == 0) return;
        var input = matrix.Interleaved ? Interleave(x, matrix.Columns) : x;
        var part = Math.Max(4, BytesOfPart / Math.Max(1, matrix.Bytes(matrix.Columns)) & ~3);
        Cores.For((matrix.Rows + part - 1) / part, p =>
        {
            var (from, to) = (p * part, Math.Min(matrix.Rows, (p + 1) * part));
            var sums = stackalloc float[VectorsAtOnce];
            var row = from;
            if (input.Rows == 1)
            {
                for (; row + 4 <= to; row += 4)
                {
                    FourRows(matrix, row, input.Start, sums);
                    for (var r = 0; r < 4; r++) Put(y.Start + row + r, sums[r], factor);
                }
            }
            for (; row < to; row++)
            {
                for (var first = 0; first < input.Rows; first += VectorsAtOnce)
                {
                    var count = Math.Min(VectorsAtOnce, input.Rows - first);
                    if (count == 1) One(matrix, row, input.Row(first), sums);
                    else FourVectors(matrix, row, new RowSpan(input.Row(first), count, input.Step), sums);
                    for (var r = 0; r < count; r++) Put(y.Row(first + r) + row, sums[r], factor);
                }
            }
        }, 2.0 * matrix.Rows * matrix.Columns * x.Rows);
    }

    private static void Put(float* target, float value, float? factor) => *target = factor is { } f ? *target + f * value : value;

    // Groups of sixteen as even elements, then odd ones; what is left at the end stays in order.
    private static RowSpan Interleave(RowSpan x, int columns)
    {
        var target = new RowSpan(Scratch.Of(x.Rows * columns), x.Rows, columns);
        for (var r = 0; r < x.Rows; r++)
        {
            float* source = x.Row(r), to = target.Row(r);
            var i = 0;
            for (; i + Group <= columns; i += Group)
            {
                for (var j = 0; j < Group / 2; j++) (to[i + j], to[i + j + Group / 2]) = (source[i + 2 * j], source[i + 2 * j + 1]);
            }
            for (; i < columns; i++) to[i] = source[i];
        }
        return target;
    }

    // Columns that are summed before their factor: about a kilobyte, of which the processor knows by then what comes next.
    private static int Reach<T>(T matrix) where T : struct, IStoredMatrix => 1024 * Group / matrix.Bytes(Group);

    // Four rows at a time are streams too short for the processor's own prefetching: bytes [from, to) of each, some way ahead
    // in the rows or in the next four.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(byte* rows, int rowBytes, int from, int to)
    {
        var ahead = Math.Min(2048, rowBytes);
        var at = rows + from + ahead + (from + ahead >= rowBytes ? 3 * rowBytes : 0);
        for (var end = at + to - from; at < end; at += 64)
        {
            Sse.Prefetch1(at);
            Sse.Prefetch1(at + rowBytes);
            Sse.Prefetch1(at + 2 * rowBytes);
            Sse.Prefetch1(at + 3 * rowBytes);
        }
    }

    // The three kernels add in the same order: even and odd elements of a reach, then its factor.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One<T>(T matrix, int row, float* x, float* sums) where T : struct, IStoredMatrix
    {
        var total = Vector256<float>.Zero;
        var (columns, whole, reach, i, rest) = (matrix.Columns, matrix.Columns & ~(Group - 1), Reach(matrix), 0, 0f);
        var start = matrix.Start(row);
        while (i < columns)
        {
            var scale = matrix.Scale(row, i, out var end);
            end = Math.Min(end, i + reach);
            Vector256<float> a = default, b = default;
            for (var stop = Math.Min(end, whole); i < stop; i += Group)
            {
                matrix.Load(start, i, out var first, out var second);
                a = Vector256.FusedMultiplyAdd(first, Vector256.Load(x + i), a);
                b = Vector256.FusedMultiplyAdd(second, Vector256.Load(x + i + Group / 2), b);
            }
            total = Vector256.FusedMultiplyAdd(a + b, Vector256.Create(scale), total);
            for (; i < end; i++) rest += scale * matrix.At(row, i) * x[i];
        }
        sums[0] = Vector256.Sum(total) + rest;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourRows<T>(T matrix, int row, float* x, float* sums) where T : struct, IStoredMatrix
    {
        Vector256<float> total0 = default, total1 = default, total2 = default, total3 = default;
        byte* start0 = matrix.Start(row), start1 = matrix.Start(row + 1), start2 = matrix.Start(row + 2), start3 = matrix.Start(row + 3);
        var (columns, whole, reach, i) = (matrix.Columns, matrix.Columns & ~(Group - 1), Reach(matrix), 0);
        var rest = Vector128<float>.Zero;
        while (i < columns)
        {
            var scales = Vector128.Create(matrix.Scale(row, i, out var end), matrix.Scale(row + 1, i, out var end1),
                matrix.Scale(row + 2, i, out var end2), matrix.Scale(row + 3, i, out var end3));
            if (end != end1 || end != end2 || end != end3)
            {
                // Blocks that do not end together, where a row is no whole number of them.
                for (var r = 0; r < 4; r++) One(matrix, row + r, x, sums + r);
                return;
            }
            end = Math.Min(end, i + reach);
            if (Sse.IsSupported) Prefetch(start0, matrix.Bytes(columns), matrix.Bytes(i), matrix.Bytes(end));
            Vector256<float> a0 = default, b0 = default, a1 = default, b1 = default, a2 = default, b2 = default, a3 = default, b3 = default;
            for (var stop = Math.Min(end, whole); i < stop; i += Group)
            {
                var even = Vector256.Load(x + i);
                var odd = Vector256.Load(x + i + Group / 2);
                matrix.Load(start0, i, out var first, out var second);
                a0 = Vector256.FusedMultiplyAdd(first, even, a0);
                b0 = Vector256.FusedMultiplyAdd(second, odd, b0);
                matrix.Load(start1, i, out first, out second);
                a1 = Vector256.FusedMultiplyAdd(first, even, a1);
                b1 = Vector256.FusedMultiplyAdd(second, odd, b1);
                matrix.Load(start2, i, out first, out second);
                a2 = Vector256.FusedMultiplyAdd(first, even, a2);
                b2 = Vector256.FusedMultiplyAdd(second, odd, b2);
                matrix.Load(start3, i, out first, out second);
                a3 = Vector256.FusedMultiplyAdd(first, even, a3);
                b3 = Vector256.FusedMultiplyAdd(second, odd, b3);
            }
            total0 = Vector256.FusedMultiplyAdd(a0 + b0, Vector256.Create(scales[0]), total0);
            total1 = Vector256.FusedMultiplyAdd(a1 + b1, Vector256.Create(scales[1]), total1);
            total2 = Vector256.FusedMultiplyAdd(a2 + b2, Vector256.Create(scales[2]), total2);
            total3 = Vector256.FusedMultiplyAdd(a3 + b3, Vector256.Create(scales[3]), total3);
            for (; i < end; i++)
                rest += scales * Vector128.Create(matrix.At(row, i), matrix.At(row + 1, i), matrix.At(row + 2, i), matrix.At(row + 3, i))
                    * Vector128.Create(x[i]);
        }
        (Vector128.Create(Vector256.Sum(total0), Vector256.Sum(total1), Vector256.Sum(total2), Vector256.Sum(total3)) + rest).Store(sums);
    }

    // Rows of x that are not there are the first one again.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourVectors<T>(T matrix, int row, RowSpan x, float* sums) where T : struct, IStoredMatrix
    {
        float* x0 = x.Start, x1 = x.Rows > 1 ? x.Row(1) : x0, x2 = x.Rows > 2 ? x.Row(2) : x0, x3 = x.Rows > 3 ? x.Row(3) : x0;
        Vector256<float> total0 = default, total1 = default, total2 = default, total3 = default;
        var (columns, whole, reach, i) = (matrix.Columns, matrix.Columns & ~(Group - 1), Reach(matrix), 0);
        var start = matrix.Start(row);
        var rest = Vector128<float>.Zero;
        while (i < columns)
        {
            var scale = matrix.Scale(row, i, out var end);
            end = Math.Min(end, i + reach);
            Vector256<float> a0 = default, b0 = default, a1 = default, b1 = default, a2 = default, b2 = default, a3 = default, b3 = default;
            for (var stop = Math.Min(end, whole); i < stop; i += Group)
            {
                matrix.Load(start, i, out var first, out var second);
                a0 = Vector256.FusedMultiplyAdd(first, Vector256.Load(x0 + i), a0);
                b0 = Vector256.FusedMultiplyAdd(second, Vector256.Load(x0 + i + Group / 2), b0);
                a1 = Vector256.FusedMultiplyAdd(first, Vector256.Load(x1 + i), a1);
                b1 = Vector256.FusedMultiplyAdd(second, Vector256.Load(x1 + i + Group / 2), b1);
                a2 = Vector256.FusedMultiplyAdd(first, Vector256.Load(x2 + i), a2);
                b2 = Vector256.FusedMultiplyAdd(second, Vector256.Load(x2 + i + Group / 2), b2);
                a3 = Vector256.FusedMultiplyAdd(first, Vector256.Load(x3 + i), a3);
                b3 = Vector256.FusedMultiplyAdd(second, Vector256.Load(x3 + i + Group / 2), b3);
            }
            var factor = Vector256.Create(scale);
            total0 = Vector256.FusedMultiplyAdd(a0 + b0, factor, total0);
            total1 = Vector256.FusedMultiplyAdd(a1 + b1, factor, total1);
            total2 = Vector256.FusedMultiplyAdd(a2 + b2, factor, total2);
            total3 = Vector256.FusedMultiplyAdd(a3 + b3, factor, total3);
            for (; i < end; i++) rest += Vector128.Create(scale * matrix.At(row, i)) * Vector128.Create(x0[i], x1[i], x2[i], x3[i]);
        }
        (Vector128.Create(Vector256.Sum(total0), Vector256.Sum(total1), Vector256.Sum(total2), Vector256.Sum(total3)) + rest).Store(sums);
    }

    // Of the calling thread, as long as its largest use.
    private sealed class Scratch(int floats)
    {
        [ThreadStatic]
        private static Scratch? s_last;
        private readonly float* _start = (float*)NativeMemory.AlignedAlloc((nuint)floats * sizeof(float), 64);

        public static float* Of(int floats)
        {
            if (s_last is null || s_last.Floats < floats) s_last = new Scratch(floats);
            return s_last._start;
        }

        private int Floats { get; } = floats;

        ~Scratch() => NativeMemory.AlignedFree(_start);
    }
}

/// <summary>Rows of float32.</summary>
internal readonly unsafe struct Float32Matrix(float* start, int rows, int columns) : IStoredMatrix
{
    public int Rows => rows;

    public int Columns => columns;

    public int Bytes(int count) => 4 * count;

    public byte* Start(int row) => (byte*)(start + (long)row * columns);

    public bool Interleaved => false;

    public float Scale(int row, int column, out int end)
    {
        end = columns;
        return 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(byte* row, int column, out Vector256<float> first, out Vector256<float> second)
    {
        var at = (float*)row + column;
        (first, second) = (Vector256.Load(at), Vector256.Load(at + 8));
    }

    public float At(int row, int column) => start[(long)row * columns + column];
}

/// <summary>Rows of bfloat16: the upper half of a float32.</summary>
internal readonly unsafe struct BFloat16Matrix(ushort* start, int rows, int columns) : IStoredMatrix
{
    public int Rows => rows;

    public int Columns => columns;

    public int Bytes(int count) => 2 * count;

    public byte* Start(int row) => (byte*)(start + (long)row * columns);

    public bool Interleaved => true;

    public float Scale(int row, int column, out int end)
    {
        end = columns;
        return 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(byte* row, int column, out Vector256<float> first, out Vector256<float> second)
    {
        var pairs = Vector256.Load((ushort*)row + column).AsUInt32();
        (first, second) = (Vector256.ShiftLeft(pairs, 16).AsSingle(), (pairs & Vector256.Create(0xFFFF0000)).AsSingle());
    }

    public float At(int row, int column) => BFloat16Element.Get(start + (long)row * columns, column);
}

/// <summary>Rows of IEEE half precision; finite numbers only.</summary>
internal readonly unsafe struct Float16Matrix(ushort* start, int rows, int columns) : IStoredMatrix
{
    public int Rows => rows;

    public int Columns => columns;

    public int Bytes(int count) => 2 * count;

    public byte* Start(int row) => (byte*)(start + (long)row * columns);

    public bool Interleaved => true;

    public float Scale(int row, int column, out int end)
    {
        end = columns;
        return HalfPrecision.Unit;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(byte* row, int column, out Vector256<float> first, out Vector256<float> second)
    {
        var pairs = Vector256.Load((ushort*)row + column).AsInt32();
        // The shift copies the sign; the mask leaves one of it, and clears the other half's bits.
        var mask = Vector256.Create(unchecked((int)0x8FFFE000));
        (first, second) = ((Vector256.ShiftRightArithmetic(Vector256.ShiftLeft(pairs, 16), 3) & mask).AsSingle(),
            (Vector256.ShiftRightArithmetic(pairs, 3) & mask).AsSingle());
    }

    public float At(int row, int column) => (float)BitConverter.UInt16BitsToHalf(start[(long)row * columns + column]) / HalfPrecision.Unit;
}

/// <summary>Rows of 8-bit integers with a factor each.</summary>
internal readonly unsafe struct Int8Matrix(sbyte* start, float* scales, float unit, int rows, int columns) : IStoredMatrix
{
    public int Rows => rows;

    public int Columns => columns;

    public int Bytes(int count) => count;

    public byte* Start(int row) => (byte*)(start + (long)row * columns);

    public bool Interleaved => false;

    public float Scale(int row, int column, out int end)
    {
        end = columns;
        return scales[row] * unit;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(byte* row, int column, out Vector256<float> first, out Vector256<float> second)
    {
        (first, second) =
            (Vector256.ConvertToSingle(Widened((sbyte*)row + column)), Vector256.ConvertToSingle(Widened((sbyte*)row + column + 8)));

        static Vector256<int> Widened(sbyte* bytes) => Avx2.IsSupported
            ? Avx2.ConvertToVector256Int32(bytes)
            : Vector256.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<long>(bytes)).AsSByte())
                .ToVector256());
    }

    public float At(int row, int column) => start[(long)row * columns + column];
}

/// <summary>Packed 4-bit codes, the even element in the high nibble, with a table of numbers and a factor for each block of 2^blockShift
/// elements of the row-major order.</summary>
internal readonly unsafe struct FourBitMatrix(
    byte* codes, float* table, float* scales, int blockShift, int rows, int columns) : IStoredMatrix
{
    private readonly Vector256<float> _low = Vector256.Load(table), _high = Vector256.Load(table + 8);

    public int Rows => rows;

    public int Columns => columns;

    public int Bytes(int count) => count / 2;

    public byte* Start(int row) => codes + (long)row * columns / 2;

    public bool Interleaved => true;

    public float Scale(int row, int column, out int end)
    {
        var at = (long)row * columns + column;
        var block = at >> blockShift;
        end = (int)Math.Min(columns, column + ((block + 1) << blockShift) - at);
        return scales[block];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(byte* row, int column, out Vector256<float> first, out Vector256<float> second)
    {
        var bytes = BlockCodes.Widened(row + column / 2);
        (first, second) = (BlockCodes.Lookup(_low, _high, Vector256.ShiftRightLogical(bytes, 4)), BlockCodes.Lookup(_low, _high, bytes));
    }

    public float At(int row, int column)
    {
        var at = (long)row * columns + column;
        return table[at % 2 == 0 ? codes[at / 2] >> 4 : codes[at / 2] & 15];
    }
}

/// <summary>The same with each product of code and scale rounded, as where the matrix stands for one of 16 bits.</summary>
/// <param name="matrix">The same without rounding.</param>
/// <param name="codes">Its codes.</param>
/// <param name="scales">Its scales.</param>
/// <param name="blockShift">Logarithm of the elements that share one.</param>
internal readonly unsafe struct RoundedFourBitMatrix<T>(FourBitMatrix matrix, byte* codes, float* scales, int blockShift) : IStoredMatrix
    where T : struct, IRounding
{
    public int Rows => matrix.Rows;

    public int Columns => matrix.Columns;

    public int Bytes(int count) => matrix.Bytes(count);

    public byte* Start(int row) => matrix.Start(row);

    public bool Interleaved => matrix.Interleaved;

    public float Scale(int row, int column, out int end)
    {
        end = matrix.Columns;
        return 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(byte* row, int column, out Vector256<float> first, out Vector256<float> second)
    {
        matrix.Load(row, column, out first, out second);
        var scale = Vector256.Create(scales[(row + column / 2 - codes) * 2 >> blockShift]);
        (first, second) = (T.Of(first * scale), T.Of(second * scale));
    }

    public float At(int row, int column) => T.Of(Vector256.Create(matrix.At(row, column) * matrix.Scale(row, column, out _)))[0];
}
