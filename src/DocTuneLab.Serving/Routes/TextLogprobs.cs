using DocTuneLab.Serving.Protocol;
using DocTuneLab.Training.Inference;

namespace DocTuneLab.Serving.Routes;

/// <summary>Log-probabilities of a growing text, as completions tell them.</summary>
/// <param name="texts">Texts of tokens.</param>
internal sealed class TextLogprobs(TokenTexts texts)
{
    private readonly List<string> _tokens = [];
    private readonly List<double?> _own = [];
    private readonly List<IReadOnlyDictionary<string, double>?> _likeliest = [];
    private readonly List<int> _offsets = [];
    private int _length;

    /// <summary>Of all tokens.</summary>
    public CompletionLogprobs All => Last(_tokens.Count);

    /// <summary>Of the last ones.</summary>
    public CompletionLogprobs Last(int count) => new(_tokens[^count..], _own[^count..], _likeliest[^count..], _offsets[^count..]);

    /// <summary>Adds a prompt; nothing is known of its first token.</summary>
    public void AddPrompt(IReadOnlyList<int> prompt, IReadOnlyList<DecodedToken> scored)
    {
        Add(prompt[0], null, null);
        foreach (var token in scored) Add(token);
    }

    /// <summary>Adds a token.</summary>
    public void Add(DecodedToken token)
    {
        Dictionary<string, double> likeliest = new(StringComparer.Ordinal);
        // Two tokens may have one text, such as bytes of characters: the likelier counts.
        foreach (var (id, logProbability) in token.Alternatives) likeliest.TryAdd(texts.Text(id), logProbability);
        Add(token.Id, token.LogProbability, likeliest);
    }

    private void Add(int id, double? own, IReadOnlyDictionary<string, double>? likeliest)
    {
        var text = texts.Text(id);
        _tokens.Add(text);
        _own.Add(own);
        _likeliest.Add(likeliest);
        _offsets.Add(_length);
        _length += text.Length;
    }
}
