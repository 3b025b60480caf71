using System.Text.Json.Nodes;
using DocTuneLab.Training.Checkpoints;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Quantization.Formats;

/// <summary>
/// A way of storing the matrices of linear layers: how they are quantised as a model loads, and how they stand in its files. A new one is
/// a class in a file of its own and a line in <see cref="WeightFormats"/>; a program adds its own there.
/// </summary>
/// <remarks>Methods are called from several threads at once and keep no state.</remarks>
public abstract class WeightFormat
{
    /// <summary>Name in settings, such as <c>nf4</c>.</summary>
    public abstract string Name { get; }

    /// <summary><c>quantization_config</c> of a <c>config.json</c> whose weights are stored so; null, the default, where it has none.
    /// By its <c>quant_method</c> such a folder is known again.</summary>
    /// <param name="rest">Element type of what is not quantised.</param>
    /// <param name="plain">Names of linear layers that are not, the head aside.</param>
    public virtual JsonObject? Describe(ScalarType rest, IReadOnlyList<string> plain) => null;

    /// <summary>Quantises a matrix.</summary>
    /// <param name="matrix">[out, in], as the files have it.</param>
    /// <param name="compute">Element type that the model computes in.</param>
    /// <exception cref="ArgumentException">A value is not finite.</exception>
    public abstract Weight Quantize(Tensor matrix, ScalarType compute);

    /// <summary>The tensors that a matrix is stored as; they belong to the current dispose scope.</summary>
    /// <param name="name">Name of the parameter, such as <c>model.layers.0.mlp.up_proj.weight</c>. A tensor of that name must be among
    /// them.</param>
    /// <param name="matrix">[out, in].</param>
    public abstract IEnumerable<KeyValuePair<string, Tensor>> Tensors(string name, Tensor matrix);

    /// <summary>A matrix that is stored in this way, read from files; null, the default, where it is not.</summary>
    /// <param name="files">The model's files.</param>
    /// <param name="name">Name of the parameter.</param>
    /// <param name="shape">Expected dimensions.</param>
    /// <exception cref="LabException">A part is missing, or parts do not fit each other or the shape.</exception>
    public virtual Weight? Read(WeightFiles files, string name, long[] shape) => null;

    /// <summary>Name of the parameter that a tensor is a part of, such as the one that its scales belong to; null, the default, where this
    /// format has no such tensors.</summary>
    public virtual string? OwnerOf(string tensor) => null;
}
