using DocTuneLab.Conversations;
using DocTuneLab.Tokenization;

namespace DocTuneLab.Training.Inference;

/// <summary>A token of some way that an answer may take, with what may follow it. Places form a tree: a way is a place and those
/// before it.</summary>
internal sealed class AnswerPlace
{
    /// <summary>How much of what else might have stood there is kept: more would never be tried within a budget.</summary>
    public const int Kept = 32;

    // Circles: tokens in one turn, tokens in all, turns; the same of statements, and characters of one.
    private const int LongestTurn = 24, LeastTokens = 12, Rounds = 3, MostStatements = 3, LeastCharacters = 5;

    private const string SomeLetter = "\u4E00";
    private readonly Queue<(int Id, double Loss)> _others = new();

    /// <summary>Before anything is written.</summary>
    public AnswerPlace(IGuidedAnswer guide, TokenStream stream)
    {
        (Guide, Stream, Text, Token, StatementStart) = (guide, stream, "", -1, this);
    }

    /// <summary>A place behind another.</summary>
    /// <param name="before">The other.</param>
    /// <param name="token">The token.</param>
    /// <param name="guide">The answer with it.</param>
    /// <param name="loss">How much less likely it is than what the model would have written, in nats.</param>
    public AnswerPlace(AnswerPlace before, int token, IGuidedAnswer guide, double loss)
    {
        (Before, Guide, Token, Depth, Cost) = (before, guide, token, before.Depth + 1, before.Cost + loss);
        Stream = before.Stream.Fork();
        Text = before.Text + Stream.Add(token);
        StatementStart = guide.ReturnTo > before.Guide.ReturnTo ? this : before.StatementStart;
    }

    /// <summary>The same place with the answer ended behind it.</summary>
    /// <param name="loss">How unlikely the end is, in nats.</param>
    public AnswerPlace Ended(double loss) => Before is null ? new(Guide, Stream) { Cost = loss, Turns = Turns }
        : new(Before, Token, Guide, Cost - Before.Cost + loss) { Turns = Turns };

    /// <summary>Where the guide turned the model up to here, where only one way leads.</summary>
    public IReadOnlyList<GuideTurn> Turns { get; set; } = [];

    /// <summary>The same place as another guide sees it.</summary>
    public AnswerPlace With(IGuidedAnswer guide) => Before is null ? new(guide, Stream) : new(Before, Token, guide, Cost - Before.Cost);

    /// <summary>The place before; null at the beginning.</summary>
    public AnswerPlace? Before { get; }

    /// <summary>The answer as the guide sees it.</summary>
    public IGuidedAnswer Guide { get; }

    /// <summary>Decodes what follows.</summary>
    public TokenStream Stream { get; }

    /// <summary>The answer up to here.</summary>
    public string Text { get; }

    /// <summary>The token; -1 at the beginning.</summary>
    public int Token { get; }

    /// <summary>Tokens up to here.</summary>
    public int Depth { get; }

    /// <summary>The place behind which the statement begins that is being written.</summary>
    public AnswerPlace StatementStart { get; }

    /// <summary>Whether a statement begins behind it.</summary>
    public bool StartsStatement => StatementStart == this;

    /// <summary>How much less likely this way is than the model's own, in nats, with what repetition costs.</summary>
    public double Cost { get; set; }

    /// <summary>How much of what failed behind it is its own, in nats: where a beginning leads to nothing, another is tried.</summary>
    public double Blame { get; set; }

    /// <summary>The blame of all places up to here, as it stood at some time.</summary>
    public (int Time, double Sum) Blamed { get; set; }

    /// <summary>Whether other ways are to be tried before this one goes on.</summary>
    public bool Waits { get; set; }

    /// <summary>What the next other way behind it would cost; infinite where there is none.</summary>
    public double NextCost => Waits ? Cost : _others.TryPeek(out var other) ? Cost + other.Loss : double.PositiveInfinity;

    /// <summary>Keeps what else may follow.</summary>
    /// <param name="others">Tokens with how much less likely each is than the best, in nats.</param>
    public void Keep(IEnumerable<(int Id, double Loss)> others)
    {
        foreach (var other in others.OrderBy(o => o.Loss).Take(Kept)) _others.Enqueue(other);
    }

    /// <summary>What the guide says of a token behind it.</summary>
    /// <param name="id">The token.</param>
    /// <param name="ends">Tokens that end an answer.</param>
    /// <returns>The answer with it is null where it is refused, and where it ends the answer.</returns>
    public (GuideVerdict Verdict, IGuidedAnswer? Longer, string Why) Ask(int id, IReadOnlySet<int> ends)
    {
        if (ends.Contains(id))
            return Guide.Objection() is { } objection ? (GuideVerdict.Refused, null, objection) : (GuideVerdict.Fits, null, "");
        var stream = Stream.Fork();
        var piece = stream.Add(id);
        // A token without text would go on for ever.
        if (piece.Length == 0 && !stream.IsWithinCharacter) return (GuideVerdict.Refused, null, "it has no text");
        // Of a known text a part of a letter says nothing.
        if (stream.IsWithinCharacter && Guide is EndingAnswer) return (GuideVerdict.Refused, null, "it is part of a letter");
        // A character that is not whole yet is some letter beyond ASCII.
        if (stream.IsWithinCharacter && !Guide.IsFree && Guide.Follow(piece + SomeLetter, out _, out var why) is GuideVerdict.Refused)
            return (GuideVerdict.Refused, null, why);
        return (Guide.Follow(piece, out var longer, out var reason), longer, reason);
    }

    /// <summary>Text of a token behind it; none of one that ends the answer.</summary>
    public string Piece(int id, IReadOnlySet<int> ends) => ends.Contains(id) ? "" : Stream.Fork().Add(id);

    /// <summary>The likeliest of what else may follow.</summary>
    public (int Id, double Loss) Next() => _others.Dequeue();

    /// <summary>Whether the last tokens of the statement go round and round, or the statement that has just ended does.</summary>
    public bool Repeats => RepeatsTokens() || (StartsStatement && RepeatsStatements());

    private bool RepeatsTokens()
    {
        var within = Depth - StatementStart.Depth;
        if (within < LeastTokens) return false;
        var last = new int[Math.Min(within, Rounds * LongestTurn)];
        var place = this;
        for (var i = 0; i < last.Length; i++, place = place.Before!) last[i] = place.Token;
        for (var period = 1; period <= last.Length / Rounds; period++)
        {
            var length = Math.Max(LeastTokens, Rounds * period);
            if (length <= last.Length && Enumerable.Range(0, length - period).All(i => last[i] == last[i + period])) return true;
        }
        return false;
    }

    private bool RepeatsStatements()
    {
        var statements = new List<string>();
        for (var end = this; end.Before is { } before && statements.Count < 2 * MostStatements; end = before.StatementStart)
            statements.Add(end.Text[before.StatementStart.Text.Length..].Trim());
        return Enumerable.Range(1, MostStatements).Any(n => statements.Count >= 2 * n
            && statements.Take(n).Any(s => s.Length >= LeastCharacters)
            && statements.Take(n).SequenceEqual(statements.Skip(n).Take(n)));
    }
}
