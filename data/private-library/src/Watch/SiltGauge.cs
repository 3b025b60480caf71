namespace Fenmark.Watch;

/// <summary>A gauge of the silt on a sill, with a limit above which the sill must be dredged.</summary>
/// <remarks>After <see cref="Dispose"/> the gauge takes no more readings; what it measured can still be read.</remarks>
/// <example>
/// <code>
/// using var gauge = new SiltGauge(limit: 30);
/// gauge.Record(12.5);
/// gauge.Record(31);
/// Console.WriteLine(gauge.NeedsDredge); // True
/// </code>
/// </example>
public sealed class SiltGauge : IDisposable
{
    private double _sum;

    /// <summary>Creates a gauge without readings.</summary>
    /// <param name="limit">The depth of silt in millimetres above which the sill must be dredged; above zero.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="limit"/> is not finite or not above zero.</exception>
    public SiltGauge(double limit)
    {
        if (!double.IsFinite(limit) || limit <= 0)
            throw new ArgumentOutOfRangeException(nameof(limit), limit, "The limit must be above zero.");
        Limit = limit;
    }

    /// <summary>Gets the limit in millimetres.</summary>
    public double Limit { get; }

    /// <summary>Gets the number of readings since the start or the last dredging.</summary>
    public int Count { get; private set; }

    /// <summary>Gets the latest reading in millimetres; 0 when there is none.</summary>
    public double Latest { get; private set; }

    /// <summary>Gets the mean of the readings in millimetres; 0 when there is none.</summary>
    public double Mean => Count == 0 ? 0 : _sum / Count;

    /// <summary>Gets the deepest reading in millimetres; 0 when there is none.</summary>
    public double Peak { get; private set; }

    /// <summary>Gets a value indicating whether the latest reading is above the limit.</summary>
    public bool NeedsDredge => Latest > Limit;

    /// <summary>Gets a value indicating whether the gauge was disposed of.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Occurs when a reading is above the limit and the one before was not; the argument is the reading.</summary>
    public event EventHandler<double>? LimitPassed;

    /// <summary>Records a reading.</summary>
    /// <param name="depth">The depth of silt in millimetres, zero or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="depth"/> is negative or not finite.</exception>
    /// <exception cref="ObjectDisposedException">The gauge is closed.</exception>
    public void Record(double depth)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        if (!double.IsFinite(depth) || depth < 0)
            throw new ArgumentOutOfRangeException(nameof(depth), depth, "A depth of silt must be zero or more.");
        var neededDredge = NeedsDredge;
        Count++;
        _sum += depth;
        Latest = depth;
        Peak = Math.Max(Peak, depth);
        if (NeedsDredge && !neededDredge)
            LimitPassed?.Invoke(this, depth);
    }

    /// <summary>Notes that the sill was dredged: all readings are dropped.</summary>
    /// <returns>The latest reading before, in millimetres.</returns>
    /// <exception cref="ObjectDisposedException">The gauge is closed.</exception>
    public double Dredge()
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        var before = Latest;
        (Count, _sum, Latest, Peak) = (0, 0, 0, 0);
        return before;
    }

    /// <summary>Closes the gauge and drops everyone who listens to it. Closing it again does nothing.</summary>
    public void Dispose()
    {
        IsClosed = true;
        LimitPassed = null;
    }
}
