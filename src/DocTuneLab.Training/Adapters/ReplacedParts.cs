using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Quantization;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Adapters;

/// <summary>Parameters that an adapter brings in full, ready to be put in the places of the model's own: embedding, head, norms, biases.
/// In float32, beside the model's, which stay.</summary>
internal sealed class ReplacedParts : IDisposable
{
    private readonly Decoder _decoder;
    private readonly Weight? _embedding, _head;
    private readonly Dictionary<string, (Tensor? Weight, Tensor? Bias)> _norms = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Tensor> _biases = new(StringComparer.Ordinal);

    /// <summary>Reads them.</summary>
    /// <param name="model">The model.</param>
    /// <param name="others">What the adapter's folder holds beside low-rank updates.</param>
    /// <exception cref="LabException">A tensor does not fit.</exception>
    public ReplacedParts(BaseModel model, PeftReplacements others)
    {
        var layout = model.Config.Layout;
        _decoder = model.Decoder;
        Why = others.Why;
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        long[] table = [layout.VocabularySize, layout.HiddenSize];
        if (Of(layout.Embedding, table, () => _decoder.Embedding.Materialize(ScalarType.Float32)) is { } embedding)
            _embedding = new DenseWeight(embedding);
        if (others.HeadFollows) _head = _embedding;
        else if (Of(layout.Head + ".weight", table, () => _decoder.Head.Materialize(ScalarType.Float32)) is { } head)
            _head = new DenseWeight(head);
        foreach (var norm in _decoder.Norms.DistinctBy(n => n.Layout.Name))
        {
            var name = norm.Layout.Name;
            var (weight, bias) = (Of(name + ".weight", norm.Layout.Shape, None), Of(name + ".bias", norm.Layout.Shape, None));
            if (weight is not null || bias is not null) _norms[name] = (weight, bias);
        }
        foreach (var linear in _decoder.Linears)
            if (Of(linear.Name + ".bias", [linear.Weight.Rows], () => linear.Bias?.to_type(ScalarType.Float32)
                ?? zeros(linear.Weight.Rows, device: _decoder.Device)) is { } bias)
                _biases[linear.Name] = bias;

        Tensor? Of(string name, long[] shape, Func<Tensor> stored) =>
            others.Of(name, shape, stored)?.to(_decoder.Device).contiguous().detach().DetachFromDisposeScope();

        static Tensor None() => throw new InvalidOperationException("norms are saved whole");
    }

    /// <summary>The field of the configuration that says of them, for messages.</summary>
    public string Why { get; }

    /// <summary>Puts them in the model's places until the result is disposed.</summary>
    public IDisposable Put()
    {
        var tables = _decoder.Exchange(_embedding ?? _decoder.Embedding, _head ?? _decoder.Head);
        List<(Norm Norm, (Tensor? Weight, Tensor? Bias) Own)> norms = [];
        foreach (var norm in _decoder.Norms)
            if (_norms.TryGetValue(norm.Layout.Name, out var other))
            {
                var own = norm.Exchange(null, null);
                norm.Exchange(other.Weight ?? own.Weight, other.Bias ?? own.Bias);
                norms.Add((norm, own));
            }
        List<(Linear Linear, Tensor? Own)> biases = [];
        foreach (var linear in _decoder.Linears)
            if (_biases.TryGetValue(linear.Name, out var bias))
            {
                biases.Add((linear, linear.Bias));
                linear.Bias = bias;
            }
        return new Back(() =>
        {
            _decoder.Exchange(tables.Embedding, tables.Head);
            foreach (var (norm, own) in norms) norm.Exchange(own.Weight, own.Bias);
            foreach (var (linear, own) in biases) linear.Bias = own;
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _embedding?.Dispose();
        if (!ReferenceEquals(_head, _embedding)) _head?.Dispose();
        foreach (var (weight, bias) in _norms.Values)
        {
            weight?.Dispose();
            bias?.Dispose();
        }
        foreach (var bias in _biases.Values) bias.Dispose();
    }

    private sealed class Back(Action back) : IDisposable
    {
        public void Dispose() => back();
    }
}
