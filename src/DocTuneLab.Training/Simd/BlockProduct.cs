using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace DocTuneLab.Training.Simd;

/// <summary>
/// Products of small float32 blocks, as attention needs them: too small for a call into the matrix library each.
/// Four rows by two vectors of columns stay in registers; Vector256 has a portable form in the runtime where AVX2 is missing.
/// </summary>
internal static unsafe class BlockProduct
{
    /// <summary>C[m, n] (+)= sum over k of A[m·stepM + k·stepK] · B[k·ldb + n].</summary>
    public static void Run(float* a, int stepM, int stepK, float* b, int ldb, float* c, int ldc, int m, int n, int k, bool accumulate)
    {
        var row = 0;
        for (; row + 4 <= m; row += 4)
        {
            var a0 = a + (long)row * stepM;
            var c0 = c + (long)row * ldc;
            var column = 0;
            if (Vector512.IsHardwareAccelerated)
                for (; column + 32 <= n; column += 32) FourWide(a0, stepM, stepK, b + column, ldb, c0 + column, ldc, k, accumulate);
            for (; column + 16 <= n; column += 16) Four(a0, stepM, stepK, b + column, ldb, c0 + column, ldc, k, accumulate);
            if (column < n)
                for (var r = 0; r < 4; r++) One(a0 + (long)r * stepM, stepK, b + column, ldb, c0 + (long)r * ldc + column, n - column, k, accumulate);
        }
        for (; row < m; row++) One(a + (long)row * stepM, stepK, b, ldb, c + (long)row * ldc, n, k, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourWide(float* a, int stepM, int stepK, float* b, int ldb, float* c, int ldc, int k, bool accumulate)
    {
        float* a1 = a + stepM, a2 = a1 + stepM, a3 = a2 + stepM;
        Vector512<float> c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default, c30 = default, c31 = default;
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
            b += ldb;
        }
        Put(c, c00, c01, accumulate);
        Put(c + ldc, c10, c11, accumulate);
        Put(c + 2 * ldc, c20, c21, accumulate);
        Put(c + 3 * ldc, c30, c31, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four(float* a, int stepM, int stepK, float* b, int ldb, float* c, int ldc, int k, bool accumulate)
    {
        float* a1 = a + stepM, a2 = a1 + stepM, a3 = a2 + stepM;
        Vector256<float> c00 = default, c01 = default, c10 = default, c11 = default, c20 = default, c21 = default, c30 = default, c31 = default;
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
            b += ldb;
        }
        Put(c, c00, c01, accumulate);
        Put(c + ldc, c10, c11, accumulate);
        Put(c + 2 * ldc, c20, c21, accumulate);
        Put(c + 3 * ldc, c30, c31, accumulate);
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

    private static void One(float* a, int stepK, float* b, int ldb, float* c, int n, int k, bool accumulate)
    {
        var column = 0;
        for (; column + 8 <= n; column += 8)
        {
            var sum = accumulate ? Vector256.Load(c + column) : default;
            for (var i = 0; i < k; i++) sum = Vector256.FusedMultiplyAdd(Vector256.Create(a[(long)i * stepK]), Vector256.Load(b + (long)i * ldb + column), sum);
            sum.Store(c + column);
        }
        for (; column < n; column++)
        {
            var sum = accumulate ? c[column] : 0;
            for (var i = 0; i < k; i++) sum += a[(long)i * stepK] * b[(long)i * ldb + column];
            c[column] = sum;
        }
    }
}
