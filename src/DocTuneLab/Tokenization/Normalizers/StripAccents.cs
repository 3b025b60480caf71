using System.Globalization;
using System.Text;
using DocTuneLab.Tokenization.Steps;

namespace DocTuneLab.Tokenization.Normalizers;

/// <summary>Drops marks that combine.</summary>
internal sealed class StripAccents : Normalizer
{
    public override AlignedText Normalize(AlignedText text) => text.Rewrite(rune => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark ? "" : null);

    public override string ToString() => "StripAccents";
}
