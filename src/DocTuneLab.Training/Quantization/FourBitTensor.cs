using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Simd;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Quantization;

/// <summary>
/// A matrix in 4 bits as bitsandbytes keeps it (Dettmers et al. 2023, arXiv 2305.14314): blocks along the row-major order, each
/// with its largest absolute value, two codes a byte with the even element in the high nibble. With double quantisation the
/// blocks' values are 8-bit codes again, in blocks of 256 with an offset. What is read from a file is kept as it is, with the
/// file's own tables, and is written back the same; what is quantised here has the bytes that bitsandbytes would have written. Numbers are
/// those of the type that the matrix had, to which bitsandbytes rounds them.
/// </summary>
internal sealed class FourBitTensor
{
    /// <summary>Elements that share one absmax, where this code quantises.</summary>
    public const int DefaultBlockSize = 64;

    /// <summary>Absmax values that share one second-level scale, where this code quantises.</summary>
    public const int NestedBlockSize = 256;

    private const string StateKey = ".quant_state.bitsandbytes__";
    private readonly byte[] _packed;
    private readonly float[] _values;
    private readonly Statistics _scales;
    private float[]? _plainScales;

    private FourBitTensor(string kind, string type, long[] shape, int blockSize, byte[] packed, float[] values, Statistics scales) =>
        (Kind, Type, StoredType, Shape, BlockSize, _packed, _values, _scales) =
            (kind, type, TorchNames.TypeOf(type) ?? ScalarType.Float32, shape, blockSize, packed, values, scales);

    /// <summary>Either numbers, or codes of a map with scales of their own and an offset.</summary>
    internal sealed record Statistics(float[]? Plain, byte[]? Codes, float[]? Map, float[]? Nested, int NestedBlock, float Offset);

    /// <summary><c>nf4</c> or <c>fp4</c>.</summary>
    public string Kind { get; }

    /// <summary>Element type of the matrix before it was quantised, by torch's name.</summary>
    public string Type { get; }

    /// <summary>The same as a type; float32 where it is no name of one.</summary>
    public ScalarType StoredType { get; }

    /// <summary>Dimensions of the matrix.</summary>
    public long[] Shape { get; }

    /// <summary>Elements that share one absmax.</summary>
    public int BlockSize { get; }

    /// <summary>bitsandbytes' signed dynamic map of 256 values, ascending.</summary>
    public static ReadOnlySpan<float> NestedCode => DynamicCode.Signed;

    /// <summary>Two codes a byte, the even element in the high nibble.</summary>
    public ReadOnlySpan<byte> Packed => _packed;

    /// <summary>The number of each code.</summary>
    public ReadOnlySpan<float> Values => _values;

    /// <summary>The blocks' absmax values as they are stored.</summary>
    internal Statistics Scales => _scales;

    /// <summary>Bytes of codes and statistics.</summary>
    public long Bytes =>
        _packed.Length + 4L * (_scales.Plain?.Length ?? 0) + (_scales.Codes?.Length ?? 0) + 4L * (_scales.Nested?.Length ?? 0) + 4;

    /// <summary>Decoded absmax of a block.</summary>
    public float Scale(int block) =>
        _scales.Plain is { } plain
            ? plain[block]
            : _scales.Map![_scales.Codes![block]] * _scales.Nested![block / _scales.NestedBlock] + _scales.Offset;

    /// <summary>Quantises a matrix.</summary>
    /// <param name="matrix">Any shape and floating-point type.</param>
    /// <param name="code">NF4 if null.</param>
    /// <param name="nested">Whether the blocks' values are quantised again.</param>
    /// <exception cref="ArgumentException">A value is not finite.</exception>
    public static unsafe FourBitTensor Quantize(Tensor matrix, FourBitCode? code = null, bool nested = true)
    {
        code ??= FourBitCode.Nf4;
        using var scope = NewDisposeScope();
        var values = matrix.detach().cpu().contiguous();
        if (!HalfPrecision.Reads(values.dtype)) values = values.to_type(ScalarType.Float32);
        var (start, type, count) = ((nint)values.Address(), values.dtype, values.numel());
        var packed = new byte[(count + 1) / 2];
        var scales = new float[(count + DefaultBlockSize - 1) / DefaultBlockSize];
        const int Part = 512;
        Cores.For((scales.Length + Part - 1) / Part, p =>
        {
            var wide = stackalloc float[DefaultBlockSize];
            for (var b = p * Part; b < Math.Min(scales.Length, (p + 1) * Part); b++)
            {
                var (from, length) = ((long)b * DefaultBlockSize, (int)Math.Min(DefaultBlockSize, count - (long)b * DefaultBlockSize));
                var block = HalfPrecision.Widen((void*)start, type, from, length, wide);
                var most = HalfPrecision.LargestMagnitude(block, length);
                if (!float.IsFinite(most)) throw new ArgumentException("a weight is not finite; it cannot be quantised", nameof(matrix));
                scales[b] = most;
                // Multiplied by the reciprocal, as the reference kernel does: dividing rounds differently.
                code.Encode(new ReadOnlySpan<float>(block, length), most == 0 ? 0 : 1 / most, packed.AsSpan(b * (DefaultBlockSize / 2)));
            }
        });
        return new FourBitTensor(code.Name, matrix.dtype.TorchName(), matrix.shape, DefaultBlockSize, packed, code.Values.ToArray(),
            nested ? Nest(scales) : new Statistics(scales, null, null, null, 0, 0));
    }

