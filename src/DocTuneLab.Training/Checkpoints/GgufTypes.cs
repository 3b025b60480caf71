using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace DocTuneLab.Training.Checkpoints;

/// <summary>Element types of GGUF tensors that are written here, by their number in the file.</summary>
[SuppressMessage("Naming", "CA1707", Justification = "Spelled as in the GGUF specification.")]
public enum GgufType : uint
{
    /// <summary>32-bit floats.</summary>
    F32 = 0,

    /// <summary>16-bit IEEE floats.</summary>
    F16 = 1,

    /// <summary>Blocks of 32 in 4 bits with one scale.</summary>
    Q4_0 = 2,

    /// <summary>Blocks of 32 in 8 bits with one scale.</summary>
    Q8_0 = 8,

    /// <summary>Blocks of 256 in 4 bits, scale and minimum of each 32 in 6 bits.</summary>
    Q4_K = 12,

    /// <summary>Blocks of 256 in 6 bits, scale of each 16 in 8 bits.</summary>
    Q6_K = 14,

    /// <summary>bfloat16.</summary>
    BF16 = 30,
}

/// <summary>Sizes, quantisers and dequantisers of the GGUF element types (formats: ggml's <c>ggml-common.h</c>).</summary>
internal static class GgufTypes
{
    /// <summary>Elements of a block, and its bytes.</summary>
    public static (int Elements, int Bytes) Block(GgufType type) => type switch
    {
        GgufType.F32 => (1, 4),
        GgufType.F16 or GgufType.BF16 => (1, 2),
        GgufType.Q4_0 => (32, 18),
        GgufType.Q8_0 => (32, 34),
        GgufType.Q4_K => (256, 144),
        GgufType.Q6_K => (256, 210),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "no such type"),
    };

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
    public static void Decode(GgufType type, ReadOnlySpan<byte> source, Span<float> values)
    {
        var (elements, bytes) = Block(type);
        for (var b = 0; b < values.Length / elements; b++)
        {
            var block = source.Slice(b * bytes, bytes);
            var to = values.Slice(b * elements, elements);
            switch (type)
            {
                case GgufType.F32: to[0] = MemoryMarshal.Read<float>(block); break;
                case GgufType.F16: to[0] = (float)MemoryMarshal.Read<Half>(block); break;
                case GgufType.BF16: to[0] = BitConverter.UInt32BitsToSingle((uint)MemoryMarshal.Read<ushort>(block) << 16); break;
                case GgufType.Q8_0:
                    var scale = (float)MemoryMarshal.Read<Half>(block);
                    for (var i = 0; i < 32; i++) to[i] = scale * (sbyte)block[2 + i];
                    break;
                case GgufType.Q4_0:
                    var step = (float)MemoryMarshal.Read<Half>(block);
                    for (var i = 0; i < 16; i++) (to[i], to[i + 16]) = (step * ((block[2 + i] & 15) - 8), step * ((block[2 + i] >> 4) - 8));
                    break;
                case GgufType.Q4_K: KQuants.DecodeQ4K(block, to); break;
                case GgufType.Q6_K: KQuants.DecodeQ6K(block, to); break;
                default: throw new ArgumentOutOfRangeException(nameof(type), type, "no such type");
            }
        }
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
}
