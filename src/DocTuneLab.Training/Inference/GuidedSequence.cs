using DocTuneLab.Conversations;
using DocTuneLab.Tokenization;

namespace DocTuneLab.Training.Inference;

/// <summary>
/// One answer that is written under a guide: of each place the likeliest tokens are tried in their order, and where a statement ends that
/// does not compile, the answer goes back to the place in it where another token costs the least likelihood (best first).
/// </summary>
/// <param name="guide">The guide, before anything is written.</param>
/// <param name="stream">Decodes the answer's tokens.</param>
/// <param name="ends">Tokens that end an answer.</param>
/// <param name="budget">How much may be tried.</param>
/// <param name="limit">Tokens of the answer at most.</param>
internal sealed class GuidedSequence(IGuidedAnswer guide, TokenStream stream, IReadOnlySet<int> ends, GuideBudget budget, int limit)
{
    // A token that only may become right is taken where what fits is so much less likely, in nats.
    private const double PossibleAt = 4;

    private const string SomeLetter = "\u4E00";
    private readonly List<Place> _places = [new(guide, stream, "")];
    private readonly List<int> _ids = [];
    private readonly List<GuideTurn> _turns = [];
    private int _decoded, _returns;

    /// <summary>Whether nothing more is written.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Whether the budget ran out.</summary>
    public bool GaveUp { get; private set; }

    /// <summary>The answer as it stands.</summary>
    public GuidedText Result => new(_places[^1].Text + _places[^1].Stream.Fork().End(), _turns, _decoded, GaveUp);

    /// <summary>Tokens of the answer.</summary>
    public int Length => _ids.Count;

    /// <summary>The last token, which is to be read next.</summary>
    public int LastToken => _ids[^1];

    /// <summary>Goes on by one token.</summary>
    /// <param name="tokens">The likeliest tokens behind the last one, likeliest first.</param>
    /// <param name="scores">Their log-probabilities.</param>
    public void Advance(ReadOnlySpan<int> tokens, ReadOnlySpan<float> scores)
    {
        _decoded++;
        var place = _places[^1];
        place.Take(tokens, scores);
        if (GaveUp) Unguided(place);
        else if (!Choose(place)) Return();
        if (_ids.Count >= limit) IsDone = true;
        if (!IsDone && !GaveUp && _decoded >= budget.Tokens * limit) GaveUp = true;
    }

    private void Unguided(Place place)
    {
        var id = place.Candidates[0].Id;
        if (ends.Contains(id)) IsDone = true;
        else Accept(place, id, place.Guide, 0);
    }

    /// <summary>The first token that fits; false where none does, or a statement is broken.</summary>
    private bool Choose(Place place)
    {
        (int Index, IGuidedAnswer? Guide)? possible = null;
        string? wanted = null;
        var reason = "";
        for (var i = 0; i < place.Candidates.Count; i++)
        {
            if (possible is { } p && place.Candidates[i].Score < place.Candidates[p.Index].Score - PossibleAt) break;
            var (verdict, next, why) = Ask(place, place.Candidates[i].Id);
            if (verdict == GuideVerdict.Fits)
            {
                Commit(place, i, next, wanted, reason);
                return true;
            }
            if (wanted is null) (wanted, reason) = (Piece(place, place.Candidates[i].Id), why);
            if (verdict == GuideVerdict.Possible) possible ??= (i, next);
            if (verdict == GuideVerdict.Broken)
            {
                // What else may stand here competes with what else may stand before.
                place.Drop(i);
                _turns.Add(new(place.Text.Length, wanted, "", why));
                return false;
            }
            if (verdict == GuideVerdict.Refused) place.Drop(i);
        }
        if (possible is not { } only) return false;
        Commit(place, only.Index, only.Guide, wanted, reason);
        return true;
    }

    private void Commit(Place place, int index, IGuidedAnswer? next, string? wanted, string reason)
    {
        var id = place.Candidates[index].Id;
        if (wanted is not null && wanted != Piece(place, id)) _turns.Add(new(place.Text.Length, wanted, Piece(place, id), reason));
        if (next is null) IsDone = true;
        else Accept(place, id, next, index);
    }

