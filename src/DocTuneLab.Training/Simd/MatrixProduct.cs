using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Simd;

/// <summary>
/// Float32 products. libtorch's library uses 512-bit vectors on Intel's processors only; where another processor has
/// them, the kernel here takes half of its time: panels of 32 columns packed side by side, eight rows of them in registers
/// (Goto and van de Geijn 2008, "Anatomy of high-performance matrix multiplication"). A matrix of few rows on the left, as the
/// gradients of low-rank factors have it, reads each panel too seldom to be worth packing and takes it where it lies.
/// Elsewhere libtorch's is used.
/// </summary>
internal static unsafe class MatrixProduct
{
    private const int PanelColumns = 32, PanelRows = 8, Square = 16;

    // A panel of B stays in the first cache, all packed panels and a block of A's rows in the second and third.
    private const int BlockK = 256, BlockColumns = 2048, MostRows = 16 * PanelRows;

    // Below these sizes libtorch's is as fast; below so many rows panels are not packed.
    private const int SmallestRows = 8, SmallestDepth = 8, SmallestColumns = 8, PackedRows = 48;

    [ThreadStatic]
    private static Panels? s_right, s_left;

    /// <summary>Whether the kernel here is the faster one.</summary>
    // "Genu", of GenuineIntel
    public static bool IsFaster { get; } = Avx512F.IsSupported && Vector512.IsHardwareAccelerated && X86Base.CpuId(0, 0).Ebx != 0x756E6547;

    /// <summary>target (+)= scale · left · right, all float32.</summary>
    /// <param name="target">[rows, columns], elements of a row adjacent.</param>
    /// <param name="left">[rows, depth].</param>
    /// <param name="right">[depth, columns].</param>
    /// <param name="add">Whether the product is added to what is there.</param>
    /// <param name="scale">Factor of the product.</param>
    public static void Run(Tensor target, Tensor left, Tensor right, bool add, float scale = 1)
    {
        if (IsFaster && left.size(0) >= SmallestRows && left.size(1) >= SmallestDepth && right.size(1) >= SmallestColumns)
            RunPanels(target, left, right, add, scale);
        else target.addmm_(left, right, add ? 1 : 0, scale);
    }

