using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Quantization;

/// <summary>
/// A matrix in 4-bit NormalFloat (Dettmers et al. 2023, arXiv 2305.14314, appendix E for the code), in blocks of 64 along
/// the row-major order, with absmax statistics quantised again to 8 bits in blocks of 256 (double quantisation). Codes,
/// packing (even element in the high nibble) and statistics follow bitsandbytes.
/// </summary>
public sealed class Nf4Tensor
{
    /// <summary>Elements that share one absmax.</summary>
    public const int BlockSize = 64;

    /// <summary>Absmax values that share one second-level scale.</summary>
    public const int NestedBlockSize = 256;

    private static readonly float[] s_code =
    [
        -1.0f, -0.6961928009986877f, -0.5250730514526367f, -0.39491748809814453f, -0.28444138169288635f, -0.18477343022823334f, -0.09105003625154495f, 0.0f,
        0.07958029955625534f, 0.16093020141124725f, 0.24611230194568634f, 0.33791524171829224f, 0.44070982933044434f, 0.5626170039176941f, 0.7229568362236023f, 1.0f,
    ];

    private static readonly float[] s_midpoints = [.. Enumerable.Range(0, 15).Select(i => (s_code[i] + s_code[i + 1]) / 2)];
    private static readonly float[] s_dynamicMap = DynamicMap();

    private readonly byte[] _packed;
    private readonly byte[] _absmax;
    private readonly float[] _nestedAbsmax;
    private readonly float _offset;

    private Nf4Tensor(long[] shape, byte[] packed, byte[] absmax, float[] nestedAbsmax, float offset) =>
        (Shape, _packed, _absmax, _nestedAbsmax, _offset) = (shape, packed, absmax, nestedAbsmax, offset);

    /// <summary>The 16 values of NF4, ascending.</summary>
    public static ReadOnlySpan<float> Code => s_code;

    /// <summary>bitsandbytes' signed dynamic map of 256 values, ascending.</summary>
    public static ReadOnlySpan<float> NestedCode => s_dynamicMap;

    /// <summary>Dimensions of the matrix.</summary>
    public long[] Shape { get; }

    /// <summary>Two codes a byte, the even element in the high nibble.</summary>
    public ReadOnlySpan<byte> Packed => _packed;

    /// <summary>Bytes of codes and statistics.</summary>
    public long Bytes => _packed.Length + _absmax.Length + 4L * _nestedAbsmax.Length + 4;

    /// <summary>Quantises a matrix.</summary>
    /// <exception cref="ArgumentException">A value is not finite.</exception>
    public static Nf4Tensor Quantize(Tensor matrix)
    {
        using var scope = NewDisposeScope();
        var values = matrix.detach().to_type(ScalarType.Float32).cpu().contiguous();
        var data = MemoryMarshal.Cast<byte, float>(values.bytes);
        var blocks = (data.Length + BlockSize - 1) / BlockSize;
        var packed = new byte[(data.Length + 1) / 2];
        var scales = new float[blocks];
        for (var b = 0; b < blocks; b++)
        {
            var block = data.Slice(b * BlockSize, Math.Min(BlockSize, data.Length - b * BlockSize));
            var max = 0f;
            foreach (var v in block)
            {
                if (!float.IsFinite(v)) throw new ArgumentException("a weight is not finite; it cannot be quantised", nameof(matrix));
                max = Math.Max(max, Math.Abs(v));
            }
            scales[b] = max;
            // Multiplied by the reciprocal, as the reference kernel does: dividing rounds differently.
            var inverse = max == 0 ? 0 : 1 / max;
            for (var i = 0; i < block.Length; i++)
            {
                var code = Nearest(s_midpoints, block[i] * inverse);
                var element = b * BlockSize + i;
                packed[element / 2] |= (byte)(element % 2 == 0 ? code << 4 : code);
            }
        }
        var offset = scales.Length == 0 ? 0 : (float)scales.Average(s => (double)s);
        var absmax = new byte[blocks];
        var nested = new float[(blocks + NestedBlockSize - 1) / NestedBlockSize];
        for (var n = 0; n < nested.Length; n++)
        {
            var from = n * NestedBlockSize;
            var to = Math.Min(blocks, from + NestedBlockSize);
            for (var i = from; i < to; i++) nested[n] = Math.Max(nested[n], Math.Abs(scales[i] - offset));
            for (var i = from; i < to; i++) absmax[i] = (byte)NearestValue(s_dynamicMap, nested[n] == 0 ? 0 : (scales[i] - offset) / nested[n]);
        }
        return new Nf4Tensor(matrix.shape, packed, absmax, nested, offset);
    }

