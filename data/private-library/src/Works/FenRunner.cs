using System.Runtime.CompilerServices;

namespace Fenmark.Works;

/// <summary>Runs the water of a plan forward in fixed steps of model time.</summary>
/// <remarks>
/// In each step the inflows are poured first; then each gate passes water at the rate of the levels reached, but only
/// downhill, and never water that stands below its sill. No water is lost: what came in is stored, spilled or at sea.
/// The clock is read once, for the starting moment; a step takes no real time.
/// </remarks>
/// <example>
/// <code>
/// var runner = new FenRunner(plan, TimeSpan.FromMinutes(10), TimeProvider.System);
/// runner.SetInflow("North", SpillRate.FromLitres(250));
/// await foreach (FenTick tick in runner.RunAsync(6))
///     Console.WriteLine($"{tick.Number}: {tick.Stored}");
/// </code>
/// </example>
public sealed class FenRunner
{
    private readonly Dictionary<string, SpillRate> _inflows = [];

    /// <summary>Creates a runner that stands at the clock's present moment.</summary>
    /// <param name="plan">The plan whose ditches the runner changes.</param>
    /// <param name="step">The length of a step, above zero.</param>
    /// <param name="clock">The clock that gives the starting moment.</param>
    /// <exception cref="ArgumentNullException"><paramref name="plan"/> or <paramref name="clock"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="step"/> is not above zero.</exception>
    public FenRunner(FenPlan plan, TimeSpan step, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(step, TimeSpan.Zero);
        Plan = plan;
        Step = step;
        Moment = clock.GetUtcNow();
    }

    /// <summary>Gets the plan that runs.</summary>
    public FenPlan Plan { get; }

    /// <summary>Gets the length of a step.</summary>
    public TimeSpan Step { get; }

    /// <summary>Gets the moment that the runner has reached, in model time.</summary>
    public DateTimeOffset Moment { get; private set; }

    /// <summary>Gets the number of steps done.</summary>
    public int TicksDone { get; private set; }

    /// <summary>Gets the tide at the sea gates; null means that the sea never holds water back. Default: null.</summary>
    public TideTable? Tide { get; init; }

    /// <summary>Sets the rate at which water runs into a ditch from the land, from now on.</summary>
    /// <param name="ditchName">The name of the ditch.</param>
    /// <param name="rate">The rate; <see cref="SpillRate.Still"/> ends the inflow.</param>
    /// <exception cref="KeyNotFoundException">The plan has no such ditch.</exception>
    public void SetInflow(string ditchName, SpillRate rate) => _inflows[Plan.DitchNamed(ditchName).Name] = rate;

    /// <summary>Advances the plan by one step.</summary>
    /// <returns>The account of the step.</returns>
    public FenTick Advance()
    {
        var spilled = WaterLot.Empty;
        var toSea = WaterLot.Empty;
        foreach (var (name, rate) in _inflows)
            spilled += Plan.DitchNamed(name).Pour(rate * Step);

        // All gates see the same levels, so that their order decides only who draws the last water.
        var levels = Plan.Ditches.ToDictionary(d => d.Name, d => d.Level);
        var arrivals = new List<(Ditch To, WaterLot Lot)>();
        foreach (var (gate, from, to) in Plan.Links)
        {
            var ditch = Plan.DitchNamed(from);
            if (to == FenPlan.Sea ? Tide?.HeadAt(Moment) >= levels[from] : levels[to] >= levels[from])
                continue;
            var lot = gate.RateAt(levels[from]) * Step;
            var free = ditch.LotAbove(gate.Sill);
            if (lot > free)
                lot = free;
            ditch.Draw(lot);
            if (to == FenPlan.Sea)
                toSea += lot;
            else
                arrivals.Add((Plan.DitchNamed(to), lot));
        }
        foreach (var (to, lot) in arrivals)
            spilled += to.Pour(lot);

        Moment += Step;
        return new FenTick
        {
            Number = ++TicksDone,
            Moment = Moment,
            Stored = Plan.Ditches.Select(d => d.Stored).Total(),
            ToSea = toSea,
            Spilled = spilled,
        };
    }

    /// <summary>Streams the accounts of the next steps, one by one as they are done.</summary>
    /// <param name="ticks">How many steps to run, zero or more.</param>
    /// <param name="cancel">Stops the run before its next step.</param>
    /// <returns>The accounts, in order. Steps that are not asked for are not run.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="ticks"/> is negative.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was signalled; the steps done stay done.</exception>
    public IAsyncEnumerable<FenTick> RunAsync(int ticks, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(ticks);
        return Run(ticks, cancel);
    }

    private async IAsyncEnumerable<FenTick> Run(int ticks, [EnumeratorCancellation] CancellationToken cancel)
    {
        for (var done = 0; done < ticks; done++)
        {
            cancel.ThrowIfCancellationRequested();
            yield return Advance();
            await Task.Yield();
        }
    }
}
