using System.Text.Json.Nodes;
using DocTuneLab.Training.Checkpoints;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Quantization.Formats;

/// <summary><c>int8</c>: 8 bits with a scale for each row, as bitsandbytes stores them.</summary>
internal sealed class Int8Format : WeightFormat
{
    public override string Name => "int8";

    public override JsonObject Configuration => BitsAndBytes.Describe(fourBits: false, "fp4");

    public override Weight Quantize(Tensor matrix, ScalarType compute) => new Int8Weight(Int8Tensor.Quantize(matrix));

    public override IEnumerable<KeyValuePair<string, Tensor>> Tensors(string name, Tensor matrix) =>
        Int8Tensor.Quantize(matrix).Tensors(name);

    public override Weight? Read(WeightFiles files, string name, long[] shape) =>
        Int8Tensor.Read(files, name, shape) is { } quantized ? new Int8Weight(quantized) : null;

    public override string? OwnerOf(string tensor) => Int8Tensor.Owner(tensor);
}
