using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Simd;

/// <summary>Numbers of 16 bits as float32, a few at a time, beside the work that reads them.</summary>
internal static unsafe class HalfPrecision
{
    /// <summary>Exponent and fraction of a half, moved to their places in a float32, are the number times 2⁻¹¹²,
    /// subnormal ones too.</summary>
    public const float Unit = 5.192296858534828e33f;

    /// <summary>Whether <see cref="Widen"/> reads a type.</summary>
    public static bool Reads(ScalarType type) => type is ScalarType.Float32 or ScalarType.BFloat16 or ScalarType.Float16;

    /// <summary>Numbers <paramref name="from"/> and on of a float32, bfloat16 or half array:
    /// where they are, or widened into <paramref name="target"/>.</summary>
    public static float* Widen(void* source, ScalarType type, long from, int count, float* target)
    {
        if (type == ScalarType.Float32) return (float*)source + from;
        var halves = (ushort*)source + from;
        var i = 0;
        for (; i + 16 <= count; i += 16)
        {
            if (type == ScalarType.BFloat16)
            {
                BFloat16Element.Load(halves, i).Store(target + i);
                BFloat16Element.Load(halves, i + 8).Store(target + i + 8);
                continue;
            }
            var (low, high) = Vector256.Widen(Vector256.Load(halves + i));
            OfHalf(low).Store(target + i);
            OfHalf(high).Store(target + i + 8);
        }
        for (; i < count; i++)
            target[i] = type == ScalarType.BFloat16 ? BFloat16Element.Get(halves, i) : (float)BitConverter.UInt16BitsToHalf(halves[i]);
        return target;
    }

    /// <summary>Largest absolute value; not a finite number where one of them is not.</summary>
    public static float LargestMagnitude(float* values, int count)
    {
        // As integers: magnitudes compare the same, and what is not finite is larger than all that is.
        var most = Vector256<int>.Zero;
        var (mask, i) = (Vector256.Create(0x7FFFFFFF), 0);
        for (; i + 8 <= count; i += 8) most = Vector256.Max(most, Vector256.Load((int*)values + i) & mask);
        var result = 0;
        for (var lane = 0; lane < 8; lane++) result = Math.Max(result, most[lane]);
        for (; i < count; i++) result = Math.Max(result, ((int*)values)[i] & 0x7FFFFFFF);
        return BitConverter.Int32BitsToSingle(result);
    }

    private static Vector256<float> OfHalf(Vector256<uint> bits)
    {
        var magnitude = Vector256.ShiftLeft(bits & Vector256.Create(0x7FFFu), 13);
        // Infinity and what is no number have all bits of the exponent set, here as there.
        var special = Vector256.GreaterThan(magnitude, Vector256.Create(0x0F7FFFFFu)) & Vector256.Create(0x7F800000u);
        return ((magnitude.AsSingle() * Unit).AsUInt32() | special | Vector256.ShiftLeft(bits & Vector256.Create(0x8000u), 16)).AsSingle();
    }
}
