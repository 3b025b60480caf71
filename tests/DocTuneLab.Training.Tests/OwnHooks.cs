using System.Text.Json.Nodes;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Export;
using DocTuneLab.Training.Models.Families;
using DocTuneLab.Training.Models.Layout;
using DocTuneLab.Training.Quantization;
using DocTuneLab.Training.Quantization.Formats;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Tests;

// Also compiled where no internals are seen, as a program outside would be: tests of the architecture link this file.

/// <summary>Qwen2 under another name, with a context of its own.</summary>
internal sealed class Heron : Models.Families.Architecture
{
    public override string ModelType => "heron";

    public override string ClassName => "HeronForCausalLM";

    public override int DefaultPositions => 77;

    public override LayerBiases Biases(ModelFields config) => new(config.Optional("use_qkv_bias", true), false, false);
}

/// <summary>Llama with caps of scores and logits, residuals at a half, and no rotation in its second layer.</summary>
internal sealed class Ibis : Models.Families.Architecture
{
    public override string ModelType => "ibis";

    public override string ClassName => "IbisForCausalLM";

    public override DecoderLayout Describe(ModelFields config) =>
        base.Describe(config) with { LogitCap = config.Optional("cap_of_logits", 2.0) };

    protected override LayerLayout Layer(ModelFields config, int layer) => base.Layer(config, layer) with { ResidualScale = 0.5 };

    protected override AttentionLayout Attention(ModelFields config, int layer) => base.Attention(config, layer) with { ScoreCap = 0.5 };

    protected override RopeLayout? Rope(ModelFields config, int layer) => layer == 1 ? null : base.Rope(config, layer);
}

/// <summary>A sign for each weight and a size for each row.</summary>
internal sealed class RowSigns : WeightFormat
{
    private const string SizeSuffix = ".row_size";

    public override string Name => "row_signs";

    public override JsonObject Describe(ScalarType rest, IReadOnlyList<string> plain) => new() { ["quant_method"] = "row-signs" };

    public override Weight Quantize(Tensor matrix, ScalarType compute) => new SignWeight(Signs(matrix), Sizes(matrix));

    public override IEnumerable<KeyValuePair<string, Tensor>> Tensors(string name, Tensor matrix) =>
        [new(name, Signs(matrix)), new(name + SizeSuffix, Sizes(matrix))];

    public override Weight? Read(WeightFiles files, string name, long[] shape) => !files.Contains(name + SizeSuffix)
        ? null
        : new SignWeight(files.Read(name, shape), files.Read(name + SizeSuffix, [shape[0], 1]));

    public override string? OwnerOf(string tensor) =>
        tensor.EndsWith(SizeSuffix, StringComparison.Ordinal) ? tensor[..^SizeSuffix.Length] : null;

    private static Tensor Signs(Tensor matrix) => matrix.sign().to_type(ScalarType.Int8);

    private static Tensor Sizes(Tensor matrix) => matrix.to_type(ScalarType.Float32).abs().mean([1L], true);
}

internal sealed class SignWeight(Tensor signs, Tensor sizes) : Weight
{
    private readonly Tensor _signs = signs.DetachFromDisposeScope(), _sizes = sizes.DetachFromDisposeScope();

    public override long Rows => _signs.shape[0];

    public override long Columns => _signs.shape[1];

    public override long Bytes => _signs.numel() + 4 * _sizes.numel();

    public override Tensor Materialize(ScalarType type) => (_signs.to_type(ScalarType.Float32) * _sizes).to_type(type);

    public override void Dispose()
    {
        _signs.Dispose();
        _sizes.Dispose();
    }
}

/// <summary>Names and sizes of the tensors as text.</summary>
internal sealed class TensorList : ExportFormat
{
    public override string Name => "tensor-list";

    public override string Description => "for people";

    public override ExportResult Write(ExportRequest request, CancellationToken cancel = default)
    {
        using var weights = new MergedWeights(request.Model, request.Adapter, request.MergeInto);
        var lines = new List<string>();
        foreach (var (name, shape) in weights.Config.Parameters())
        {
            using var scope = NewDisposeScope();
            lines.Add($"{name} {weights.Read(name, shape).numel()}");
        }
        File.WriteAllLines(request.Target, lines);
        return new(request.Target, new FileInfo(request.Target).Length, weights.Difference, []);
    }
}
