using System.Globalization;
using System.Text;
using DocTuneLab.Tokenization.Steps;
using DocTuneLab.Tokenization.Unicode;

namespace DocTuneLab.Tokenization.Normalizers;

/// <summary>BERT's: controls dropped, Han characters apart, accents dropped, small letters.</summary>
internal sealed class BertNormalizer(bool cleanText, bool partHan, bool stripAccents, bool lowercase) : Normalizer
{
    // Those of BERT's own code, later extensions left out.
    private static readonly (int From, int To)[] s_han =
    [
        (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
        (0x2B920, 0x2CEAF), (0x2F800, 0x2FA1F)
    ];

    public static Normalizer Read(StepFields fields)
    {
        var lowercase = fields.Flag("lowercase", true);
        return new BertNormalizer(
            fields.Flag("clean_text", true), fields.Flag("handle_chinese_chars", true), fields.FlagOrNull("strip_accents") ?? lowercase,
            lowercase);
    }

    public override AlignedText Normalize(AlignedText text)
    {
        if (cleanText) text = text.Rewrite(Cleaned);
        if (partHan) text = text.Rewrite(rune => UnicodeScripts.Contains(s_han, rune.Value) ? $" {rune} " : null);
        if (stripAccents)
        {
            if (UnicodeNormalizer.Normalize(text.Text, compose: false, compatible: false) is { } points) text = text.Rewrite(points);
            text = text.Rewrite(rune => Rune.GetUnicodeCategory(rune) == UnicodeCategory.NonSpacingMark ? "" : null);
        }
        return lowercase ? text.Rewrite(Lowercase.Lower) : text;
    }

    public override string ToString() => "BertNormalizer";

    private static string? Cleaned(Rune rune)
    {
        var category = Rune.GetUnicodeCategory(rune);
        if (rune.Value is '\t' or '\n' or '\r' || Rune.IsWhiteSpace(rune) && category != UnicodeCategory.Control) return " ";
        var dropped = category is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse;
        return dropped || rune.Value == 0xFFFD ? "" : null;
    }
}
