using DocTuneLab.Tokenization.PreTokenizers;
using DocTuneLab.Tokenization.Steps;

namespace DocTuneLab.Tokenization.Decoders;

/// <summary>The sign for the space back to the space; the first token loses what was put before it.</summary>
internal sealed class MetaspaceDecoder(string sign, bool dropsFirst) : Decoder
{
    public static Decoder Read(StepFields fields)
    {
        fields.TextOrNull("str_rep");
        fields.Flag("split", true);
        return new MetaspaceDecoder(fields.Character("replacement", "▁"), Metaspace.Scheme(fields) != PrefixSpace.Never);
    }

    public override void Decode(DecodedToken token) =>
        token.Text = token.Text.Replace(sign, dropsFirst && token.IsFirst ? "" : " ", StringComparison.Ordinal);
}
