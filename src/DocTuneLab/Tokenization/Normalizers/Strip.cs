using DocTuneLab.Tokenization.Steps;

namespace DocTuneLab.Tokenization.Normalizers;

/// <summary>Drops white space at the ends.</summary>
internal sealed class Strip(bool left, bool right) : Normalizer
{
    public static Normalizer Read(StepFields fields) => new Strip(fields.Flag("strip_left", true), fields.Flag("strip_right", true));

    public override AlignedText Normalize(AlignedText text)
    {
        var (from, to) = (0, text.Text.Length);
        while (left && from < to && char.IsWhiteSpace(text.Text[from])) from++;
        while (right && to > from && char.IsWhiteSpace(text.Text[to - 1])) to--;
        return text.Slice(from, to);
    }

    public override string ToString() => "Strip";
}
