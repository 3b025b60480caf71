using System.Buffers;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Checkpoints.Gguf;
using DocTuneLab.Training.Simd;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Quantization;

/// <summary>A frozen matrix in the blocks of a GGUF file, dequantised for each use: what is computed is what the file says.</summary>
internal sealed unsafe class BlockWeight(BlockMatrix matrix) : Weight
{
    // Numbers that are made at once for a product with a few vectors: what a core's cache holds, and too little work to be divided again.
    private const int PartElements = 1 << 14;
    private readonly Tensor _blocks = matrix.Blocks.DetachFromDisposeScope();

    /// <inheritdoc/>
    public override long Rows => matrix.Shape[0];

    /// <inheritdoc/>
    public override long Columns => matrix.Shape[1];

    /// <inheritdoc/>
    public override long Bytes => _blocks.numel();

    /// <summary>Name of the type of blocks.</summary>
    public string TypeName => matrix.TypeName;

    /// <inheritdoc/>
    public override Tensor Materialize(ScalarType type)
    {
        var result = empty(matrix.Shape, dtype: type == ScalarType.BFloat16 ? type : ScalarType.Float32);
        CopyTo(result);
        if (result.dtype == type) return result;
        using var wide = result;
        return wide.to_type(type);
    }

    internal override void CopyTo(Tensor target)
    {
        if (target.device.type != TorchSharp.DeviceType.CPU || !target.is_contiguous()
            || target.dtype is not (ScalarType.Float32 or ScalarType.BFloat16))
        {
            base.CopyTo(target);
            return;
        }
        var (source, start, columns, rowBytes) = ((nint)_blocks.Address(), (nint)target.Address(), (int)Columns, _blocks.shape[1]);
        var narrow = target.dtype == ScalarType.BFloat16;
        Cores.Rows((int)Rows, columns, (from, to) =>
        {
            var buffer = narrow ? new float[columns] : [];
            fixed (float* wide = buffer)
            {
                for (long row = from; row < to; row++)
                {
                    var numbers = narrow ? wide : (float*)start + row * columns;
                    matrix.Decode((byte*)source + row * rowBytes, numbers, columns);
                    if (narrow) GgufTypes.Encode(GgufType.BF16, new(wide, columns), new((byte*)start + row * columns * 2, columns * 2));
                }
            }
        });
    }

    /// <summary>Some rows in float32, [rows, columns].</summary>
    public Tensor RowsOf(IReadOnlyList<int> rows)
    {
        var result = empty(rows.Count, Columns, dtype: ScalarType.Float32);
        for (var i = 0; i < rows.Count; i++)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(rows[i], nameof(rows));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(rows[i], Rows, nameof(rows));
            matrix.Decode((byte*)_blocks.Address() + rows[i] * _blocks.shape[1], result.Pointer() + i * Columns, Columns);
        }
        return result;
    }

    internal override void Multiply(RowSpan x, RowSpan y)
    {
        var (source, columns, rowBytes) = ((nint)_blocks.Address(), (int)Columns, _blocks.shape[1]);
        var part = Math.Max(1, PartElements / columns);
        Cores.For(((int)Rows + part - 1) / part, p =>
        {
            var (from, count) = (p * part, Math.Min(part, (int)Rows - p * part));
            var numbers = ArrayPool<float>.Shared.Rent(count * columns);
            fixed (float* wide = numbers)
            {
                for (var row = 0; row < count; row++)
                    matrix.Decode((byte*)source + (from + row) * rowBytes, wide + row * columns, columns);
                MatrixVector.Run(new Float32Matrix(wide, count, columns), x, new RowSpan(y.Start + from, y.Rows, y.Step));
            }
            ArrayPool<float>.Shared.Return(numbers);
        }, 3.0 * Rows * Columns * x.Rows);
    }

    /// <inheritdoc/>
    public override void Dispose() => _blocks.Dispose();
}
