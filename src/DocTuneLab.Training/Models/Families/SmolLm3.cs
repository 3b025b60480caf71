using System.Text.Json.Nodes;
using DocTuneLab.Training.Models.Layout;

namespace DocTuneLab.Training.Models.Families;

/// <summary>SmolLM3: Llama whose every fourth layer does not know positions (NoPE, arXiv 2501.18795).</summary>
internal sealed class SmolLm3 : Llama
{
    public override string ModelType => "smollm3";

    public override string ClassName => "SmolLM3ForCausalLM";

    public override GgufForm? Gguf(DecoderLayout layout) =>
        new("smollm3") { TurnsNeighbours = true, Rotates = layer => (layer + 1) % 4 != 0 };

    public override int DefaultPositions => 32768;

    public override double DefaultTheta => 2_000_000;

    public override bool TiesByDefault => true;

    public override IReadOnlyList<LayerKind> Kinds => [LayerKind.Full, LayerKind.Sliding];

    public override IReadOnlyCollection<string> FieldsWithoutEffect => ["no_rope_layer_interval", "pretraining_tp"];

    public override LayerKind DefaultKind(ModelFields config, int layer) =>
        Window(config) is null || Rotates(config, layer) ? LayerKind.Full : LayerKind.Sliding;

    public override int? Window(ModelFields config) =>
        config.Optional("use_sliding_window", false) ? config.OptionalOrNone<int>("sliding_window", null) : null;

    protected override RopeLayout? Rope(ModelFields config, int layer) => Rotates(config, layer) ? base.Rope(config, layer) : null;

    private static bool Rotates(ModelFields config, int layer)
    {
        if (config.Node("no_rope_layers") is not JsonArray rotated) return (layer + 1) % config.Optional("no_rope_layer_interval", 4) != 0;
        return rotated.Count == config.Layers
            ? (int)rotated[layer]! != 0
            : throw new LabException($"{config.Path}: no_rope_layers has {rotated.Count} entries, expected one for each of the "
                + $"{config.Layers} layers");
    }
}
