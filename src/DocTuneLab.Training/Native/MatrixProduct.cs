using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Native;

/// <summary>
/// Large float32 products. libtorch's library uses 512-bit vectors on Intel's processors only; where another processor has
/// them, the kernel here takes half of its time: panels of 32 columns packed side by side, eight rows of them in registers
/// (Goto and van de Geijn 2008, "Anatomy of high-performance matrix multiplication"). Elsewhere libtorch's is used.
/// </summary>
internal static unsafe class MatrixProduct
{
    private const int PanelColumns = 32, PanelRows = 8;

    // A panel of B stays in the first cache, all packed panels in the second and third.
    private const int BlockK = 256, BlockColumns = 2048, SmallestRows = 48, SmallestDepth = 32;

    [ThreadStatic]
    private static Panels? t_panels;

    /// <summary>Whether the kernel here is the faster one.</summary>
    public static bool IsFaster { get; } = Avx512F.IsSupported && Vector512.IsHardwareAccelerated && X86Base.CpuId(0, 0).Ebx != 0x756E6547; // "Genu", of GenuineIntel

    /// <summary>target (+)= left · right, all float32.</summary>
    /// <param name="target">[rows, columns], elements of a row adjacent.</param>
    /// <param name="left">[rows, depth].</param>
    /// <param name="right">[depth, columns].</param>
    /// <param name="add">Whether the product is added to what is there.</param>
    public static void Run(Tensor target, Tensor left, Tensor right, bool add)
    {
        if (!IsFaster || left.shape[0] < SmallestRows || right.shape[1] < PanelColumns || left.shape[1] < SmallestDepth || left.stride(1) != 1) target.addmm_(left, right, add ? 1 : 0, 1);
        else RunPanels(target, left, right, add);
    }

    /// <summary>The same with the kernel here, on any processor; elements of a row of <paramref name="left"/> must be adjacent too.</summary>
    public static void RunPanels(Tensor target, Tensor left, Tensor right, bool add)
    {
        RowSpan a = left.Rows(), c = target.Rows();
        var b = right.Pointer();
        int n = (int)right.shape[1], k = (int)right.shape[0], stepK = (int)right.stride(0), stepN = (int)right.stride(1);
        var memory = Panels.Of(Math.Min(k, BlockK) * (Math.Min(n, BlockColumns) + PanelColumns));
        // Blocks of rows small enough to balance, large enough to use a panel several times.
        var rows = Math.Clamp((a.Rows + 8 * PanelRows - 1) / (8 * PanelRows) * PanelRows, 4 * PanelRows, 16 * PanelRows);
        for (var column = 0; column < n; column += BlockColumns)
        {
            var width = Math.Min(BlockColumns, n - column);
            var panels = (width + PanelColumns - 1) / PanelColumns;
            var parts = (k + BlockK - 1) / BlockK;
            for (var part = 0; part < parts; part++)
            {
                int from = (int)((long)k * part / parts), depth = (int)((long)k * (part + 1) / parts) - from;
                var (first, accumulate) = (column, add || part > 0);
                Cores.For(panels, p => Pack(b + (long)from * stepK + (long)(first + p * PanelColumns) * stepN, stepK, stepN, depth, Math.Min(PanelColumns, width - p * PanelColumns), memory + (long)p * PanelColumns * depth), 4.0 * width * depth);
                Cores.For((a.Rows + rows - 1) / rows, block =>
                {
                    var end = Math.Min(a.Rows, (block + 1) * rows);
                    for (var p = 0; p < panels; p++)
                    {
                        var columns = Math.Min(PanelColumns, width - p * PanelColumns);
                        var panel = memory + (long)p * PanelColumns * depth;
                        for (var row = block * rows; row < end; row += PanelRows)
                            Panel(a.Row(row) + from, a.Step, panel, depth, c.Row(row) + first + p * PanelColumns, c.Step, Math.Min(PanelRows, end - row), columns, accumulate);
                    }
                });
            }
        }
    }

