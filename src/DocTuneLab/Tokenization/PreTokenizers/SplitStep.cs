using DocTuneLab.Tokenization.Patterns;
using DocTuneLab.Tokenization.Steps;

namespace DocTuneLab.Tokenization.PreTokenizers;

/// <summary>Splits where something is found.</summary>
/// <param name="matcher">Finds it.</param>
/// <param name="pattern">It in words.</param>
/// <param name="behavior">What becomes of the matches.</param>
/// <param name="invert">Whether what lies between the matches counts as them.</param>
internal sealed class SplitStep(IMatcher matcher, string pattern, SplitBehavior behavior, bool invert = false) : PreTokenizer
{
    public override string Pattern => (behavior, invert) is (SplitBehavior.Isolated, false) or (SplitBehavior.Removed, true)
        ? pattern : $"{pattern} ({behavior}{(invert ? ", inverted" : "")})";

    public static PreTokenizer Read(StepFields fields)
    {
        var (matcher, pattern) = Matchers.Read(fields);
        return new SplitStep(matcher, pattern, Behavior(fields, null), fields.Flag("invert", false));
    }

    public static SplitBehavior Behavior(StepFields fields, SplitBehavior? otherwise) =>
        fields.TextOrNull("behavior") is not { } text ? otherwise ?? throw fields.Missing("behavior")
            : Enum.TryParse<SplitBehavior>(text, out var behavior) && behavior.ToString() == text ? behavior
            : throw fields.Unexpected("behavior", "one of " + string.Join(", ", Enum.GetNames<SplitBehavior>()));

    public override void Split(Piece piece, List<(int Start, int End)> matches, List<Piece> parts)
    {
        matcher.Find(piece.Span, matches);
        if (matches.Count == 0 && !invert)
        {
            parts.Add(piece);
            return;
        }
        var target = new Parts(piece, behavior, parts);
        var (at, length) = (0, piece.To - piece.From);
        foreach (var (start, end) in matches)
        {
            if (start > at) target.Add(at, start, invert);
            target.Add(start, end, !invert);
            at = end;
        }
        if (at < length) target.Add(at, length, invert);
        target.Finish();
    }

    private struct Parts(Piece piece, SplitBehavior behavior, List<Piece> parts)
    {
        private int _from, _to;
        private bool _wasMatch, _open;

        public void Add(int from, int to, bool isMatch)
        {
            switch (behavior)
            {
                case SplitBehavior.Isolated: Put(from, to); break;
                case SplitBehavior.Removed:
                    if (!isMatch) Put(from, to);
                    break;
                case SplitBehavior.Contiguous: Extend(from, to, isMatch == _wasMatch); break;
                // A match after a match stands alone.
                case SplitBehavior.MergedWithPrevious: Extend(from, to, isMatch && !_wasMatch); break;
                default: Extend(from, to, _wasMatch && !isMatch); break;
            }
            _wasMatch = isMatch;
        }

        public void Finish()
        {
            if (_open) Put(_from, _to);
            _open = false;
        }

        private void Extend(int from, int to, bool joins)
        {
            if (_open && joins)
            {
                _to = to;
                return;
            }
            Finish();
            (_from, _to, _open) = (from, to, true);
        }

        private readonly void Put(int from, int to)
        {
            if (from < to) parts.Add(piece with { From = piece.From + from, To = piece.From + to });
        }
    }
}
