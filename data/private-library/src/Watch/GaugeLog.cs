using System.Runtime.CompilerServices;

namespace Fenmark.Watch;

/// <summary>A log of the newest readings, which drops the oldest when it is full.</summary>
/// <typeparam name="TReading">A value with an order, such as <see cref="WaterHead"/> or <see cref="int"/>.</typeparam>
/// <example>
/// <code>
/// var log = new GaugeLog&lt;WaterHead&gt;(capacity: 3);
/// foreach (var metres in new[] { 1.0, 2.5, 2.0, 1.5 })
///     log.Add(WaterHead.FromMetres(metres));
/// Console.WriteLine(log.Oldest); // 2.500 m
/// </code>
/// </example>
public sealed class GaugeLog<TReading>
    where TReading : struct, IComparable<TReading>
{
    private readonly Queue<TReading> _readings;

    /// <summary>Creates an empty log.</summary>
    /// <param name="capacity">The most readings to keep, one or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> is less than one.</exception>
    public GaugeLog(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        Capacity = capacity;
        _readings = new();
    }

    /// <summary>Gets the most readings that the log keeps.</summary>
    public int Capacity { get; }

    /// <summary>Gets the number of readings in the log.</summary>
    public int Count => _readings.Count;

    /// <summary>Gets the newest reading.</summary>
    /// <exception cref="FenFaultException">The log is empty; the fault code is <c>empty-log</c>.</exception>
    public TReading Newest => Filled().Last();

    /// <summary>Gets the oldest reading that the log still keeps.</summary>
    /// <exception cref="FenFaultException">The log is empty; the fault code is <c>empty-log</c>.</exception>
    public TReading Oldest => Filled().Peek();

    /// <summary>Gets the highest reading in the log.</summary>
    /// <exception cref="FenFaultException">The log is empty; the fault code is <c>empty-log</c>.</exception>
    public TReading Peak => Filled().Max();

    /// <summary>Gets the lowest reading in the log.</summary>
    /// <exception cref="FenFaultException">The log is empty; the fault code is <c>empty-log</c>.</exception>
    public TReading Trough => Filled().Min();

    /// <summary>Gets the newest reading.</summary>
    /// <exception cref="FenFaultException">The log is empty; the fault code is <c>empty-log</c>.</exception>
    /// <remarks>Kept for callers of version 2. Use <see cref="Newest"/>.</remarks>
    [Obsolete("Use Newest.")]
    public TReading Last => Newest;

    /// <summary>Gets a reading by its age.</summary>
    /// <param name="age">How many readings came after it: 0 is the newest.</param>
    /// <returns>The reading.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="age"/> is negative, or the log does not reach back so far.</exception>
    public TReading this[int age]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(age);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(age, Count);
            return _readings.ElementAt(Count - 1 - age);
        }
    }

    /// <summary>Adds a reading; a full log drops its oldest first.</summary>
    /// <param name="reading">The reading.</param>
    /// <returns><see langword="true"/> when an old reading was dropped to make room; otherwise <see langword="false"/>.</returns>
    public bool Add(TReading reading)
    {
        var isFull = Count == Capacity;
        if (isFull)
            _readings.Dequeue();
        _readings.Enqueue(reading);
        return isFull;
    }

    /// <summary>Counts the readings above a mark.</summary>
    /// <param name="mark">The mark; readings equal to it do not count.</param>
    /// <returns>The number of readings.</returns>
    public int CountOver(TReading mark) => _readings.Count(r => r.CompareTo(mark) > 0);

    /// <summary>Streams the readings that the log holds when the reading starts, oldest first.</summary>
    /// <param name="cancel">Stops the stream.</param>
    /// <returns>The readings. Readings added meanwhile are not part of it.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was signalled.</exception>
    public async IAsyncEnumerable<TReading> ReplayAsync([EnumeratorCancellation] CancellationToken cancel = default)
    {
        foreach (var reading in _readings.ToArray())
        {
            cancel.ThrowIfCancellationRequested();
            yield return reading;
            await Task.Yield();
        }
    }

    private Queue<TReading> Filled() => Count > 0 ? _readings : throw new FenFaultException("empty-log", "The log has no reading yet.");
}