    /// <summary>Reads a matrix from the files of a model, if it is stored in 4 bits there.</summary>
    /// <param name="files">The model's files.</param>
    /// <param name="name">Name of the parameter, such as <c>model.layers.0.mlp.up_proj.weight</c>.</param>
    /// <param name="shape">Expected dimensions.</param>
    /// <returns>Null where the parameter is stored in another way.</returns>
    /// <exception cref="LabException">A part is missing, or parts do not fit each other or the shape.</exception>
    public static FourBitTensor? Read(WeightFiles files, string name, long[] shape) =>
        Read(files, name, shape, FourBitCode.Nf4.Name) ?? Read(files, name, shape, FourBitCode.Fp4.Name);

    /// <summary>The same, if it is stored with the code of this name.</summary>
    internal static FourBitTensor? Read(WeightFiles files, string name, long[] shape, string kind)
    {
        if (!files.Contains(name + StateKey + kind)) return null;
        using var scope = NewDisposeScope();
        JsonNode state;
        try
        {
            state = JsonNode.Parse(files.Read(name + StateKey + kind).bytes.ToArray())!;
            var stored = state["shape"]!.AsArray().Select(d => (long)d!).ToArray();
            if (!stored.SequenceEqual(shape))
                throw new LabException($"{files.PathOf(name)}: tensor '{name}' has shape [{string.Join(", ", stored)}], "
                    + $"expected [{string.Join(", ", shape)}] from config.json");
            var (elements, block) = (shape.Aggregate(1L, (a, b) => a * b), (int)state["blocksize"]!);
            if (block < 16 || block % 16 != 0)
                throw new LabException($"{files.PathOf(name)}: tensor '{name}' has blocks of {block}; expected a multiple of 16");
            var count = (int)((elements + block - 1) / block);
            Statistics scales;
            if (state["nested_blocksize"] is { } nestedBlock)
            {
                var inner = (int)nestedBlock;
                scales = new Statistics(null, Bytes(".absmax", count), Floats(".nested_quant_map", 256),
                    Floats(".nested_absmax", (count + inner - 1) / inner), inner, (float)state["nested_offset"]!);
            }
            else
            {
                scales = new Statistics(Floats(".absmax", count), null, null, null, 0, 0);
            }
            return new FourBitTensor(kind, (string)state["dtype"]!, shape, block, Bytes("", (elements + 1) / 2), Floats(".quant_map", 16),
                scales);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException or FormatException)
        {
            throw new LabException(
                $"{files.PathOf(name)}: tensor '{name}{StateKey}{kind}' is no description of a 4-bit matrix: {e.Message}", e);
        }

        // Codes may be stored as another type's bytes (bnb_4bit_quant_storage).
        byte[] Bytes(string part, long expected)
        {
            var bytes = files.Read(name + part).bytes.ToArray();
            return bytes.Length == expected
                ? bytes
                : throw new LabException($"{files.PathOf(name)}: tensor '{name}{part}' has {bytes.Length} bytes; "
                    + $"{expected} belong to a 4-bit matrix of [{string.Join(", ", shape)}]");
        }

        float[] Floats(string part, int expected) => MemoryMarshal.Cast<byte, float>(Bytes(part, 4L * expected)).ToArray();
    }

    /// <summary>Whether a tensor is a part of a 4-bit matrix with the code of a name, and of which.</summary>
    internal static string? Owner(string name, string kind)
    {
        foreach (var part in (string[])[".absmax", ".quant_map", ".nested_absmax", ".nested_quant_map", StateKey + kind])
            if (name.EndsWith(part, StringComparison.Ordinal)) return name[..^part.Length];
        return null;
    }

