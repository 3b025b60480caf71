using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Models.Layout;
using DocTuneLab.Training.Quantization;
using DocTuneLab.Training.Quantization.Formats;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Models;

/// <summary>A decoder's tensors from a checkpoint, where they are to be computed with.</summary>
/// <param name="files">The checkpoint.</param>
/// <param name="layout">The decoder.</param>
/// <param name="placement">Where it is computed, and how.</param>
/// <param name="options">How matrices are kept.</param>
internal sealed class StoredTensors(WeightFiles files, DecoderLayout layout, Decoder.Placement placement, ModelLoadOptions options)
    : IDecoderTensors, IDisposable
{
    // Of a tensor that holds several matrices or biases: they are asked for one after another.
    private readonly Dictionary<string, (Tensor Stack, int Left)> _stacks = new(StringComparer.Ordinal);

    /// <summary>What is read at the same time; where it fails, this does; or null.</summary>
    public Task? Beside { get; init; }

    /// <summary>Bytes that were read, at rest.</summary>
    public long Bytes { get; private set; }

    public Tensor Vector(string name, long[] shape)
    {
        using var scope = NewDisposeScope();
        return Placed(files.Read(name, shape)).DetachFromDisposeScope();
    }

    public Tensor Bias(LinearLayout linear)
    {
        if (linear.Stack is not { } stack) return Vector(linear.Bias!, linear.StoredBiasShape);
        using var scope = NewDisposeScope();
        return Placed(Part(linear.Bias!, linear.StoredBiasShape, stack)).DetachFromDisposeScope();
    }

    public Weight Matrix(LinearLayout linear)
    {
        // What is wrong beside the weights is said before they are all in memory.
        if (Beside is { IsFaulted: true }) Beside.GetAwaiter().GetResult();
        var weight = linear is { Stack: null, IsTransposed: false }
            ? WeightFormats.Read(files, linear.Tensor, linear.StoredShape, options.Quantization, placement.ComputeType)
            : Turned(linear);
        Bytes += weight.Bytes;
        return placement.Composed ? weight.OnDevice(placement.Device) : weight;
    }

    // Embeddings are looked up by rows and are not quantised; those in blocks stay so.
    public Weight Table(string name)
    {
        using var scope = NewDisposeScope();
        long[] shape = [layout.VocabularySize, layout.HiddenSize];
        var weight = WeightFormats.Stored(files, name, shape) switch
        {
            BlockWeight blocks => blocks,
            { } stored => new DenseWeight(stored.Materialize(placement.ComputeType)),
            null => WeightFormats.Read(files, name, shape, "none", placement.ComputeType),
        };
        if (options.QuantizeHead && name == layout.HeadTensor) (weight as DenseWeight)?.RoundToInt8();
        Bytes += weight.Bytes;
        // Of a table of its own a batch needs a few rows: they are fetched from the host.
        return placement.Composed && name == layout.HeadTensor ? weight.OnDevice(placement.Device) : weight;
    }

    public void Dispose()
    {
        foreach (var (stack, _) in _stacks.Values) stack.Dispose();
    }

    private Weight Turned(LinearLayout linear)
    {
        using var scope = NewDisposeScope();
        var matrix = linear.Stack is { } stack
            ? Part(linear.Tensor, linear.StoredShape, stack)
            : files.Read(linear.Tensor, linear.StoredShape);
        matrix = linear.IsTransposed ? matrix.t().contiguous() : matrix.clone();
        try
        {
            return WeightFormats.All[options.Quantization].Quantize(matrix, placement.ComputeType);
        }
        catch (ArgumentException e)
        {
            throw new LabException($"{files.PathOf(linear.Tensor)}: tensor '{linear.Tensor}': {e.Message}", e);
        }
    }

    private Tensor Part(string name, long[] shape, StackPlace place)
    {
        var (stack, left) = _stacks.TryGetValue(name, out var known)
            ? known
            : (files.Read(name, shape).DetachFromDisposeScope(), place.Count);
        var part = stack[place.Index].clone();
        if (left > 1)
        {
            _stacks[name] = (stack, left - 1);
        }
        else
        {
            _stacks.Remove(name);
            stack.Dispose();
        }
        return part;
    }

    private Tensor Placed(Tensor tensor)
    {
        Bytes += 4 * tensor.numel();
        return tensor.to_type(ScalarType.Float32).to(placement.Device);
    }
}
