using System.Numerics;
using System.Runtime.InteropServices;

namespace DocTuneLab.Training.Simd;

/// <summary>Powers of e in double precision, many at once: a vocabulary has thousands of them for every token that is chosen.</summary>
internal static class Powers
{
    /// <summary>The largest value.</summary>
    public static float Largest(ReadOnlySpan<float> values)
    {
        var wide = MemoryMarshal.Cast<float, Vector<float>>(values);
        var largest = values[0];
        if (wide.Length > 0)
        {
            var most = wide[0];
            foreach (var some in wide) most = Vector.Max(most, some);
            for (var i = 0; i < Vector<float>.Count; i++) largest = Math.Max(largest, most[i]);
        }
        foreach (var value in values[(wide.Length * Vector<float>.Count)..]) largest = Math.Max(largest, value);
        return largest;
    }

    /// <summary>The sum of e to the power of (value − largest) / divisor.</summary>
    /// <param name="values">The values.</param>
    /// <param name="largest">Not less than any of them.</param>
    /// <param name="divisor">Above 0.</param>
    /// <param name="powers">Each power, where it is not empty.</param>
    public static double Sum(ReadOnlySpan<float> values, double largest, double divisor, Span<double> powers)
    {
        var wide = MemoryMarshal.Cast<float, Vector<float>>(values);
        var kept = MemoryMarshal.Cast<double, Vector<double>>(powers);
        var (most, by, both) = (new Vector<double>(largest), new Vector<double>(divisor), Vector<double>.Zero);
        for (var i = 0; i < wide.Length; i++)
        {
            Vector.Widen(wide[i], out var low, out var high);
            (low, high) = (Vector.Exp((low - most) / by), Vector.Exp((high - most) / by));
            both += low + high;
            if (kept.IsEmpty) continue;
            (kept[2 * i], kept[(2 * i) + 1]) = (low, high);
        }
        var sum = Vector.Sum(both);
        for (var i = wide.Length * Vector<float>.Count; i < values.Length; i++)
        {
            var power = Math.Exp((values[i] - largest) / divisor);
            sum += power;
            if (!powers.IsEmpty) powers[i] = power;
        }
        return sum;
    }
}
