using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Simd;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Quantization;

/// <summary>
/// A matrix in 8 bits with a scale for each row, as bitsandbytes keeps it (Dettmers et al. 2022, arXiv 2208.07339, the part
/// without outliers): value = code · largest absolute value of the row / 127.
/// </summary>
internal sealed class Int8Tensor
{
    /// <summary>1/127, as bitsandbytes rounds it.</summary>
    internal const float Step = 7.874015718698502e-3f;
    private readonly sbyte[] _codes;
    private readonly float[] _scales;

    private Int8Tensor(long[] shape, sbyte[] codes, float[] scales) => (Shape, _codes, _scales) = (shape, codes, scales);

    /// <summary>Rows and columns.</summary>
    public long[] Shape { get; }

    /// <summary>Bytes of codes and scales.</summary>
    public long Bytes => _codes.Length + 4L * _scales.Length;

    /// <summary>Quantises a matrix.</summary>
    /// <exception cref="ArgumentException">A value is not finite.</exception>
    public static unsafe Int8Tensor Quantize(Tensor matrix)
    {
        using var scope = NewDisposeScope();
        var values = matrix.detach().cpu().contiguous();
        if (!HalfPrecision.Reads(values.dtype)) values = values.to_type(ScalarType.Float32);
        var (start, type, rows, columns) = ((nint)values.Address(), values.dtype, (int)matrix.shape[0], (int)matrix.shape[1]);
        var (codes, scales) = (new sbyte[(long)rows * columns], new float[rows]);
        Cores.Rows(rows, columns, (from, to) =>
        {
            var buffer = new float[columns];
            fixed (float* wide = buffer)
            fixed (sbyte* all = codes)
            {
                for (var r = from; r < to; r++)
                {
                    var row = HalfPrecision.Widen((void*)start, type, (long)r * columns, columns, wide);
                    scales[r] = HalfPrecision.LargestMagnitude(row, columns);
                    if (!float.IsFinite(scales[r]))
                        throw new ArgumentException("a weight is not finite; it cannot be quantised", nameof(matrix));
                    // torch divides a number by a tensor as the reciprocal times the number.
                    var factor = scales[r] == 0 ? 0 : 1 / scales[r] * 127;
                    var target = all + (long)r * columns;
                    var c = 0;
                    for (; c + 16 <= columns; c += 16)
                        Vector128.Narrow(Narrowed(row + c), Narrowed(row + c + 8)).Store(target + c);
                    for (; c < columns; c++) target[c] = (sbyte)MathF.Round(row[c] * factor);

                    Vector128<short> Narrowed(float* at)
                    {
                        var rounded = Vector256.ConvertToInt32Native(Vector256.Round(Vector256.Load(at) * factor));
                        return Vector128.Narrow(rounded.GetLower(), rounded.GetUpper());
                    }
                }
            }
        });
        return new Int8Tensor(matrix.shape, codes, scales);
    }

    /// <summary>Reads a matrix from the files of a model, if it is stored in 8 bits with row scales there.</summary>
    /// <exception cref="LabException">Parts do not fit the shape.</exception>
    public static Int8Tensor? Read(WeightFiles files, string name, long[] shape)
    {
        if (ScaleName(name) is var scaleName && !files.Contains(scaleName)) return null;
        using var scope = NewDisposeScope();
        if (files.Find(name)?.Type != ScalarType.Int8)
            throw new LabException($"{files.PathOf(name)}: tensor '{name}' has row scales, but is not of 8-bit integers");
        return new Int8Tensor(shape, MemoryMarshal.Cast<byte, sbyte>(files.Read(name, shape).bytes).ToArray(),
            MemoryMarshal.Cast<byte, float>(files.Read(scaleName, [shape[0]]).to_type(ScalarType.Float32).bytes).ToArray());
    }

    /// <summary>The tensors that bitsandbytes stores the matrix as; they belong to the current dispose scope.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Tensors(string name)
    {
        var (codes, scales) = ToTensors();
        return [new(name, codes), new(ScaleName(name), scales), new(FormatName(name), tensor((byte)0))];
    }

    /// <summary>Codes, [rows, columns] int8, and scales, [rows] float32; they belong to the current dispose scope.</summary>
    internal (Tensor Codes, Tensor Scales) ToTensors() => (tensor(_codes, Shape, dtype: ScalarType.Int8), tensor(_scales));

    /// <summary>Whether a tensor is a part of an 8-bit matrix, and of which.</summary>
    internal static string? Owner(string name) =>
        name.EndsWith(".SCB", StringComparison.Ordinal)
            ? name[..^3] + "weight" : name.EndsWith(".weight_format", StringComparison.Ordinal) ? name[..^7] : null;

    /// <summary>Writes the matrix over a contiguous float32 tensor of its size.</summary>
    internal unsafe void Dequantize(Tensor target)
    {
        var (start, columns) = ((nint)target.Pointer(), (int)Shape[1]);
        Cores.Rows((int)Shape[0], columns, (from, to) =>
        {
            fixed (sbyte* codes = _codes)
            {
                for (long r = from; r < to; r++)
                {
                    var source = codes + r * columns;
                    var row = (float*)start + r * columns;
                    var scale = _scales[r];
                    var c = 0;
                    for (; c + 8 <= columns; c += 8)
                    {
                        var wide = Vector128.WidenLower(Vector64.Load(source + c).ToVector128());
                        (Vector256.ConvertToSingle(Vector256.Create(Vector128.WidenLower(wide), Vector128.WidenUpper(wide))) * scale * Step)
                            .Store(row + c);
                    }
                    for (; c < columns; c++) row[c] = source[c] * scale * Step;
                }
            }
        });
    }

    /// <summary>y = x · matrixᵀ for a few rows of x, from the codes as they are.</summary>
    internal unsafe void Multiply(RowSpan x, RowSpan y)
    {
        fixed (sbyte* codes = _codes)
        fixed (float* scales = _scales)
            MatrixVector.Run(new Int8Matrix(codes, scales, Step, (int)Shape[0], (int)Shape[1]), x, y);
    }

    private static string ScaleName(string name) => name[..^"weight".Length] + "SCB";

    private static string FormatName(string name) => name + "_format";
}
