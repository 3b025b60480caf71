using DocTuneLab.Tokenization.Patterns;
using DocTuneLab.Tokenization.Steps;

namespace DocTuneLab.Tokenization.PreTokenizers;

/// <summary>SentencePiece's: a sign for the space, before each word.</summary>
internal sealed class Metaspace : PreTokenizer
{
    private static readonly TextMatcher s_space = new(" ");
    private readonly string _sign;
    private readonly SplitStep? _split;

    public Metaspace(string sign, PrefixSpace prefix, bool splits)
    {
        (_sign, Prefix) = (sign, prefix);
        _split = splits ? new SplitStep(new TextMatcher(sign), sign, SplitBehavior.MergedWithNext) : null;
    }

    /// <summary>Before which text the sign is put where there is none.</summary>
    public PrefixSpace Prefix { get; }

    public override string Pattern => $"Metaspace {_sign}{(_split is null ? "" : ", split")}";

    public static PreTokenizer Read(StepFields fields)
    {
        // The sign once more, in older files.
        fields.TextOrNull("str_rep");
        return new Metaspace(fields.Character("replacement", "▁"), Scheme(fields), fields.Flag("split", true));
    }

    /// <summary>The field <c>prepend_scheme</c>, or <c>add_prefix_space</c> of older files.</summary>
    public static PrefixSpace Scheme(StepFields fields)
    {
        var adds = fields.FlagOrNull("add_prefix_space");
        return fields.TextOrNull("prepend_scheme") switch
        {
            "always" or "first" when adds == false =>
                throw fields.Unexpected("add_prefix_space", "true, as prepend_scheme has it"),
            "always" => PrefixSpace.Always,
            "first" => PrefixSpace.First,
            "never" => PrefixSpace.Never,
            null => adds == false ? PrefixSpace.Never : PrefixSpace.Always,
            _ => throw fields.Unexpected("prepend_scheme", "always, first or never"),
        };
    }

    public override void Split(Piece piece, List<(int Start, int End)> matches, List<Piece> parts)
    {
        s_space.Find(piece.Span, matches);
        var begins = piece.Span.StartsWith(_sign) || piece.Span[0] == ' ';
        var prefixed = !begins && Prefix switch
        {
            PrefixSpace.First => piece.Source.Original(piece.From, piece.To).Start == 0,
            var scheme => scheme == PrefixSpace.Always,
        };
        if (matches.Count > 0 || prefixed)
        {
            var text = piece.Source.Slice(piece.From, piece.To).Replace(matches, _sign);
            if (prefixed) text = text.Prepend(_sign);
            piece = new Piece(text, 0, text.Text.Length);
            matches.Clear();
        }
        if (_split is null) parts.Add(piece);
        else _split.Split(piece, matches, parts);
    }
}
