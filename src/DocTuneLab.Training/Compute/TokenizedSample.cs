using DocTuneLab.Conversations;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Training.Compute;

/// <summary>A text as a model reads it: its tokens, and those that are trained or scored.</summary>
/// <param name="Ids">Token ids.</param>
/// <param name="AnswerStart">Index of the first trained token; the token at 0 has no predecessor and is never trained.</param>
internal readonly record struct TokenizedSample(int[] Ids, int AnswerStart)
{
    /// <summary>Stretches of trained tokens, each from its first to the one after its last; null where all from
    /// <see cref="AnswerStart"/> on are.</summary>
    public IReadOnlyList<(int From, int To)>? Turns { get; private init; }

    /// <summary>A conversation in the model's chat format, encoded as one text: a token is trained where what it stands for ends within an
    /// assistant's turn, end mark included.</summary>
    /// <param name="model">Whose tokenizer and format.</param>
    /// <param name="messages">The conversation; its last turn is the assistant's.</param>
    /// <param name="allTurns">Whether every turn of the assistant is trained, not only the last.</param>
    /// <exception cref="LabException">The model has no chat format, or its template writes a turn otherwise once others follow.</exception>
    public static TokenizedSample Of(BaseModel model, IReadOnlyList<Message> messages, bool allTurns = false)
    {
        var (text, turns) = model.ChatTemplate.Turns(messages, allTurns);
        var tokens = model.Tokenizer.EncodeWithOffsets(text, specialTokens: true);
        var ids = new int[tokens.Count];
        var spans = new List<(int From, int To)>(turns.Count);
        var (turn, from) = (0, -1);
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = tokens[i].Id;
            if (turn == turns.Count) continue;
            if (from < 0 && tokens[i].End > turns[turn].Start) from = i;
            if (from < 0 || tokens[i].End < turns[turn].End && i + 1 < ids.Length) continue;
            spans.Add((from, i + 1));
            (turn, from) = (turn + 1, -1);
        }
        var start = spans.Count > 0 ? spans[0].From : ids.Length;
        return new TokenizedSample(ids, start) { Turns = spans is [] || spans is [(_, var end)] && end == ids.Length ? null : spans };
    }

    /// <summary>Indices of the trained tokens, in order.</summary>
    public IEnumerable<int> Trained()
    {
        foreach (var (from, to) in Turns ?? [(AnswerStart, Ids.Length)])
            for (var i = Math.Max(1, from); i < to; i++) yield return i;
    }
}
