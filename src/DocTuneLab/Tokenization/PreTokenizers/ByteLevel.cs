using DocTuneLab.Tokenization.Patterns;
using DocTuneLab.Tokenization.Steps;

namespace DocTuneLab.Tokenization.PreTokenizers;

/// <summary>GPT-2's: its pattern, and bytes in its alphabet.</summary>
internal sealed class ByteLevel : PreTokenizer
{
    /// <summary>GPT-2's rule, applied unless told otherwise (Radford et al. 2019).</summary>
    public const string WordPattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private static readonly Lazy<SplitStep> s_words =
        new(() => new SplitStep(new RegexMatcher(WordPattern), WordPattern, SplitBehavior.Isolated));

    private readonly bool _splits, _writesBytes;

    public ByteLevel(bool addsSpace, bool splits, bool writesBytes = true) =>
        (AddsSpace, _splits, _writesBytes) = (addsSpace, splits, writesBytes);

    /// <summary>Whether a space is put before text that begins with none.</summary>
    public bool AddsSpace { get; }

    public override string Pattern => _splits ? WordPattern : "";

    // trim_offsets acts in the post-processor of the same name only.
    public static PreTokenizer Read(StepFields fields)
    {
        fields.Flag("trim_offsets", true);
        return new ByteLevel(fields.Flag("add_prefix_space", true), fields.Flag("use_regex", true));
    }

    /// <summary>The same step for a model that takes text and makes bytes of it itself.</summary>
    public ByteLevel WithoutBytes() => new(AddsSpace, _splits, writesBytes: false);

    public override void Split(Piece piece, List<(int Start, int End)> matches, List<Piece> parts)
    {
        if (AddsSpace && piece.Source.Text[piece.From] != ' ')
        {
            var text = piece.Source.Slice(piece.From, piece.To).Prepend(" ");
            piece = new Piece(text, 0, text.Text.Length);
        }
        var first = parts.Count;
        if (_splits) s_words.Value.Split(piece, matches, parts);
        else parts.Add(piece);
        for (var i = first; i < parts.Count && _writesBytes; i++)
        {
            var bytes = parts[i].Source.Slice(parts[i].From, parts[i].To).Rewrite(ByteAlphabet.Write);
            parts[i] = new Piece(bytes, 0, bytes.Text.Length);
        }
    }
}
