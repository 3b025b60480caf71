using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using DocTuneLab.Training.Checkpoints.Gguf.Blocks;

namespace DocTuneLab.Training.Checkpoints.Gguf;

/// <summary>Element types of GGUF tensors, by their number in the file. Numbers that are missing were given up by the format, or name
/// what only passes hold (Q8_1, Q8_K) and whole numbers.</summary>
[SuppressMessage("Naming", "CA1707", Justification = "Spelled as in the GGUF specification.")]
public enum GgufType : uint
{
    /// <summary>32-bit floats.</summary>
    F32 = 0,

    /// <summary>16-bit IEEE floats.</summary>
    F16 = 1,

    /// <summary>Blocks of 32 in 4 bits with one scale.</summary>
    Q4_0 = 2,

    /// <summary>Blocks of 32 in 4 bits with scale and minimum.</summary>
    Q4_1 = 3,

    /// <summary>Blocks of 32 in 5 bits with one scale.</summary>
    Q5_0 = 6,

    /// <summary>Blocks of 32 in 5 bits with scale and minimum.</summary>
    Q5_1 = 7,

    /// <summary>Blocks of 32 in 8 bits with one scale.</summary>
    Q8_0 = 8,

    /// <summary>Blocks of 256 in 2 bits, scale and minimum of each 16 in 4 bits.</summary>
    Q2_K = 10,

    /// <summary>Blocks of 256 in 3 bits, scale of each 16 in 6 bits.</summary>
    Q3_K = 11,

    /// <summary>Blocks of 256 in 4 bits, scale and minimum of each 32 in 6 bits.</summary>
    Q4_K = 12,

    /// <summary>Blocks of 256 in 5 bits, scale and minimum of each 32 in 6 bits.</summary>
    Q5_K = 13,

    /// <summary>Blocks of 256 in 6 bits, scale of each 16 in 8 bits.</summary>
    Q6_K = 14,

    /// <summary>Groups of 8 from a table of 256, signs beside them: 2.06 bits.</summary>
    IQ2_XXS = 16,

    /// <summary>Groups of 8 from a table of 512, signs beside them: 2.31 bits.</summary>
    IQ2_XS = 17,

    /// <summary>Groups of 4 from a table of 256, signs beside them: 3.06 bits.</summary>
    IQ3_XXS = 18,

    /// <summary>Groups of 8 from a table of 2048: 1.56 bits.</summary>
    IQ1_S = 19,

    /// <summary>Blocks of 32 in 4 bits that stand for unequal steps.</summary>
    IQ4_NL = 20,

    /// <summary>Groups of 4 from a table of 512, signs beside them: 3.44 bits.</summary>
    IQ3_S = 21,

    /// <summary>Groups of 8 from a table of 1024, signs beside them: 2.56 bits.</summary>
    IQ2_S = 22,

    /// <summary>Blocks of 256 in 4 bits that stand for unequal steps, scale of each 32 in 6 bits.</summary>
    IQ4_XS = 23,

    /// <summary>64-bit floats.</summary>
    F64 = 28,

    /// <summary>Groups of 8 from a table of 2048: 1.75 bits.</summary>
    IQ1_M = 29,

    /// <summary>bfloat16.</summary>
    BF16 = 30,

    /// <summary>-1, 0 and 1, five in a byte.</summary>
    TQ1_0 = 34,

    /// <summary>-1, 0 and 1 in 2 bits.</summary>
    TQ2_0 = 35,

    /// <summary>Blocks of 32 in 4-bit floats with a power of two.</summary>
    MXFP4 = 39,

    /// <summary>Blocks of 64 in 4-bit floats, with an 8-bit float for each 16.</summary>
    NVFP4 = 40,

    /// <summary>Blocks of 128 signs with one scale.</summary>
    Q1_0 = 41,

    /// <summary>Blocks of 64 in 2 bits with one scale.</summary>
    Q2_0 = 42,
}

/// <summary>Sizes, quantisers and dequantisers of the GGUF element types (formats: ggml's <c>ggml-common.h</c>).</summary>
internal static unsafe class GgufTypes
{
    private static readonly Kind[] s_kinds = Kinds();

