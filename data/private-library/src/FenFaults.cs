namespace Fenmark;

/// <summary>The base of every fault that the library itself reports.</summary>
/// <remarks>Wrong arguments are reported by the usual argument exceptions, not by this one.</remarks>
public class FenFaultException : Exception
{
    /// <summary>Creates a fault.</summary>
    /// <param name="faultCode">A short fixed code, such as <c>empty-log</c>.</param>
    /// <param name="message">What happened, for people.</param>
    public FenFaultException(string faultCode, string message)
        : base(message) => FaultCode = faultCode;

    /// <summary>Gets the short fixed code of the fault, fit for a switch.</summary>
    /// <value>One of <c>jammed-gate</c>, <c>dry-ditch</c>, <c>bad-plan</c>, <c>key-spent</c>, <c>empty-log</c>.</value>
    public string FaultCode { get; }
}

/// <summary>The fault of moving a gate that is jammed.</summary>
/// <remarks>The fault code is <c>jammed-gate</c>. Call <see cref="Works.WeirGate.Free"/> before moving the gate again.</remarks>
public sealed class JammedGateException : FenFaultException
{
    /// <summary>Creates the fault for one gate.</summary>
    /// <param name="key">The key of the jammed gate.</param>
    /// <param name="wantedOpening">The opening that was asked for, in percent.</param>
    public JammedGateException(GateKey key, int wantedOpening)
        : base("jammed-gate", $"Gate {key} is jammed and cannot move to {wantedOpening} percent.")
    {
        Key = key;
        WantedOpening = wantedOpening;
    }

    /// <summary>Gets the key of the jammed gate.</summary>
    public GateKey Key { get; }

    /// <summary>Gets the opening that was asked for, in percent.</summary>
    public int WantedOpening { get; }
}

/// <summary>The fault of drawing more water than a ditch holds.</summary>
/// <remarks>The fault code is <c>dry-ditch</c>. The ditch is left as it was.</remarks>
public sealed class DryDitchException : FenFaultException
{
    /// <summary>Creates the fault for one ditch.</summary>
    /// <param name="ditchName">The name of the ditch.</param>
    /// <param name="wanted">The water that was asked for.</param>
    /// <param name="held">The water that the ditch held.</param>
    public DryDitchException(string ditchName, WaterLot wanted, WaterLot held)
        : base("dry-ditch", $"Ditch '{ditchName}' holds {held}, so {wanted} cannot be drawn.")
    {
        DitchName = ditchName;
        Shortfall = wanted - held;
    }

    /// <summary>Gets the name of the ditch.</summary>
    public string DitchName { get; }

    /// <summary>Gets the water that was missing: what was wanted less what was held.</summary>
    public WaterLot Shortfall { get; }
}

/// <summary>The fault of a plan or of options that do not hold together.</summary>
/// <remarks>The fault code is <c>bad-plan</c>. All problems are listed at once.</remarks>
public sealed class PlanFaultException : FenFaultException
{
    /// <summary>Creates the fault from the problems found.</summary>
    /// <param name="problems">The problems, each one sentence; at least one.</param>
    /// <exception cref="ArgumentNullException"><paramref name="problems"/> is null.</exception>
    public PlanFaultException(IReadOnlyList<string> problems)
        : base("bad-plan", string.Join(" ", problems ?? throw new ArgumentNullException(nameof(problems)))) => Problems = problems;

    /// <summary>Gets the problems, each one sentence, in the order in which they were found.</summary>
    public IReadOnlyList<string> Problems { get; }
}
