using System.Diagnostics;
using DocTuneLab.Conversations;
using DocTuneLab.Tokenization;

namespace DocTuneLab.Training.Inference;

/// <summary>The likeliest tokens of a place, likeliest first.</summary>
/// <param name="Ids">The tokens.</param>
/// <param name="Scores">Their log-probabilities, or these with noise.</param>
internal sealed record Candidates(int[] Ids, float[] Scores);

/// <summary>
/// One answer that is written under a guide: of each place the likeliest tokens are tried in their order. Where nothing fits, a statement
/// does not compile or the answer does not end, another way is taken: of all that are known the one that costs least, in likelihood that is
/// lost and tokens that are written anew (best first).
/// </summary>
/// <param name="guide">The guide, before anything is written.</param>
/// <param name="stream">Decodes the answer's tokens.</param>
/// <param name="ends">Tokens that end an answer.</param>
/// <param name="budget">How much may be tried.</param>
/// <param name="limit">Tokens of the answer at most.</param>
internal sealed class GuidedSequence(IGuidedAnswer guide, TokenStream stream, IReadOnlySet<int> ends, GuideBudget budget, int limit)
{
    // In nats: what a token that only may become right counts, one that is written anew, and a statement that has grown too long.
    private const double PossibleCost = 1.5, TokenCost = 0.05, LengthCost = 3;

    // What the guide refuses says that the way is unlikely to be right, as do names that the model does not know: it counts in part, and
    // from here on (nats) other ways are compared.
    private const double ForcedShare = 1, ForcedAt = 8;

    // In nats: a fault, shared by as many tokens before it, and by each declaration of what was used; and what each token of whole
    // statements is worth. Together they keep to what holds and leave what does not.
    private const double FaultCost = 1, GroundCost = 0.5, WholeWorth = 0.4;
    private const int SharedBy = 16;

    // Tokens in which an answer can still be brought to its end, and places from where ends are sought, and better ones.
    private const int Room = 48, MostEndings = 6, MostBetter = 3;

    private readonly Stopwatch _asking = new();
    private readonly List<AnswerPlace> _way = [new(guide, stream)];
    private readonly List<AnswerPlace> _known = [];
    private readonly List<GuideTurn> _turns = [];
    private AnswerPlace? _furthest, _poor;
    private Candidates? _first;
    private readonly Stack<AnswerPlace> _unsummed = new();
    private int _read = -1, _decoded, _returns, _faults;
    private double _most = budget.Tokens * limit;
    private bool _isFree = guide is FreeAnswer, _isEnding;
    private string _gaveUp = "", _ended = "";

    /// <summary>Whether nothing more is written.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Tokens that were decoded, what was given up included.</summary>
    public int Decoded => _decoded;

    /// <summary>The answer as it stands.</summary>
    public GuidedText Result => new(_way[^1].Text + _way[^1].Stream.Fork().End(), _turns, _decoded, _gaveUp) { EndedBecause = _ended };

    /// <summary>The token that is to be read next.</summary>
    public int NextToken => _way[_read + 1].Token;

    /// <summary>Tokens of the answer before it.</summary>
    public int Position => _read;

    /// <summary>Goes on by one token that was read.</summary>
    /// <param name="likeliest">At least so many of the likeliest tokens behind it, or all that there are.</param>
    public void Advance(Func<int, Candidates> likeliest)
    {
        _asking.Start();
        GoOn(likeliest);
        _asking.Stop();
    }

    private void GoOn(Func<int, Candidates> likeliest)
    {
        _read++;
        _decoded++;
        // Ends are sought from the very beginning only where code begins there.
        _first ??= likeliest(guide.IsFree ? 1 : budget.Candidates);
        var place = _way[^1];
        // On another way, what stood there before is read again.
        if (_read < place.Depth) return;
        if (_isFree) GoOnFreely(place, likeliest(1));
        else if (Choose(place, likeliest) is { } fault)
        {
            if (_isEnding) GoFree(place, $"{_ended}, and {fault}");
            else TakeAnother(fault);
        }
        if (IsDone || _isFree || _isEnding) return;
        if (_decoded >= _most) GiveUp($"{_decoded} tokens were decoded");
        else if (_asking.Elapsed >= budget.Time) GiveUp($"{budget.Time.TotalSeconds:0.#} s had gone into it");
    }

    private void GoOnFreely(AnswerPlace place, Candidates likeliest)
    {
        var id = likeliest.Ids[0];
        if (ends.Contains(id)) IsDone = true;
        else _way.Add(new(place, id, place.Guide, 0));
        if (_way[^1].Depth >= limit) IsDone = true;
    }

