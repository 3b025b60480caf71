using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models.Families;
using DocTuneLab.Training.Models.Layout;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Export;

/// <summary>A tensor of the checkpoint, or a part of one, in a tensor of a GGUF file.</summary>
/// <param name="Source">Its name in the checkpoint.</param>
/// <param name="Shape">Its dimensions there.</param>
/// <param name="IsTransposed">Whether the last two dimensions change places.</param>
/// <param name="Change">What is done to its rows then, or null.</param>
internal sealed record PlannedPart(string Source, long[] Shape, bool IsTransposed = false, Func<Tensor, Tensor>? Change = null)
{
    /// <summary>What is written of the tensor.</summary>
    public Tensor Of(Tensor source)
    {
        var tensor = IsTransposed ? source.transpose(-1, -2) : source;
        return Change is null ? tensor : Change(tensor);
    }
}

/// <summary>A tensor of a GGUF file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Its dimensions, outermost first.</param>
/// <param name="IsProduct">Whether it is a matrix that activations are multiplied by; all else is float32.</param>
/// <param name="Parts">What it is made of, one after another.</param>
internal sealed record PlannedTensor(string Name, long[] Shape, bool IsProduct, IReadOnlyList<PlannedPart> Parts);

/// <summary>All tensors of a model as they stand in a GGUF file, named by their part in the computation.</summary>
internal sealed class GgufPlan
{
    private readonly GgufForm _form;
    private readonly List<PlannedTensor> _tensors = [];
    private string _prefix = "";

    public GgufPlan(DecoderLayout layout, GgufForm form)
    {
        _form = form;
        Add(Head, layout.Embedding, [layout.VocabularySize, layout.HiddenSize], isProduct: true);
        if (layout.Positions is { } positions) Add("position_embd.weight", positions, [layout.MaxPositions, layout.HiddenSize]);
        for (var i = 0; i < layout.Layers.Count; i++)
        {
            _prefix = $"blk.{i}.";
            Layer(layout.Layers[i]);
        }
        _prefix = "";
        Norm("output_norm", layout.FinalNorm);
        if (form.HasHead ?? !layout.IsTied)
        {
            Head = "output.weight";
            Add(Head, layout.HeadTensor, [layout.VocabularySize, layout.HiddenSize], isProduct: true);
        }
        if (layout.HasHeadBias) Add("output.bias", layout.Head + ".bias", [layout.VocabularySize]);
    }

    /// <summary>Name of the tensor that gives the logits: the embedding, where no other stands in the file.</summary>
    public string Head { get; } = "token_embd.weight";

    /// <summary>The tensors in order.</summary>
    public IReadOnlyList<PlannedTensor> Tensors => _tensors;

    private void Layer(LayerLayout layer)
    {
        Norm("attn_norm", layer.InputNorm);
        if (layer.Mixer is AttentionLayout attention) Attention(attention);
        else Convolution((ConvolutionLayout)layer.Mixer);
        Norm("post_attention_norm", layer.MixerOutputNorm);
        Norm("ffn_norm", layer.FeedForwardNorm);
        if (layer.FeedForward is MlpLayout mlp) Mlp(mlp, "");
        else Experts((ExpertsLayout)layer.FeedForward);
        Norm("post_ffw_norm", layer.FeedForwardOutputNorm);
    }

    private void Attention(AttentionLayout attention)
    {
        Func<Tensor, Tensor>? turned = _form.TurnsNeighbours && attention.Rope is { IsInterleaved: false } rope
            ? rows => Turned(rows, attention.HeadSize, rope.Dimensions) : null;
        // A factor of the scores that no file can say goes into what the queries end with.
        var scale = attention.Scale / (_form.AttentionScale ?? 1 / Math.Sqrt(attention.HeadSize));
        Func<Tensor, Tensor>? scaled = Math.Abs(scale - 1) < 1e-9 ? null : rows => rows.Times(scale);
        var queries = attention.QueryNorm is null ? Both(turned, scaled) : turned;
        if (attention.Projections is [var one])
        {
            Linear("attn_qkv", one, Both(attention.Fused == FusedOrder.Heads ? rows => ByKind(rows, attention.Heads) : null,
                queries is null ? null : rows => cat([queries(rows.narrow(0, 0, attention.QueryWidth)),
                    rows.narrow(0, attention.QueryWidth, rows.shape[0] - attention.QueryWidth)])));
        }
        else
        {
            Linear("attn_q", attention.Projections[0], queries);
            Linear("attn_k", attention.Projections[1], turned);
            Linear("attn_v", attention.Projections[2]);
        }
        Linear("attn_output", attention.Output);
        Norm("attn_q_norm", attention.QueryNorm, Both(HeadWise(turned), scaled));
        Norm("attn_k_norm", attention.KeyNorm, HeadWise(turned));
        if (attention.Sinks is { } sinks) Add("attn_sinks.weight", sinks, [attention.Heads]);

        // A norm's weights may stand in a row for each head.
        static Func<Tensor, Tensor>? HeadWise(Func<Tensor, Tensor>? change) =>
            change is null ? null : weights => change(weights.flatten()).reshape(weights.shape);
    }

