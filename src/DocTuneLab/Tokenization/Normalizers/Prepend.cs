using DocTuneLab.Tokenization.Steps;

namespace DocTuneLab.Tokenization.Normalizers;

/// <summary>Puts a text before text that is not empty.</summary>
internal sealed class Prepend(string added) : Normalizer
{
    public static Normalizer Read(StepFields fields) => new Prepend(fields.Text("prepend"));

    public override AlignedText Normalize(AlignedText text) => text.Prepend(added);

    public override string ToString() => $"Prepend {added}";
}
