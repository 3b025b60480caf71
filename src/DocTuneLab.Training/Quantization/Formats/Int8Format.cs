using System.Text.Json.Nodes;
using DocTuneLab.Training.Checkpoints;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Quantization.Formats;

/// <summary><c>int8</c>: 8 bits with a scale for each row, as bitsandbytes stores them.</summary>
internal sealed class Int8Format : WeightFormat
{
    public override string Name => "int8";

    public override JsonObject Describe(ScalarType rest, IReadOnlyList<string> plain) =>
        BitsAndBytes.Describe(fourBits: false, "fp4", rest, plain);

    public override Weight Quantize(Tensor matrix, ScalarType compute) => new Int8Weight(OfHalf(matrix));

    public override IEnumerable<KeyValuePair<string, Tensor>> Tensors(string name, Tensor matrix) => OfHalf(matrix).Tensors(name);

    public override Weight? Read(WeightFiles files, string name, long[] shape) =>
        Int8Tensor.Read(files, name, shape) is { } quantized ? new Int8Weight(quantized) : null;

    // bitsandbytes makes 8 bits of halfs, whatever the matrix was.
    private static Int8Tensor OfHalf(Tensor matrix)
    {
        using var scope = NewDisposeScope();
        var half = matrix.to_type(ScalarType.Float16);
        return half.isfinite().all().item<bool>() ? Int8Tensor.Quantize(half)
            : throw new ArgumentException("a weight is not finite, or beyond 65504; it cannot be quantised to 8 bits", nameof(matrix));
    }

    public override string? OwnerOf(string tensor) => Int8Tensor.Owner(tensor);
}
