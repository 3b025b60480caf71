using DocTuneLab.Conversations;
using DocTuneLab.Training.Adapters;

namespace DocTuneLab.Training.Inference;

/// <summary>What a <see cref="ContinuousBatch"/> is asked: to go on from token ids.</summary>
public sealed record DecodingRequest
{
    /// <summary>Token ids, at least one.</summary>
    public required IReadOnlyList<int> Prompt { get; init; }

    /// <summary>How tokens are chosen. Default greedy, 192 tokens.</summary>
    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>The adapter that answers; null is the base.</summary>
    public LoraAdapter? Adapter { get; init; }

    /// <summary>Whether a text goes on within what its prompt says, a space at its beginning with it, and is no answer.</summary>
    public bool Continues { get; init; }

    /// <summary>So many of the likeliest tokens are told beside each that is chosen; 0 tells none. Default 0.</summary>
    public int Alternatives { get; init; }

    /// <summary>Taken from the logit of each token that the answer has already. Default 0.</summary>
    public double PresencePenalty { get; init; }

    /// <summary>Taken from the logit of a token for each time that the answer has it already. Default 0.</summary>
    public double FrequencyPenalty { get; init; }

    /// <summary>Added to the logits of tokens by their ids. Default none.</summary>
    public IReadOnlyDictionary<int, double> Bias { get; init; } = new Dictionary<int, double>();

    /// <summary>Guides the answer, which then comes as a whole; null where the model is free.</summary>
    public IAnswerGuide? Guide { get; init; }

    /// <summary>How much the guide may cost.</summary>
    public GuideBudget Budget { get; init; } = new();

    /// <summary>Called on the batch's own thread with text that is certain, as it comes. It must not wait.</summary>
    public Action<DecodedPiece>? OnPiece { get; init; }

    /// <summary>Called after every token of a guided answer, whose text comes only at its end, with how many were decoded so far. It must
    /// not wait.</summary>
    public Action<int>? OnDecoded { get; init; }
}

/// <summary>A token that was chosen.</summary>
/// <param name="Id">Its id.</param>
/// <param name="LogProbability">By the model itself, before sampling options, in nats.</param>
/// <param name="Alternatives">The likeliest at its place, likeliest first, as many as were asked for.</param>
public sealed record DecodedToken(int Id, double LogProbability, IReadOnlyList<(int Id, double LogProbability)> Alternatives);

/// <summary>Text that is certain, and the tokens that were chosen since the piece before.</summary>
public sealed record DecodedPiece(string Text, IReadOnlyList<DecodedToken> Tokens);

/// <summary>Why an answer ended.</summary>
public enum DecodingEnd
{
    /// <summary>The model ended it, or a text that ends answers came.</summary>
    Stop,

    /// <summary>It has as many tokens as it may have.</summary>
    Length,
}

/// <summary>What came of a request.</summary>
/// <param name="Text">The text.</param>
/// <param name="End">Why it ended.</param>
/// <param name="Tokens">What was chosen, without the token that ends an answer; none of an answer that was guided.</param>
/// <param name="Decoded">Tokens that were decoded, the one that ends an answer and what a guide gave up included.</param>
public sealed record DecodedAnswer(string Text, DecodingEnd End, IReadOnlyList<DecodedToken> Tokens, int Decoded)
{
    /// <summary>The answer with what its guide did; null where it was free.</summary>
    public GuidedText? Guided { get; init; }
}
