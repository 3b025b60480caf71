using System.Text.Json.Nodes;
using DocTuneLab.Training.Checkpoints;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Quantization.Formats;

/// <summary>Blocks of 64 in 4 bits with doubly quantised scales, as bitsandbytes stores them; the formats differ in their code.</summary>
/// <param name="code">Numbers that the codes stand for.</param>
internal abstract class FourBitFormat(FourBitCode code) : WeightFormat
{
    public override string Name => code.Name;

    public override JsonObject Describe(ScalarType rest, IReadOnlyList<string> plain) =>
        BitsAndBytes.Describe(fourBits: true, code.Name, rest, plain);

    public override Weight Quantize(Tensor matrix, ScalarType compute) => new FourBitWeight(FourBitTensor.Quantize(matrix, code));

    public override IEnumerable<KeyValuePair<string, Tensor>> Tensors(string name, Tensor matrix) =>
        FourBitTensor.Quantize(matrix, code).Tensors(name);

    public override Weight? Read(WeightFiles files, string name, long[] shape) =>
        FourBitTensor.Read(files, name, shape, code.Name) is { } quantized ? new FourBitWeight(quantized) : null;

    public override string? OwnerOf(string tensor) => FourBitTensor.Owner(tensor, code.Name);
}
