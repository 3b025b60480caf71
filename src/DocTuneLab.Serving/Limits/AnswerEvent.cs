using DocTuneLab.Training.Inference;

namespace DocTuneLab.Serving.Limits;

/// <summary>What has become of one of several answers: one of its members is told.</summary>
/// <param name="Index">The number of the answer.</param>
internal sealed record AnswerEvent(int Index)
{
    /// <summary>Text that is certain.</summary>
    public DecodedPiece? Piece { get; init; }

    /// <summary>The answer, once it is whole.</summary>
    public DecodedAnswer? Whole { get; init; }

    /// <summary>Tokens that were decoded so far for all the guided answers.</summary>
    public int Decoded { get; init; }
}
