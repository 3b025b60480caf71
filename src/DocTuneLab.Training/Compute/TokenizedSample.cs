using DocTuneLab.Conversations;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Training.Compute;

/// <summary>A text as a model reads it: its tokens, and where those begin that are trained or scored.</summary>
/// <param name="Ids">Token ids.</param>
/// <param name="AnswerStart">Index of the first trained token; the token at 0 has no predecessor and is never trained.</param>
internal readonly record struct TokenizedSample(int[] Ids, int AnswerStart)
{
    /// <summary>A conversation in the model's chat format; the assistant's last turn is what is trained.</summary>
    public static TokenizedSample Of(BaseModel model, IReadOnlyList<Message> messages)
    {
        var (given, said) = model.ChatTemplate.Split(messages);
        var prompt = model.Tokenizer.Encode(given, specialTokens: true);
        var answer = model.Tokenizer.Encode(said, specialTokens: true);
        return new TokenizedSample([.. prompt, .. answer], prompt.Count);
    }
}