    // Rows of 32 columns, one after another; columns that are not there are zero.
    private static void Pack(float* b, int stepK, int stepN, int depth, int columns, float* target)
    {
        if (columns < PanelColumns) new Span<float>(target, depth * PanelColumns).Clear();
        if (stepN == 1)
        {
            for (var i = 0; i < depth; i++) new ReadOnlySpan<float>(b + (long)i * stepK, columns).CopyTo(new Span<float>(target + i * PanelColumns, columns));
            return;
        }
        for (var column = 0; column < columns; column++)
        {
            var source = b + (long)column * stepN;
            for (var i = 0; i < depth; i++) target[i * PanelColumns + column] = source[(long)i * stepK];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Panel(float* a, int step, float* b, int depth, float* c, int ldc, int rows, int columns, bool accumulate)
    {
        // Rows that are not there are the first one again, and are not stored.
        float* a1 = rows > 1 ? a + step : a, a2 = rows > 2 ? a + 2L * step : a, a3 = rows > 3 ? a + 3L * step : a;
        float* a4 = rows > 4 ? a + 4L * step : a, a5 = rows > 5 ? a + 5L * step : a, a6 = rows > 6 ? a + 6L * step : a, a7 = rows > 7 ? a + 7L * step : a;
        Vector512<float> c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default, c30 = default, c31 = default;
        Vector512<float> c40 = default, c41 = default, c50 = default, c51 = default, c60 = default, c61 = default, c70 = default, c71 = default;
        for (nint i = 0; i < depth; i++)
        {
            var b0 = Vector512.Load(b);
            var b1 = Vector512.Load(b + 16);
            b += PanelColumns;
            var x = Vector512.Create(a[i]);
            c00 = Vector512.FusedMultiplyAdd(x, b0, c00);
            c01 = Vector512.FusedMultiplyAdd(x, b1, c01);
            x = Vector512.Create(a1[i]);
            c10 = Vector512.FusedMultiplyAdd(x, b0, c10);
            c11 = Vector512.FusedMultiplyAdd(x, b1, c11);
            x = Vector512.Create(a2[i]);
            c20 = Vector512.FusedMultiplyAdd(x, b0, c20);
            c21 = Vector512.FusedMultiplyAdd(x, b1, c21);
            x = Vector512.Create(a3[i]);
            c30 = Vector512.FusedMultiplyAdd(x, b0, c30);
            c31 = Vector512.FusedMultiplyAdd(x, b1, c31);
            x = Vector512.Create(a4[i]);
            c40 = Vector512.FusedMultiplyAdd(x, b0, c40);
            c41 = Vector512.FusedMultiplyAdd(x, b1, c41);
            x = Vector512.Create(a5[i]);
            c50 = Vector512.FusedMultiplyAdd(x, b0, c50);
            c51 = Vector512.FusedMultiplyAdd(x, b1, c51);
            x = Vector512.Create(a6[i]);
            c60 = Vector512.FusedMultiplyAdd(x, b0, c60);
            c61 = Vector512.FusedMultiplyAdd(x, b1, c61);
            x = Vector512.Create(a7[i]);
            c70 = Vector512.FusedMultiplyAdd(x, b0, c70);
            c71 = Vector512.FusedMultiplyAdd(x, b1, c71);
        }
        if (rows == PanelRows && columns == PanelColumns)
        {
            Put(c, c00, c01, accumulate);
            Put(c + ldc, c10, c11, accumulate);
            Put(c + 2L * ldc, c20, c21, accumulate);
            Put(c + 3L * ldc, c30, c31, accumulate);
            Put(c + 4L * ldc, c40, c41, accumulate);
            Put(c + 5L * ldc, c50, c51, accumulate);
            Put(c + 6L * ldc, c60, c61, accumulate);
            Put(c + 7L * ldc, c70, c71, accumulate);
            return;
        }
        var whole = stackalloc float[PanelRows * PanelColumns];
        Put(whole, c00, c01, false);
        Put(whole + PanelColumns, c10, c11, false);
        Put(whole + 2 * PanelColumns, c20, c21, false);
        Put(whole + 3 * PanelColumns, c30, c31, false);
        Put(whole + 4 * PanelColumns, c40, c41, false);
        Put(whole + 5 * PanelColumns, c50, c51, false);
        Put(whole + 6 * PanelColumns, c60, c61, false);
        Put(whole + 7 * PanelColumns, c70, c71, false);
        for (var r = 0; r < rows; r++)
        {
            var target = c + (long)r * ldc;
            for (var i = 0; i < columns; i++) target[i] = whole[r * PanelColumns + i] + (accumulate ? target[i] : 0);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(float* c, Vector512<float> low, Vector512<float> high, bool accumulate)
    {
        if (accumulate)
        {
            low += Vector512.Load(c);
            high += Vector512.Load(c + 16);
        }
        low.Store(c);
        high.Store(c + 16);
    }

    // Packed panels of the calling thread, as many as its largest use.
    private sealed class Panels(int floats)
    {
        private readonly int _floats = floats;
        private readonly float* _start = (float*)NativeMemory.AlignedAlloc((nuint)floats * sizeof(float), 64);

        public static float* Of(int floats)
        {
            if (t_panels is null || t_panels._floats < floats) t_panels = new Panels(floats);
            return t_panels._start;
        }

        ~Panels() => NativeMemory.AlignedFree(_start);
    }
}