    /// <summary>Decoded absmax of a block.</summary>
    public float Scale(int block) => s_dynamicMap[_absmax[block]] * _nestedAbsmax[block / NestedBlockSize] + _offset;

    /// <summary>The matrix in float32, or in bfloat16 rounded to nearest even from float32.</summary>
    public Tensor Dequantize(ScalarType type)
    {
        var result = empty(Shape, dtype: type == ScalarType.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32);
        if (type == ScalarType.BFloat16) ToBFloat16(MemoryMarshal.Cast<byte, ushort>(result.bytes));
        else ToFloat32(MemoryMarshal.Cast<byte, float>(result.bytes));
        if (type is ScalarType.BFloat16 or ScalarType.Float32) return result;
        var converted = result.to_type(type);
        result.Dispose();
        return converted;
    }

    private void ToFloat32(Span<float> target)
    {
        for (var block = 0; block * BlockSize < target.Length; block++)
        {
            var scale = Scale(block);
            var end = Math.Min(target.Length, (block + 1) * BlockSize);
            for (var i = block * BlockSize; i < end; i++)
                target[i] = s_code[i % 2 == 0 ? _packed[i / 2] >> 4 : _packed[i / 2] & 15] * scale;
        }
    }

    private void ToBFloat16(Span<ushort> target)
    {
        // Whole blocks in 16 lanes: 8 bytes become 16 nibbles, a permute of the code table looks all of them up at once.
        var whole = Avx512F.IsSupported && Avx512BW.IsSupported ? target.Length / BlockSize : 0;
        if (whole > 0)
        {
            var table = Vector512.Create<float>(s_code);
            for (var block = 0; block < whole; block++)
            {
                var scale = Vector512.Create(Scale(block));
                for (var part = 0; part < BlockSize / 16; part++)
                {
                    var bytes = MemoryMarshal.Read<ulong>(_packed.AsSpan(block * (BlockSize / 2) + part * 8));
                    var wide = Avx2.ConvertToVector256Int32(Vector128.CreateScalarUnsafe(bytes).AsByte());
                    // Each 32-bit lane holds one byte: the high nibble is the even element, the low nibble the odd one.
                    var pairs = Vector256.ShiftRightLogical(wide, 4) | Vector256.ShiftLeft(wide & Vector256.Create(15), 16);
                    var index = Avx512F.ConvertToVector512Int32(pairs.AsUInt16());
                    var value = Avx512F.PermuteVar16x32(table, index) * scale;
                    var bits = value.AsUInt32();
                    var rounded = Vector512.ShiftRightLogical(bits + Vector512.Create(0x7FFFu) + (Vector512.ShiftRightLogical(bits, 16) & Vector512.Create(1u)), 16);
                    Avx512F.ConvertToVector256UInt16(rounded).CopyTo(target[(block * BlockSize + part * 16)..]);
                }
            }
        }
        for (var block = whole; block * BlockSize < target.Length; block++)
        {
            var scale = Scale(block);
            var end = Math.Min(target.Length, (block + 1) * BlockSize);
            for (var i = block * BlockSize; i < end; i++)
            {
                var bits = BitConverter.SingleToUInt32Bits(s_code[i % 2 == 0 ? _packed[i / 2] >> 4 : _packed[i / 2] & 15] * scale);
                target[i] = (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
            }
        }
    }

    private static int Nearest(float[] midpoints, float value)
    {
        var code = 0;
        while (code < midpoints.Length && value > midpoints[code]) code++;
        return code;
    }

    private static int NearestValue(float[] map, float value)
    {
        var at = Array.BinarySearch(map, value);
        if (at >= 0) return at;
        at = ~at;
        if (at == 0) return 0;
        if (at == map.Length) return map.Length - 1;
        return value - map[at - 1] <= map[at] - value ? at - 1 : at;
    }

    private static float[] DynamicMap()
    {
        // Seven decades; decade i holds 2^i means of neighbouring points of an even grid on [0.1, 1], each with both signs.
        var map = new List<double> { 0, 1 };
        for (var i = 0; i < 7; i++)
        {
            var items = 1 << i;
            var decade = Math.Pow(10, i - 6);
            for (var j = 0; j < items; j++)
            {
                var mean = 0.1 + 0.9 * (j + 0.5) / items;
                map.Add(decade * mean);
                map.Add(-decade * mean);
            }
        }
        return [.. map.Order().Select(v => (float)v)];
    }
}
