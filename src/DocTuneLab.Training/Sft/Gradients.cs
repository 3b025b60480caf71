using DocTuneLab.Training.Native;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Sft;

/// <summary>Gradients of all trained tensors in one flat float32 buffer, summed over the batches of a step.</summary>
internal sealed class Gradients : IDisposable
{
    private readonly Tensor _flat;
    private readonly Dictionary<Tensor, Tensor> _views = new(ReferenceEqualityComparer.Instance);

    public Gradients(IEnumerable<Tensor> parameters)
    {
        var all = parameters.ToArray();
        _flat = zeros(all.Sum(p => p.numel())).DetachFromDisposeScope();
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

    /// <summary>Whether anything is trained.</summary>
    public bool Any => _views.Count > 0;

    /// <summary>Forgets all.</summary>
    public void Clear() => _flat.zero_();

    /// <summary>Euclidean norm over all of them, summed in a fixed order in double.</summary>
    public unsafe double Norm()
    {
        const int block = 1 << 15;
        var start = _flat.Pointer();
        var count = _flat.numel();
        var sums = new double[(count + block - 1) / block];
        Cores.For(sums.Length, b =>
        {
            var (from, to) = ((long)b * block, Math.Min(count, (b + 1L) * block));
            double sum = 0;
            for (var i = from; i < to; i += 1024)
            {
                var length = (int)Math.Min(1024, to - i);
                sum += RowKernels.Dot(start + i, start + i, length);
            }
            sums[b] = sum;
        });
        return Math.Sqrt(sums.Sum());
    }

    public void Dispose()
    {
        foreach (var view in _views.Values) view.Dispose();
        _flat.Dispose();
    }
}
