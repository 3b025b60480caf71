using DocTuneLab.Tokenization.Steps;

namespace DocTuneLab.Tokenization.Normalizers;

/// <summary>Bytes in GPT-2's alphabet.</summary>
internal sealed class ByteLevelNormalizer : Normalizer
{
    public override AlignedText Normalize(AlignedText text) => text.Rewrite(ByteAlphabet.Write);

    public override string ToString() => "ByteLevel";
}
