using DocTuneLab.Tokenization.Steps;

namespace DocTuneLab.Tokenization.Decoders;

/// <summary>Drops a character from the ends.</summary>
internal sealed class StripDecoder(string content, int start, int stop) : Decoder
{
    public override (string Text, int Times)? Leading => stop == 0 ? (content, start) : null;

    public static Decoder Read(StepFields fields)
    {
        var (start, stop) = (fields.NumberOrNull("start") ?? 0, fields.NumberOrNull("stop") ?? 0);
        if (start < 0) throw fields.Unexpected("start", "0 or more");
        if (stop < 0) throw fields.Unexpected("stop", "0 or more");
        return new StripDecoder(fields.Character("content", ""), start, stop);
    }

    public override void Decode(DecodedToken token)
    {
        var text = token.Text;
        for (var i = 0; i < start && text.StartsWith(content, StringComparison.Ordinal); i++) text = text[content.Length..];
        for (var i = 0; i < stop && text.EndsWith(content, StringComparison.Ordinal); i++) text = text[..^content.Length];
        token.Text = text;
    }
}
