using DocTuneLab.Training.Native;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Sft;

/// <summary>
/// Products of float32 matrices with weights in the type that a model computes in, all in a workspace's memory: new pages cost as
/// much as a small product.
/// </summary>
internal sealed class Products(Workspace memory, ScalarType type)
{
    /// <summary>target (+)= left · right.</summary>
    /// <param name="target">[rows, columns] float32.</param>
    /// <param name="left">[rows, depth] float32, or what <see cref="Get"/> gave.</param>
    /// <param name="right">[depth, columns] of the type.</param>
    /// <param name="add">Whether the product is added to what is there.</param>
    public void Run(Tensor target, Tensor left, Tensor right, bool add = false)
    {
        if (type == ScalarType.Float32)
        {
            MatrixProduct.Run(target, left, right, add);
            return;
        }
        var product = Get("product in 16 bits", left, right).narrow(0, 0, target.shape[0]);
        if (add) target.add_(product);
        else target.copy_(product);
    }

    /// <summary>left · right in the type, under a name in the workspace; in 16 bits rows up to a multiple of sixteen follow.</summary>
    public Tensor Get(string name, Tensor left, Tensor right)
    {
        var input = left.dtype == type ? left : Narrowed(left);
        var product = memory.Get(name, input.shape[0], right.shape[1], type);
        if (type == ScalarType.Float32) MatrixProduct.Run(product, input, right, add: false);
        else product.addmm_(input, right, 0, 1);
        return product;
    }

    // With rows of zeros: libtorch's products in 16 bits lose a third of their speed over an odd number of rows.
    private Tensor Narrowed(Tensor left)
    {
        using var scope = NewDisposeScope();
        var (rows, padded) = (left.shape[0], (left.shape[0] + 15) / 16 * 16);
        var copy = memory.Get("left in 16 bits", padded, left.shape[1], type);
        copy.narrow(0, 0, rows).copy_(left);
        if (padded > rows) copy.narrow(0, rows, padded - rows).zero_();
        return copy;
    }
}
