using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace DocTuneLab.Training.Simd;

/// <summary>How the numbers of a row are stored; kernels compute in float32 whatever it is.</summary>
internal unsafe interface IElement
{
    /// <summary>Eight numbers from the one of index <paramref name="at"/> on.</summary>
    static abstract Vector256<float> Load(void* row, int at);

    /// <summary>Stores eight numbers.</summary>
    static abstract void Store(Vector256<float> value, void* row, int at);

    /// <summary>Sixteen numbers, where vectors of 512 bits are the machine's.</summary>
    static abstract Vector512<float> Load512(void* row, int at);

    /// <summary>Stores sixteen numbers.</summary>
    static abstract void Store(Vector512<float> value, void* row, int at);

    /// <summary>One number.</summary>
    static abstract float Get(void* row, int at);

    /// <summary>Stores one number.</summary>
    static abstract void Set(void* row, int at, float value);
}

/// <summary>Float32.</summary>
internal readonly unsafe struct SingleElement : IElement
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(void* row, int at) => Vector256.Load((float*)row + at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> value, void* row, int at) => value.Store((float*)row + at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load512(void* row, int at) => Vector512.Load((float*)row + at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> value, void* row, int at) => value.Store((float*)row + at);

    public static float Get(void* row, int at) => ((float*)row)[at];

    public static void Set(void* row, int at, float value) => ((float*)row)[at] = value;
}

/// <summary>Bfloat16, rounded to nearest even.</summary>
internal readonly unsafe struct BFloat16Element : IElement
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(void* row, int at)
    {
        var from = (ushort*)row + at;
        var bits = Avx2.IsSupported
            ? Avx2.ConvertToVector256Int32(from)
            : Vector256.WidenLower(Vector128.Load(from).ToVector256()).AsInt32();
        return Vector256.ShiftLeft(bits, 16).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> value, void* row, int at)
    {
        var bits = value.AsUInt32();
        bits = Vector256.ShiftRightLogical(bits + Vector256.Create(0x7FFFu) + (Vector256.ShiftRightLogical(bits, 16) & Vector256<uint>.One),
            16);
        Vector128.Narrow(bits.GetLower(), bits.GetUpper()).Store((ushort*)row + at);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load512(void* row, int at)
    {
        var (low, high) = Vector256.Widen(Vector256.Load((ushort*)row + at));
        return Vector512.ShiftLeft(Vector512.Create(low, high), 16).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> value, void* row, int at)
    {
        var bits = value.AsUInt32();
        bits = Vector512.ShiftRightLogical(bits + Vector512.Create(0x7FFFu) + (Vector512.ShiftRightLogical(bits, 16) & Vector512<uint>.One),
            16);
        Vector256.Narrow(bits.GetLower(), bits.GetUpper()).Store((ushort*)row + at);
    }

    public static float Get(void* row, int at) => BitConverter.UInt32BitsToSingle((uint)((ushort*)row)[at] << 16);

    public static void Set(void* row, int at, float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        ((ushort*)row)[at] = (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