    /// <summary>The tensors that bitsandbytes stores the matrix as; they belong to the current dispose scope.</summary>
    /// <param name="name">Name of the parameter.</param>
    public IEnumerable<KeyValuePair<string, Tensor>> Tensors(string name)
    {
        // Python's way of writing JSON: the text is a tensor, which is compared byte by byte.
        var state = $"{{\"quant_type\": \"{Kind}\", \"blocksize\": {BlockSize}, \"dtype\": \"{Type}\", "
            + $"\"shape\": [{string.Join(", ", Shape)}]";
        yield return new(name, tensor(_packed, [_packed.Length, 1]));
        yield return new(name + ".quant_map", tensor(_values));
        if (_scales.Plain is { } plain)
        {
            yield return new(name + ".absmax", tensor(plain));
        }
        else
        {
            state += $", \"nested_blocksize\": {_scales.NestedBlock}, \"nested_dtype\": \"float32\", \"nested_offset\": "
                + ((double)_scales.Offset).ToString(CultureInfo.InvariantCulture);
            yield return new(name + ".absmax", tensor(_scales.Codes!));
            yield return new(name + ".nested_absmax", tensor(_scales.Nested!));
            yield return new(name + ".nested_quant_map", tensor(_scales.Map!));
        }
        yield return new(name + StateKey + Kind, tensor(Encoding.UTF8.GetBytes(state + "}")));
    }

    /// <summary>The matrix in a type.</summary>
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
        if (target.numel() != Shape.Aggregate(1L, (a, b) => a * b) || !target.is_contiguous())
            throw new ArgumentException("the target must be contiguous and as large as the matrix", nameof(target));
        BlockCodes.Decode(_packed, _values, BlockSize, Scale, target, StoredType);
    }

    /// <summary>y = x · matrixᵀ for a few rows of x, from the codes as they are.</summary>
    internal unsafe void Multiply(RowSpan x, RowSpan y)
    {
        var (rows, columns) = ((int)Shape[0], (int)Shape[1]);
        if (columns % 16 != 0 || !BitOperations.IsPow2(BlockSize))
        {
            // Groups of sixteen would lie across rows, or blocks be no power of two, which bitsandbytes' always are.
            using var matrix = Dequantize(ScalarType.Float32);
            MatrixVector.Run(new Float32Matrix(matrix.Pointer(), rows, columns), x, y);
            return;
        }
        // One table look-up, product and sum for each block and token would cost as much as the block itself.
        _plainScales ??= _scales.Plain ?? [.. Enumerable.Range(0, (int)(((long)rows * columns + BlockSize - 1) / BlockSize)).Select(Scale)];
        fixed (byte* codes = _packed)
        fixed (float* values = _values, scales = _plainScales)
        {
            var shift = BitOperations.Log2((uint)BlockSize);
            var matrix = new FourBitMatrix(codes, values, scales, shift, rows, columns);
            switch (StoredType)
            {
                case ScalarType.BFloat16:
                    MatrixVector.Run(new RoundedFourBitMatrix<BFloat16Rounding>(matrix, codes, scales, shift), x, y);
                    break;
                case ScalarType.Float16:
                    MatrixVector.Run(new RoundedFourBitMatrix<HalfRounding>(matrix, codes, scales, shift), x, y);
                    break;
                default: MatrixVector.Run(matrix, x, y); break;
            }
        }
    }

    private static Statistics Nest(float[] scales)
    {
        var offset = scales.Length == 0 ? 0 : CascadeSum.Of(scales) / scales.Length;
        var (codes, nested) = (new byte[scales.Length], new float[(scales.Length + NestedBlockSize - 1) / NestedBlockSize]);
        for (var n = 0; n < nested.Length; n++)
        {
            var (from, to) = (n * NestedBlockSize, Math.Min(scales.Length, (n + 1) * NestedBlockSize));
            for (var i = from; i < to; i++) nested[n] = Math.Max(nested[n], Math.Abs(scales[i] - offset));
            var inverse = nested[n] == 0 ? 0 : 1 / nested[n];
            for (var i = from; i < to; i++) codes[i] = DynamicCode.Looked((scales[i] - offset) * inverse);
        }
        return new Statistics(null, codes, DynamicCode.Signed, nested, NestedBlockSize, offset);
    }
}
