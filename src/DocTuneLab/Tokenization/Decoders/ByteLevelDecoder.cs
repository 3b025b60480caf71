using DocTuneLab.Tokenization.Steps;

namespace DocTuneLab.Tokenization.Decoders;

/// <summary>GPT-2's alphabet back to bytes.</summary>
internal sealed class ByteLevelDecoder : Decoder
{
    public override bool Joins => true;

    // What the pre-tokenizer of the same name does is written here too, and means nothing.
    public static Decoder Read(StepFields fields)
    {
        foreach (var field in (string[])["add_prefix_space", "trim_offsets", "use_regex"]) fields.Flag(field, true);
        return new ByteLevelDecoder();
    }

    public override void Decode(DecodedToken token)
    {
        // An added token was never written in the alphabet.
        if (token.IsAdded) return;
        var bytes = new byte[token.Text.Length];
        for (var i = 0; i < bytes.Length; i++)
            if (!ByteAlphabet.TryByte(token.Text[i], out bytes[i])) return;
        token.Bytes = bytes;
    }
}
