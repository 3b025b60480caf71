using DocTuneLab.Tokenization.Steps;

namespace DocTuneLab.Tokenization.Normalizers;

/// <summary>A step that changes text before it is split.</summary>
internal abstract class Normalizer
{
    public abstract AlignedText Normalize(AlignedText text);

    /// <summary>What it does, in a word or two.</summary>
    public abstract override string ToString();
}
