using static TorchSharp.torch;

namespace DocTuneLab.Training.Quantization.Formats;

/// <summary><c>none</c>: matrices stay as they are stored. Sixteen bits stay sixteen bits; they are widened where they are used.</summary>
internal sealed class Unquantized : WeightFormat
{
    public override string Name => "none";

    public override Weight Quantize(Tensor matrix, ScalarType compute) =>
        new DenseWeight(matrix.element_size() == 2 && matrix.is_floating_point() ? matrix : matrix.to_type(compute));

    public override IEnumerable<KeyValuePair<string, Tensor>> Tensors(string name, Tensor matrix) => [new(name, matrix)];
}
