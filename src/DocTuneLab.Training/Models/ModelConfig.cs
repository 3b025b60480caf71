using System.Text.Json;
using System.Text.Json.Nodes;

namespace DocTuneLab.Training.Models;

/// <summary>The part of a Hugging Face <c>config.json</c> that a Llama or Qwen2 decoder is built from.</summary>
/// <param name="ModelType"><c>llama</c> or <c>qwen2</c>.</param>
/// <param name="VocabularySize">Rows of the embedding.</param>
/// <param name="HiddenSize">Width of the residual stream.</param>
/// <param name="IntermediateSize">Width of the gated MLP.</param>
/// <param name="Layers">Number of decoder layers.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="KeyValueHeads">Key and value heads (grouped-query attention).</param>
/// <param name="HeadSize">Width of a head.</param>
/// <param name="NormEpsilon">RMSNorm epsilon.</param>
/// <param name="RopeTheta">Base of the rotary embedding.</param>
/// <param name="TieEmbeddings">Whether the output layer is the embedding.</param>
/// <param name="AttentionBias">Whether q, k and v have a bias (Qwen2).</param>
/// <param name="MaxPositions">Longest sequence the model was made for.</param>
/// <param name="EndTokens">Ids that end a generation.</param>
public sealed record ModelConfig(
    string ModelType, int VocabularySize, int HiddenSize, int IntermediateSize, int Layers, int Heads, int KeyValueHeads, int HeadSize,
    double NormEpsilon, double RopeTheta, bool TieEmbeddings, bool AttentionBias, int MaxPositions, IReadOnlyList<int> EndTokens)
{
    /// <summary>Reads <c>config.json</c>.</summary>
    /// <exception cref="LabException">The file is missing, a field is missing or of the wrong type, or the architecture is not supported.</exception>
    public static ModelConfig Load(string path)
    {
        if (!File.Exists(path)) throw new LabException($"{path}: no such file; a model folder in Hugging Face layout has a config.json");
        JsonNode json;
        try
        {
            json = JsonNode.Parse(File.ReadAllBytes(path)) ?? throw new JsonException("the file holds null");
        }
        catch (JsonException e)
        {
            throw new LabException($"{path}: not valid JSON: {e.Message}", e);
        }
        var type = Required<string>("model_type");
        if (type is not ("llama" or "qwen2")) throw new LabException($"{path}: model_type '{type}' is not supported; supported are llama and qwen2");
        if (json["rope_scaling"] is JsonObject scaling) throw new LabException($"{path}: rope_scaling of type '{scaling["rope_type"] ?? scaling["type"]}' is not supported");
        var hidden = Required<int>("hidden_size");
        var heads = Required<int>("num_attention_heads");
        var config = new ModelConfig(type, Required<int>("vocab_size"), hidden, Required<int>("intermediate_size"), Required<int>("num_hidden_layers"),
            heads, Optional("num_key_value_heads", heads), Optional("head_dim", hidden / Math.Max(1, heads)), Optional("rms_norm_eps", 1e-6),
            (double?)json["rope_parameters"]?["rope_theta"] ?? Optional("rope_theta", 10000.0), Optional("tie_word_embeddings", false),
            type == "qwen2" || Optional("attention_bias", false), Optional("max_position_embeddings", 2048),
            json["eos_token_id"] switch { JsonArray a => [.. a.Select(t => (int)t!)], JsonValue v => [(int)v], _ => [] });
        if (config.Layers < 1 || config.Heads < 1 || config.KeyValueHeads < 1 || config.Heads % config.KeyValueHeads != 0 || config.HeadSize % 2 != 0)
            throw new LabException($"{path}: {config.Layers} layers, {config.Heads} heads, {config.KeyValueHeads} key-value heads and head size {config.HeadSize} do not make a decoder");
        return config;

        T Required<T>(string field) => json[field] is { } node ? Get<T>(node, field) : throw new LabException($"{path}: the field '{field}' is missing");
        T Optional<T>(string field, T fallback) => json[field] is { } node ? Get<T>(node, field) : fallback;
        T Get<T>(JsonNode node, string field)
        {
            try
            {
                return node.GetValue<T>();
            }
            catch (Exception e) when (e is InvalidOperationException or FormatException)
            {
                throw new LabException($"{path}: the field '{field}' is {node.ToJsonString()}, expected {typeof(T).Name}", e);
            }
        }
    }

    /// <summary>The fields as <c>config.json</c>.</summary>
    public string ToJson() => new JsonObject
    {
        ["architectures"] = new JsonArray(ModelType == "qwen2" ? "Qwen2ForCausalLM" : "LlamaForCausalLM"),
        ["model_type"] = ModelType, ["vocab_size"] = VocabularySize, ["hidden_size"] = HiddenSize, ["intermediate_size"] = IntermediateSize,
        ["num_hidden_layers"] = Layers, ["num_attention_heads"] = Heads, ["num_key_value_heads"] = KeyValueHeads, ["head_dim"] = HeadSize,
        ["hidden_act"] = "silu", ["rms_norm_eps"] = NormEpsilon, ["rope_theta"] = RopeTheta, ["tie_word_embeddings"] = TieEmbeddings,
        ["attention_bias"] = AttentionBias, ["max_position_embeddings"] = MaxPositions, ["torch_dtype"] = "bfloat16", ["use_cache"] = true,
        ["initializer_range"] = 0.02, ["eos_token_id"] = new JsonArray([.. EndTokens.Select(t => (JsonNode)t)]),
    }.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n";
}
