using System.Numerics;

namespace DocTuneLab.Training.Checkpoints.Gguf.Blocks;

/// <summary>Types whose codes are places in a table of groups of numbers; the format defines the tables (<c>tables.txt</c>).</summary>
internal static unsafe class TableBlocks
{
    // Of IQ1, which has no signs, a group is shifted by this or its negative.
    private const float Shift = 0.125f;
    private static readonly sbyte[] s_iq1 = Table("IQ1_S"), s_iq2Xxs = Table("IQ2_XXS"), s_iq2Xs = Table("IQ2_XS"), s_iq2S = Table("IQ2_S"),
        s_iq3Xxs = Table("IQ3_XXS"), s_iq3S = Table("IQ3_S");

    // d, 32 low bytes of places, 8 words: four high parts of 3 bits, a scale of 3 bits, the shift's sign.
    public static void Iq1S(byte* block, float* to)
    {
        var d = (float)*(Half*)block;
        for (var g = 0; g < 8; g++)
        {
            var word = ((ushort*)(block + 34))[g];
            var (scale, shift) = (d * (2 * (word >> 12 & 7) + 1), (word & 0x8000) != 0 ? -Shift : Shift);
            for (var l = 0; l < 4; l++) Shifted(block[2 + 4 * g + l] | (word >> 3 * l & 7) << 8, scale, shift, to + 32 * g + 8 * l);
        }
    }

    // 32 low bytes of places, 16 bytes of high parts and signs, 4 words: four scales of 3 bits, and a quarter of d.
    public static void Iq1M(byte* block, float* to)
    {
        var words = (ushort*)(block + 48);
        var d = (float)BitConverter.UInt16BitsToHalf(
            (ushort)(words[0] >> 12 | words[1] >> 8 & 0xF0 | words[2] >> 4 & 0xF00 | words[3] & 0xF000));
        for (var g = 0; g < 8; g++)
        {
            for (var l = 0; l < 4; l++)
            {
                var scale = d * (2 * (words[g / 2] >> 6 * (g % 2) + 3 * (l / 2) & 7) + 1);
                var high = block[32 + 2 * g + l / 2] >> 4 * (l % 2);
                Shifted(block[4 * g + l] | (high & 7) << 8, scale, (high & 8) != 0 ? -Shift : Shift, to + 32 * g + 8 * l);
            }
        }
    }

    // d, then for each 32 four places and a word: four signs of 7 bits, a scale of 4 bits.
    public static void Iq2Xxs(byte* block, float* to)
    {
        var d = (float)*(Half*)block;
        for (var g = 0; g < 8; g++)
        {
            var places = block + 2 + 8 * g;
            var word = *(uint*)(places + 4);
            var scale = d * (0.5f + (word >> 28)) * 0.25f;
            for (var l = 0; l < 4; l++) Signed(s_iq2Xxs, places[l], 8, scale, Even(word >> 7 * l), to + 32 * g + 8 * l);
        }
    }

    // d, 32 words: a place of 9 bits, signs of 7; 16 scales of 4 bits.
    public static void Iq2Xs(byte* block, float* to)
    {
        var d = (float)*(Half*)block;
        for (var n = 0; n < 32; n++)
        {
            var word = ((ushort*)(block + 2))[n];
            Signed(s_iq2Xs, word & 511, 8, Quarter(d, block[66 + n / 4], n % 4 / 2), Even((uint)word >> 9), to + 8 * n);
        }
    }

    // d, 32 low bytes of places, 32 of signs, 8 of high parts, 16 scales of 4 bits.
    public static void Iq2S(byte* block, float* to)
    {
        var d = (float)*(Half*)block;
        for (var n = 0; n < 32; n++)
        {
            var place = block[2 + n] | block[66 + n / 4] << 8 - n % 4 * 2 & 0x300;
            Signed(s_iq2S, place, 8, Quarter(d, block[74 + n / 4], n % 4 / 2), block[34 + n], to + 8 * n);
        }
    }

    // d, 64 places, 8 words: four signs of 7 bits, a scale of 4.
    public static void Iq3Xxs(byte* block, float* to)
    {
        var d = (float)*(Half*)block;
        for (var n = 0; n < 64; n++)
        {
            var word = ((uint*)(block + 66))[n / 8];
            var signs = Even(word >> n % 8 / 2 * 7) >> n % 2 * 4;
            Signed(s_iq3Xxs, block[2 + n], 4, d * (0.5f + (word >> 28)) * 0.5f, signs, to + 4 * n);
        }
    }

    // d, 64 low bytes of places, 8 of their ninth bits, 32 of signs, 8 scales of 4 bits.
    public static void Iq3S(byte* block, float* to)
    {
        var d = (float)*(Half*)block;
        for (var n = 0; n < 64; n++)
        {
            var place = block[2 + n] | (block[66 + n / 8] >> n % 8 & 1) << 8;
            var scale = d * (1 + 2 * (block[106 + n / 16] >> n / 8 % 2 * 4 & 15));
            Signed(s_iq3S, place, 4, scale, block[74 + n / 2] >> n % 2 * 4, to + 4 * n);
        }
    }

    private static float Quarter(float d, byte scales, int part) => d * (0.5f + (scales >> 4 * part & 15)) * 0.25f;

    // The eighth sign makes their number even.
    private static int Even(uint sevenBits) => (int)(sevenBits & 127 | (uint)(BitOperations.PopCount(sevenBits & 127) & 1) << 7);

    private static void Signed(sbyte[] table, int place, int width, float scale, int signs, float* to)
    {
        for (var i = 0; i < width; i++)
        {
            var value = scale * table[place * width + i];
            to[i] = (signs >> i & 1) != 0 ? -value : value;
        }
    }

    private static void Shifted(int place, float scale, float shift, float* to)
    {
        for (var i = 0; i < 8; i++) to[i] = scale * (s_iq1[place * 8 + i] + shift);
    }

    // A line with name, width and the numbers that occur, then the entries: each a number whose digits, lowest first, say which it is.
    private static sbyte[] Table(string name)
    {
        var tables = $"{typeof(TableBlocks).Namespace}.tables.txt";
        using var reader = new StreamReader(typeof(TableBlocks).Assembly.GetManifestResourceStream(tables)!);
        while (reader.ReadLine() is { } line)
        {
            var (head, entries) = (line.Split(' '), reader.ReadLine()!);
            if (head[0] != name) continue;
            var (width, values) = (int.Parse(head[1], System.Globalization.CultureInfo.InvariantCulture),
                Array.ConvertAll(head[2].Split(','), v => sbyte.Parse(v, System.Globalization.CultureInfo.InvariantCulture)));
            var codes = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ushort>(Convert.FromBase64String(entries));
            var table = new sbyte[codes.Length * width];
            for (var e = 0; e < codes.Length; e++)
                for (int i = 0, rest = codes[e]; i < width; i++, rest /= values.Length) table[e * width + i] = values[rest % values.Length];
            return table;
        }
        throw new InvalidOperationException($"tables.txt has no {name}");
    }
}
