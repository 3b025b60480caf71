using static TorchSharp.torch;

namespace DocTuneLab.Training.Checkpoints;

/// <summary>A matrix in blocks of quantised numbers, as it is in a file.</summary>
/// <param name="shape">Rows and columns.</param>
/// <param name="blocks">[rows, bytes of a row] of bytes.</param>
internal abstract unsafe class BlockMatrix(long[] shape, Tensor blocks)
{
    /// <summary>Rows and columns.</summary>
    public long[] Shape => shape;

    /// <summary>[rows, bytes of a row] of bytes.</summary>
    public Tensor Blocks => blocks;

    /// <summary>Name of the type of blocks.</summary>
    public abstract string TypeName { get; }

    /// <summary>Makes numbers of whole blocks.</summary>
    /// <param name="from">The blocks.</param>
    /// <param name="to">Receives the numbers.</param>
    /// <param name="count">How many.</param>
    public abstract void Decode(byte* from, float* to, long count);
}
