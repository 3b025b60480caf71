using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>The order in which drafts are tried: by chance from a seed, those first whose calls few tasks make so far. Where words give
/// names away, as those of a library without comments do, a draft comes last.</summary>
internal sealed class DraftQueue
{
    private readonly List<DraftCandidate> _left;
    private readonly Dictionary<string, int> _used = new(StringComparer.Ordinal), _sets = new(StringComparer.Ordinal);
    private readonly HashSet<string> _shapes = new(StringComparer.Ordinal), _asked = new(StringComparer.Ordinal), _known;
    private readonly int _mostAlike;

    public DraftQueue(IReadOnlyList<DraftCandidate> candidates, IReadOnlyList<DraftEntry> known, IReadOnlyList<CodeTask> tasks,
        int mostAlike,
        int seed)
    {
        _known = known.Select(e => e.Id).Concat(tasks.Select(t => t.Id)).ToHashSet(StringComparer.Ordinal);
        var order = candidates.ToArray();
        new Random(seed).Shuffle(order);
        _left = [.. order.Where(c => _known.Add(c.Id))];
        _mostAlike = mostAlike;
        foreach (var task in tasks)
        {
            Count(task.GoldSymbols, task.GoldSymbols);
            _asked.Add(DraftCandidate.AskedIn(task.Instruction.Split(DraftCandidate.BeforeExamples)[0]));
            _shapes.Add(CodeShape.Of(task.Reference, task.Signature)?.Text + string.Join(' ', task.GoldSymbols));
        }
    }

    /// <summary>The next drafts; none when all were tried. What solves the same as a task but for names and literals is passed
    /// over.</summary>
    public List<DraftCandidate> Next(int most, YieldCount count)
    {
        List<DraftCandidate> batch = [];
        Dictionary<string, int> meant = new(_used, StringComparer.Ordinal);
        HashSet<string> shapes = new(StringComparer.Ordinal), asked = new(StringComparer.Ordinal);
        while (batch.Count < most && _left.Count > 0)
        {
            var next = _left.MinBy(c => (c.IsGiven, c.Calls.Average(m => meant.GetValueOrDefault(m))))!;
            _left.Remove(next);
            if (_shapes.Contains(next.Shape) || !shapes.Add(next.Shape)) count
                .Fell(next.Method.Usage.Source, "another solves the same but for names and literals");
            else if (_asked.Contains(next.Asked) || !asked.Add(next.Asked)) count
                .Fell(next.Method.Usage.Source, "another asks for the same");
            else if (_sets.GetValueOrDefault(Set(next.Members)) >= _mostAlike) count
                .Fell(next.Method.Usage.Source, "enough others need the same members");
            else
            {
                batch.Add(next);
                foreach (var call in next.Calls) meant[call] = meant.GetValueOrDefault(call) + 1;
            }
        }
        return batch;
    }

    /// <summary>Takes in a draft that was made of another; not where it was there before.</summary>
    public bool Add(DraftCandidate candidate)
    {
        if (!_known.Add(candidate.Id)) return false;
        _left.Add(candidate);
        return true;
    }

    /// <summary>Notes that a draft became a task.</summary>
    public void Took(DraftCandidate candidate)
    {
        Count(candidate.Members, candidate.Calls);
        _shapes.Add(candidate.Shape);
        _asked.Add(candidate.Asked);
    }

    private void Count(IReadOnlyList<string> members, IReadOnlyList<string> calls)
    {
        foreach (var call in calls) _used[call] = _used.GetValueOrDefault(call) + 1;
        _sets[Set(members)] = _sets.GetValueOrDefault(Set(members)) + 1;
    }

    private static string Set(IEnumerable<string> members) => string.Join(' ', members.Order(StringComparer.Ordinal));
}
