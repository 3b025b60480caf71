using static TorchSharp.torch;

namespace DocTuneLab.Training.Checkpoints.Gguf;

/// <summary>A matrix in the blocks of a GGUF file.</summary>
/// <param name="type">Type of the blocks.</param>
/// <param name="shape">Rows and columns.</param>
/// <param name="blocks">[rows, bytes of a row] of bytes.</param>
internal sealed unsafe class GgufBlocks(GgufType type, long[] shape, Tensor blocks) : BlockMatrix(shape, blocks)
{
    /// <inheritdoc/>
    public override string TypeName => type.ToString();

    /// <inheritdoc/>
    public override void Decode(byte* from, float* to, long count) => GgufTypes.Decode(type, from, to, count);
}
