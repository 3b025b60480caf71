using DocTuneLab.Tokenization.Steps;

namespace DocTuneLab.Tokenization.Decoders;

/// <summary>A space before each piece that goes on with no word.</summary>
internal sealed class WordPieceDecoder(string prefix, bool cleanUp) : Decoder
{
    private static readonly (string Old, string New)[] s_cleaned =
    [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" do not", " don't"),
        (" 's", "'s"), (" 've", "'ve"), (" 're", "'re")
    ];

    public static Decoder Read(StepFields fields) =>
        new WordPieceDecoder(fields.TextOrNull("prefix") ?? "##", fields.Flag("cleanup", true));

    public override void Decode(DecodedToken token)
    {
        if (!token.IsFirst)
            token.Text = token.Text.StartsWith(prefix, StringComparison.Ordinal) ? token.Text[prefix.Length..] : " " + token.Text;
        if (!cleanUp) return;
        foreach (var (old, cleaned) in s_cleaned) token.Text = token.Text.Replace(old, cleaned, StringComparison.Ordinal);
    }
}