    /// <summary>Whether a number in a file names a type that is read here.</summary>
    public static bool Reads(uint type) => type < s_kinds.Length && s_kinds[type].Elements > 0;

    /// <summary>Elements of a block, and its bytes.</summary>
    public static (int Elements, int Bytes) Block(GgufType type) => Reads((uint)type)
        ? (s_kinds[(int)type].Elements, s_kinds[(int)type].Bytes)
        : throw new ArgumentOutOfRangeException(nameof(type), type, "no such type");

    /// <summary>Bytes of a row.</summary>
    public static long Bytes(GgufType type, long elements) => elements / Block(type).Elements * Block(type).Bytes;

    /// <summary>The type itself where rows of this length can have it; else the nearest larger one that they can have.</summary>
    public static GgufType Fitting(GgufType type, long columns) => columns % Block(type).Elements == 0 ? type
        : columns % 32 == 0 ? GgufType.Q8_0 : GgufType.F16;

    /// <summary>Writes values as blocks of a type.</summary>
    /// <param name="type">The type.</param>
    /// <param name="values">Whole blocks.</param>
    /// <param name="target">Receives their bytes.</param>
    public static void Encode(GgufType type, ReadOnlySpan<float> values, Span<byte> target)
    {
        var (elements, bytes) = Block(type);
        if (elements > 1)
        {
            for (var b = 0; b < values.Length / elements; b++)
            {
                var block = values.Slice(b * elements, elements);
                var to = target.Slice(b * bytes, bytes);
                if (type == GgufType.Q8_0) Q80(block, to);
                else if (type == GgufType.Q4_0) Q40(block, to);
                else if (type == GgufType.Q4_K) KQuants.EncodeQ4K(block, to);
                else KQuants.EncodeQ6K(block, to);
            }
        }
        else if (type == GgufType.F32)
        {
            MemoryMarshal.AsBytes(values).CopyTo(target);
        }
        else if (type == GgufType.F16)
        {
            var halves = MemoryMarshal.Cast<byte, Half>(target);
            for (var i = 0; i < values.Length; i++) halves[i] = (Half)values[i];
        }
        else
        {
            var words = MemoryMarshal.Cast<byte, ushort>(target);
            for (var i = 0; i < values.Length; i++)
            {
                var bits = BitConverter.SingleToUInt32Bits(values[i]);
                words[i] = float.IsNaN(values[i]) ? (ushort)(bits >> 16 | 64) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
            }
        }
    }

    /// <summary>Reads blocks of a type back.</summary>
    /// <param name="type">The type.</param>
    /// <param name="source">Whole blocks.</param>
    /// <param name="values">Receives their numbers, as many as the blocks have.</param>
    public static void Decode(GgufType type, ReadOnlySpan<byte> source, Span<float> values)
    {
        if (source.Length < Bytes(type, values.Length))
            throw new ArgumentException($"{values.Length} numbers of {type} take {Bytes(type, values.Length)} bytes", nameof(source));
        fixed (byte* blocks = source)
        fixed (float* target = values)
            Decode(type, blocks, target, values.Length);
    }

    /// <summary>The same over memory that the caller holds.</summary>
    public static void Decode(GgufType type, byte* blocks, float* target, long count)
    {
        if (type == GgufType.F32)
        {
            Buffer.MemoryCopy(blocks, target, 4 * count, 4 * count);
            return;
        }
        var kind = s_kinds[(int)type];
        for (var end = target + count / kind.Elements * kind.Elements; target < end; target += kind.Elements, blocks += kind.Bytes)
            kind.Decode(blocks, target);
    }

