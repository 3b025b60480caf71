using System.Runtime.InteropServices;

namespace DocTuneLab.Training.Checkpoints.Gguf;

/// <summary>
/// Writes ggml's K-quants of 4 and 6 bits. The formats are fixed, the choice of scales is free: here each group tries a range of
/// scales and keeps the one of least squared error, scale and minimum then fitted by least squares.
/// </summary>
internal static class KQuants
{
    private const int Tries = 16;

    // d, dmin (half); 8 scales and 8 minima of 6 bits in 12 bytes; 128 bytes of codes. Value = d·scale·code - dmin·minimum.
    public static void EncodeQ4K(ReadOnlySpan<float> x, Span<byte> to)
    {
        Span<float> scales = stackalloc float[8], minima = stackalloc float[8];
        for (var g = 0; g < 8; g++) (scales[g], minima[g]) = Affine(x.Slice(32 * g, 32), 15);
        float maxScale = 0, maxMinimum = 0;
        for (var g = 0; g < 8; g++) (maxScale, maxMinimum) = (Math.Max(maxScale, scales[g]), Math.Max(maxMinimum, minima[g]));
        var (d, dMin) = ((Half)(maxScale / 63), (Half)(maxMinimum / 63));
        MemoryMarshal.Write(to, d);
        MemoryMarshal.Write(to[2..], dMin);
        to[4..].Clear();
        for (var g = 0; g < 8; g++)
        {
            var scale = (byte)Math.Min(63, MathF.Round(maxScale > 0 ? 63 / maxScale * scales[g] : 0));
            var minimum = (byte)Math.Min(63, MathF.Round(maxMinimum > 0 ? 63 / maxMinimum * minima[g] : 0));
            if (g < 4) (to[4 + g], to[8 + g]) = ((byte)(to[4 + g] | scale), (byte)(to[8 + g] | minimum));
            else
            {
                to[8 + g] = (byte)(scale & 15 | (minimum & 15) << 4);
                to[g] |= (byte)(scale >> 4 << 6);
                to[4 + g] |= (byte)(minimum >> 4 << 6);
            }
            var (step, offset) = ((float)d * scale, (float)dMin * minimum);
            for (var i = 0; i < 32; i++)
            {
                var code = step == 0 ? 0 : (int)Math.Clamp(MathF.Round((x[32 * g + i] + offset) / step), 0, 15);
                to[16 + 32 * (g / 2) + i] |= (byte)(g % 2 == 0 ? code : code << 4);
            }
        }
    }

    // 128 bytes of low nibbles, 64 of high pairs of bits, 16 scales of 8 bits, d (half). Value = d·scale·(code - 32).
    public static void EncodeQ6K(ReadOnlySpan<float> x, Span<byte> to)
    {
        Span<float> scales = stackalloc float[16];
        for (var g = 0; g < 16; g++) scales[g] = Symmetric(x.Slice(16 * g, 16), 32);
        var largest = 0f;
        foreach (var s in scales)
            if (Math.Abs(s) > Math.Abs(largest)) largest = s;
        to.Clear();
        var d = (Half)(largest / -128);
        MemoryMarshal.Write(to[208..], d);
        if ((float)d == 0) return;
        for (var g = 0; g < 16; g++)
        {
            var scale = (sbyte)Math.Clamp(MathF.Round(scales[g] / (float)d), -128, 127);
            to[192 + g] = (byte)scale;
            for (var i = 0; i < 16; i++)
            {
                var step = (float)d * scale;
                var code = (step == 0 ? 0 : (int)Math.Clamp(MathF.Round(x[16 * g + i] / step), -32, 31)) + 32;
                var (half, within) = ((16 * g + i) / 128, (16 * g + i) % 128);
                var quarter = within / 32;
                to[64 * half + within % 64] |= (byte)(quarter < 2 ? code & 15 : (code & 15) << 4);
                to[128 + 32 * half + within % 32] |= (byte)(code >> 4 << 2 * quarter);
            }
        }
    }

    // Scale and (positive) minimum such that scale·code - minimum is near x, codes from 0 to top.
    private static (float Scale, float Minimum) Affine(ReadOnlySpan<float> x, int top)
    {
        float low = 0, high = float.NegativeInfinity;
        foreach (var v in x) (low, high) = (Math.Min(low, v), Math.Max(high, v));
        if (high <= low) return (0, -low);
        var (best, bestScale, bestMinimum) = (double.MaxValue, (high - low) / top, -low);
        for (var t = 0; t <= Tries; t++)
        {
            var inverse = (top - 0.5f + 1.5f * t / Tries) / (high - low);
            double sumCode = 0, sumSquare = 0, sumX = 0, sumCodeX = 0;
            foreach (var v in x)
            {
                var code = Math.Clamp(MathF.Round(inverse * (v - low)), 0, top);
                (sumCode, sumSquare, sumX, sumCodeX) = (sumCode + code, sumSquare + code * code, sumX + v, sumCodeX + code * v);
            }
            var determinant = x.Length * sumSquare - sumCode * sumCode;
            if (determinant <= 0) continue;
            var scale = (float)((x.Length * sumCodeX - sumCode * sumX) / determinant);
            var minimum = (float)-((sumSquare * sumX - sumCode * sumCodeX) / determinant);
            if (minimum < 0) (scale, minimum) = ((float)(sumCodeX / sumSquare), 0);
            if (scale <= 0) continue;
            var error = 0.0;
            foreach (var v in x)
            {
                var difference = scale * Math.Clamp(MathF.Round((v + minimum) / scale), 0, top) - minimum - v;
                error += difference * difference;
            }
            if (error < best) (best, bestScale, bestMinimum) = (error, scale, minimum);
        }
        return (bestScale, bestMinimum);
    }

    // Scale such that scale·code is near x, codes from -size to size - 1; negative where the largest element is positive.
    private static float Symmetric(ReadOnlySpan<float> x, int size)
    {
        var extreme = 0f;
        foreach (var v in x)
            if (Math.Abs(v) > Math.Abs(extreme)) extreme = v;
        if (extreme == 0) return 0;
        var (best, chosen) = (double.MaxValue, extreme / -size);
        for (var t = -Tries / 2; t <= Tries / 2; t++)
        {
            var inverse = -(size + 0.1f * t) / extreme;
            double square = 0, product = 0;
            foreach (var v in x)
            {
                var code = Math.Clamp(MathF.Round(inverse * v), -size, size - 1);
                (square, product) = (square + code * code, product + code * v);
            }
            if (square == 0) continue;
            var scale = (float)(product / square);
            if (scale == 0) continue;
            var error = 0.0;
            foreach (var v in x)
            {
                var difference = scale * Math.Clamp(MathF.Round(v / scale), -size, size - 1) - v;
                error += difference * difference;
            }
            if (error < best) (best, chosen) = (error, scale);
        }
        return chosen;
    }
}
