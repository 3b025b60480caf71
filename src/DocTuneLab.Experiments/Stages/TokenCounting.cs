using DocTuneLab.Tokenization;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Experiments.Stages;

/// <summary>How the tokens of samples are counted, and how long a sample of a hosted model may be.</summary>
public sealed class TokenCounting
{
    private TokenCounting(ITokenizer? tokenizer, int longest) => (Tokenizer, Longest) = (tokenizer, longest);

    /// <summary>Four characters are a token: where no model is loaded.</summary>
    public static TokenCounting Characters { get; } = new(null, 512);

    /// <summary>The tokenizer of the model that will be trained.</summary>
    public static TokenCounting Of(BaseModel model) => new(model.Tokenizer, Math.Min(1024, model.Config.Layout.Context));

    /// <summary>The tokenizer, or null where characters are counted.</summary>
    internal ITokenizer? Tokenizer { get; }

    /// <summary>Tokens of the longest sample that a hosted model may write.</summary>
    public int Longest { get; }

    /// <summary>Tokens of a text.</summary>
    public int Count(string text) => Tokenizer?.Count(text) ?? (text.Length + 3) / 4;
}
