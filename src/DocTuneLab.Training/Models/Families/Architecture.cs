using System.Text.Json.Nodes;
using DocTuneLab.Training.Checkpoints;

namespace DocTuneLab.Training.Models.Families;

/// <summary>Which linear layers of a decoder have a bias.</summary>
/// <param name="Attention">Queries, keys and values.</param>
/// <param name="Output">Attention's output.</param>
/// <param name="Mlp">The layers of the MLP.</param>
public readonly record struct LayerBiases(bool Attention, bool Output, bool Mlp);

/// <summary>
/// A family of pre-norm decoders (RMSNorm, RoPE, grouped-query attention, SwiGLU): what its <c>config.json</c> means, and what its layers
/// have. What is not overridden is as in Llama. A new one is a class in a file of its own and a line in <see cref="Architectures"/>;
/// a program adds its own there.
/// </summary>
/// <remarks>Methods are called from several threads at once and keep no state.</remarks>
public abstract class Architecture
{
    /// <summary>Name in <c>config.json</c>: its <c>model_type</c>, such as <c>llama</c>.</summary>
    public abstract string ModelType { get; }

    /// <summary>Name of its class in Hugging Face's transformers, such as <c>LlamaForCausalLM</c>.</summary>
    public abstract string ClassName { get; }

    /// <summary>Name of the family in GGUF files; null, the default, where llama.cpp has none, and then models are not exported there.
    /// In those of <c>llama</c> the rows of queries and keys stand in another order.</summary>
    public virtual string? GgufName => null;

    /// <summary>Whether queries and keys are normalised per head before they are rotated. Default false.</summary>
    public virtual bool QueryKeyNorm => false;

    /// <summary>Whether layers can have a sliding window. Default false.</summary>
    public virtual bool HasSlidingWindow => false;

    /// <summary>Longest sequence where <c>max_position_embeddings</c> is missing. Default 32768.</summary>
    public virtual int DefaultPositions => 32768;

    /// <summary>Key and value heads where <c>num_key_value_heads</c> is missing. Default: as many as query heads.</summary>
    public virtual int DefaultKeyValueHeads(int heads) => heads;

    /// <summary>Width of a head where <c>head_dim</c> is missing. Default: the hidden size over the query heads.</summary>
    public virtual int DefaultHeadSize(int hiddenSize, int heads) => hiddenSize / Math.Max(1, heads);

    /// <summary>Which linear layers have a bias. Default: those of attention with <c>attention_bias</c>.</summary>
    /// <exception cref="LabException">A field is of the wrong type.</exception>
    public virtual LayerBiases Biases(JsonFields config)
    {
        var attention = config.Optional("attention_bias", false);
        return new(attention, attention, false);
    }

    /// <summary>First layer with the sliding window, where <c>sliding_window</c> is given and <c>layer_types</c> is not;
    /// null where no layer has it. Default 0.</summary>
    /// <param name="config">The fields.</param>
    /// <param name="layers">Number of layers.</param>
    /// <exception cref="LabException">A field is of the wrong type.</exception>
    public virtual int? FirstSlidingLayer(JsonFields config, int layers) => 0;

    /// <summary>Writes the fields of the sliding window. Default: none.</summary>
    /// <param name="config">Takes them.</param>
    /// <param name="window">Keys that a query sees, or null where no layer has a window.</param>
    /// <param name="firstLayer">First layer with the window.</param>
    public virtual void WriteWindow(JsonObject config, int? window, int firstLayer) { }
}
