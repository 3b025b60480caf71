namespace DocTuneLab.Library.Composition;

/// <summary>
/// Enumerates what can be made of given values with the members of a library: constructors, factories, methods, properties, indexers,
/// operators, extension methods, and LINQ over sequences of the library's types. By types alone, from below: all expressions of one
/// member, then of two, and so on. What needs <c>out</c> or <c>ref</c>, what must be awaited, and literals are left
/// out, and what returns nothing unless <c>void</c> is the goal; optional parameters take their defaults.
/// </summary>
/// <param name="api">The library.</param>
public sealed class CompositionSearch(ApiModel api)
{
    /// <summary>The goal of what gives no value.</summary>
    public const string Nothing = "void";

    private readonly TypeFit _fit = new(api);
    private StepSource? _source;

    private StepSource Source => _source ??= new StepSource(api, _fit);

    /// <summary>Expressions of a type, those of fewest members first, each with another text; equal arguments give an equal list.</summary>
    /// <param name="goal">The type that is wanted; of <c>void</c> calls that return nothing and assignments to properties.</param>
    /// <param name="given">What is there.</param>
    /// <param name="bounds">How far to go; null for the defaults.</param>
    /// <param name="known">Shapes that are left out, as <see cref="CodeShape"/> writes them: those that training data shows.</param>
    /// <exception cref="LabException">A bound is out of range.</exception>
    public IReadOnlyList<Composition> Find(
        string goal, IReadOnlyList<GivenValue> given, CompositionBounds? bounds = null, IReadOnlySet<string>? known = null) =>
        Walk(given, bounds ??= new(), goal).Where(c => _fit.Fits(c.Type, goal) || SequenceSteps.Gather(c.Type, goal) is not null)
            .Select(c => _fit.Fits(c.Type, goal) ? c
                : c with { Code = c.Code + SequenceSteps.Gather(c.Type, goal), Type = goal })
            .Where(c => HasEnough(c, bounds) && !IsKnown(c, known)).Take(bounds.Results).ToList();

    /// <summary>Expressions of every type, in the same order.</summary>
    /// <param name="given">What is there.</param>
    /// <param name="bounds">How far to go; null for the defaults.</param>
    /// <param name="known">Shapes that are left out.</param>
    /// <exception cref="LabException">A bound is out of range.</exception>
    public IReadOnlyList<Composition> FindAll(
        IReadOnlyList<GivenValue> given, CompositionBounds? bounds = null, IReadOnlySet<string>? known = null) =>
        Walk(given, bounds ??= new(), null).Where(c => HasEnough(c, bounds) && !IsKnown(c, known))
            .Take(bounds.Results).ToList();

    /// <summary>Fewest uses of members that lead from values of some types to one of another, each value used as often as one likes; 0
    /// where one fits already, null where none does within the limit.</summary>
    /// <param name="goal">The type that is wanted.</param>
    /// <param name="from">Types of the values that are there.</param>
    /// <param name="atMost">Most uses.</param>
    public int? StepsTo(string goal, IReadOnlyCollection<string> from, int atMost)
    {
        ArgumentNullException.ThrowIfNull(from);
        var cost = from.Distinct(StringComparer.Ordinal).ToDictionary(t => t, _ => 0, StringComparer.Ordinal);
        var steps = new StepSet(Source, []);
        foreach (var type in cost.Keys.Append(goal)) steps.Meet(type);
        for (var changed = true; changed;)
        {
            changed = false;
            foreach (var step in steps.All)
            {
                var sum = step.Members.Count;
                for (var i = 0; i < step.Inputs.Count; i++)
                {
                    var (input, convert) = (step.Inputs[i], i > 0 || !step.HasReceiver);
                    var least = cost.Where(c => _fit.Fits(c.Key, input, convert)).Select(c => (int?)c.Value).Min();
                    sum = least is { } n ? sum + n : atMost + 1;
                    if (sum > atMost) break;
                }
                if (sum > atMost || (cost.TryGetValue(step.Output, out var known) && known <= sum)) continue;
                cost[step.Output] = sum;
                steps.Meet(step.Output);
                changed = true;
            }
        }
        return cost.Where(c => _fit.Fits(c.Key, goal) || SequenceSteps.Gather(c.Key, goal) is not null).Select(c => (int?)c.Value).Min();
    }

    private static bool HasEnough(Composition c, CompositionBounds bounds) =>
        c.Members.Distinct(StringComparer.Ordinal).Count() >= bounds.FewestMembers;

    private static bool IsKnown(Composition c, IReadOnlySet<string>? known) =>
        known is { Count: > 0 } && CodeShape.Of($"return {c.Code};") is { } shape && known.Contains(shape.Text);

    private IEnumerable<Composition> Walk(IReadOnlyList<GivenValue> given, CompositionBounds bounds, string? goal)
    {
        ArgumentNullException.ThrowIfNull(given);
        bounds.Validate();
        var steps = new StepSet(Source, given);
        var terms = new TermTable(_fit, bounds.Breadth);
        var needed = 0UL;
        foreach (var (value, i) in given.Select((v, i) => (v, i)))
        {
            // Of the values beyond the last bit nothing can be asked.
            var bit = i < 64 ? 1UL << i : 0;
            if (bounds.MustUse.Contains(value.Name)) needed |= bit;
            terms.Add(0, new(new(value.Name, true), value.Type, [], bit));
            steps.Meet(value.Type);
        }
        if (goal is not null) steps.Meet(goal);
        for (var size = 1; size <= bounds.MostMembers; size++)
        {
            // Nothing is built on what is largest, or on what returns nothing.
            var (isLast, all) = (size == bounds.MostMembers, goal == Nothing ? steps.All.Concat(Source.Effects) : steps.All);
            foreach (var step in all)
                foreach (var term in terms.Apply(step, size, isLast || step.Output == Nothing ? needed : 0))
                    if (terms.Add(size, term) && (needed & ~term.Given) == 0)
                        yield return new(term.Part.Code, term.Type, term.Members);
            foreach (var type in terms.TypesOf(size)) steps.Meet(type);
        }
    }
}
