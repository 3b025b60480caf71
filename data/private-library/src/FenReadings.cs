using System.Runtime.CompilerServices;
using Fenmark.Works;

namespace Fenmark;

/// <summary>Short forms for values, and sums over many of them.</summary>
public static class FenReadings
{
    /// <summary>Creates a head of so many metres.</summary>
    /// <param name="metres">The height in metres.</param>
    /// <returns>The same head as <see cref="WaterHead.FromMetres"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="metres"/> is not a height that a head can hold.</exception>
    /// <example>
    /// <code>
    /// var sill = 1.25.MetresHead(); // 1.250 m
    /// </code>
    /// </example>
    public static WaterHead MetresHead(this double metres) => WaterHead.FromMetres(metres);

    /// <summary>Creates a lot of so many litres.</summary>
    /// <param name="litres">The amount in litres, zero or more.</param>
    /// <returns>The same lot as <see cref="WaterLot.FromLitres"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="litres"/> is negative.</exception>
    public static WaterLot LitresLot(this int litres) => WaterLot.FromLitres(litres);

    /// <summary>Adds up lots.</summary>
    /// <param name="lots">The lots; none gives <see cref="WaterLot.Empty"/>.</param>
    /// <returns>The sum.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="lots"/> is null.</exception>
    /// <exception cref="OverflowException">The sum does not fit.</exception>
    public static WaterLot Total(this IEnumerable<WaterLot> lots)
    {
        ArgumentNullException.ThrowIfNull(lots);
        return lots.Aggregate(WaterLot.Empty, (sum, lot) => sum + lot);
    }

    /// <summary>Computes the mean of heads, to the nearest millimetre.</summary>
    /// <param name="heads">The heads, at least one.</param>
    /// <returns>The mean.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="heads"/> is null.</exception>
    /// <exception cref="FenFaultException">There is no head; the fault code is <c>empty-log</c>.</exception>
    public static WaterHead MeanHead(this IEnumerable<WaterHead> heads)
    {
        ArgumentNullException.ThrowIfNull(heads);
        var all = heads.ToList();
        if (all.Count == 0)
            throw new FenFaultException("empty-log", "There is no head to take the mean of.");
        return WaterHead.FromMetres(all.Average(h => h.Millimetres) / 1000);
    }

    /// <summary>Returns the gates that are in a state.</summary>
    /// <param name="gates">The gates to look through.</param>
    /// <param name="state">The state to look for.</param>
    /// <returns>The gates in that state now, in their order.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="gates"/> is null.</exception>
    /// <example>
    /// <code>
    /// int jammed = plan.Gates.InState(GateState.Jammed).Count;
    /// </code>
    /// </example>
    public static IReadOnlyList<WeirGate> InState(this IEnumerable<WeirGate> gates, GateState state)
    {
        ArgumentNullException.ThrowIfNull(gates);
        return [.. gates.Where(g => g.State == state)];
    }

    /// <summary>Gathers a stream into batches.</summary>
    /// <typeparam name="T">What the stream brings.</typeparam>
    /// <param name="stream">The stream.</param>
    /// <param name="size">The size of a batch, one or more.</param>
    /// <param name="cancel">Stops the reading of <paramref name="stream"/>.</param>
    /// <returns>The batches in order; the last may be smaller, and none is empty.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="stream"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="size"/> is less than one.</exception>
    public static IAsyncEnumerable<IReadOnlyList<T>> InBatchesOf<T>(this IAsyncEnumerable<T> stream, int size,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        return Gather(stream, size, cancel);
    }

    private static async IAsyncEnumerable<IReadOnlyList<T>> Gather<T>(IAsyncEnumerable<T> stream, int size,
        [EnumeratorCancellation] CancellationToken cancel)
    {
        var batch = new List<T>();
        await foreach (var item in stream.WithCancellation(cancel))
        {
            batch.Add(item);
            if (batch.Count == size)
            {
                yield return batch;
                batch = [];
            }
        }
        if (batch.Count > 0)
            yield return batch;
    }
}
