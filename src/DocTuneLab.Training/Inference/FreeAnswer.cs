using DocTuneLab.Conversations;

namespace DocTuneLab.Training.Inference;

/// <summary>An answer that nobody guides.</summary>
internal sealed class FreeAnswer : IAnswerGuide, IGuidedAnswer
{
    /// <summary>Refuses nothing.</summary>
    public static FreeAnswer Guide { get; } = new();

    /// <inheritdoc/>
    public int ReturnTo => 0;

    /// <inheritdoc/>
    public bool IsFree => true;

    /// <inheritdoc/>
    public IGuidedAnswer Begin() => this;

    /// <inheritdoc/>
    public GuideVerdict Follow(string piece, out IGuidedAnswer? longer, out string reason)
    {
        (longer, reason) = (this, "");
        return GuideVerdict.Fits;
    }

    /// <inheritdoc/>
    public string? Objection() => null;
}
