using System.Globalization;
using DocTuneLab.Training.Checkpoints.Gguf;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Models.Families;
using DocTuneLab.Training.Models.Layout;

namespace DocTuneLab.Training.Export;

/// <summary>The shape of a model as fields of a GGUF file.</summary>
internal static class GgufFields
{
    /// <summary>Writes the fields, and those of the rotary embedding that are tensors.</summary>
    /// <returns>Sentences about what llama.cpp computes otherwise.</returns>
    /// <exception cref="LabException">It would compute something else of the model.</exception>
    public static List<string> Write(GgufWriter writer, ModelConfig config, GgufForm form)
    {
        var layout = config.Layout;
        var notes = GgufFit.Check(config, form);
        void Set(string key, object value) => writer.Set($"{form.Name}.{key}", value);
        var mixers = layout.Layers.Select(l => l.Attention).ToArray();
        var attention = mixers.OfType<AttentionLayout>().First();
        var epsilon = (float)GgufFit.Norms(layout).First().Epsilon;
        Set("vocab_size", (uint)layout.VocabularySize);
        Set("block_count", (uint)layout.Layers.Count);
        Set("context_length", (uint)layout.MaxPositions);
        Set("embedding_length", (uint)layout.HiddenSize);
        Set("feed_forward_length", (uint)config.IntermediateSize);
        Set("attention.head_count", (uint)attention.Heads);
        // A layer without attention has no keys.
        Set("attention.head_count_kv", mixers.Contains(null)
            ? mixers.Select(m => m?.KeyValueHeads ?? 0).ToArray() : (uint)attention.KeyValueHeads);
        Set("attention.key_length", (uint)attention.HeadSize);
        Set("attention.value_length", (uint)attention.HeadSize);
        Set(layout.FinalNorm?.Kind == NormKind.Layer ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon", epsilon);
        if (mixers.Select(m => m?.Clip).FirstOrDefault(c => c is not null) is { } clip) Set("attention.clamp_kqv", (float)clip);
        if (attention.ScoreCap is { } scores) Set("attn_logit_softcapping", (float)scores);
        if (layout.LogitCap is { } logits) Set("final_logit_softcapping", (float)logits);
        if (layout.Layers.Select(l => l.FeedForward).OfType<ExpertsLayout>().FirstOrDefault() is { } experts)
        {
            Set("expert_count", (uint)experts.Experts.Count);
            Set("expert_used_count", (uint)experts.Chosen);
            Set("expert_feed_forward_length", (uint)experts.Experts[0].Down.Columns);
            if (experts.Shared is { } shared) Set("expert_shared_feed_forward_length", (uint)shared.Down.Columns);
        }
        if (layout.Layers.Select(l => l.Mixer).OfType<ConvolutionLayout>().FirstOrDefault() is { } convolution)
            Set("shortconv.l_cache", (uint)convolution.Length);
        foreach (var (field, value) in form.Fields) Set(field, value);
        Window(config, form, Set, notes);
        Rotation(writer, config, form, Set, notes);
        return notes;
    }

    private static void Window(ModelConfig config, GgufForm form, Action<string, object> set, List<string> notes)
    {
        if (GgufFit.Window(config.Layout) is not { } window) return;
        if (form.Slides is not null || form.Name == "llama") set("attention.sliding_window", (uint)window);
        if (form.Slides is null)
            notes.Add($"llama.cpp has no sliding window for {config.ModelType} models: beyond {window} tokens it attends to all of them.");
    }

    private static void Rotation(GgufWriter writer, ModelConfig config, GgufForm form, Action<string, object> set, List<string> notes)
    {
        var turned = config.Layout.Layers.Select((l, i) => (l.Attention?.Rope, Stretched: form.Stretches(i)))
            .Where(r => r.Rope is not null).ToArray();
        if (turned.Length == 0) return;
        var rope = turned.FirstOrDefault(r => r.Stretched, turned[0]).Rope!;
        set("rope.dimension_count", (uint)rope.Dimensions);
        set("rope.freq_base", (float)rope.Theta);
        if (turned.FirstOrDefault(r => !r.Stretched).Rope is { } local && local.Theta != rope.Theta)
            set("rope.freq_base_swa", (float)local.Theta);
        switch (rope.Scaling)
        {
            case { Type: "linear" } linear:
                set("rope.scaling.type", "linear");
                set("rope.scaling.factor", (float)linear.Factor);
                break;
            case { Type: "yarn" } yarn:
                set("rope.scaling.type", "yarn");
                set("rope.scaling.factor", (float)yarn.Factor);
                set("rope.scaling.original_context_length", (uint)yarn.OriginalPositions);
                set("rope.scaling.yarn_beta_fast", (float)yarn.BetaFast);
                set("rope.scaling.yarn_beta_slow", (float)yarn.BetaSlow);
                // llama.cpp multiplies the usual factor in by itself.
                set("rope.scaling.attn_factor", (float)(yarn.AttentionFactor / (0.1 * Math.Log(yarn.Factor) + 1)));
                if (yarn is not { BetaFast: 32, BetaSlow: 1 })
                    notes.Add(
                        $"YaRN's betas here are {yarn.BetaFast} and {yarn.BetaSlow}; readers that know no such fields take 32 and 1.");
                break;
            case { Type: "dynamic" } dynamic:
                notes.Add($"llama.cpp has no dynamic rotary scaling: beyond {dynamic.OriginalPositions} positions it computes otherwise.");
                break;
            case { Type: "llama3" } llama3:
                Divisors(GgufNames.RotaryDivisors, Llama3Divisors(llama3));
                break;
            case { Type: "longrope" } only when GgufFit.IsOneList(only) && form.ReadsDivisors:
                Divisors(GgufNames.RotaryDivisors, only.ShortFactors);
                break;
            case { Type: "longrope" } two:
                set("rope.scaling.original_context_length", (uint)two.OriginalPositions);
                set("rope.scaling.attn_factor", (float)two.AttentionFactor);
                Divisors("rope_factors_long.weight", two.LongFactors);
                Divisors("rope_factors_short.weight", two.ShortFactors);
                notes.Add(string.Create(CultureInfo.InvariantCulture,
                    $"llama.cpp takes the long factors of the rotary embedding for every text where it is opened with a context above "
                    + $"{two.OriginalPositions} tokens, and the short ones otherwise; the model itself goes by the length of the text."));
                break;
        }

        IEnumerable<double> Llama3Divisors(RopeScaling scaling) =>
            Rotary.Frequencies(new RopeLayout(rope.Theta, rope.Dimensions), 0).Select(f => Rotary.Llama3Divisor(scaling, f));

        void Divisors(string name, IEnumerable<double> values)
        {
            var numbers = values.Select(v => (float)v).ToArray();
            writer.Add(name, [numbers.Length], GgufType.F32,
                stream => stream.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(numbers)));
        }
    }
}
