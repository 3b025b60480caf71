using DocTuneLab.Training.Models.Layout;

namespace DocTuneLab.Training.Models.Families;

/// <summary>Mistral (arXiv 2310.06825): Llama with a sliding window in all layers.</summary>
internal class Mistral : Architecture
{
    public override string ModelType => "mistral";

    public override string ClassName => "MistralForCausalLM";

    public override GgufForm? Gguf(DecoderLayout layout) => Llama.Form with { Biases = default };

    public override IReadOnlyList<LayerKind> Kinds => [LayerKind.Sliding, LayerKind.Full];

    public override int DefaultKeyValueHeads(int heads) => 8;

    public override int? Window(ModelFields config) => config.OptionalOrNone("sliding_window", (int?)4096);

    public override LayerBiases Biases(ModelFields config) => default;
}