    /// <summary>The same with the kernel here, on any processor.
    /// <paramref name="left"/> and <paramref name="right"/> may be transposed.</summary>
    public static void RunPanels(Tensor target, Tensor left, Tensor right, bool add, float scale = 1)
    {
        int m = (int)left.size(0), n = (int)right.size(1), k = (int)right.size(0), stepK = (int)right.stride(0),
            stepN = (int)right.stride(1);
        var packs = m >= PackedRows || stepN != 1 || n % PanelColumns != 0;
        if (left.stride(1) != 1 && (!packs || left.stride(0) != 1))
        {
            using var straight = left.contiguous();
            RunPanels(target, straight, right, add, scale);
            return;
        }
        var c = target.Rows();
        float* a = left.Pointer(), b = right.Pointer();
        int stepM = (int)left.stride(0), stepA = (int)left.stride(1);
        // Blocks of rows small enough to balance, large enough to use a panel several times.
        var rows = packs ? Math.Clamp((m + 8 * PanelRows - 1) / (8 * PanelRows) * PanelRows, 4 * PanelRows, MostRows) : MostRows;
        var memory = packs ? Panels.Of(ref s_right, Math.Min(k, BlockK) * (Math.Min(n, BlockColumns) + PanelColumns)) : null;
        for (var column = 0; column < n; column += BlockColumns)
        {
            var width = Math.Min(BlockColumns, n - column);
            var panels = (width + PanelColumns - 1) / PanelColumns;
            var parts = (k + BlockK - 1) / BlockK;
            for (var part = 0; part < parts; part++)
            {
                int from = (int)((long)k * part / parts), depth = (int)((long)k * (part + 1) / parts) - from;
                var (first, accumulate) = (column, add || part > 0);
                if (!packs)
                {
                    Cores.For(panels, p => Rows(0, m, p, p + 1), 2.0 * m * width * depth);
                    continue;
                }
                Cores.For(panels,
                    p => Pack(b + (long)from * stepK + (long)(first + p * PanelColumns) * stepN, stepK, stepN, depth,
                        Math.Min(PanelColumns, width - p * PanelColumns), memory + (long)p * PanelColumns * depth),
                    4.0 * width * depth);
                Cores.For((m + rows - 1) / rows, block => Rows(block * rows, Math.Min(m, (block + 1) * rows), 0, panels),
                    2.0 * m * width * depth);

                void Rows(int firstRow, int end, int firstPanel, int endPanel)
                {
                    float* source = a + (long)firstRow * stepM + (long)from * stepA;
                    var (nextRow, nextA) = (stepM, stepA);
                    if (stepA != 1)
                    {
                        var packed = Panels.Of(ref s_left, MostRows * BlockK);
                        PackLeft(source, stepA, depth, end - firstRow, packed);
                        // Groups of eight rows one after another, in each the rows' elements side by side.
                        source = packed;
                        (nextRow, nextA) = (1, PanelRows);
                    }
                    for (var p = firstPanel; p < endPanel; p++)
                    {
                        var columns = Math.Min(PanelColumns, width - p * PanelColumns);
                        var panel = packs ? memory + (long)p * PanelColumns * depth : b + (long)from * stepK + first + p * PanelColumns;
                        for (var row = firstRow; row < end; row += PanelRows)
                        {
                            var start = new Strided(source + (long)(row - firstRow) * (stepA == 1 ? stepM : depth), nextRow, nextA);
                            var to = new RowSpan(c.Row(row) + first + p * PanelColumns, Math.Min(PanelRows, end - row), c.Step);
                            var block = new RowSpan(panel, depth, packs ? PanelColumns : stepK);
                            if (columns > Square) Panel<Wide>(in start, in block, in to, columns, accumulate, scale);
                            else Panel<Narrow>(in start, in block, in to, columns, accumulate, scale);
                        }
                    }
                }
            }
        }
    }

    // Rows of 32 columns, one after another; columns that are not there are zero.
    private static void Pack(float* b, int stepK, int stepN, int depth, int columns, float* target)
    {
        if (columns < PanelColumns) new Span<float>(target, depth * PanelColumns).Clear();
        if (stepN == 1 && columns == PanelColumns)
        {
            for (var i = 0; i < depth; i++, b += stepK, target += PanelColumns)
            {
                Vector512.Load(b).Store(target);
                Vector512.Load(b + 16).Store(target + 16);
            }
            return;
        }
        if (stepN == 1)
        {
            for (var i = 0; i < depth; i++)
                new ReadOnlySpan<float>(b + (long)i * stepK, columns).CopyTo(new Span<float>(target + i * PanelColumns, columns));
            return;
        }
        int whole = stepK == 1 && Avx512F.IsSupported ? depth / Square * Square : 0,
            wholeColumns = whole > 0 ? columns / Square * Square : 0;
        for (var column = 0; column < wholeColumns; column += Square)
            for (var i = 0; i < whole; i += Square) Transpose(b + (long)column * stepN + i, stepN, target + i * PanelColumns + column);
        for (var column = 0; column < columns; column++)
        {
            var source = b + (long)column * stepN;
            for (var i = column < wholeColumns ? whole : 0; i < depth; i++) target[i * PanelColumns + column] = source[(long)i * stepK];
        }
    }

    // Of a transposed matrix: for each group of eight rows all of the depth, the eight side by side; rows that are not there are not read.
    private static void PackLeft(float* a, int step, int depth, int rows, float* target)
    {
        for (var row = 0; row < rows; row += PanelRows, target += PanelRows * depth)
        {
            var count = Math.Min(PanelRows, rows - row);
            for (var i = 0; i < depth; i++)
            {
                var source = a + (long)i * step + row;
                if (count == PanelRows) Vector256.Load(source).Store(target + i * PanelRows);
                else
                    for (var r = 0; r < count; r++) target[i * PanelRows + r] = source[r];
            }
        }
    }

