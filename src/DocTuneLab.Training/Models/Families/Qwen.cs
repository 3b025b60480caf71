using System.Text.Json.Nodes;
using DocTuneLab.Training.Checkpoints;

namespace DocTuneLab.Training.Models.Families;

/// <summary>What the generations of Qwen have in common: the last layers may have a sliding window.</summary>
internal abstract class Qwen : Architecture
{
    public override string GgufName => ModelType;

    public override bool HasSlidingWindow => true;

    public override int? FirstSlidingLayer(JsonFields config, int layers) =>
        config.Optional("use_sliding_window", false) && config.Optional("max_window_layers", 28) is var from && from < layers ? from : null;

    public override void WriteWindow(JsonObject config, int? window, int firstLayer)
    {
        config["use_sliding_window"] = window is not null;
        if (window is not null) (config["sliding_window"], config["max_window_layers"]) = (window, firstLayer);
    }
}
