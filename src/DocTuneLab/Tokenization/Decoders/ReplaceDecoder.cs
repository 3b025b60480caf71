using System.Text;
using DocTuneLab.Tokenization.Patterns;
using DocTuneLab.Tokenization.Steps;

namespace DocTuneLab.Tokenization.Decoders;

/// <summary>Writes one text for what a pattern finds in a token.</summary>
internal sealed class ReplaceDecoder(IMatcher matcher, string content) : Decoder
{
    public static Decoder Read(StepFields fields) => new ReplaceDecoder(Matchers.Read(fields).Matcher, fields.Text("content"));

    public override void Decode(DecodedToken token)
    {
        var matches = new List<(int Start, int End)>();
        matcher.Find(token.Text, matches);
        if (matches.Count == 0) return;
        var (text, at) = (new StringBuilder(), 0);
        foreach (var (start, end) in matches)
        {
            text.Append(token.Text, at, start - at).Append(content);
            at = end;
        }
        token.Text = text.Append(token.Text, at, token.Text.Length - at).ToString();
    }
}
