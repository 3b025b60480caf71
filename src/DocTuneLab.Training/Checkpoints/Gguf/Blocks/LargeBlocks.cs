using System.Runtime.Intrinsics;

namespace DocTuneLab.Training.Checkpoints.Gguf.Blocks;

/// <summary>Types in blocks of 256, whose parts have scales in a few bits.</summary>
internal static unsafe class LargeBlocks
{
    // 16 bytes of scales (low bits) and minima (high bits), 64 of codes, d and dmin.
    public static void Q2K(byte* block, float* to)
    {
        var (d, dMin, three) = ((float)*(Half*)(block + 80), (float)*(Half*)(block + 82), Vector128.Create((byte)3));
        for (var g = 0; g < 16; g++)
        {
            var codes = Vector128.Load(block + 16 + 32 * (g / 8) + 16 * (g % 2)) >>> g % 8 / 2 * 2 & three;
            Unpack.Affine(codes, d * (block[g] & 15), -(dMin * (block[g] >> 4)), to + 16 * g);
        }
    }

    // 32 bytes of third bits, 64 of codes, 16 scales of 6 bits in 12 bytes, d. A third bit that is 0 means 4 less.
    public static void Q3K(byte* block, float* to)
    {
        var (d, three, four) = ((float)*(Half*)(block + 108), Vector128.Create((byte)3), Vector128.Create((byte)4));
        var packed = block + 96;
        for (var g = 0; g < 16; g++)
        {
            var scale = (g < 8 ? packed[g] & 15 : packed[g - 8] >> 4) | (packed[8 + g % 4] >> g / 4 * 2 & 3) << 4;
            var low = Vector128.Load(block + 32 + 32 * (g / 8) + 16 * (g % 2)) >>> g % 8 / 2 * 2 & three;
            var third = Vector128.Load(block + 16 * (g % 2)) >>> g / 2 & Vector128<byte>.One;
            Unpack.Scaled((low + third * four - four).AsSByte(), d * (scale - 32), to + 16 * g);
        }
    }

    public static void Q4K(byte* block, float* to)
    {
        var (d, dMin) = ((float)((Half*)block)[0], (float)((Half*)block)[1]);
        for (var g = 0; g < 8; g++)
        {
            var (scale, minimum) = SixBits(block + 4, g);
            for (var i = 0; i < 32; i += 16)
            {
                var codes = Vector128.Load(block + 16 + 32 * (g / 2) + i);
                Unpack.Affine(g % 2 == 0 ? codes & Unpack.LowBits : codes >>> 4, d * scale, -(dMin * minimum), to + 32 * g + i);
            }
        }
    }

    // As Q4_K, with 32 bytes of fifth bits before the codes.
    public static void Q5K(byte* block, float* to)
    {
        var (d, dMin) = ((float)((Half*)block)[0], (float)((Half*)block)[1]);
        for (var g = 0; g < 8; g++)
        {
            var (scale, minimum) = SixBits(block + 4, g);
            for (var i = 0; i < 32; i += 16)
            {
                var codes = Vector128.Load(block + 48 + 32 * (g / 2) + i);
                var fifth = (Vector128.Load(block + 16 + i) >>> g & Vector128<byte>.One) << 4;
                Unpack.Affine((g % 2 == 0 ? codes & Unpack.LowBits : codes >>> 4) | fifth, d * scale, -(dMin * minimum), to + 32 * g + i);
            }
        }
    }

    // 128 bytes of low nibbles, 64 of high pairs of bits, 16 scales of 8 bits, d.
    public static void Q6K(byte* block, float* to)
    {
        var (d, three, middle) = ((float)*(Half*)(block + 208), Vector128.Create((byte)3), Vector128.Create((sbyte)32));
        for (var g = 0; g < 16; g++)
        {
            var (half, quarter, part) = (g / 8, g % 8 / 2, g % 2);
            var low = Vector128.Load(block + 64 * half + 32 * (quarter % 2) + 16 * part);
            low = quarter < 2 ? low & Unpack.LowBits : low >>> 4;
            var high = (Vector128.Load(block + 128 + 32 * half + 16 * part) >>> 2 * quarter & three) << 4;
            Unpack.Scaled((low | high).AsSByte() - middle, d * (sbyte)block[192 + g], to + 16 * g);
        }
    }

    // d, high pairs of bits of 8 scales, their low nibbles, 128 bytes of codes.
    public static void Iq4Xs(byte* block, float* to)
    {
        var (d, high) = ((float)*(Half*)block, *(ushort*)(block + 2));
        for (var g = 0; g < 8; g++)
        {
            var scale = (block[4 + g / 2] >> g % 2 * 4 & 15 | (high >> 2 * g & 3) << 4) - 32;
            SmallBlocks.Looked(SmallBlocks.UnequalSteps, Vector128.Load(block + 8 + 16 * g), d * scale, to + 32 * g);
        }
    }

    // 48 bytes of five numbers each, 4 of four, d. A byte is a fraction in base 3: its digits come out by multiplying.
    public static void Tq1(byte* block, float* to)
    {
        var d = (float)*(Half*)(block + 52);
        Digits(block, 32, 5, d, to);
        Digits(block + 32, 16, 5, d, to + 160);
        Digits(block + 48, 4, 4, d, to + 240);
    }

    // 64 bytes of four numbers each, d.
    public static void Tq2(byte* block, float* to)
    {
        var (d, three) = ((float)*(Half*)(block + 64), Vector128.Create((byte)3));
        for (var g = 0; g < 16; g++)
        {
            var codes = Vector128.Load(block + 32 * (g / 8) + 16 * (g % 2)) >>> g % 8 / 2 * 2 & three;
            Unpack.Scaled((codes - Vector128<byte>.One).AsSByte(), d, to + 16 * g);
        }
    }

    private static void Digits(byte* bytes, int width, int count, float d, float* to)
    {
        for (int n = 0, power = 1; n < count; n++, power *= 3)
            for (var i = 0; i < width; i++) to[n * width + i] = (((byte)(bytes[i] * power) * 3 >> 8) - 1) * d;
    }

    // 8 scales and 8 minima of 6 bits in 12 bytes.
    private static (int Scale, int Minimum) SixBits(byte* packed, int g) => g < 4
        ? (packed[g] & 63, packed[4 + g] & 63)
        : (packed[4 + g] & 15 | packed[g - 4] >> 6 << 4, packed[4 + g] >> 4 | packed[g] >> 6 << 4);
}
