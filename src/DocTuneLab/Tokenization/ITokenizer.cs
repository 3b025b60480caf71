namespace DocTuneLab.Tokenization;

/// <summary>Text to token ids and back.</summary>
public interface ITokenizer
{
    /// <summary>Token ids of <paramref name="text"/>; special tokens in the text are recognised only where asked for.</summary>
    IReadOnlyList<int> Encode(string text, bool specialTokens = false);

    /// <summary>Text of <paramref name="ids"/>; invalid UTF-8 becomes U+FFFD.</summary>
    string Decode(IEnumerable<int> ids, bool skipSpecialTokens = true);

    /// <summary>Number of tokens of <paramref name="text"/>.</summary>
    int Count(string text);
}