    // Sixteen by sixteen in registers: pairs, fours, then quarters of vectors change places.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose(float* source, long step, float* target)
    {
        var fours = stackalloc Vector512<float>[Square];
        for (var r = 0; r < Square; r += 4)
        {
            var (r0, r1, r2, r3) = (Vector512.Load(source + r * step), Vector512.Load(source + (r + 1) * step),
                Vector512.Load(source + (r + 2) * step), Vector512.Load(source + (r + 3) * step));
            var (low01, high01, low23, high23) = (Avx512F.UnpackLow(r0, r1).AsDouble(), Avx512F.UnpackHigh(r0, r1).AsDouble(),
                Avx512F.UnpackLow(r2, r3).AsDouble(), Avx512F.UnpackHigh(r2, r3).AsDouble());
            fours[r] = Avx512F.UnpackLow(low01, low23).AsSingle();
            fours[r + 1] = Avx512F.UnpackHigh(low01, low23).AsSingle();
            fours[r + 2] = Avx512F.UnpackLow(high01, high23).AsSingle();
            fours[r + 3] = Avx512F.UnpackHigh(high01, high23).AsSingle();
        }
        for (var column = 0; column < 4; column++)
        {
            var (a, b, c, d) = (fours[column], fours[column + 4], fours[column + 8], fours[column + 12]);
            var (evenAb, oddAb, evenCd, oddCd) = (Avx512F.Shuffle4x128(a, b, 0x88), Avx512F.Shuffle4x128(a, b, 0xDD),
                Avx512F.Shuffle4x128(c, d, 0x88), Avx512F.Shuffle4x128(c, d, 0xDD));
            Avx512F.Shuffle4x128(evenAb, evenCd, 0x88).Store(target + column * PanelColumns);
            Avx512F.Shuffle4x128(oddAb, oddCd, 0x88).Store(target + (column + 4) * PanelColumns);
            Avx512F.Shuffle4x128(evenAb, evenCd, 0xDD).Store(target + (column + 8) * PanelColumns);
            Avx512F.Shuffle4x128(oddAb, oddCd, 0xDD).Store(target + (column + 12) * PanelColumns);
        }
    }

