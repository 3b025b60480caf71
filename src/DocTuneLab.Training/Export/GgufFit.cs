using System.Globalization;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Models.Families;
using DocTuneLab.Training.Models.Layout;

namespace DocTuneLab.Training.Export;

/// <summary>Whether llama.cpp computes of a file what a model computes.</summary>
internal static class GgufFit
{
    /// <summary>Fails where it would compute something else.</summary>
    /// <returns>Sentences about what it computes a little otherwise.</returns>
    /// <exception cref="LabException">Something of the model has no place in a file of its family; the message names it.</exception>
    public static List<string> Check(ModelConfig config, GgufForm form)
    {
        var (layout, notes) = (config.Layout, new List<string>());
        void Require(bool fits, string what)
        {
            if (!fits)
                throw new LabException($"llama.cpp has no place for {what} of this {config.ModelType} model, and would compute otherwise; "
                    + "export safetensors instead");
        }

        Require(Same(layout.EmbeddingScale, form.EmbeddingScale), $"the factor of embeddings, {Shown(layout.EmbeddingScale)},");
        Require(Same(layout.LogitScale, form.LogitScale), $"the factor of logits, {Shown(layout.LogitScale)},");
        Require(form.HasCaps || layout.LogitCap is null, "the cap of logits");
        Require(form.HasHead != false || layout.IsTied, "an output layer beside the embedding");
        Require(Norms(layout).Select(n => (n.Epsilon, n.Kind)).Distinct().Count() <= 1, "norms with different epsilons");
        var window = Window(layout);
        for (var i = 0; i < layout.Layers.Count; i++) Layer(layout.Layers[i], i);
        return notes;

        void Layer(LayerLayout layer, int i)
        {
            Require(Same(layer.ResidualScale, form.ResidualScale), $"the factor of layers, {Shown(layer.ResidualScale)},");
            if (layer.Mixer is ConvolutionLayout convolution)
                Require(!convolution.HasBias && convolution.Linears.All(l => l.Bias is null), "biases of convolutions");
            if (layer.Attention is { } attention) Attention(attention, i);
            if (layer.FeedForward is ExpertsLayout experts)
            {
                Require(experts.SumsToOne == form.SumsToOne, "weights of experts that sum to one only where others do");
                Require(experts.Experts[0].Down.Bias is null || form.Biases.Mlp, "biases of experts");
                Require(experts.Experts[0].Clipped is null or { Alpha: 1.702, Limit: 7 }, "the bounds of the experts' gate");
                Mlp(experts.Experts[0]);
            }
            else Mlp((MlpLayout)layer.FeedForward);
            Require(layer.FeedForward is ExpertsLayout == layout.Layers[0].FeedForward is ExpertsLayout,
                "layers with experts beside layers without");
        }

        void Attention(AttentionLayout attention, int i)
        {
            Require(form.Biases.Attention || attention.Projections.All(p => p.Bias is null), "the biases of queries, keys and values");
            Require(form.Biases.Output || attention.Output.Bias is null, "the bias of attention's output");
            Require(form.HasCaps || attention.ScoreCap is null, "the cap of scores");
            Require(form.Clips || attention.Clip is null, "clipped queries, keys and values");
            Require(attention.Clip is null || Same(attention.Scale, form.AttentionScale ?? 1 / Math.Sqrt(attention.HeadSize)),
                "the factor of scores");
            Require(form.HasSinks == attention.Sinks is not null, "the sinks");
            Require(attention.Growth is null, "queries that grow with their position");
            Require(!form.HasNarrowHeads || attention.QueryWidth == layout.HiddenSize, "heads that are wider than their share");
            if (form.Slides is { } slides && window is not null)
                Require(slides(i) == (attention.Window is not null), $"the window, or its lack, of layer {i}");
            Rope(attention.Rope, i);
        }

        void Rope(RopeLayout? rope, int i)
        {
            if (layout.Positions is not null) return;
            Require(form.Rotates(i) == rope is not null, $"the rotation, or its lack, of layer {i}");
            if (rope is null) return;
            Require(!rope.IsInterleaved || form.TurnsNeighbours, "rotation of neighbouring numbers");
            Require(form.Stretches(i) || rope.Scaling is null, $"the rotary scaling of layer {i}");
            switch (rope.Scaling)
            {
                case { Type: "yarn", IsTruncated: false }:
                    throw new LabException("llama.cpp rounds the ends of YaRN's ramp, and this model does not (truncate is false): it "
                        + "would compute otherwise; export safetensors instead");
                case { Type: "llama3" } when !form.ReadsDivisors:
                    throw new LabException($"llama.cpp reads no rotary scaling of the type llama3 for {config.ModelType} models");
                case { Type: "longrope" } two when !form.ReadsLongFactors && !(form.ReadsDivisors && IsOneList(two)):
                    throw new LabException($"llama.cpp reads no rotary scaling of the type longrope for {config.ModelType} models");
            }
        }

        void Mlp(MlpLayout mlp)
        {
            Require(form.Biases.Mlp || mlp.Linears.All(l => l.Bias is null), "biases of the MLP");
            if (mlp.Clipped is not null || mlp.Activation == form.Activation) return;
            Require(mlp.Activation == Activation.Gelu && form.Activation == Activation.GeluTanh, $"the activation {mlp.Activation}");
            const string Tangent = "llama.cpp computes GELU by its approximation with a tangent, which is off by up to 0.0005.";
            if (!notes.Contains(Tangent)) notes.Add(Tangent);
        }
    }

    /// <summary>The sliding window, where it is shorter than the context.</summary>
    public static int? Window(DecoderLayout layout) =>
        layout.Layers.Select(l => l.Attention?.Window).FirstOrDefault(w => w < layout.MaxPositions);

    /// <summary>Norms of the residual stream, of queries and of keys.</summary>
    public static IEnumerable<NormLayout> Norms(DecoderLayout layout) => layout.Layers.SelectMany(l => new[]
        { l.InputNorm, l.MixerOutputNorm, l.FeedForwardNorm, l.FeedForwardOutputNorm, l.Attention?.QueryNorm, l.Attention?.KeyNorm })
        .Append(layout.FinalNorm).OfType<NormLayout>();

    /// <summary>Whether short and long factors are one list, and nothing else is scaled.</summary>
    public static bool IsOneList(RopeScaling scaling) =>
        scaling.AttentionFactor == 1 && scaling.ShortFactors.SequenceEqual(scaling.LongFactors);

    private static bool Same(double one, double other) => Math.Abs(one - other) <= 1e-9 * Math.Abs(other);

    private static string Shown(double value) => value.ToString("G6", CultureInfo.InvariantCulture);
}
