using DocTuneLab.Tokenization.Steps;

namespace DocTuneLab.Tokenization.Decoders;

/// <summary>The decoders that a <c>tokenizer.json</c> may name.</summary>
internal static class DecoderKinds
{
    public static StepKinds<Decoder> All { get; } = new("decoders", new Dictionary<string, Func<StepFields, Decoder>>
    {
        ["ByteLevel"] = ByteLevelDecoder.Read,
        ["ByteFallback"] = _ => new ByteFallbackDecoder(),
        ["Metaspace"] = MetaspaceDecoder.Read,
        ["Fuse"] = _ => new FuseDecoder(),
        ["Strip"] = StripDecoder.Read,
        ["Replace"] = ReplaceDecoder.Read,
        ["WordPiece"] = WordPieceDecoder.Read,
    });
}
