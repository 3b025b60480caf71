using DocTuneLab.Tokenization.Steps;

namespace DocTuneLab.Tokenization.Decoders;

/// <summary>Pieces that stand for a byte.</summary>
internal sealed class ByteFallbackDecoder : Decoder
{
    public override void Decode(DecodedToken token)
    {
        if (BytePieces.ByteOf(token.Text) is { } value) token.Bytes = [value];
    }
}
