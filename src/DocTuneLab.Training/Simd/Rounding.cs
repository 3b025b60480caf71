using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace DocTuneLab.Training.Simd;

/// <summary>Float32 rounded, to nearest even, to numbers that another type has.</summary>
internal interface IRounding
{
    /// <summary>Eight numbers, rounded.</summary>
    static abstract Vector256<float> Of(Vector256<float> values);
}

/// <summary>To those of bfloat16.</summary>
internal readonly struct BFloat16Rounding : IRounding
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Of(Vector256<float> values)
    {
        var bits = values.AsUInt32();
        bits += Vector256.Create(0x7FFFu) + (Vector256.ShiftRightLogical(bits, 16) & Vector256<uint>.One);
        return (bits & Vector256.Create(0xFFFF0000u)).AsSingle();
    }
}

/// <summary>To those of a half; not of numbers beyond its largest.</summary>
internal readonly struct HalfRounding : IRounding
{
    private const float SmallestNormal = 6.103515625e-5f;

    // Between 0.5 and 1 the steps of float32 are those of a subnormal half, 2⁻²⁴.
    private const float Coarse = 0.75f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Of(Vector256<float> values)
    {
        var bits = values.AsUInt32();
        bits += Vector256.Create(0xFFFu) + (Vector256.ShiftRightLogical(bits, 13) & Vector256<uint>.One);
        var normal = (bits & Vector256.Create(0xFFFFE000u)).AsSingle();
        var small = values + Vector256.Create(Coarse) - Vector256.Create(Coarse);
        return Vector256.ConditionalSelect(Vector256.LessThan(Vector256.Abs(values), Vector256.Create(SmallestNormal)), small, normal);
    }
}
