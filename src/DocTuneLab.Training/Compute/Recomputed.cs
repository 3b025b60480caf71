using DocTuneLab.Training.Devices;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Compute;

/// <summary>What stands between products of matrices: computed under no graph on the way forward, and once more under autograd on the way
/// back, so that nothing of it is kept.</summary>
internal static class Recomputed
{
    /// <summary>Gradients to the inputs; those of what is trained are added up.</summary>
    /// <param name="function">Inputs to outputs.</param>
    /// <param name="inputs">Of the forward pass.</param>
    /// <param name="outputGradients">To each output.</param>
    /// <param name="gradients">Where those of trained tensors go.</param>
    /// <param name="used">Tensors that the function reads beside its inputs.</param>
    /// <returns>In the types of the inputs; they belong to the current dispose scope.</returns>
    public static Tensor[] Backward(Func<Tensor[], Tensor[]> function, Tensor[] inputs, Tensor[] outputGradients, Gradients gradients,
        IEnumerable<Tensor> used)
    {
        using var scope = NewDisposeScope();
        Tensor[] trained = [.. used.Where(t => gradients.Of(t) is not null)];
        IList<Tensor> found;
        using (enable_grad())
        {
            Tensor[] leaves = [.. inputs.Select(i =>
            {
                var leaf = i.detach();
                leaf.requires_grad = true;
                return leaf;
            })];
            found = autograd.grad(function(leaves), [.. leaves, .. trained], outputGradients);
        }
        for (var i = 0; i < trained.Length; i++) gradients.Of(trained[i])!.Add(found[inputs.Length + i]);
        return [.. found.Take(inputs.Length).Select(g => g.MoveToOuterDisposeScope())];
    }
}
