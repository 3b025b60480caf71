namespace Fenmark.Works;

/// <summary>Collects the ditches and gates of a fen, step by step.</summary>
/// <remarks>Each step returns the same builder. Nothing is checked before <see cref="Check"/> or <see cref="Build"/>.</remarks>
public sealed class FenPlanBuilder
{
    private readonly string _name;
    private readonly List<DitchOptions> _ditches = [];
    private readonly List<(WeirGate Gate, string From, string To)> _links = [];

    internal FenPlanBuilder(string name) => _name = name;

    /// <summary>Adds a ditch.</summary>
    /// <param name="options">The measures of the ditch.</param>
    /// <returns>This builder.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    public FenPlanBuilder AddDitch(DitchOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _ditches.Add(options);
        return this;
    }

    /// <summary>Adds a gate between two ditches, or from a ditch to the sea.</summary>
    /// <param name="gate">The gate.</param>
    /// <param name="from">The name of the upper ditch.</param>
    /// <param name="to">The name of the lower ditch, or <see cref="FenPlan.Sea"/>.</param>
    /// <returns>This builder.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public FenPlanBuilder AddGate(WeirGate gate, string from, string to)
    {
        ArgumentNullException.ThrowIfNull(gate);
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        _links.Add((gate, from, to));
        return this;
    }

    /// <summary>Lists what is wrong with the plan so far.</summary>
    /// <returns>
    /// The problems, each one sentence: no ditch, wrong measures, a name or key used twice, a gate with an unknown end,
    /// or water that could run in a ring. None when the plan can be built.
    /// </returns>
    public IReadOnlyList<string> Check()
    {
        var problems = new List<string>();
        if (_ditches.Count == 0)
            problems.Add("A fen needs at least one ditch.");
        foreach (var options in _ditches)
        {
            try
            {
                options.Validate();
            }
            catch (PlanFaultException fault)
            {
                problems.AddRange(fault.Problems);
            }
            if (options.Name == FenPlan.Sea)
                problems.Add($"A ditch must not be named '{FenPlan.Sea}'.");
        }
        problems.AddRange(
            _ditches.GroupBy(d => d.Name).Where(g => g.Count() > 1).Select(g => $"The name '{g.Key}' is used {g.Count()} times."));
        problems.AddRange(
            _links.GroupBy(l => l.Gate.Key).Where(g => g.Count() > 1).Select(g => $"The gate key {g.Key} is used {g.Count()} times."));
        var known = _ditches.Select(d => d.Name).ToHashSet();
        foreach (var (gate, from, to) in _links)
        {
            if (!known.Contains(from))
                problems.Add($"Gate {gate.Key} leads out of '{from}', which is no ditch.");
            if (to != FenPlan.Sea && !known.Contains(to))
                problems.Add($"Gate {gate.Key} leads into '{to}', which is no ditch.");
        }
        if (FindRing() is { } start)
            problems.Add($"Water could run in a ring through '{start}'.");
        return problems;
    }

    /// <summary>Builds the plan; each call makes fresh ditches.</summary>
    /// <returns>The plan.</returns>
    /// <exception cref="PlanFaultException"><see cref="Check"/> lists a problem.</exception>
    public FenPlan Build()
    {
        var problems = Check();
        if (problems.Count > 0)
            throw new PlanFaultException(problems);
        return new(_name, [.. _ditches.Select(options => new Ditch(options))], [.. _links]);
    }

    // Removes ditches that nothing flows into until none is left (no ring) or none can go (a ring).
    private string? FindRing()
    {
        var open = _links.Where(l => l.To != FenPlan.Sea).Select(l => (l.From, l.To)).ToList();
        while (open.Count > 0)
        {
            var fed = open.Select(l => l.To).ToHashSet();
            if (open.RemoveAll(l => !fed.Contains(l.From)) == 0)
            {
                // A ditch below the ring is fed too, so walk upstream: that must come round to the ring itself.
                var at = open[0].From;
                var seen = new HashSet<string>();
                while (seen.Add(at))
                    at = open.First(l => l.To == at).From;
                return at;
            }
        }
        return null;
    }
}
