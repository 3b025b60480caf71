namespace DocTuneLab.Library.Composition;

/// <summary>An expression with its type, the members that it uses, and the given values, a bit for each.</summary>
internal sealed record Term(Part Part, string Type, IReadOnlyList<string> Members, ulong Given = 0);

/// <summary>Expressions by number of members and type, and what becomes of them in one more step.</summary>
internal sealed class TermTable(TypeFit fit, int breadth)
{
    // Where an expression has to use what is given, others are made and dropped: so many for each that is kept.
    private const int TriedForOne = 64;

    private readonly Dictionary<(int Size, string Type), List<Term>> _terms = [];
    private readonly HashSet<string> _codes = new(StringComparer.Ordinal);

    /// <summary>Types that expressions of a size have, in ordinal order.</summary>
    public IReadOnlyList<string> TypesOf(int size) =>
        [.. _terms.Keys.Where(k => k.Size == size).Select(k => k.Type).Order(StringComparer.Ordinal)];

    /// <summary>Keeps an expression; false where it is there already, or its type has enough of that size.</summary>
    public bool Add(int size, Term term)
    {
        if (!_terms.TryGetValue((size, term.Type), out var list)) _terms[(size, term.Type)] = list = [];
        if (list.Count >= breadth || !_codes.Add(term.Part.Code)) return false;
        list.Add(term);
        return true;
    }

    /// <summary>What a step makes of expressions that have so many uses of members with it.</summary>
    /// <param name="step">The step.</param>
    /// <param name="size">Uses of members, its own among them.</param>
    /// <param name="given">Given values that all of it must use, a bit for each.</param>
    public IEnumerable<Term> Apply(Step step, int size, ulong given = 0)
    {
        var (made, tried) = (0, 0);
        foreach (var inputs in Choose(step, 0, size - step.Members.Count))
        {
            if (++tried > breadth * TriedForOne) yield break;
            // Twice the same is rarely meant: x + x, key.Next().Next(); of several arguments each may come by the same member.
            if (inputs.Any(t => t.Members.Any(step.Members.Contains))) continue;
            if (inputs.Count > 1 && inputs.Select(t => t.Part.Code).Distinct(StringComparer.Ordinal).Count() < inputs.Count) continue;
            var used = inputs.Aggregate(0UL, (all, t) => all | t.Given);
            if ((given & ~used) != 0) continue;
            yield return new(step.Write([.. inputs.Select(t => t.Part)]), step.Output,
                [.. inputs.SelectMany(t => t.Members), .. step.Members], used);
            if (++made >= breadth) yield break;
        }
    }

    private IEnumerable<IReadOnlyList<Term>> Choose(Step step, int at, int left)
    {
        if (at == step.Inputs.Count)
        {
            if (left == 0) yield return [];
            yield break;
        }
        // The last one takes all that is left.
        for (var size = at == step.Inputs.Count - 1 ? left : 0; size <= left; size++)
            foreach (var term in Fitting(size, step.Inputs[at], convert: at > 0 || !step.HasReceiver))
                foreach (var rest in Choose(step, at + 1, left - size))
                    yield return [term, .. rest];
    }

    private List<Term> Fitting(int size, string type, bool convert) =>
        [.. TypesOf(size).Where(t => fit.Fits(t, type, convert)).SelectMany(t => _terms[(size, t)])];
}
