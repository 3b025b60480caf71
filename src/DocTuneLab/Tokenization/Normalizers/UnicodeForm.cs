using DocTuneLab.Tokenization.Steps;
using DocTuneLab.Tokenization.Unicode;

namespace DocTuneLab.Tokenization.Normalizers;

/// <summary>One of Unicode's normalisation forms.</summary>
internal sealed class UnicodeForm(string name, bool compose, bool compatible) : Normalizer
{
    public override AlignedText Normalize(AlignedText text) =>
        UnicodeNormalizer.Normalize(text.Text, compose, compatible) is { } points ? text.Rewrite(points) : text;

    public override string ToString() => name;
}
