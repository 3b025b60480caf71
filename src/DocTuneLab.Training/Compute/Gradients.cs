using DocTuneLab.Training.Quantization;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Compute;

/// <summary>Gradients of all trained tensors in one flat float32 buffer, summed over the batches of a step.</summary>
internal sealed class Gradients : IDisposable
{
    private readonly Tensor _flat;
    private readonly Dictionary<Tensor, Tensor> _views = new(ReferenceEqualityComparer.Instance);
    private readonly Tensor[] _order;

    public Gradients(IEnumerable<Tensor> parameters)
    {
        var all = _order = [.. parameters];
        _flat = zeros(all.Sum(p => p.numel()), device: all.FirstOrDefault()?.device ?? CPU).DetachFromDisposeScope();
        var at = 0L;
        foreach (var parameter in all)
        {
            using var scope = NewDisposeScope();
            _views.Add(parameter, _flat.narrow(0, at, parameter.numel()).view(parameter.shape).DetachFromDisposeScope());
            at += parameter.numel();
        }
    }

    /// <summary>Where to add the gradient of a tensor, or null if it is frozen.</summary>
    public Tensor? Of(Tensor parameter) => _views.GetValueOrDefault(parameter);

    /// <summary>The same of a table of the vocabulary; one in the blocks of a file is frozen.</summary>
    public Tensor? Of(Weight table) => table is DenseWeight dense ? Of(dense.Tensor) : null;

    /// <summary>The trained tensors, in the order of their gradients in <see cref="All"/>.</summary>
    public IReadOnlyList<Tensor> Order => _order;

    /// <summary>Whether anything is trained.</summary>
    public bool Any => _views.Count > 0;

    /// <summary>Forgets all.</summary>
    public void Clear() => _flat.zero_();

    /// <summary>All of them, one after another.</summary>
    public Tensor All => _flat;

    public void Dispose()
    {
        foreach (var view in _views.Values) view.Dispose();
        _flat.Dispose();
    }
}
