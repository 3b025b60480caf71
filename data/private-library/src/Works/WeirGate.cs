namespace Fenmark.Works;

/// <summary>A gate over a sill: it passes the water that stands above the sill, in proportion to its opening.</summary>
/// <remarks>A new gate is shut. Gates are not safe for use from several threads at once.</remarks>
/// <example>
/// <code>
/// var gate = new WeirGate(GateKey.Parse("NB-001"), WaterHead.FromMetres(1), widthMetres: 2);
/// gate.SetOpening(50);
/// SpillRate rate = gate.RateAt(WaterHead.FromMetres(2)); // 1700 L/s
/// </code>
/// </example>
public sealed class WeirGate
{
    // Litres per second over one metre of sill under one metre of water.
    private const double SillFactor = 1700;
    private bool _isJammed;

    /// <summary>Creates a gate that is shut.</summary>
    /// <param name="key">The key painted on the gate.</param>
    /// <param name="sill">The head of the sill; only water above it passes.</param>
    /// <param name="widthMetres">The width of the sill in metres, above zero.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="widthMetres"/> is zero, negative or not finite.</exception>
    public WeirGate(GateKey key, WaterHead sill, double widthMetres)
    {
        if (!double.IsFinite(widthMetres) || widthMetres <= 0)
            throw new ArgumentOutOfRangeException(nameof(widthMetres), widthMetres, "A sill must be wider than zero.");
        Key = key;
        Sill = sill;
        WidthMetres = widthMetres;
    }

    /// <summary>Gets the key painted on the gate.</summary>
    public GateKey Key { get; }

    /// <summary>Gets the head of the sill.</summary>
    public WaterHead Sill { get; }

    /// <summary>Gets the width of the sill in metres.</summary>
    public double WidthMetres { get; }

    /// <summary>Gets the opening in percent, 0 to 100.</summary>
    public int Opening { get; private set; }

    /// <summary>Gets what the gate is doing.</summary>
    /// <value><see cref="GateState.Jammed"/> while jammed; otherwise as the opening says.</value>
    public GateState State => _isJammed ? GateState.Jammed : Opening switch
    {
        0 => GateState.Shut,
        100 => GateState.Open,
        _ => GateState.Ajar,
    };

    /// <summary>Occurs after the opening changed; the argument is the opening before.</summary>
    /// <remarks>Asking for the opening that the gate already has raises nothing.</remarks>
    public event EventHandler<int>? Moved;

    /// <summary>Moves the gate to an opening.</summary>
    /// <param name="percent">The opening, 0 to 100.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="percent"/> is not 0 to 100.</exception>
    /// <exception cref="JammedGateException">The gate is jammed.</exception>
    public void SetOpening(int percent)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(percent);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(percent, 100);
        if (_isJammed)
            throw new JammedGateException(Key, percent);
        if (percent == Opening)
            return;
        var before = Opening;
        Opening = percent;
        Moved?.Invoke(this, before);
    }

    /// <summary>Moves the gate by some percent, stopping at shut or full open.</summary>
    /// <param name="percent">How far to move: above zero opens, below zero shuts.</param>
    /// <returns>The opening after the move.</returns>
    /// <exception cref="JammedGateException">The gate is jammed.</exception>
    /// <example>
    /// <code>
    /// gate.SetOpening(90);
    /// int now = gate.Nudge(25); // 100
    /// </code>
    /// </example>
    public int Nudge(int percent)
    {
        SetOpening((int)Math.Clamp((long)Opening + percent, 0, 100));
        return Opening;
    }

    /// <summary>Shuts the gate; the same as an opening of zero.</summary>
    /// <exception cref="JammedGateException">The gate is jammed.</exception>
    public void Shut() => SetOpening(0);

    /// <summary>Marks the gate as jammed; it keeps its opening and still passes water.</summary>
    public void Jam() => _isJammed = true;

    /// <summary>Frees a jammed gate, so that it can move again.</summary>
    /// <returns><see langword="true"/> when the gate was jammed; otherwise <see langword="false"/>.</returns>
    public bool Free()
    {
        var was = _isJammed;
        _isJammed = false;
        return was;
    }

    /// <summary>Computes the rate that passes the gate under a head of water.</summary>
    /// <param name="level">The level on the upper side.</param>
    /// <returns>1700 x width x depth over the sill in metres to the power 1.5 x the share of opening, to the nearest litre per second;
    /// <see cref="SpillRate.Still"/> when the level is not above the sill.</returns>
    public SpillRate RateAt(WaterHead level)
    {
        var depth = level.Above(Sill).Metres;
        return SpillRate.FromLitres((long)Math.Round(SillFactor * WidthMetres * Math.Pow(depth, 1.5) * Opening / 100,
            MidpointRounding.AwayFromZero));
    }

    /// <summary>Moves the gate to an opening given as a share from 0 to 1.</summary>
    /// <param name="share">The opening as a share, 0 to 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="share"/> is not 0 to 1.</exception>
    /// <exception cref="JammedGateException">The gate is jammed.</exception>
    /// <remarks>Kept for callers of version 2. Use <see cref="SetOpening"/>, which takes percent.</remarks>
    [Obsolete("Use SetOpening, which takes percent: OpenTo(0.5) becomes SetOpening(50).")]
    public void OpenTo(double share)
    {
        if (!(share is >= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(share), share, "A share must be 0 to 1.");
        SetOpening((int)Math.Round(share * 100, MidpointRounding.AwayFromZero));
    }
}
