namespace DocTuneLab.Conversations;

/// <summary>How a continuation is chosen.</summary>
/// <param name="MaxTokens">Upper bound of new tokens.</param>
/// <param name="Temperature">0 is greedy.</param>
/// <param name="TopP">Nucleus; 1 keeps all.</param>
/// <param name="Seed">Seed of the sampler; the same seed gives the same text.</param>
public sealed record SamplingOptions(int MaxTokens = 192, double Temperature = 0, double TopP = 1, int Seed = 0)
{
    /// <summary>Only so many of the likeliest tokens are drawn from; 0 keeps all. Default 0.</summary>
    public int TopK { get; init; }

    /// <summary>Tokens less likely than this share of the likeliest are not drawn; 0 keeps all. Default 0.</summary>
    public double MinP { get; init; }

    /// <summary>Texts that end an answer; they are not part of it. Default none.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];
}

/// <summary>Log-likelihood of an answer.</summary>
/// <param name="LogProbability">Sum over its tokens, in nats.</param>
/// <param name="TokenCount">Number of tokens scored.</param>
/// <param name="Bytes">UTF-8 bytes of the answer.</param>
public sealed record AnswerScore(double LogProbability, int TokenCount, int Bytes)
{
    /// <summary>Negative log-likelihood per token, in nats.</summary>
    public double MeanNll => TokenCount == 0 ? 0 : -LogProbability / TokenCount;

    /// <summary>Bits per byte: independent of the tokenizer.</summary>
    public double BitsPerByte => Bytes == 0 ? 0 : -LogProbability / Math.Log(2) / Bytes;
}

/// <summary>A language model as the rest of the lab sees it: the local model, with or without an adapter.</summary>
public interface ILanguageModel
{
    /// <summary>Name shown in reports.</summary>
    string Name { get; }

    /// <summary>Whether it can tell the likelihood of a text; a hosted model as a rule cannot, and <see cref="Score"/> and <see cref="ScoreText"/> throw.</summary>
    bool CanScore => true;

    /// <summary>Answers each conversation; results in the order of <paramref name="prompts"/>.</summary>
    /// <param name="prompts">Conversations that end with a user turn.</param>
    /// <param name="options">Sampling.</param>
    /// <param name="progress">Called with the number of finished prompts.</param>
    /// <param name="cancel">Stops between tokens.</param>
    IReadOnlyList<string> Generate(IReadOnlyList<IReadOnlyList<Message>> prompts, SamplingOptions options, IProgress<int>? progress = null, CancellationToken cancel = default);

    /// <summary>Scores the last (assistant) turn of each conversation given the turns before it.</summary>
    IReadOnlyList<AnswerScore> Score(IReadOnlyList<IReadOnlyList<Message>> conversations, CancellationToken cancel = default);

    /// <summary>Scores plain texts from their first token on, without a chat template.</summary>
    IReadOnlyList<AnswerScore> ScoreText(IReadOnlyList<string> texts, CancellationToken cancel = default);
}
