using static TorchSharp.torch;

namespace DocTuneLab.Training.Sft;

/// <summary>
/// Named matrices that are used again in every step: they grow to the largest size asked for and stay, so that a step
/// allocates next to nothing and memory is flat.
/// </summary>
internal sealed class Workspace : IDisposable
{
    private readonly Dictionary<string, (Tensor Storage, Tensor View)> _slots = new(StringComparer.Ordinal);

    /// <summary>A matrix with undefined content; asking again under the same name reuses the memory.</summary>
    public Tensor Get(string name, long rows, long columns, ScalarType type = ScalarType.Float32)
    {
        if (_slots.TryGetValue(name, out var slot))
        {
            if (slot.View.shape[0] == rows && slot.View.shape[1] == columns) return slot.View;
            slot.View.Dispose();
            if (slot.Storage.numel() < rows * columns)
            {
                slot.Storage.Dispose();
                slot.Storage = empty(rows * columns, dtype: type).DetachFromDisposeScope();
            }
        }
        else
        {
            slot.Storage = empty(rows * columns, dtype: type).DetachFromDisposeScope();
        }
        using var scope = NewDisposeScope();
        slot.View = slot.Storage.narrow(0, 0, rows * columns).view(rows, columns).DetachFromDisposeScope();
        _slots[name] = slot;
        return slot.View;
    }

    public void Dispose()
    {
        foreach (var (storage, view) in _slots.Values)
        {
            view.Dispose();
            storage.Dispose();
        }
        _slots.Clear();
    }
}