    private void Accept(Place place, int id, IGuidedAnswer next, int index)
    {
        var stream = place.Stream.Fork();
        place.Chosen = index;
        _ids.Add(id);
        _places.Add(new(next, stream, place.Text + stream.Add(id)));
        if (next.ReturnTo <= place.Guide.ReturnTo) return;
        // A statement is finished: nothing goes back before it, and what else might have stood there is thousands of tokens a place.
        _returns = 0;
        foreach (var earlier in _places)
            if (earlier.Text.Length < next.ReturnTo) earlier.Forget();
    }

    private (GuideVerdict, IGuidedAnswer?, string) Ask(Place place, int id)
    {
        if (!ends.Contains(id))
        {
            var stream = place.Stream.Fork();
            var piece = stream.Add(id);
            // A token without text would go on for ever.
            if (piece.Length == 0 && !stream.IsWithinCharacter && place.Guide is not FreeAnswer)
                return (GuideVerdict.Refused, null, "it has no text");
            // A character that is not whole yet is some letter beyond ASCII.
            if (stream.IsWithinCharacter && place.Guide.Follow(piece + SomeLetter, out _, out var why) is GuideVerdict.Refused)
                return (GuideVerdict.Refused, null, why);
            return (place.Guide.Follow(piece, out var longer, out var reason), longer, reason);
        }
        return place.Guide.Objection() is { } objection ? (GuideVerdict.Refused, null, objection) : (GuideVerdict.Fits, null, "");
    }

    private string Piece(Place place, int id) => ends.Contains(id) ? "" : place.Stream.Fork().Add(id);

    /// <summary>Takes the best other way since the statement began.</summary>
    private void Return()
    {
        var from = _places[^1].Guide.ReturnTo;
        while (++_returns <= budget.Returns)
        {
            (int At, int Index, double Loss)? best = null;
            for (var at = _places.Count - 1; at >= 0 && _places[at].Text.Length >= from; at--)
            {
                var place = _places[at];
                var chosen = at == _places.Count - 1 ? place.Best : place.Candidates[place.Chosen].Score;
                for (var i = at == _places.Count - 1 ? 0 : place.Chosen + 1; i < place.Candidates.Count; i++)
                {
                    var candidate = place.Candidates[i];
                    if (candidate.IsRefused) continue;
                    if (best is null || candidate.Score - chosen > best.Value.Loss) best = (at, i, candidate.Score - chosen);
                    break;
                }
            }
            if (best is not { } other) break;
            var target = _places[other.At];
            var (verdict, next, why) = Ask(target, target.Candidates[other.Index].Id);
            if (verdict is GuideVerdict.Refused or GuideVerdict.Broken)
            {
                target.Drop(other.Index);
                // Asking costs no token; only ways that are gone count.
                if (verdict == GuideVerdict.Refused) _returns--;
                continue;
            }
            var wanted = other.At < _ids.Count ? Piece(target, _ids[other.At]) : "";
            if (other.At < _ids.Count) target.Drop(target.Chosen);
            _ids.RemoveRange(other.At, _ids.Count - other.At);
            _places.RemoveRange(other.At + 1, _places.Count - other.At - 1);
            _turns.Add(new(target.Text.Length, wanted, Piece(target, target.Candidates[other.Index].Id),
                why.Length > 0 ? why : "went back"));
            if (next is null) IsDone = true;
            else Accept(target, target.Candidates[other.Index].Id, next, other.Index);
            return;
        }
        GaveUp = true;
        Unguided(_places[^1]);
    }

    private record struct Candidate(int Id, double Score, bool IsRefused);

    /// <summary>What stands before a token, and which tokens may follow.</summary>
    private sealed class Place(IGuidedAnswer guide, TokenStream stream, string text)
    {
        public IGuidedAnswer Guide { get; } = guide;

        public TokenStream Stream { get; } = stream;

        public string Text { get; } = text;

        public List<Candidate> Candidates { get; } = [];

        public int Chosen { get; set; }

        public double Best { get; private set; }

        public void Take(ReadOnlySpan<int> tokens, ReadOnlySpan<float> scores)
        {
            Candidates.Clear();
            for (var i = 0; i < tokens.Length; i++) Candidates.Add(new(tokens[i], scores[i], false));
            Best = scores[0];
        }

        public void Forget()
        {
            Candidates.Clear();
            Candidates.TrimExcess();
        }

        public void Drop(int index) => Candidates[index] = Candidates[index] with { IsRefused = true };
    }
}
