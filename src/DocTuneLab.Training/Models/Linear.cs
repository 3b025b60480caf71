using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Quantization;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Models;

/// <summary>A linear layer by its Hugging Face name, with an optional low-rank adapter beside the frozen matrix.</summary>
public sealed class Linear(string name, Weight weight, Tensor? bias) : IDisposable
{
    /// <summary>Such as <c>model.layers.0.self_attn.q_proj</c>.</summary>
    public string Name { get; } = name;

    /// <summary>The matrix.</summary>
    public Weight Weight { get; } = weight;

    /// <summary>[out], or null.</summary>
    public Tensor? Bias { get; internal set; } = bias?.DetachFromDisposeScope();

    /// <summary>Whether an adapter can be put on it: not where a checkpoint has its matrix within a larger tensor. Default true.</summary>
    public bool IsAdaptable { get; init; } = true;

    /// <summary>The adapter in use, or null.</summary>
    public LoraLayer? Adapter { get; set; }

    /// <summary>x [..., in] to [..., out], in the type of x.</summary>
    public Tensor Forward(Tensor x)
    {
        var y = nn.functional.linear(x, Weight.Materialize(x.dtype));
        if (Adapter is not null) y = Adapter.Forward(x, y, Weight);
        return Bias is null ? y : y.Plus(Bias.to_type(x.dtype));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Weight.Dispose();
        Bias?.Dispose();
    }
}
