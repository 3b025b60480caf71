using static TorchSharp.torch;

namespace DocTuneLab.Training.Compute;

/// <summary>
/// Named matrices that are used again in every step: they grow to the largest size asked for and stay, so that a step
/// allocates next to nothing and memory is flat.
/// </summary>
/// <param name="device">Where they are.</param>
/// <param name="type">Their element type where none is asked for.</param>
/// <param name="pinned">In pages that a device copies from and to by itself.</param>
internal sealed class Workspace(Device device, ScalarType type, bool pinned = false) : IDisposable
{
    private readonly Dictionary<string, (Tensor Storage, Tensor View, long Rows, long Columns)> _slots = new(StringComparer.Ordinal);

    /// <summary>Where they are.</summary>
    public Device Device => device;

    /// <summary>Their element type where none is asked for.</summary>
    public ScalarType Type => type;

    /// <summary>A matrix with undefined content; asking again under the same name reuses the memory.</summary>
    public Tensor Get(string name, long rows, long columns, ScalarType? elements = null)
    {
        if (_slots.TryGetValue(name, out var slot))
        {
            if (slot.Rows == rows && slot.Columns == columns) return slot.View;
            slot.View.Dispose();
            if (slot.Storage.numel() < rows * columns)
            {
                slot.Storage.Dispose();
                slot.Storage = Allocate(rows * columns, elements ?? type);
            }
        }
        else
        {
            slot.Storage = Allocate(rows * columns, elements ?? type);
        }
        using var scope = NewDisposeScope();
        slot.View = slot.Storage.narrow(0, 0, rows * columns).view(rows, columns).DetachFromDisposeScope();
        (slot.Rows, slot.Columns) = (rows, columns);
        _slots[name] = slot;
        return slot.View;
    }

    private Tensor Allocate(long count, ScalarType elements)
    {
        using var scope = NewDisposeScope();
        var memory = empty(count, dtype: elements, device: device);
        return (pinned ? memory.pin_memory() : memory).DetachFromDisposeScope();
    }

    public void Dispose()
    {
        foreach (var (storage, view, _, _) in _slots.Values)
        {
            view.Dispose();
            storage.Dispose();
        }
        _slots.Clear();
    }
}
