using static TorchSharp.torch;

namespace DocTuneLab.Training.Recipes;

/// <summary>A copy of the trained tensors as they were at the lowest validation loss.</summary>
internal sealed class BestParameters(IReadOnlyDictionary<string, Tensor> parameters) : IDisposable
{
    private readonly Dictionary<string, Tensor> _kept = new(StringComparer.Ordinal);

    /// <summary>Whether anything was kept.</summary>
    public bool Any => _kept.Count > 0;

    /// <summary>The copies by name, for a checkpoint.</summary>
    public IReadOnlyDictionary<string, Tensor> Tensors => _kept;

    /// <summary>Copies the tensors as they are now.</summary>
    public void Keep()
    {
        using var _ = no_grad();
        foreach (var (name, parameter) in parameters)
        {
            if (_kept.TryGetValue(name, out var kept)) kept.copy_(parameter);
            else _kept[name] = parameter.detach().clone().DetachFromDisposeScope();
        }
    }

    /// <summary>Takes a copy from a checkpoint.</summary>
    public void Restore(string name, Tensor tensor) => _kept[name] = tensor.DetachFromDisposeScope();

    /// <summary>Writes the copies over the tensors.</summary>
    public void Use()
    {
        using var _ = no_grad();
        foreach (var (name, kept) in _kept) parameters[name].copy_(kept);
    }

    public void Dispose()
    {
        foreach (var tensor in _kept.Values) tensor.Dispose();
        _kept.Clear();
    }
}
