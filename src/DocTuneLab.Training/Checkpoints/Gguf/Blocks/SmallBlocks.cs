using System.Runtime.Intrinsics;

namespace DocTuneLab.Training.Checkpoints.Gguf.Blocks;

/// <summary>Types whose scales stand for themselves, in blocks of 32 to 128.</summary>
internal static unsafe class SmallBlocks
{
    // Doubled, so that they are whole numbers.
    private static readonly Vector128<sbyte> s_halves = Vector128.Create((sbyte)0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12);

    /// <summary>What the 4 bits of IQ4 stand for.</summary>
    public static readonly Vector128<sbyte> UnequalSteps =
        Vector128.Create((sbyte)-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);

    public static void Q1(byte* block, float* to)
    {
        var scale = (float)*(Half*)block;
        for (var i = 0; i < 128; i++) to[i] = (block[2 + i / 8] >> i % 8 & 1) != 0 ? scale : -scale;
    }

    public static void Q2(byte* block, float* to)
    {
        var scale = (float)*(Half*)block;
        for (var i = 0; i < 64; i++) to[i] = ((block[2 + i / 4] >> i % 4 * 2 & 3) - 1) * scale;
    }

    public static void Q40(byte* block, float* to)
    {
        var (scale, codes, middle) = ((float)*(Half*)block, Vector128.Load(block + 2), Vector128.Create((sbyte)8));
        Unpack.Scaled((codes & Unpack.LowBits).AsSByte() - middle, scale, to);
        Unpack.Scaled((codes >>> 4).AsSByte() - middle, scale, to + 16);
    }

    public static void Q41(byte* block, float* to)
    {
        var (scale, minimum, codes) = ((float)((Half*)block)[0], (float)((Half*)block)[1], Vector128.Load(block + 4));
        Unpack.Affine(codes & Unpack.LowBits, scale, minimum, to);
        Unpack.Affine(codes >>> 4, scale, minimum, to + 16);
    }

    public static void Q50(byte* block, float* to)
    {
        var (scale, high) = ((float)*(Half*)block, *(uint*)(block + 2));
        var (codes, middle) = (Vector128.Load(block + 6), Vector128.Create((sbyte)16));
        Unpack.Scaled((codes & Unpack.LowBits | Unpack.Bits(high, 16)).AsSByte() - middle, scale, to);
        Unpack.Scaled((codes >>> 4 | Unpack.Bits(high >> 16, 16)).AsSByte() - middle, scale, to + 16);
    }

    public static void Q51(byte* block, float* to)
    {
        var (scale, minimum) = ((float)((Half*)block)[0], (float)((Half*)block)[1]);
        var (high, codes) = (*(uint*)(block + 4), Vector128.Load(block + 8));
        Unpack.Affine(codes & Unpack.LowBits | Unpack.Bits(high, 16), scale, minimum, to);
        Unpack.Affine(codes >>> 4 | Unpack.Bits(high >> 16, 16), scale, minimum, to + 16);
    }

    public static void Q80(byte* block, float* to)
    {
        var scale = (float)*(Half*)block;
        Unpack.Scaled(Vector128.Load(block + 2).AsSByte(), scale, to);
        Unpack.Scaled(Vector128.Load(block + 18).AsSByte(), scale, to + 16);
    }

    public static void Mxfp4(byte* block, float* to)
    {
        // Half of 2 to the power (exponent - 127); the two smallest are subnormal.
        var exponent = *block;
        var scale = BitConverter.UInt32BitsToSingle(exponent < 2 ? 0x200000u << exponent : (uint)(exponent - 1) << 23);
        Looked(s_halves, Vector128.Load(block + 1), scale, to);
    }

    public static void Nvfp4(byte* block, float* to)
    {
        for (var part = 0; part < 4; part++)
        {
            var codes = Vector64.Load(block + 4 + 8 * part);
            var both = Vector128.Create(codes & Vector64.Create((byte)15), codes >>> 4);
            Unpack.Scaled(Vector128.Shuffle(s_halves, both.AsSByte()), Float8(block[part]), to + 16 * part);
        }
    }

    public static void Iq4Nl(byte* block, float* to) => Looked(UnequalSteps, Vector128.Load(block + 2), (float)*(Half*)block, to);

    /// <summary>Thirty-two codes of 4 bits through a table: the low ones, then the high ones.</summary>
    public static void Looked(Vector128<sbyte> table, Vector128<byte> codes, float scale, float* to)
    {
        Unpack.Scaled(Vector128.Shuffle(table, (codes & Unpack.LowBits).AsSByte()), scale, to);
        Unpack.Scaled(Vector128.Shuffle(table, (codes >>> 4).AsSByte()), scale, to + 16);
    }

    // Half of an unsigned float of 4 bits exponent and 3 bits fraction.
    private static float Float8(byte bits)
    {
        if (bits is 0 or 0x7F) return 0;
        var (exponent, fraction) = (bits >> 3 & 15, bits & 7);
        return exponent == 0 ? MathF.ScaleB(fraction, -10) : MathF.ScaleB(1 + fraction / 8f, exponent - 8);
    }
}
