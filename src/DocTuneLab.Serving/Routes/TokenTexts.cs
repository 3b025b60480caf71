using System.Text;
using DocTuneLab.Serving.Protocol;
using DocTuneLab.Tokenization;
using DocTuneLab.Training.Inference;

namespace DocTuneLab.Serving.Routes;

/// <summary>Tokens as clients are told them.</summary>
/// <param name="tokenizer">The tokenizer.</param>
internal sealed class TokenTexts(HuggingFaceTokenizer tokenizer)
{
    /// <summary>A token of a chat completion.</summary>
    public TokenLogprob Chat(DecodedToken token) => One(token.Id, token.LogProbability) with
    {
        TopLogprobs = [.. token.Alternatives.Select(a => One(a.Id, a.LogProbability))],
    };

    /// <summary>The text of a token; bytes of an unfinished character as U+FFFD.</summary>
    public string Text(int id) => Encoding.UTF8.GetString(tokenizer.BytesOf(id));

    private TokenLogprob One(int id, double logProbability)
    {
        var bytes = tokenizer.BytesOf(id);
        return new(Encoding.UTF8.GetString(bytes), logProbability, Array.ConvertAll(bytes, b => (int)b));
    }
}