    private static Kind[] Kinds()
    {
        var kinds = new Kind[(int)GgufType.Q2_0 + 1];
        kinds[(int)GgufType.F32] = new(1, 4, &PlainBlocks.F32);
        kinds[(int)GgufType.F16] = new(1, 2, &PlainBlocks.F16);
        kinds[(int)GgufType.BF16] = new(1, 2, &PlainBlocks.BF16);
        kinds[(int)GgufType.F64] = new(1, 8, &PlainBlocks.F64);
        kinds[(int)GgufType.Q1_0] = new(128, 18, &SmallBlocks.Q1);
        kinds[(int)GgufType.Q2_0] = new(64, 18, &SmallBlocks.Q2);
        kinds[(int)GgufType.Q4_0] = new(32, 18, &SmallBlocks.Q40);
        kinds[(int)GgufType.Q4_1] = new(32, 20, &SmallBlocks.Q41);
        kinds[(int)GgufType.Q5_0] = new(32, 22, &SmallBlocks.Q50);
        kinds[(int)GgufType.Q5_1] = new(32, 24, &SmallBlocks.Q51);
        kinds[(int)GgufType.Q8_0] = new(32, 34, &SmallBlocks.Q80);
        kinds[(int)GgufType.MXFP4] = new(32, 17, &SmallBlocks.Mxfp4);
        kinds[(int)GgufType.NVFP4] = new(64, 36, &SmallBlocks.Nvfp4);
        kinds[(int)GgufType.IQ4_NL] = new(32, 18, &SmallBlocks.Iq4Nl);
        kinds[(int)GgufType.Q2_K] = new(256, 84, &LargeBlocks.Q2K);
        kinds[(int)GgufType.Q3_K] = new(256, 110, &LargeBlocks.Q3K);
        kinds[(int)GgufType.Q4_K] = new(256, 144, &LargeBlocks.Q4K);
        kinds[(int)GgufType.Q5_K] = new(256, 176, &LargeBlocks.Q5K);
        kinds[(int)GgufType.Q6_K] = new(256, 210, &LargeBlocks.Q6K);
        kinds[(int)GgufType.IQ4_XS] = new(256, 136, &LargeBlocks.Iq4Xs);
        kinds[(int)GgufType.TQ1_0] = new(256, 54, &LargeBlocks.Tq1);
        kinds[(int)GgufType.TQ2_0] = new(256, 66, &LargeBlocks.Tq2);
        kinds[(int)GgufType.IQ1_S] = new(256, 50, &TableBlocks.Iq1S);
        kinds[(int)GgufType.IQ1_M] = new(256, 56, &TableBlocks.Iq1M);
        kinds[(int)GgufType.IQ2_XXS] = new(256, 66, &TableBlocks.Iq2Xxs);
        kinds[(int)GgufType.IQ2_XS] = new(256, 74, &TableBlocks.Iq2Xs);
        kinds[(int)GgufType.IQ2_S] = new(256, 82, &TableBlocks.Iq2S);
        kinds[(int)GgufType.IQ3_XXS] = new(256, 98, &TableBlocks.Iq3Xxs);
        kinds[(int)GgufType.IQ3_S] = new(256, 110, &TableBlocks.Iq3S);
        return kinds;
    }

    private static void Q80(ReadOnlySpan<float> x, Span<byte> to)
    {
        var max = 0f;
        foreach (var v in x) max = Math.Max(max, Math.Abs(v));
        var scale = max / 127;
        var inverse = scale == 0 ? 0 : 1 / scale;
        MemoryMarshal.Write(to, (Half)scale);
        for (var i = 0; i < 32; i++) to[2 + i] = (byte)(sbyte)MathF.Round(x[i] * inverse, MidpointRounding.AwayFromZero);
    }

    private static void Q40(ReadOnlySpan<float> x, Span<byte> to)
    {
        // The element of largest size becomes -8 exactly, so that the whole range of codes is used.
        var extreme = 0f;
        foreach (var v in x)
            if (Math.Abs(v) > Math.Abs(extreme)) extreme = v;
        var scale = extreme / -8;
        var inverse = scale == 0 ? 0 : 1 / scale;
        MemoryMarshal.Write(to, (Half)scale);
        for (var i = 0; i < 16; i++)
        {
            var (low, high) = (Math.Min(15, (int)(x[i] * inverse + 8.5f)), Math.Min(15, (int)(x[i + 16] * inverse + 8.5f)));
            to[2 + i] = (byte)(low | high << 4);
        }
    }

    // Elements of a block, its bytes, and what makes numbers of a block.
    private readonly struct Kind(int elements, int bytes, delegate*<byte*, float*, void> decode)
    {
        public readonly int Elements = elements, Bytes = bytes;
        public readonly delegate*<byte*, float*, void> Decode = decode;
    }
}
