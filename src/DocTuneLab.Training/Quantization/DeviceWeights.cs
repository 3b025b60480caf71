using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Simd;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Quantization;

/// <summary>A frozen, quantised matrix on a device, dequantised there for each use, a part after another.</summary>
/// <param name="shape">Rows and columns.</param>
/// <param name="bytes">That it takes.</param>
/// <param name="device">Where it is.</param>
internal abstract class DeviceWeight(long[] shape, long bytes, Device device) : Weight
{
    /// <summary>Elements that are dequantised at once.</summary>
    protected const long PartElements = 1 << 24;

    /// <inheritdoc/>
    public override long Rows => shape[0];

    /// <inheritdoc/>
    public override long Columns => shape[1];

    /// <inheritdoc/>
    public override long Bytes => bytes;

    /// <inheritdoc/>
    public override Tensor Materialize(ScalarType type)
    {
        var result = empty(shape, dtype: type, device: device);
        CopyTo(result);
        return result;
    }

    internal abstract override void CopyTo(Tensor target);

    protected internal override Weight OnDevice(Device device) => throw new NotSupportedException("a matrix on a device stays there");

    internal override void Multiply(RowSpan x, RowSpan y) =>
        throw new NotSupportedException("a matrix on a device is dequantised before it is multiplied by");
}

/// <summary>
/// A frozen matrix in 4 bits on a device, dequantised there for each use: a table look-up of two codes at a time and a product with
/// their blocks' scales, in float32, rounded to the type that the matrix had, a part of the matrix after another.
/// </summary>
internal sealed class DeviceFourBitWeight : DeviceWeight
{
    private readonly int _block, _nestedBlock;
    private readonly float _offset;
    private readonly ScalarType _type;
    private readonly Tensor _codes, _pairs, _scales;
    private readonly Tensor? _map, _nested;

    /// <param name="quantized">The matrix; it is not needed any more afterwards.</param>
    /// <param name="device">Where to.</param>
    public DeviceFourBitWeight(FourBitTensor quantized, Device device) : base(quantized.Shape, quantized.Bytes, device)
    {
        using var scope = NewDisposeScope();
        Tensor There(Tensor tensor) => tensor.to(device).DetachFromDisposeScope();
        (_block, _type) = (quantized.BlockSize, quantized.StoredType);
        var values = quantized.Values.ToArray();
        _codes = There(tensor(quantized.Packed.ToArray()));
        _pairs = There(tensor([.. Enumerable.Range(0, 256).SelectMany(b => (float[])[values[b >> 4], values[b & 15]])]).view(256, 2));
        var (plain, codes, map, nested, nestedBlock, offset) = quantized.Scales;
        (_nestedBlock, _offset) = (nestedBlock, offset);
        _scales = There(plain is not null ? tensor(plain) : tensor(codes!));
        if (plain is not null) return;
        (_map, _nested) = (There(tensor(map!)), There(tensor(nested!)));
    }

    internal override void CopyTo(Tensor target)
    {
        if (!target.is_contiguous())
        {
            using var whole = Materialize(target.dtype);
            target.copy_(whole);
            return;
        }
        using var outer = NewDisposeScope();
        var (flat, count) = (target.view(-1), target.numel());
        // Whole blocks of the scales' scales.
        var unit = (long)_block * Math.Max(1, _nestedBlock);
        var part = Math.Max(1, PartElements / unit) * unit;
        for (var at = 0L; at < count; at += part)
        {
            using var scope = NewDisposeScope();
            var length = Math.Min(part, count - at);
            var (first, blocks) = (at / _block, (length + _block - 1) / _block);
            var values = _pairs[_codes.narrow(0, at / 2, (length + 1) / 2).to_type(ScalarType.Int32)].view(-1).narrow(0, 0, length);
            var scales = _scales.narrow(0, first, blocks);
            if (_map is not null)
            {
                var (from, until) = (first / _nestedBlock, (first + blocks + _nestedBlock - 1) / _nestedBlock);
                scales = _map[scales.to_type(ScalarType.Int32)]
                    .mul_(_nested!.narrow(0, from, until - from).repeat_interleave(_nestedBlock).narrow(0, 0, blocks))
                    .Add(_offset);
            }
            if (length % _block == 0) values.view(-1, _block).mul_(scales.unsqueeze(1));
            else values.mul_(scales.repeat_interleave(_block).narrow(0, 0, length));
            flat.narrow(0, at, length).copy_(_type == ScalarType.Float32 || _type == target.dtype ? values : values.to_type(_type));
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (var tensor in (Tensor?[])[_codes, _pairs, _scales, _map, _nested]) tensor?.Dispose();
    }
}

/// <summary>A frozen matrix in 8 bits with a scale for each row on a device, dequantised there for each use.</summary>
internal sealed class DeviceInt8Weight : DeviceWeight
{
    private readonly Tensor _codes, _scales;

    /// <param name="quantized">The matrix; it is not needed any more afterwards.</param>
    /// <param name="device">Where to.</param>
    public DeviceInt8Weight(Int8Tensor quantized, Device device) : base(quantized.Shape, quantized.Bytes, device)
    {
        using var scope = NewDisposeScope();
        var (codes, scales) = quantized.ToTensors();
        (_codes, _scales) = (codes.to(device).DetachFromDisposeScope(), scales.to(device).DetachFromDisposeScope());
    }

    internal override void CopyTo(Tensor target)
    {
        var part = Math.Max(1, PartElements / Columns);
        for (var at = 0L; at < Rows; at += part)
        {
            using var scope = NewDisposeScope();
            var length = Math.Min(part, Rows - at);
            target.narrow(0, at, length)
                .copy_((_codes.narrow(0, at, length).to_type(ScalarType.Float32) * _scales.narrow(0, at, length).unsqueeze(1))
                    .Multiply(Int8Tensor.Step));
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _codes.Dispose();
        _scales.Dispose();
    }
}
