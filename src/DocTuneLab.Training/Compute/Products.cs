using DocTuneLab.Training.Devices;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Compute;

/// <summary>
/// Products of activations with weights in the type that a model computes in, all in a workspace's memory: new pages cost as
/// much as a small product.
/// </summary>
internal sealed class Products(Kernels kernels, ScalarType type)
{
    private readonly Workspace _memory = kernels.Memory;

    /// <summary>target (+)= left · right.</summary>
    /// <param name="target">[rows, columns].</param>
    /// <param name="left">[rows, depth], or what <see cref="Get"/> gave.</param>
    /// <param name="right">[depth, columns] of the type.</param>
    /// <param name="add">Whether the product is added to what is there.</param>
    public void Run(Tensor target, Tensor left, Tensor right, bool add = false)
    {
        if (target.dtype == type && left.dtype == type)
        {
            kernels.Multiply(target, left, right, add);
            return;
        }
        var product = Get($"product in {type}", left, right).narrow(0, 0, target.size(0));
        if (add) target.Add(product);
        else target.copy_(product);
    }

    /// <summary>left · right in the type, under a name in the workspace;
    /// where left is of another type, rows up to a multiple of sixteen follow.</summary>
    public Tensor Get(string name, Tensor left, Tensor right)
    {
        var input = left.dtype == type ? left : Narrowed(left);
        var product = _memory.Get(name, input.size(0), right.size(1), type);
        if (type == _memory.Type) kernels.Multiply(product, input, right, add: false);
        else product.addmm_(input, right, 0, 1);
        return product;
    }

    // With rows of zeros: libtorch's products in 16 bits lose a third of their speed over an odd number of rows.
    private Tensor Narrowed(Tensor left)
    {
        using var scope = NewDisposeScope();
        var (rows, padded) = (left.size(0), (left.size(0) + 15) / 16 * 16);
        var copy = _memory.Get($"left in {type}", padded, left.size(1), type);
        copy.narrow(0, 0, rows).copy_(left);
        if (padded > rows) copy.narrow(0, rows, padded - rows).zero_();
        return copy;
    }
}
