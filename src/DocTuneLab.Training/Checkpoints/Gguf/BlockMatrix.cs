using static TorchSharp.torch;

namespace DocTuneLab.Training.Checkpoints.Gguf;

/// <summary>A matrix in blocks, as it is in a file.</summary>
/// <param name="Type">Type of the blocks.</param>
/// <param name="Shape">Rows and columns.</param>
/// <param name="Blocks">[rows, bytes of a row] of bytes.</param>
internal sealed record BlockMatrix(GgufType Type, long[] Shape, Tensor Blocks);
