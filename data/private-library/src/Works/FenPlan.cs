namespace Fenmark.Works;

/// <summary>A fen: ditches, and the gates that lead from ditch to ditch and to the sea.</summary>
/// <remarks>The layout never changes; the ditches and gates in it do. Make one with <see cref="Draft"/>.</remarks>
/// <example>
/// <code>
/// FenPlan plan = FenPlan.Draft("Low Fen")
///     .AddDitch(new DitchOptions { Name = "North" })
///     .AddGate(new WeirGate(GateKey.Parse("NB-001"), WaterHead.Datum, 2), "North", FenPlan.Sea)
///     .Build();
/// </code>
/// </example>
public sealed class FenPlan
{
    /// <summary>The name that stands for the sea as the lower end of a gate.</summary>
    public const string Sea = "sea";

    private readonly IReadOnlyList<(WeirGate Gate, string From, string To)> _links;

    internal FenPlan(string name, IReadOnlyList<Ditch> ditches, IReadOnlyList<(WeirGate Gate, string From, string To)> links)
    {
        Name = name;
        Ditches = ditches;
        _links = links;
        Gates = [.. links.Select(l => l.Gate)];
    }

    /// <summary>Gets the name of the fen.</summary>
    public string Name { get; }

    /// <summary>Gets the ditches, in the order in which they were added.</summary>
    public IReadOnlyList<Ditch> Ditches { get; }

    /// <summary>Gets the gates, in the order in which they were added.</summary>
    public IReadOnlyList<WeirGate> Gates { get; }

    /// <summary>Gets the capacity of all ditches together.</summary>
    public WaterLot TotalCapacity => Ditches.Select(d => d.Capacity).Total();

    internal IReadOnlyList<(WeirGate Gate, string From, string To)> Links => _links;

    /// <summary>Starts a plan.</summary>
    /// <param name="name">The name of the fen.</param>
    /// <returns>A builder without ditches or gates.</returns>
    /// <exception cref="ArgumentException"><paramref name="name"/> is null or blank.</exception>
    public static FenPlanBuilder Draft(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return new(name);
    }

    /// <summary>Returns the ditch of a name.</summary>
    /// <param name="name">The name; capitals matter.</param>
    /// <returns>The ditch.</returns>
    /// <exception cref="KeyNotFoundException">No ditch has that name.</exception>
    public Ditch DitchNamed(string name)
        => Ditches.FirstOrDefault(d => d.Name == name) ?? throw new KeyNotFoundException($"Fen '{Name}' has no ditch '{name}'.");

    /// <summary>Returns the gate of a key.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The gate.</returns>
    /// <exception cref="KeyNotFoundException">No gate has that key.</exception>
    public WeirGate GateAt(GateKey key)
        => Gates.FirstOrDefault(g => g.Key == key) ?? throw new KeyNotFoundException($"Fen '{Name}' has no gate {key}.");

    /// <summary>Returns the gates that lead out of a ditch.</summary>
    /// <param name="ditchName">The name of the upper ditch.</param>
    /// <returns>The gates, in the order in which they were added; none when the ditch has no way out.</returns>
    /// <exception cref="KeyNotFoundException">No ditch has that name.</exception>
    public IReadOnlyList<WeirGate> GatesFrom(string ditchName)
    {
        _ = DitchNamed(ditchName);
        return [.. _links.Where(l => l.From == ditchName).Select(l => l.Gate)];
    }

    /// <summary>Returns the way that water takes from a ditch, following the first gate out of each.</summary>
    /// <param name="ditchName">The name of the ditch to start at.</param>
    /// <returns>The names passed, the start first; the last is <see cref="Sea"/>, or a ditch with no way out.</returns>
    /// <exception cref="KeyNotFoundException">No ditch has that name.</exception>
    public IReadOnlyList<string> PathFrom(string ditchName)
    {
        _ = DitchNamed(ditchName);
        var path = new List<string>();
        for (var at = ditchName; at is not null; at = _links.Where(l => l.From == at).Select(l => l.To).FirstOrDefault())
            path.Add(at);
        return path;
    }
}
