using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Models.Layout;
using DocTuneLab.Training.Quantization;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Compute;

/// <summary>From token ids to what the first layer reads: embeddings, their factor, learnt positions.</summary>
internal sealed class InputPass(Decoder decoder, DecoderLayout layout, Kernels kernels, Gradients gradients)
{
    /// <summary>Whether anything of it is trained.</summary>
    public bool IsTrained => gradients.Of(decoder.Embedding) is not null
        || decoder.Positions is { } positions && gradients.Of(positions) is not null;

    /// <summary>Writes the embeddings of tokens. Of a table in the blocks of a file only these rows are read.</summary>
    public void Embed(Tensor x, int[] ids) => x.copy_(decoder.Embedding is BlockWeight blocks
        ? blocks.RowsOf(ids)
        : kernels.Rows(((DenseWeight)decoder.Embedding).Tensor, ids));

    /// <summary>Scales them, and adds what is learnt of their positions.</summary>
    public void Place(Tensor x, int[] positions)
    {
        if (layout.EmbeddingScale != 1) x.Multiply(layout.EmbeddingScale);
        if (decoder.Positions is not { } learnt) return;
        if (positions.Max() >= layout.MaxPositions)
            throw new LabException($"a sequence has {positions.Max() + 1} tokens; the model knows {layout.MaxPositions} positions");
        x.Add(kernels.Rows(learnt, positions));
    }

    /// <summary>Adds the gradients of embeddings and positions.</summary>
    public void Backward(Tensor dx, int[] ids, int[] positions)
    {
        var wide = dx.to_type(ScalarType.Float32);
        if (decoder.Positions is { } learnt) gradients.Of(learnt)?.AddRows(kernels.Indices(positions), wide);
        gradients.Of(decoder.Embedding)?.AddRows(kernels.Indices(ids), wide, layout.EmbeddingScale);
    }
}
