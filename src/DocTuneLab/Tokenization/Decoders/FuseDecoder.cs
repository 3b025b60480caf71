namespace DocTuneLab.Tokenization.Decoders;

/// <summary>Makes one text of all tokens.</summary>
internal sealed class FuseDecoder : Decoder
{
    public override bool Joins => true;

    public override void Decode(DecodedToken token)
    {
        // Only what comes after it sees a difference.
    }
}
