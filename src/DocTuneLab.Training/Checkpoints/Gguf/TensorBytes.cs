using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Checkpoints.Gguf;

/// <summary>Writes float32 tensors in a GGUF element type, many rows at once.</summary>
internal static class TensorBytes
{
    private const int PartElements = 1 << 22;

    /// <exception cref="LabException">A value is too large for the type.</exception>
    public static void Write(Stream stream, Tensor tensor, GgufType type, string name)
    {
        var columns = tensor.shape[^1];
        var flat = tensor.contiguous().flatten();
        var step = Math.Max(1, PartElements / columns) * columns;
        for (var at = 0L; at < flat.numel(); at += step)
        {
            using var scope = NewDisposeScope();
            var part = flat.narrow(0, at, Math.Min(step, flat.numel() - at));
            if (type is GgufType.F32 or GgufType.F16 or GgufType.BF16)
            {
                part = part.to_type(type == GgufType.F32
                    ? ScalarType.Float32 : type == GgufType.F16 ? ScalarType.Float16 : ScalarType.BFloat16);
                if (type == GgufType.F16 && part.isinf().any().item<bool>())
                    throw new LabException($"tensor '{name}' has values that are too large for f16; export it as bf16 or f32");
                stream.Write(part.bytes);
                continue;
            }
            stream.Write(Blocks(MemoryMarshal.Cast<byte, float>(part.bytes), type, (int)columns));
        }
    }

    private static unsafe byte[] Blocks(Span<float> values, GgufType type, int columns)
    {
        var (rows, rowBytes) = (values.Length / columns, (int)GgufTypes.Bytes(type, columns));
        var bytes = new byte[rows * rowBytes];
        fixed (float* source = values)
        {
            var address = (nint)source;
            Parallel.For(0, rows,
                row => GgufTypes.Encode(type, new ReadOnlySpan<float>((float*)address + (long)row * columns, columns),
                    bytes.AsSpan(row * rowBytes, rowBytes)));
        }
        return bytes;
    }
}
