using System.Text.Json.Serialization;
using DocTuneLab.Conversations;

namespace DocTuneLab.Evaluation.Results;

/// <summary>What guidance did to a stored answer.</summary>
/// <param name="Tokens">Tokens that were decoded for it, those of ways given up included.</param>
/// <param name="GaveUpBecause">Why guidance gave up; empty where it did not.</param>
/// <param name="Turned">How often the model was turned.</param>
/// <param name="Turns">The first <see cref="MostTurns"/> of these turns.</param>
public sealed record AnswerGuidance(int Tokens, string GaveUpBecause, int Turned, IReadOnlyList<GuideTurn> Turns)
{
    /// <summary>Turns that are kept of an answer.</summary>
    public const int MostTurns = 400;

    private const int MostWords = 240;

    /// <summary>Whether guidance gave up before the answer was whole.</summary>
    [JsonIgnore]
    public bool GaveUp => GaveUpBecause.Length > 0;

    /// <summary>Why the search ended and the model chose an end that types allow; empty where it did not.</summary>
    public string EndedBecause { get; init; } = "";

    /// <summary>What is kept of a guided answer beside its text.</summary>
    public static AnswerGuidance Of(GuidedText answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        return new(answer.Tokens, answer.GaveUpBecause, answer.Turns.Count, [.. answer.Turns.Take(MostTurns).Select(Short)])
        {
            EndedBecause = answer.EndedBecause
        };
    }

    /// <summary>The answer as its decoder returned it, but for turns beyond those kept.</summary>
    public GuidedText Of(string text) => new(text, Turns, Tokens, GaveUpBecause) { EndedBecause = EndedBecause };

    private static GuideTurn Short(GuideTurn turn) =>
        turn.Reason.Length <= MostWords ? turn : turn with { Reason = turn.Reason[..MostWords] + " …" };

    /// <inheritdoc/>
    public bool Equals(AnswerGuidance? other) => other is not null
        && (Tokens, GaveUpBecause, EndedBecause, Turned) == (other.Tokens, other.GaveUpBecause, other.EndedBecause, other.Turned)
        && Turns.SequenceEqual(other.Turns);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Tokens, GaveUpBecause, EndedBecause, Turned);
}