    private void Convolution(ConvolutionLayout convolution)
    {
        Linear("shortconv.in_proj", convolution.Input);
        Linear("shortconv.out_proj", convolution.Output);
        Add("shortconv.conv.weight", convolution.Kernel + ".weight", [convolution.Channels, convolution.Length],
            shape: [convolution.Channels, 1, convolution.Length], change: kernel => kernel.squeeze(1));
    }

    private void Mlp(MlpLayout mlp, string suffix)
    {
        if (mlp.Inputs is [var gate, var up])
        {
            Linear("ffn_gate" + suffix, gate);
            Linear("ffn_up" + suffix, up);
        }
        else Linear("ffn_up" + suffix, mlp.Inputs[0]);
        Linear("ffn_down" + suffix, mlp.Down);
    }

    private void Experts(ExpertsLayout experts)
    {
        Add("ffn_gate_inp.weight", experts.Router + ".weight", [experts.Experts.Count, experts.Hidden]);
        if (experts.HasRouterBias) Add("ffn_gate_inp.bias", experts.Router + ".bias", [experts.Experts.Count]);
        if (experts.Experts[0].Inputs.Count == 2)
        {
            Stack("ffn_gate_exps", experts, e => e.Inputs[0]);
            Stack("ffn_up_exps", experts, e => e.Inputs[1]);
        }
        else
        {
            Stack("ffn_gate_exps", experts, e => e.Inputs[0], 0);
            Stack("ffn_up_exps", experts, e => e.Inputs[0], 1);
        }
        Stack("ffn_down_exps", experts, e => e.Down);
        if (experts.Shared is { } shared) Mlp(shared, "_shexp");
        if (experts.SharedGate is { } gate)
            Add("ffn_gate_inp_shexp.weight", gate + ".weight", [experts.Hidden], shape: [1, experts.Hidden], change: row => row.squeeze(0));
    }

    // Matrices of all experts one upon another; of those that are gate and up at once, one of them.
    private void Stack(string name, ExpertsLayout experts, Func<MlpLayout, LinearLayout> of, int? half = null)
    {
        var first = of(experts.Experts[0]);
        var rows = half is null ? first.Rows : first.Rows / 2;
        LinearLayout[] linears = first.Stack is null ? [.. experts.Experts.Select(of)] : [first];
        Add(new(Named(name) + ".weight", [experts.Experts.Count, rows, first.Columns], IsProduct: true,
            [.. linears.Select(l => new PlannedPart(l.Tensor, l.StoredShape, l.IsTransposed, Half(-2)))]));
        if (first.Bias is not null)
            Add(new(Named(name) + ".bias", [experts.Experts.Count, rows], IsProduct: false,
                [.. linears.Select(l => new PlannedPart(l.Bias!, l.StoredBiasShape, Change: Half(-1)))]));

        Func<Tensor, Tensor>? Half(int dimension) => half is not { } which ? null
            : experts.Experts[0].IsInterleaved ? t => t.slice(dimension, which, long.MaxValue, 2)
            : t => t.narrow(dimension, which * rows, rows);
    }

    private void Linear(string name, LinearLayout linear, Func<Tensor, Tensor>? change = null)
    {
        Add(new(Named(name) + ".weight", [linear.Rows, linear.Columns], IsProduct: true,
            [new PlannedPart(linear.Tensor, linear.StoredShape, linear.IsTransposed, change)]));
        if (linear.Bias is { } bias) Add(name + ".bias", bias, linear.StoredBiasShape, change: change);
    }

    private void Norm(string name, NormLayout? norm, Func<Tensor, Tensor>? change = null)
    {
        if (norm is null) return;
        if (norm.HasWeight)
            Add(name + ".weight", norm.Name + ".weight", norm.Shape, change: Both(norm.AddsOne ? weight => weight.Plus(1) : null, change));
        if (norm.HasBias) Add(name + ".bias", norm.Name + ".bias", norm.Shape, change: change);
    }

    private void Add(string name, string source, long[] written, bool isProduct = false, long[]? shape = null,
        Func<Tensor, Tensor>? change = null)
    {
        var at = name.LastIndexOf('.');
        Add(new(Named(name[..at]) + name[at..], written, isProduct, [new PlannedPart(source, shape ?? written, Change: change)]));
    }

    private void Add(PlannedTensor tensor) => _tensors.Add(tensor);

    private string Named(string name) => _prefix + _form.Names.GetValueOrDefault(name, name);

    private static Func<Tensor, Tensor>? Both(Func<Tensor, Tensor>? first, Func<Tensor, Tensor>? second) =>
        first is null ? second : second is null ? first : rows => second(first(rows));

    // Rows of the halves of what turns in each head, one of each in turn.
    private static Tensor Turned(Tensor rows, int size, int turned)
    {
        var order = Enumerable.Range(0, (int)rows.shape[0]).Select(row => (Head: row / size * size, At: row % size))
            .Select(r => (long)r.Head + (r.At < turned ? r.At % 2 * (turned / 2) + r.At / 2 : r.At)).ToArray();
        return rows.index_select(0, tensor(order));
    }

    // Queries, keys and values that take turns by head: all queries first, then all keys, then all values.
    private static Tensor ByKind(Tensor rows, int heads)
    {
        var size = rows.shape[0] / heads / 3;
        return rows.reshape([heads, 3, size, .. rows.shape[1..]]).transpose(0, 1).reshape(rows.shape);
    }
}
