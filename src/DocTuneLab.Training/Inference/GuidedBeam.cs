using System.Diagnostics;
using DocTuneLab.Conversations;
using DocTuneLab.Tokenization;

namespace DocTuneLab.Training.Inference;

/// <summary>
/// One answer that is written under a guide by beam search: of all ways that fit, the likeliest few go on side by side, and the one whose
/// tokens are likeliest on average is the answer, rather one that does not fall short. No way is gone back on: those that fit
/// beside it are kept instead.
/// </summary>
/// <param name="guide">The guide, before anything is written.</param>
/// <param name="stream">Decodes the answer's tokens.</param>
/// <param name="ends">Tokens that end an answer.</param>
/// <param name="budget">How much may be tried, and how many ways go on.</param>
/// <param name="limit">Tokens of the answer at most.</param>
internal sealed class GuidedBeam(IGuidedAnswer guide, TokenStream stream, IReadOnlySet<int> ends, GuideBudget budget, int limit)
{
    private readonly Stopwatch _asking = new();
    private readonly List<AnswerPlace> _whole = [];
    private List<Way> _live = [new(new(guide, stream), 0)];
    private int _decoded;
    private string _gaveUp = "";

    private sealed record Way(AnswerPlace Place, int Row, GuideTurn? Turned = null, bool IsWhole = false);

    /// <summary>Whether nothing more is written.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Tokens that were decoded, of all ways.</summary>
    public int Decoded => _decoded;

    /// <summary>Of each way that goes on the number that it had before its last token.</summary>
    public int[] Rows => [.. _live.Select(w => w.Row)];

    /// <summary>The last token of each.</summary>
    public int[] Tokens => [.. _live.Select(w => w.Place.Token)];

    /// <summary>Tokens of each before that.</summary>
    public int Position => _live[0].Place.Depth - 1;

    /// <summary>The answer as it stands: the best that is whole, else the best of those that go on.</summary>
    public GuidedText Result
    {
        get
        {
            var best = _whole.Count > 0 ? _whole.MinBy(w => (w.Guide.Shortfall() is not null, Mean(w)))!
                : _live.MinBy(w => Mean(w.Place))!.Place;
            return new(best.Text + best.Stream.Fork().End(), best.Turns, _decoded, _whole.Count > 0 ? "" : _gaveUp);
        }
    }

    /// <summary>Goes on by one token of each way.</summary>
    /// <param name="likeliest">Of each way at least so many of the likeliest tokens behind it, or all that there are.</param>
    public void Advance(IReadOnlyList<Func<int, Candidates>> likeliest)
    {
        _asking.Start();
        var (next, reason) = (new List<Way>(), "");
        for (var row = 0; row < _live.Count; row++) reason = Extend(_live[row].Place, row, likeliest[row], next) ?? reason;
        _decoded += _live.Count;
        _asking.Stop();
        var kept = next.OrderBy(w => w.Place.Cost).Take(budget.Beams).ToList();
        foreach (var way in kept.Where(w => w.Turned is not null)) way.Place.Turns = [.. way.Place.Turns, way.Turned!];
        _whole.AddRange(kept.Where(w => w.IsWhole).Select(w => w.Place));
        var open = kept.Where(w => !w.IsWhole).ToList();
        IsDone = open.Count == 0 || _whole.Count >= budget.Beams;
        if (open.Count > 0) _live = open;
        else _gaveUp = $"no way goes on: {reason}";
        // What may end at the limit is whole.
        if (!IsDone && _live[0].Place.Depth >= limit) _whole.AddRange(_live.Select(w => w.Place).Where(p => p.Guide.Objection() is null));
        if (IsDone) return;
        _gaveUp = _live[0].Place.Depth >= limit ? $"{limit} tokens are written"
            : _decoded >= budget.Tokens * limit ? $"{_decoded} tokens were decoded"
            : _asking.Elapsed >= budget.Time ? $"{budget.Time.TotalSeconds:0.#} s had gone into it" : "";
        IsDone = _gaveUp.Length > 0;
    }

    /// <summary>Adds what may follow a way, as far as it may be among the best; says why the first token was refused.</summary>
    private string? Extend(AnswerPlace place, int row, Func<int, Candidates> likeliest, List<Way> next)
    {
        var (some, taken, turned) = (likeliest(1), 0, new GuideTurn(place.Text.Length, "", "", ""));
        for (var at = 0; taken < budget.Beams && (at < some.Ids.Length || (some = likeliest(at + 1)).Ids.Length > at); at++)
        {
            var (id, loss) = (some.Ids[at], -(double)some.Scores[at]);
            if (next.Count >= budget.Beams && place.Cost + loss >= next.Select(w => w.Place.Cost).Order().ElementAt(budget.Beams - 1))
                break;
            var (verdict, longer, why) = place.Ask(id, ends);
            if (verdict is GuideVerdict.Refused or GuideVerdict.Broken)
            {
                if (turned.Reason.Length == 0) turned = turned with { Wanted = place.Piece(id, ends), Reason = why };
                continue;
            }
            taken++;
            loss += GuideCosts.Of(verdict);
            var way = longer is null ? place.Ended(loss) : new AnswerPlace(place, id, longer, loss) { Turns = place.Turns };
            if (longer is not null && way.Repeats) way.Cost += GuideCosts.CircleCost;
            next.Add(new(way, row, turned.Reason.Length > 0 ? turned with { Given = place.Piece(id, ends) } : null, longer is null));
        }
        return taken == 0 && turned.Reason.Length > 0 ? turned.Reason : null;
    }

    // With the token that ends it, or may.
    private static double Mean(AnswerPlace place) => place.Cost / (place.Depth + 1);
}
