using System.Text.Json.Nodes;
using DocTuneLab.Training.Models.Layout;

namespace DocTuneLab.Training.Models.Families;

/// <summary>EXAONE 4 (arXiv 2507.11407): norms after attention and MLP, norms of queries and keys; local layers turn, global ones do
/// not.</summary>
internal sealed class Exaone4 : Architecture
{
    public override string ModelType => "exaone4";

    public override string ClassName => "Exaone4ForCausalLM";

    // The window is that of the model with 64 layers there, and without one all layers turn.
    public override GgufForm? Gguf(DecoderLayout layout)
    {
        Func<int, bool> slides = layer => layout.Layers.Count == 64 && layer % 4 < 3;
        var hasWindow = layout.Layers.Any(l => l.Attention!.Window is not null);
        return new("exaone4") { ReadsDivisors = true, Slides = slides, Rotates = hasWindow ? slides : _ => true };
    }

    public override int DefaultPositions => 2048;

    public override double DefaultEpsilon => 1e-5;

    public override IReadOnlyList<LayerKind> Kinds => [LayerKind.Full, LayerKind.Sliding];

    // Every so many layers one is global, or a pattern of L and G.
    public override LayerKind DefaultKind(ModelFields config, int layer)
    {
        if (Window(config) is null) return LayerKind.Full;
        var local = config.Node("sliding_window_pattern") is JsonValue value && value.TryGetValue<string>(out var pattern)
            ? pattern.Length > 0 && pattern[layer % pattern.Length] == 'L' && layer < config.Layers - 1
            : (layer + 1) % config.Optional("sliding_window_pattern", 4) != 0;
        return local ? LayerKind.Sliding : LayerKind.Full;
    }

    public override int? Window(ModelFields config) => config.OptionalOrNone("sliding_window", (int?)4096);

    protected override LayerLayout Layer(ModelFields config, int layer) => NormedBehind(config, layer, base.Layer(config, layer));

    protected override AttentionLayout Attention(ModelFields config, int layer) =>
        WithHeadNorms(base.Attention(config, layer), Name(layer, "self_attn."), n => Norm(config, n));

    protected override RopeLayout? Rope(ModelFields config, int layer) =>
        config.Window is null || config.LayerKinds[layer] == LayerKind.Sliding ? base.Rope(config, layer) : null;
}
