using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace DocTuneLab.Training.Simd;

/// <summary>
/// Products of small float32 blocks, as attention needs them: too small for a call into the matrix library each.
/// Four rows by two vectors of columns stay in registers; Vector256 has a portable form in the runtime where AVX2 is missing.
/// </summary>
internal static unsafe class BlockProduct
{
    /// <summary>C (+)= A · B.</summary>
    /// <param name="a">[rows of c, rows of b].</param>
    /// <param name="b">[its rows, <paramref name="columns"/>].</param>
    /// <param name="c">[its rows, <paramref name="columns"/>].</param>
    /// <param name="columns">Of b and c.</param>
    /// <param name="accumulate">Whether the product is added to what is there.</param>
    public static void Run(Strided a, RowSpan b, RowSpan c, int columns, bool accumulate)
    {
        var row = 0;
        for (; row + 4 <= c.Rows; row += 4)
        {
            var (left, to) = (a.From(row), new RowSpan(c.Row(row), 4, c.Step));
            var column = 0;
            if (Vector512.IsHardwareAccelerated)
                for (; column + 32 <= columns; column += 32) FourWide(left, b.Columns(column), to.Columns(column), accumulate);
            for (; column + 16 <= columns; column += 16) Four(left, b.Columns(column), to.Columns(column), accumulate);
            if (column < columns)
                for (var r = 0; r < 4; r++) One(left.From(r), b.Columns(column), to.Row(r) + column, columns - column, accumulate);
        }
        for (; row < c.Rows; row++) One(a.From(row), b, c.Row(row), columns, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourWide(in Strided left, in RowSpan right, in RowSpan to, bool accumulate)
    {
        float* a = left.Start, a1 = a + left.Row, a2 = a1 + left.Row, a3 = a2 + left.Row, b = right.Start, c = to.Start;
        int stepK = left.Column, stepB = right.Step, stepC = to.Step, k = right.Rows;
        Vector512<float> c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default, c30 = default,
            c31 = default;
        for (var i = 0; i < k; i++)
        {
            var b0 = Vector512.Load(b);
            var b1 = Vector512.Load(b + 16);
            var x = Vector512.Create(*a);
            c00 = Vector512.FusedMultiplyAdd(x, b0, c00);
            c01 = Vector512.FusedMultiplyAdd(x, b1, c01);
            x = Vector512.Create(*a1);
            c10 = Vector512.FusedMultiplyAdd(x, b0, c10);
            c11 = Vector512.FusedMultiplyAdd(x, b1, c11);
            x = Vector512.Create(*a2);
            c20 = Vector512.FusedMultiplyAdd(x, b0, c20);
            c21 = Vector512.FusedMultiplyAdd(x, b1, c21);
            x = Vector512.Create(*a3);
            c30 = Vector512.FusedMultiplyAdd(x, b0, c30);
            c31 = Vector512.FusedMultiplyAdd(x, b1, c31);
            a += stepK;
            a1 += stepK;
            a2 += stepK;
            a3 += stepK;
            b += stepB;
        }
        Put(c, c00, c01, accumulate);
        Put(c + stepC, c10, c11, accumulate);
        Put(c + 2 * stepC, c20, c21, accumulate);
        Put(c + 3 * stepC, c30, c31, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(in Strided left, in RowSpan right, in RowSpan to, bool accumulate)
    {
        float* a = left.Start, a1 = a + left.Row, a2 = a1 + left.Row, a3 = a2 + left.Row, b = right.Start, c = to.Start;
        int stepK = left.Column, stepB = right.Step, stepC = to.Step, k = right.Rows;
        Vector256<float> c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default, c30 = default,
            c31 = default;
        for (var i = 0; i < k; i++)
        {
            var b0 = Vector256.Load(b);
            var b1 = Vector256.Load(b + 8);
            var x = Vector256.Create(*a);
            c00 = Vector256.FusedMultiplyAdd(x, b0, c00);
            c01 = Vector256.FusedMultiplyAdd(x, b1, c01);
            x = Vector256.Create(*a1);
            c10 = Vector256.FusedMultiplyAdd(x, b0, c10);
            c11 = Vector256.FusedMultiplyAdd(x, b1, c11);
            x = Vector256.Create(*a2);
            c20 = Vector256.FusedMultiplyAdd(x, b0, c20);
            c21 = Vector256.FusedMultiplyAdd(x, b1, c21);
            x = Vector256.Create(*a3);
            c30 = Vector256.FusedMultiplyAdd(x, b0, c30);
            c31 = Vector256.FusedMultiplyAdd(x, b1, c31);
            a += stepK;
            a1 += stepK;
            a2 += stepK;
            a3 += stepK;
            b += stepB;
        }
        Put(c, c00, c01, accumulate);
        Put(c + stepC, c10, c11, accumulate);
        Put(c + 2 * stepC, c20, c21, accumulate);
        Put(c + 3 * stepC, c30, c31, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(float* c, Vector256<float> low, Vector256<float> high, bool accumulate)
    {
        if (accumulate)
        {
            low += Vector256.Load(c);
            high += Vector256.Load(c + 8);
        }
        low.Store(c);
        high.Store(c + 8);
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

    private static void One(in Strided left, in RowSpan right, float* c, int n, bool accumulate)
    {
        float* a = left.Start, b = right.Start;
        int stepK = left.Column, stepB = right.Step, k = right.Rows;
        var column = 0;
        for (; column + 8 <= n; column += 8)
        {
            var sum = accumulate ? Vector256.Load(c + column) : default;
            for (var i = 0; i < k; i++)
                sum = Vector256.FusedMultiplyAdd(Vector256.Create(a[(long)i * stepK]), Vector256.Load(b + (long)i * stepB + column), sum);
            sum.Store(c + column);
        }
        for (; column < n; column++)
        {
            var sum = accumulate ? c[column] : 0;
            for (var i = 0; i < k; i++) sum += a[(long)i * stepK] * b[(long)i * stepB + column];
            c[column] = sum;
        }
    }
}
