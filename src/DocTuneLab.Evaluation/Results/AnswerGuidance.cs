using DocTuneLab.Conversations;

namespace DocTuneLab.Evaluation.Results;

/// <summary>What guidance did to a stored answer.</summary>
/// <param name="Tokens">Tokens that were decoded for it, those of ways given up included.</param>
/// <param name="GaveUp">Whether the budget ran out.</param>
/// <param name="Turned">How often the model was turned.</param>
/// <param name="Turns">The first <see cref="MostTurns"/> of these turns.</param>
public sealed record AnswerGuidance(int Tokens, bool GaveUp, int Turned, IReadOnlyList<GuideTurn> Turns)
{
    /// <summary>Turns that are kept of an answer.</summary>
    public const int MostTurns = 400;

    private const int MostWords = 240;

    /// <summary>What is kept of a guided answer beside its text.</summary>
    public static AnswerGuidance Of(GuidedText answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        return new(answer.Tokens, answer.GaveUp, answer.Turns.Count, [.. answer.Turns.Take(MostTurns).Select(Short)]);
    }

    /// <summary>The answer as its decoder returned it, but for turns beyond those kept.</summary>
    public GuidedText Of(string text) => new(text, Turns, Tokens, GaveUp);

    private static GuideTurn Short(GuideTurn turn) =>
        turn.Reason.Length <= MostWords ? turn : turn with { Reason = turn.Reason[..MostWords] + " …" };

    /// <inheritdoc/>
    public bool Equals(AnswerGuidance? other) => other is not null && (Tokens, GaveUp, Turned) == (other.Tokens, other.GaveUp, other.Turned)
        && Turns.SequenceEqual(other.Turns);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Tokens, GaveUp, Turned);
}
