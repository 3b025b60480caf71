using DocTuneLab.Settings;

namespace DocTuneLab.Conversations;

/// <summary>How a continuation is chosen.</summary>
/// <param name="MaxTokens">Upper bound of new tokens. Default 192.</param>
/// <param name="Temperature">0, the default, is greedy.</param>
/// <param name="TopP">Nucleus; 1, the default, keeps all.</param>
/// <param name="Seed">Seed of the sampler; the same seed gives the same text. Default 1.</param>
public sealed record SamplingOptions(
    [property: Setting("Upper bound of new tokens.", Min = 1)] int MaxTokens = 192,
    [property: Setting("0 always takes the likeliest token; 1 draws from the model's own probabilities.", Placeholder = "T",
        Min = 0)] double Temperature = 0,
    [property: Setting("Draws from the likeliest tokens that make up this probability.", Placeholder = "P", Above = 0,
        Max = 1)] double TopP = 1,
    [property: Setting("Seed of everything random.")] int Seed = 1)
{
    /// <summary>Names, ranges and words of these settings.</summary>
    public static SettingTable<SamplingOptions> Settings => SettingTable<SamplingOptions>.Instance;

    /// <summary>Only so many of the likeliest tokens are drawn from; 0 keeps all. Default 0.</summary>
    [Setting("Draws from so many of the likeliest tokens only; 0 keeps all.", Placeholder = "K", Min = 0)]
    public int TopK { get; init; }

    /// <summary>Tokens less likely than this share of the likeliest are not drawn; 0 keeps all. Default 0.</summary>
    [Setting("Leaves out tokens less likely than this share of the likeliest.", Placeholder = "P", Min = 0, Max = 1)]
    public double MinP { get; init; }

    /// <summary>Texts that end an answer; they are not part of it. Default none.</summary>
    [Setting("Text that ends an answer and is no part of it.", Placeholder = "TEXT", MayHoldCommas = true)]
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

    /// <summary>Whether it can tell the likelihood of a text; a hosted model as a rule cannot, and <see cref="Score"/> and
    /// <see cref="ScoreText"/> throw.</summary>
    bool CanScore => true;

    /// <summary>Answers each conversation; results in the order of <paramref name="prompts"/>.</summary>
    /// <param name="prompts">Conversations that end with a user turn.</param>
    /// <param name="options">Sampling.</param>
    /// <param name="progress">Called with the number of finished prompts.</param>
    /// <param name="cancel">Stops between tokens.</param>
    IReadOnlyList<string> Generate(IReadOnlyList<IReadOnlyList<Message>> prompts, SamplingOptions options, IProgress<int>? progress = null,
        CancellationToken cancel = default);

    /// <summary>Scores the last (assistant) turn of each conversation given the turns before it.</summary>
    IReadOnlyList<AnswerScore> Score(IReadOnlyList<IReadOnlyList<Message>> conversations, CancellationToken cancel = default);

    /// <summary>Scores plain texts from their first token on, without a chat template.</summary>
    IReadOnlyList<AnswerScore> ScoreText(IReadOnlyList<string> texts, CancellationToken cancel = default);
}
