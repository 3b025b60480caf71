using System.Text;
using DocTuneLab.Tokenization.Steps;

namespace DocTuneLab.Tokenization.Normalizers;

/// <summary>Small letters, each character for itself.</summary>
internal sealed class Lowercase : Normalizer
{
    public override AlignedText Normalize(AlignedText text) => text.Rewrite(Lower);

    public override string ToString() => "Lowercase";

    public static string? Lower(Rune rune)
    {
        // The one letter whose small form is two characters.
        if (rune.Value == 0x130) return "i\u0307";
        var lower = Rune.ToLowerInvariant(rune);
        return lower == rune ? null : lower.ToString();
    }
}
