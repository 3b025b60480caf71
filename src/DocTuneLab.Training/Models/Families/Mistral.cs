using System.Text.Json.Nodes;
using DocTuneLab.Training.Checkpoints;

namespace DocTuneLab.Training.Models.Families;

/// <summary>Mistral (arXiv 2310.06825): Llama with a sliding window in all layers.</summary>
internal sealed class Mistral : Architecture
{
    public override string ModelType => "mistral";

    public override string ClassName => "MistralForCausalLM";

    public override string GgufName => "llama";

    public override bool HasSlidingWindow => true;

    public override int DefaultKeyValueHeads(int heads) => 8;

    public override LayerBiases Biases(JsonFields config) => base.Biases(config) with { Output = false };

    public override void WriteWindow(JsonObject config, int? window, int firstLayer) => config["sliding_window"] = window;
}
