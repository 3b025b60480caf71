using System.Text.Json.Nodes;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Models.Layout;

namespace DocTuneLab.Training.Models.Families;

/// <summary>
/// Rotary embeddings in <c>config.json</c>: <c>rope_parameters</c> of version 5, for all layers or one object for each kind of layer,
/// and before it <c>rope_theta</c> and <c>rope_scaling</c>, which goes first where both are there.
/// </summary>
internal static class RopeFields
{
    private static readonly string[] s_types = ["default", "linear", "dynamic", "llama3", "yarn", "longrope"];

    // Bookkeeping of those who stretched a model.
    private static readonly HashSet<string> s_withoutEffect = new(StringComparer.Ordinal)
    {
        "finetuned", "max_position_embeddings", "original_max_position_embeddings",
    };

    public static RopeLayout Read(JsonFields json, ModelFields model, string kind, Architecture family)
    {
        var (parameters, ofKind) = Parameters(json, kind);
        var older = json.Inner("rope_scaling");
        // The older fields stretch one kind of layer where there are two.
        var block = ofKind ?? (family.IsStretched(kind) ? older ?? parameters : null);
        var theta = block?.Optional("rope_theta", double.NaN) is { } own && double.IsFinite(own)
            ? own
            : family.ThetaOf(model, kind);
        var share = block?.Optional("partial_rotary_factor", double.NaN) is { } part && double.IsFinite(part)
            ? part
            : json.Optional("partial_rotary_factor", family.DefaultRotaryShare);
        var dimensions = (int)(model.HeadSize * share);
        if (!(theta > 0) || dimensions < 2 || dimensions > model.HeadSize || dimensions % 2 != 0)
            throw new LabException($"{json.Path}: rope_theta {theta} and partial_rotary_factor {share} of heads of {model.HeadSize} "
                + "dimensions do not make a rotary embedding");
        if (share != 1 && !family.IsRotatedInPart)
            throw new LabException($"{json.Path}: partial_rotary_factor {share} is not supported for {family.ModelType}; supported is 1");
        var rope = new RopeLayout(theta, dimensions) { Scaling = block is null ? null : Scaling(block, json, model, dimensions) };
        if (block is not null && block.Unasked.FirstOrDefault(f => !s_withoutEffect.Contains(f.Key)
            && !ModelFields.IsNeutral(f.Value) && !family.RopeFieldsRead.Contains(f.Key)) is { Key: { } unknown })
            throw new LabException($"{block.Path}: the field '{unknown}' is not understood for the type "
                + $"'{rope.Scaling?.Type ?? "default"}', and may change what is computed; where it is known to have no effect, remove it");
        return rope;
    }

    // Whether there is one object for all layers, and which one is of this kind.
    private static (JsonFields? All, JsonFields? OfKind) Parameters(JsonFields json, string kind)
    {
        if (json.Node("rope_parameters") is not JsonObject parameters) return (null, null);
        if (json.Node("rope_scaling") is JsonObject) return (null, null);
        if (!parameters.Any(p => p.Value is JsonObject)) return (json.Inner("rope_parameters"), null);
        var inner = json.Inner("rope_parameters")!;
        return (null, inner.Inner(kind)
            ?? throw new LabException($"{inner.Path}: there is nothing for the layers of the kind '{kind}'; give them an object too"));
    }

    private static RopeScaling? Scaling(JsonFields rope, JsonFields json, ModelFields model, int dimensions)
    {
        var type = rope.Node("rope_type") is null ? rope.Optional("type", "default") : rope.Required<string>("rope_type");
        // Phi-3's name of it.
        if (type == "su") type = "longrope";
        if (type == "default") return null;
        if (!s_types.Contains(type))
            throw new LabException($"{rope.Path}: rope scaling of type '{type}' is not supported; supported are "
                + $"{string.Join(", ", s_types[..^1])} and {s_types[^1]}");
        // Beside the block, as Phi-3 has it, it goes first.
        var original = type is "llama3" or "yarn" or "longrope"
            ? json.Optional("original_max_position_embeddings", rope.Optional("original_max_position_embeddings", model.MaxPositions))
            : model.MaxPositions;
        var factor = type is "yarn" or "longrope"
            ? rope.Optional("factor", (double)model.MaxPositions / original)
            : rope.Required<double>("factor");
        if (!(factor >= 1) || original < 1)
            throw new LabException($"{rope.Path}: rope scaling factor {factor} over {original} positions; expected a factor of at least 1");
        var scaling = new RopeScaling(type, factor, original);
        return type switch
        {
            "llama3" => Llama3(rope, scaling),
            "yarn" => Yarn(rope, scaling),
            "longrope" => Long(rope, scaling, dimensions),
            _ => scaling,
        };
    }

    private static RopeScaling Llama3(JsonFields rope, RopeScaling scaling)
    {
        var (low, high) = (rope.Required<double>("low_freq_factor"), rope.Required<double>("high_freq_factor"));
        if (!(low > 0) || !(high > low))
            throw new LabException($"{rope.Path}: low_freq_factor {low} and high_freq_factor {high}; expected the second to be greater");
        return scaling with { LowFrequencyFactor = low, HighFrequencyFactor = high };
    }

    private static RopeScaling Yarn(JsonFields rope, RopeScaling scaling)
    {
        // A paper's mscale: 1 at no scaling, rising with the logarithm of the factor.
        double Magnitude(double mscale) => scaling.Factor <= 1 ? 1 : 0.1 * mscale * Math.Log(scaling.Factor) + 1;
        var (mscale, mscaleAll) = (rope.Optional("mscale", 0.0), rope.Optional("mscale_all_dim", 0.0));
        var (fast, slow) = (rope.Optional("beta_fast", 32.0), rope.Optional("beta_slow", 1.0));
        if (!(slow > 0) || !(fast >= slow))
            throw new LabException($"{rope.Path}: beta_fast {fast} and beta_slow {slow}; expected beta_fast to be the greater one");
        return scaling with
        {
            BetaFast = fast,
            BetaSlow = slow,
            IsTruncated = rope.Optional("truncate", true),
            AttentionFactor = rope.Optional("attention_factor",
                mscale > 0 && mscaleAll > 0 ? Magnitude(mscale) / Magnitude(mscaleAll) : Magnitude(1)),
        };
    }

    private static RopeScaling Long(JsonFields rope, RopeScaling scaling, int dimensions) => scaling with
    {
        ShortFactors = Factors(rope, "short_factor", dimensions / 2),
        LongFactors = Factors(rope, "long_factor", dimensions / 2),
        AttentionFactor = rope.Optional("attention_factor", scaling.Factor <= 1
            ? 1
            : Math.Sqrt(1 + Math.Log(scaling.Factor) / Math.Log(scaling.OriginalPositions))),
    };

    private static double[] Factors(JsonFields rope, string field, int count)
    {
        if (rope.Node(field) is not JsonArray values) throw new LabException($"{rope.Path}: the field '{field}' is missing or no list");
        var factors = values.Select(v => v is JsonValue value && value.TryGetValue<double>(out var number) && number > 0
            ? number
            : throw new LabException($"{rope.Path}: {field} has {v?.ToJsonString() ?? "null"}, expected numbers above 0")).ToArray();
        return factors.Length == count
            ? factors
            : throw new LabException($"{rope.Path}: {field} has {factors.Length} numbers, expected one for each of the {count} pairs of "
                + "dimensions");
    }
}
