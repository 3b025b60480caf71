using static TorchSharp.torch;

namespace DocTuneLab.Training.Sft;

/// <summary>AdamW (Loshchilov and Hutter 2017, arXiv 1711.05101) whose state can be saved and loaded by name.</summary>
internal sealed class AdamW : IDisposable
{
    private const double Beta1 = 0.9, Epsilon = 1e-8;
    private readonly double _beta2, _weightDecay;
    private readonly (string Name, Tensor Parameter, Tensor Mean, Tensor Square)[] _slots;

    public AdamW(IReadOnlyDictionary<string, Tensor> parameters, double weightDecay, double beta2 = 0.999)
    {
        (_weightDecay, _beta2) = (weightDecay, beta2);
        _slots = [.. parameters.OrderBy(p => p.Key, StringComparer.Ordinal)
            .Select(p => (p.Key, p.Value, zeros_like(p.Value).DetachFromDisposeScope(), zeros_like(p.Value).DetachFromDisposeScope()))];
    }

    /// <summary>Number of updates made.</summary>
    public int Step { get; private set; }

    /// <summary>Scales gradients so that their global norm is at most <paramref name="maxNorm"/>; returns the norm before.</summary>
    public double ClipGradients(double maxNorm)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var grads = _slots.Select(s => s.Parameter.grad).OfType<Tensor>().ToArray();
        if (grads.Length == 0) return 0;
        var norm = stack([.. grads.Select(g => g.norm())]).norm().item<float>();
        if (maxNorm > 0 && norm > maxNorm)
            foreach (var g in grads) g.mul_(maxNorm / (norm + 1e-6));
        return norm;
    }

    /// <summary>One update with decoupled weight decay on matrices, then forgets the gradients.</summary>
    public void Update(double learningRate)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Step++;
        var (correct1, correct2) = (1 - Math.Pow(Beta1, Step), 1 - Math.Pow(_beta2, Step));
        foreach (var (_, parameter, mean, square) in _slots)
        {
            if (parameter.grad is not { } grad) continue;
            if (_weightDecay > 0 && parameter.dim() > 1) parameter.mul_(1 - learningRate * _weightDecay);
            mean.mul_(Beta1).add_(grad, alpha: 1 - Beta1);
            square.mul_(_beta2).addcmul_(grad, grad, 1 - _beta2);
            parameter.addcdiv_(mean, square.sqrt().div_(Math.Sqrt(correct2)).add_(Epsilon), -learningRate / correct1);
            grad.zero_();
        }
    }

    /// <summary>The moments by name, for a checkpoint.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> State() =>
        _slots.SelectMany(s => new[] { KeyValuePair.Create("mean." + s.Name, s.Mean), KeyValuePair.Create("square." + s.Name, s.Square) });

    /// <summary>Restores what <see cref="State"/> gave.</summary>
    public void Restore(int step, Func<string, long[], Tensor> read)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Step = step;
        foreach (var (name, parameter, mean, square) in _slots)
        {
            mean.copy_(read("mean." + name, parameter.shape));
            square.copy_(read("square." + name, parameter.shape));
        }
    }

    public void Dispose()
    {
        foreach (var slot in _slots)
        {
            slot.Mean.Dispose();
            slot.Square.Dispose();
        }
    }
}
