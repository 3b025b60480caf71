using DocTuneLab.Tokenization.Patterns;
using DocTuneLab.Tokenization.Steps;

namespace DocTuneLab.Tokenization.Normalizers;

/// <summary>Writes one text for what a pattern finds.</summary>
internal sealed class Replace(IMatcher matcher, string pattern, string content) : Normalizer
{
    public static Normalizer Read(StepFields fields)
    {
        var (matcher, pattern) = Matchers.Read(fields);
        return new Replace(matcher, pattern, fields.Text("content"));
    }

    public override AlignedText Normalize(AlignedText text)
    {
        var matches = new List<(int, int)>();
        matcher.Find(text.Text, matches);
        return text.Replace(matches, content);
    }

    public override string ToString() => $"Replace {pattern} by {content}";
}
