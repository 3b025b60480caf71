using DocTuneLab.Tokenization.Normalizers;
using DocTuneLab.Tokenization.Steps;

namespace DocTuneLab.Tokenization.AddedTokens;

/// <summary>A stretch of text that is an added token, or one between them.</summary>
internal readonly record struct Stretch(AlignedText Text, AddedToken? Token);

/// <summary>Finds added tokens and normalises what lies between them.</summary>
internal sealed class AddedVocabulary
{
    private readonly IReadOnlyList<Normalizer> _normalizers;
    private readonly AddedTokenFinder _plain, _normalized;

    public AddedVocabulary(IReadOnlyList<AddedToken> tokens, IReadOnlyList<Normalizer> normalizers)
    {
        _normalizers = normalizers;
        _plain = new AddedTokenFinder(tokens.Where(t => !t.Normalized).Select(t => (t.Content, t)));
        _normalized = new AddedTokenFinder(tokens.Where(t => t.Normalized).Select(t => (PieceOf(t), t)));
    }

    /// <summary>What the model's vocabulary would call a token: its text, in its normal form where that is what is looked for.</summary>
    public string PieceOf(AddedToken token) => token.Normalized ? Normalize(new AlignedText(token.Content)).Text : token.Content;

    /// <summary>Stretches in order; none is empty.</summary>
    public List<Stretch> Split(string text, bool specialTokens)
    {
        var (outer, stretches) = (new List<Stretch>(1), new List<Stretch>(1));
        _plain.Split(new AlignedText(text), specialTokens, outer);
        foreach (var stretch in outer)
        {
            if (stretch.Token is not null) stretches.Add(stretch);
            else _normalized.Split(Normalize(stretch.Text), specialTokens, stretches);
        }
        return stretches;
    }

    private AlignedText Normalize(AlignedText text)
    {
        foreach (var normalizer in _normalizers) text = normalizer.Normalize(text);
        return text;
    }
}
