namespace DocTuneLab.Training.Models.Layout;

/// <summary>Which of several matrices in one tensor of the checkpoint is meant.</summary>
/// <param name="Index">Number of the matrix, the first dimension of the tensor.</param>
/// <param name="Count">How many there are.</param>
public readonly record struct StackPlace(int Index, int Count);

/// <summary>A linear layer, and where its matrix stands in the checkpoint.</summary>
/// <param name="Name">Name of the module, such as <c>model.layers.0.self_attn.q_proj</c>; adapters know it by that.</param>
/// <param name="Rows">Output features.</param>
/// <param name="Columns">Input features.</param>
public sealed record LinearLayout(string Name, long Rows, long Columns)
{
    /// <summary>Name of the matrix. Default: <see cref="Name"/> and <c>.weight</c>.</summary>
    public string Tensor { get; init; } = Name + ".weight";

    /// <summary>Name of the bias, or null, the default, where there is none.</summary>
    public string? Bias { get; init; }

    /// <summary>Whether the checkpoint stores [in, out] (GPT-2). Default false: [out, in].</summary>
    public bool IsTransposed { get; init; }

    /// <summary>Where the tensor holds several matrices, which one is meant; null, the default, where it is one. No adapter is put on
    /// such a layer.</summary>
    public StackPlace? Stack { get; init; }

    /// <summary>Dimensions of the tensor in the checkpoint.</summary>
    public long[] StoredShape
    {
        get
        {
            var (first, second) = IsTransposed ? (Columns, Rows) : (Rows, Columns);
            return Stack is { } stack ? [stack.Count, first, second] : [first, second];
        }
    }

    /// <summary>Dimensions of the bias in the checkpoint.</summary>
    public long[] StoredBiasShape => Stack is { } stack ? [stack.Count, Rows] : [Rows];

    /// <summary>The same layer with a bias where <paramref name="has"/> is true.</summary>
    public LinearLayout WithBias(bool has) => this with { Bias = has ? Name + ".bias" : null };

    internal IEnumerable<TensorLayout> Tensors()
    {
        yield return new TensorLayout(Tensor, StoredShape, this);
        if (Bias is not null) yield return new TensorLayout(Bias, StoredBiasShape);
    }
}

/// <summary>A tensor of a checkpoint.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Its dimensions as stored.</param>
/// <param name="Linear">The linear layer whose matrix it is, the first of them where it holds several; null for all else.</param>
public sealed record TensorLayout(string Name, long[] Shape, LinearLayout? Linear = null);
