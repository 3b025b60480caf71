using DocTuneLab.Training.Simd;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Quantization;

/// <summary>The matrix of a linear layer, [out, in], however it is stored.</summary>
public abstract class Weight : IDisposable
{
    /// <summary>Output features.</summary>
    public abstract long Rows { get; }

    /// <summary>Input features.</summary>
    public abstract long Columns { get; }

    /// <summary>Bytes that it takes at rest.</summary>
    public abstract long Bytes { get; }

    /// <summary>The matrix in <paramref name="type"/>; belongs to the current dispose scope unless it is the stored
    /// tensor itself.</summary>
    public abstract Tensor Materialize(ScalarType type);

    /// <summary>Writes the matrix over <paramref name="target"/>, in its type.</summary>
    internal virtual void CopyTo(Tensor target)
    {
        using var scope = NewDisposeScope();
        target.copy_(Materialize(target.dtype));
    }

    /// <summary>The matrix on a device, for products of libtorch there; this object is not to be used any more. Default: it is moved in
    /// float32, no longer quantised.</summary>
    protected internal virtual Weight OnDevice(Device device)
    {
        using var scope = NewDisposeScope();
        var moved = new DenseWeight(Materialize(ScalarType.Float32).to(device, copy: true));
        Dispose();
        return moved;
    }

    /// <summary>y = x · matrixᵀ for at most <see cref="MatrixVector.MaxVectors"/> rows of x, from the bytes as they are stored;
    /// by default from the matrix in float32.</summary>
    internal virtual unsafe void Multiply(RowSpan x, RowSpan y)
    {
        using var scope = NewDisposeScope();
        var matrix = Materialize(ScalarType.Float32).contiguous();
        MatrixVector.Run(new Float32Matrix(matrix.Pointer(), (int)Rows, (int)Columns), x, y);
    }

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>A matrix in a floating-point type: frozen, or trained in full.</summary>
public sealed class DenseWeight(Tensor tensor) : Weight
{
    private Int8Tensor? _codes;

    /// <summary>The stored tensor.</summary>
    public Tensor Tensor { get; private set; } = tensor.DetachFromDisposeScope();

    /// <inheritdoc/>
    public override long Rows => Tensor.shape[0];

    /// <inheritdoc/>
    public override long Columns => Tensor.shape[1];

    /// <inheritdoc/>
    public override long Bytes => Tensor.numel() * Tensor.element_size() + (_codes?.Bytes ?? 0);

    /// <inheritdoc/>
    public override Tensor Materialize(ScalarType type) => Tensor.dtype == type ? Tensor : Tensor.to_type(type);

    internal override void CopyTo(Tensor target) => target.copy_(Tensor);

    protected internal override Weight OnDevice(Device device)
    {
        var moved = new DenseWeight(Tensor.to(device));
        if (!ReferenceEquals(moved.Tensor, Tensor)) Tensor.Dispose();
        return moved;
    }

    /// <summary>Stores the matrix in another type from now on.</summary>
    internal void Convert(ScalarType type)
    {
        if (Tensor.dtype == type) return;
        using var scope = NewDisposeScope();
        var before = Tensor;
        Tensor = before.to_type(type).DetachFromDisposeScope();
        before.Dispose();
    }

    /// <summary>Rounds the matrix to 8 bits with a scale for each row; the codes stay beside it for products with a few rows.</summary>
    internal void RoundToInt8()
    {
        using var scope = NewDisposeScope();
        _codes = Int8Tensor.Quantize(Tensor);
        var rounded = empty(Tensor.shape, dtype: ScalarType.Float32);
        _codes.Dequantize(rounded);
        var before = Tensor;
        Tensor = rounded.to_type(before.dtype).DetachFromDisposeScope();
        before.Dispose();
    }

    internal override unsafe void Multiply(RowSpan x, RowSpan y)
    {
        if (_codes is not null)
        {
            _codes.Multiply(x, y);
            return;
        }
        var (rows, columns) = ((int)Rows, (int)Columns);
        switch (Tensor.dtype)
        {
            case ScalarType.Float32: MatrixVector.Run(new Float32Matrix(Tensor.Pointer(), rows, columns), x, y); break;
            case ScalarType.BFloat16: MatrixVector.Run(new BFloat16Matrix((ushort*)Tensor.Address(), rows, columns), x, y); break;
            case ScalarType.Float16: MatrixVector.Run(new Float16Matrix((ushort*)Tensor.Address(), rows, columns), x, y); break;
            default: throw new NotSupportedException($"a dense matrix is of {Tensor.dtype}");
        }
    }

    /// <inheritdoc/>
    public override void Dispose() => Tensor.Dispose();
}

/// <summary>A frozen matrix in 4 bits, dequantised for each use.</summary>
internal sealed class FourBitWeight(FourBitTensor quantized) : Weight
{
    /// <summary>The packed codes and statistics.</summary>
    public FourBitTensor Quantized { get; } = quantized;

    /// <inheritdoc/>
    public override long Rows => Quantized.Shape[0];

    /// <inheritdoc/>
    public override long Columns => Quantized.Shape[1];

    /// <inheritdoc/>
    public override long Bytes => Quantized.Bytes;

    /// <inheritdoc/>
    public override Tensor Materialize(ScalarType type) => Quantized.Dequantize(type);

    protected internal override Weight OnDevice(Device device) => new DeviceFourBitWeight(Quantized, device);

    internal override void CopyTo(Tensor target)
    {
        if (target.is_contiguous() && target.dtype is ScalarType.Float32 or ScalarType.BFloat16) Quantized.Dequantize(target);
        else base.CopyTo(target);
    }

    internal override void Multiply(RowSpan x, RowSpan y) => Quantized.Multiply(x, y);

    /// <inheritdoc/>
    public override void Dispose()
    {
        // Its arrays are the runtime's.
    }
}

/// <summary>A frozen matrix in 8 bits with a scale for each row, dequantised for each use.</summary>
internal sealed class Int8Weight(Int8Tensor quantized) : Weight
{
    /// <summary>The codes and scales.</summary>
    public Int8Tensor Quantized { get; } = quantized;

    /// <inheritdoc/>
    public override long Rows => Quantized.Shape[0];

    /// <inheritdoc/>
    public override long Columns => Quantized.Shape[1];

    /// <inheritdoc/>
    public override long Bytes => Quantized.Bytes;

    /// <inheritdoc/>
    public override Tensor Materialize(ScalarType type)
    {
        var result = empty(Quantized.Shape, dtype: ScalarType.Float32);
        Quantized.Dequantize(result);
        if (type == ScalarType.Float32) return result;
        var converted = result.to_type(type);
        result.Dispose();
        return converted;
    }

    protected internal override Weight OnDevice(Device device) => new DeviceInt8Weight(Quantized, device);

    internal override void CopyTo(Tensor target)
    {
        if (target.is_contiguous() && target.dtype is ScalarType.Float32) Quantized.Dequantize(target);
        else base.CopyTo(target);
    }

    internal override void Multiply(RowSpan x, RowSpan y) => Quantized.Multiply(x, y);

    /// <inheritdoc/>
    public override void Dispose()
    {
        // Its arrays are the runtime's.
    }
}
