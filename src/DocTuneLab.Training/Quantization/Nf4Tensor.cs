using System.Runtime.InteropServices;
using DocTuneLab.Training.Native;
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

    private readonly byte[] _packed;
    private readonly byte[] _absmax;
    private readonly float[] _nestedAbsmax;
    private readonly float _offset;

    private Nf4Tensor(long[] shape, byte[] packed, byte[] absmax, float[] nestedAbsmax, float offset) =>
        (Shape, _packed, _absmax, _nestedAbsmax, _offset) = (shape, packed, absmax, nestedAbsmax, offset);

    /// <summary>The 16 values of NF4, ascending.</summary>
    public static ReadOnlySpan<float> Code => s_code;

    /// <summary>bitsandbytes' signed dynamic map of 256 values, ascending.</summary>
    public static ReadOnlySpan<float> NestedCode => DynamicCode.Signed;

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
            for (var i = from; i < to; i++) absmax[i] = (byte)DynamicCode.Nearest(DynamicCode.Signed, nested[n] == 0 ? 0 : (scales[i] - offset) / nested[n]);
        }
        return new Nf4Tensor(matrix.shape, packed, absmax, nested, offset);
    }

    /// <summary>Decoded absmax of a block.</summary>
    public float Scale(int block) => DynamicCode.Signed[_absmax[block]] * _nestedAbsmax[block / NestedBlockSize] + _offset;

    /// <summary>The matrix in float32, or in bfloat16 rounded to nearest even from float32.</summary>
    public Tensor Dequantize(ScalarType type)
    {
        var result = empty(Shape, dtype: type == ScalarType.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32);
        Dequantize(result);
        if (type is ScalarType.BFloat16 or ScalarType.Float32) return result;
        var converted = result.to_type(type);
        result.Dispose();
        return converted;
    }

    /// <summary>Writes the matrix over a contiguous tensor of its size in float32 or bfloat16.</summary>
    internal unsafe void Dequantize(Tensor target)
    {
        if (target.numel() != Shape.Aggregate(1L, (a, b) => a * b) || !target.is_contiguous()) throw new ArgumentException("the target must be contiguous and as large as the matrix", nameof(target));
        BlockCodes.Decode(_packed, s_code, BlockSize, Scale, target.Address(), target.numel(), target.dtype == ScalarType.BFloat16);
    }

    private static int Nearest(float[] midpoints, float value)
    {
        var code = 0;
        while (code < midpoints.Length && value > midpoints[code]) code++;
        return code;
    }
}