    // Eight rows by two vectors of columns, or by one where a low-rank factor has no more. Operands come by reference: taken by value
    // they stay on the stack through the loop, which is 6 to 15 % slower.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Panel<TWidth>(in Strided left, in RowSpan right, in RowSpan to, int columns, bool accumulate,
        float scale) where TWidth : struct
    {
        float* a = left.Start, b = right.Start, c = to.Start;
        int step = left.Row, stepB = right.Step, stepC = to.Step, depth = right.Rows, rows = to.Rows;
        nint stepA = left.Column;
        // Rows that are not there are the first one again, and are not stored.
        float* a1 = rows > 1 ? a + step : a, a2 = rows > 2 ? a + 2L * step : a, a3 = rows > 3 ? a + 3L * step : a;
        float* a4 = rows > 4 ? a + 4L * step : a, a5 = rows > 5 ? a + 5L * step : a, a6 = rows > 6 ? a + 6L * step : a,
            a7 = rows > 7 ? a + 7L * step : a;
        Vector512<float> c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default, c30 = default,
            c31 = default;
        Vector512<float> c40 = default, c41 = default, c50 = default, c51 = default, c60 = default, c61 = default, c70 = default,
            c71 = default;
        for (nint i = 0, end = depth * stepA; i < end; i += stepA)
        {
            var b0 = Vector512.Load(b);
            var b1 = typeof(TWidth) == typeof(Wide) ? Vector512.Load(b + 16) : default;
            b += stepB;
            var x = Vector512.Create(a[i]);
            c00 = Vector512.FusedMultiplyAdd(x, b0, c00);
            if (typeof(TWidth) == typeof(Wide)) c01 = Vector512.FusedMultiplyAdd(x, b1, c01);
            x = Vector512.Create(a1[i]);
            c10 = Vector512.FusedMultiplyAdd(x, b0, c10);
            if (typeof(TWidth) == typeof(Wide)) c11 = Vector512.FusedMultiplyAdd(x, b1, c11);
            x = Vector512.Create(a2[i]);
            c20 = Vector512.FusedMultiplyAdd(x, b0, c20);
            if (typeof(TWidth) == typeof(Wide)) c21 = Vector512.FusedMultiplyAdd(x, b1, c21);
            x = Vector512.Create(a3[i]);
            c30 = Vector512.FusedMultiplyAdd(x, b0, c30);
            if (typeof(TWidth) == typeof(Wide)) c31 = Vector512.FusedMultiplyAdd(x, b1, c31);
            x = Vector512.Create(a4[i]);
            c40 = Vector512.FusedMultiplyAdd(x, b0, c40);
            if (typeof(TWidth) == typeof(Wide)) c41 = Vector512.FusedMultiplyAdd(x, b1, c41);
            x = Vector512.Create(a5[i]);
            c50 = Vector512.FusedMultiplyAdd(x, b0, c50);
            if (typeof(TWidth) == typeof(Wide)) c51 = Vector512.FusedMultiplyAdd(x, b1, c51);
            x = Vector512.Create(a6[i]);
            c60 = Vector512.FusedMultiplyAdd(x, b0, c60);
            if (typeof(TWidth) == typeof(Wide)) c61 = Vector512.FusedMultiplyAdd(x, b1, c61);
            x = Vector512.Create(a7[i]);
            c70 = Vector512.FusedMultiplyAdd(x, b0, c70);
            if (typeof(TWidth) == typeof(Wide)) c71 = Vector512.FusedMultiplyAdd(x, b1, c71);
        }
        if (rows == PanelRows && columns == PanelColumns)
        {
            Put(c, c00, c01, accumulate, scale);
            Put(c + stepC, c10, c11, accumulate, scale);
            Put(c + 2L * stepC, c20, c21, accumulate, scale);
            Put(c + 3L * stepC, c30, c31, accumulate, scale);
            Put(c + 4L * stepC, c40, c41, accumulate, scale);
            Put(c + 5L * stepC, c50, c51, accumulate, scale);
            Put(c + 6L * stepC, c60, c61, accumulate, scale);
            Put(c + 7L * stepC, c70, c71, accumulate, scale);
            return;
        }
        var whole = stackalloc float[PanelRows * PanelColumns];
        Put(whole, c00, c01, false, scale);
        Put(whole + PanelColumns, c10, c11, false, scale);
        Put(whole + 2 * PanelColumns, c20, c21, false, scale);
        Put(whole + 3 * PanelColumns, c30, c31, false, scale);
        Put(whole + 4 * PanelColumns, c40, c41, false, scale);
        Put(whole + 5 * PanelColumns, c50, c51, false, scale);
        Put(whole + 6 * PanelColumns, c60, c61, false, scale);
        Put(whole + 7 * PanelColumns, c70, c71, false, scale);
        for (var r = 0; r < rows; r++)
        {
            var target = c + (long)r * stepC;
            for (var i = 0; i < columns; i++) target[i] = whole[r * PanelColumns + i] + (accumulate ? target[i] : 0);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(float* c, Vector512<float> low, Vector512<float> high, bool accumulate, float scale)
    {
        low *= scale;
        high *= scale;
        if (accumulate)
        {
            low += Vector512.Load(c);
            high += Vector512.Load(c + 16);
        }
        low.Store(c);
        high.Store(c + 16);
    }

    private readonly struct Wide;

    private readonly struct Narrow;

    // Working memory of a thread, as much as its largest use.
    private sealed class Panels(int floats)
    {
        private readonly int _floats = floats;
        private readonly float* _start = (float*)NativeMemory.AlignedAlloc((nuint)floats * sizeof(float), 64);

        public static float* Of(ref Panels? slot, int floats)
        {
            if (slot is null || slot._floats < floats) slot = new Panels(floats);
            return slot._start;
        }

        ~Panels() => NativeMemory.AlignedFree(_start);
    }
}