    /// <summary>Takes the first token that fits; or says why there is none.</summary>
    private string? Choose(AnswerPlace place, Func<int, Candidates> likeliest)
    {
        var possible = new List<(int Id, double Score)>();
        var turned = new GuideTurn(place.Text.Length, "", "", "");
        var some = likeliest(1);
        var at = 0;
        for (; at < some.Ids.Length || (some = likeliest(at + 1)).Ids.Length > at; at++)
        {
            var (id, score) = (some.Ids[at], (double)some.Scores[at]);
            if (possible.Count > 0 && score < possible[0].Score - GuideCosts.PossibleAt) break;
            var (verdict, next, why) = place.Ask(id, ends);
            var forced = ForcedShare * (some.Scores[0] - score);
            if (verdict is GuideVerdict.Fits or GuideVerdict.Broken) Keep(place, possible, some, at + 1, score + forced);
            if (verdict == GuideVerdict.Fits) return Commit(place, id, next, forced, turned, forced > ForcedAt);
            if (verdict == GuideVerdict.Broken)
            {
                // What else may stand here competes with what else may stand before.
                _turns.Add(turned with { Wanted = place.Piece(id, ends), Reason = why });
                return why;
            }
            if (turned.Reason.Length == 0) turned = turned with { Wanted = place.Piece(id, ends), Reason = why };
            if (verdict is not (GuideVerdict.Possible or GuideVerdict.Unlikely)) continue;
            possible.Add((id, verdict == GuideVerdict.Possible ? score : score - GuideCosts.UnlikelyAt + GuideCosts.PossibleAt));
            possible.Sort((a, b) => b.Score.CompareTo(a.Score));
        }
        if (possible is not [var best, ..]) return turned.Reason;
        possible.RemoveAt(0);
        var loss = PossibleCost + (ForcedShare * (some.Scores[0] - best.Score));
        Keep(place, possible, some, at, best.Score + loss - PossibleCost);
        return Commit(place, best.Id, place.Ask(best.Id, ends).Longer, loss, turned, loss > ForcedAt + PossibleCost);
    }

    private void Keep(AnswerPlace place, List<(int Id, double Score)> possible, Candidates all, int from, double best)
    {
        if (place.Guide.IsFree) return;
        _known.Add(place);
        place.Keep(possible.Select(p => (p.Id, best - p.Score + GuideCosts.PossibleAt))
            .Concat(Enumerable.Range(from, Math.Min(AnswerPlace.Kept, all.Ids.Length - from))
                .Select(i => (all.Ids[i], best - all.Scores[i]))));
    }

    /// <summary>Writes a token; or says why another way is better tried first.</summary>
    private string? Commit(AnswerPlace place, int id, IGuidedAnswer? longer, double loss, GuideTurn turned, bool isForced = false)
    {
        if (turned.Reason.Length > 0 && turned.Wanted != place.Piece(id, ends)) _turns.Add(turned with { Given = place.Piece(id, ends) });
        IsDone = longer is null;
        if (longer is null) return null;
        var next = new AnswerPlace(place, id, longer, loss);
        if (next.StartsStatement && (_furthest is null || longer.ReturnTo > _furthest.Guide.ReturnTo)) _furthest = next;
        if (next.Depth >= limit && longer.Objection() is { } objection) return $"{limit} tokens are written, and {objection}";
        if (_isEnding)
        {
            _way.Add(next);
            IsDone = next.Depth >= limit;
            return null;
        }
        if (longer.Shortfall() is { } shortfall)
        {
            // For as many tokens as one answer may have.
            if (_poor is null) (_poor, _most) = (next, Math.Min(_most, _decoded + limit));
            return shortfall;
        }
        // A better one is found: what is past the code is free.
        if (_poor is not null && longer is { IsFree: true } && longer.Objection() is null) (_poor, _most) = (null, budget.Tokens * limit);
        var within = next.Depth - next.StatementStart.Depth;
        var (cost, fault) = (0.0, isForced ? turned.Reason : null);
        if (next.Repeats) (cost, fault) = (GuideCosts.CircleCost, "it repeats itself");
        else if (within > 0 && within % budget.StatementTokens == 0) (cost, fault) = (LengthCost, $"a statement has {within} tokens");
        if (fault is not null)
        {
            next.Cost += cost;
            next.Waits = true;
            _known.Add(next);
            return fault;
        }
        _way.Add(next);
        IsDone = next.Depth >= limit;
        return null;
    }

    /// <summary>Goes back to where another way costs least.</summary>
    private void TakeAnother(string fault)
    {
        LayBlame(_way[^1]);
        while (_returns < budget.Returns && _asking.Elapsed < budget.Time)
        {
            if (Cheapest() is not { } place)
            {
                GiveUp("no other way is known");
                return;
            }
            var left = _way.Count > place.Depth + 1 ? place.Piece(_way[place.Depth + 1].Token, ends) : "";
            var turned = new GuideTurn(place.Text.Length, left, "", fault);
            if (place.Waits)
            {
                place.Waits = false;
                _returns++;
                Follow(place);
                return;
            }
            var (id, loss) = place.Next();
            var (verdict, longer, why) = place.Ask(id, ends);
            if (verdict == GuideVerdict.Broken)
            {
                LayBlame(place);
                _turns.Add(new(place.Text.Length, place.Piece(id, ends), "", why));
            }
            // Asking costs no token; only ways that are taken count.
            if (verdict is GuideVerdict.Refused or GuideVerdict.Broken) continue;
            _returns++;
            Follow(place);
            loss += GuideCosts.Of(verdict);
            if (Commit(place, id, longer, loss, turned) is not { } next) return;
            LayBlame(place);
            fault = next;
        }
        GiveUp(_returns < budget.Returns ? $"{budget.Time.TotalSeconds:0.#} s had gone into it" : $"it went back {_returns} times");
    }

