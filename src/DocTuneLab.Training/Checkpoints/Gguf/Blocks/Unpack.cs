using System.Runtime.Intrinsics;

namespace DocTuneLab.Training.Checkpoints.Gguf.Blocks;

/// <summary>Sixteen codes as numbers, in the operations and the order that ggml defines them by: nothing is fused.</summary>
internal static unsafe class Unpack
{
    public static readonly Vector128<byte> LowBits = Vector128.Create((byte)15);

    /// <summary>scale · code, codes signed.</summary>
    public static void Scaled(Vector128<sbyte> codes, float scale, float* to)
    {
        var (low, high) = Vector128.Widen(codes);
        (Singles(low) * scale).Store(to);
        (Singles(high) * scale).Store(to + 8);
    }

    /// <summary>scale · code + offset, codes below 128.</summary>
    public static void Affine(Vector128<byte> codes, float scale, float offset, float* to)
    {
        var (low, high) = Vector128.Widen(codes.AsSByte());
        var add = Vector256.Create(offset);
        (Singles(low) * scale + add).Store(to);
        (Singles(high) * scale + add).Store(to + 8);
    }

    /// <summary>Sixteen bits, one for each byte, as 0 or <paramref name="value"/>.</summary>
    public static Vector128<byte> Bits(uint bits, byte value)
    {
        var spread = Vector128.Shuffle(Vector128.CreateScalar(bits).AsByte(),
            Vector128.Create((byte)0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1));
        var mask = Vector128.Create(0x8040201008040201UL).AsByte();
        return Vector128.Equals(spread & mask, mask) & Vector128.Create(value);
    }

    private static Vector256<float> Singles(Vector128<short> numbers)
    {
        var (low, high) = Vector128.Widen(numbers);
        return Vector256.ConvertToSingle(Vector256.Create(low, high));
    }
}
