using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Quantization;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Models;

/// <summary>One low-rank update: x → scale · B A x;
/// with a magnitude, the rows of W + scale · B A are then brought to that length.</summary>
public sealed class LoraLayer : IDisposable
{
    private readonly double _dropout;

    internal LoraLayer(
        string name, Tensor a, Tensor b, double scale, double dropout, Tensor? magnitude = null, (Tensor A, Tensor B)? start = null)
    {
        (Name, A, B, Scale, _dropout, Magnitude) =
            (name, a.DetachFromDisposeScope(), b.DetachFromDisposeScope(), scale, dropout, magnitude?.DetachFromDisposeScope());
        if (start is { } s) Start = (s.A.DetachFromDisposeScope(), s.B.DetachFromDisposeScope());
    }

    /// <summary>Name of the linear layer.</summary>
    public string Name { get; }

    /// <summary>[rank, in] in float32.</summary>
    public Tensor A { get; }

    /// <summary>[out, rank] in float32.</summary>
    public Tensor B { get; }

    /// <summary>[out] in float32: lengths of the weight's rows (DoRA), or null.</summary>
    public Tensor? Magnitude { get; }

    /// <summary>Factor of B A.</summary>
    public double Scale { get; }

    /// <summary>Share of the input that is dropped: none but in training.</summary>
    internal double Dropout => Training ? _dropout : 0;

    /// <summary>
    /// PiSSA's A and B before training, or null. Their product is subtracted rather than taken out of the weight, so that
    /// a quantised base stays as it is and the adapter can be exported for the stock base.
    /// </summary>
    internal (Tensor A, Tensor B)? Start { get; }

    /// <summary>The products that make up the update, with their signs.</summary>
    internal IEnumerable<(Tensor A, Tensor B, int Sign)> Factors => Start is { } start ? [(A, B, 1), (start.A, start.B, -1)] : [(A, B, 1)];

    /// <summary>Whether dropout is on.</summary>
    internal bool Training { get; set; }

    /// <summary>Output of the adapted layer, [..., out], in the type of x.</summary>
    /// <param name="x">[..., in].</param>
    /// <param name="y">x Wᵀ, without bias.</param>
    /// <param name="weight">W.</param>
    public Tensor Forward(Tensor x, Tensor y, Weight weight)
    {
        if (Dropout > 0) x = nn.functional.dropout(x, Dropout, true);
        foreach (var (a, b, sign) in Factors)
            y = y.Plus(nn.functional.linear(nn.functional.linear(x, a.to_type(x.dtype)), b.to_type(x.dtype)).Times(sign * Scale));
        return Magnitude is null ? y : y * RowScales(weight).to_type(x.dtype);
    }

    /// <summary>DoRA's factor of each row: magnitude over the norm of W + scale · B A, the norm taken as constant.</summary>
    internal Tensor RowScales(Weight weight)
    {
        Tensor norm;
        using (no_grad())
        using (var scope = NewDisposeScope())
        {
            var full = weight.Materialize(ScalarType.Float32).clone();
            foreach (var (a, b, sign) in Factors) full.addmm_(b, a, 1, (float)(sign * Scale));
            norm = full.norm(dim: 1).MoveToOuterDisposeScope();
        }
        return Magnitude! / norm;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        A.Dispose();
        B.Dispose();
        Magnitude?.Dispose();
        Start?.A.Dispose();
        Start?.B.Dispose();
    }
}