    /// <summary>The place behind which another way costs least. Where little room is left, one where a statement begins.</summary>
    private AnswerPlace? Cheapest()
    {
        _known.RemoveAll(p => double.IsPositiveInfinity(p.NextCost));
        var last = _way[^1].Depth;
        var room = Math.Min(Room, limit / 4);
        var isShort = limit - last <= room;
        var open = isShort && _known.Where(p => p.StartsStatement && p.Depth <= limit - room).ToList() is { Count: > 0 } early
            ? early : _known;
        return open.MinBy(p =>
        {
            var shared = p;
            while (shared.Depth >= _way.Count || _way[shared.Depth] != shared) shared = shared.Before!;
            return p.NextCost + Blamed(p) - (WholeWorth * p.StatementStart.Depth)
                + (isShort ? 0 : TokenCost * (last + p.Depth - (2 * shared.Depth)));
        });
    }

    // What is wrong often began some tokens before it shows.
    private void LayBlame(AnswerPlace last)
    {
        _faults++;
        for (var (place, n) = (last, 0); n < SharedBy && place is not null; place = place.Before, n++)
            place.Blame += FaultCost / SharedBy;
        foreach (var (start, end) in last.Guide.Grounds())
        {
            var declaration = new List<AnswerPlace>();
            for (var place = last; place is not null && place.Text.Length > start; place = place.Before)
                if (place.Text.Length <= end) declaration.Add(place);
            foreach (var place in declaration) place.Blame += GroundCost / declaration.Count;
        }
    }

    private double Blamed(AnswerPlace place)
    {
        _unsummed.Clear();
        for (var at = place; at is not null && at.Blamed.Time != _faults; at = at.Before) _unsummed.Push(at);
        var sum = _unsummed.TryPeek(out var first) ? first.Before?.Blamed.Sum ?? 0 : place.Blamed.Sum;
        while (_unsummed.TryPop(out var at)) at.Blamed = (_faults, sum += at.Blame);
        return sum;
    }

    private void Follow(AnswerPlace place)
    {
        var way = new List<AnswerPlace>();
        for (var at = place; at is not null; at = at.Before) way.Add(at);
        way.Reverse();
        var shared = 0;
        while (shared + 1 < Math.Min(way.Count, _way.Count) && way[shared + 1] == _way[shared + 1]) shared++;
        _read = Math.Min(_read, shared);
        _way.Clear();
        _way.AddRange(way);
    }

    /// <summary>From the last whole statement of the longest way on the model writes one of the ends that the guide knows, or goes back
    /// further for one; where there is none it writes as it likes. Where an answer could have ended, these are ends of it that are better,
    /// and where there is none it is taken.</summary>
    private void GiveUp(string why)
    {
        var furthest = _poor is not null ? LastOfCode(_poor) : _furthest ?? _way[^1];
        var places = new List<AnswerPlace>();
        for (var place = furthest; place is { Guide.IsFree: false }; place = place.Before?.StatementStart) places.Add(place);
        // At last from where the code begins.
        var most = _poor is null ? MostEndings : MostBetter;
        if (places.Count > most) places.RemoveRange(most - 1, places.Count - most);
        foreach (var place in places.Where(p => limit - p.Depth >= Math.Min(Room, limit / 4)))
        {
            if (place.Guide.Endings(isFull: _poor is not null) is not { Count: > 0 } endings) continue;
            (_ended, _isEnding) = (_poor?.Guide.Shortfall() is { } shortfall ? $"{shortfall}, and {why}" : why, true);
            ReadAgain(place.With(new EndingAnswer(endings, place.Text.Length)));
            return;
        }
        if (_poor is null)
        {
            GoFree(furthest, why);
            return;
        }
        (_isFree, IsDone) = (true, _poor.Depth >= limit);
        if (IsDone) Follow(_poor);
        else ReadAgain(_poor);
    }

    // Where the last statement begins of an answer whose code is closed.
    private static AnswerPlace LastOfCode(AnswerPlace whole)
    {
        var place = whole;
        while (place is { Guide.IsFree: true, Before: not null }) place = place.Before;
        return place.StatementStart;
    }

    private void GoFree(AnswerPlace place, string why)
    {
        (_gaveUp, _ended, _isFree) = (why, "", true);
        ReadAgain(place);
    }

    private void ReadAgain(AnswerPlace place)
    {
        Follow(place);
        // Its last token is read again, since what followed was not kept; before the first one there is nothing to read.
        if (_way.Count > 1) _read = Math.Min(_read, _way.Count - 2);
        else if (_isFree) GoOnFreely(place, _first!);
        else if (Choose(place, _ => _first!) is { } fault) GoFree(place, fault);
    }
}
