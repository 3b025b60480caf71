using System.Numerics;

namespace DocTuneLab.Training.Simd;

/// <summary>
/// A sum of float32 in the order in which libtorch's kernel adds on one thread with vectors of 256 bits: four vectors side by side, rows
/// summed in four levels. Its last bits are part of what bitsandbytes writes into files.
/// </summary>
internal static class CascadeSum
{
    private const int Lanes = 8, Side = 4, Levels = 4;

    /// <summary>The sum; 0 of nothing.</summary>
    public static float Of(ReadOnlySpan<float> values)
    {
        // Fewer numbers than a vector has are added one by one, four side by side.
        var lanes = values.Length < Lanes ? 1 : Lanes;
        var vectors = values.Length / lanes;
        var sums = new float[Levels, Side * lanes];
        var (rows, width) = (vectors / Side, Side * lanes);
        var power = Math.Max(4, CeilingLog2(rows) / Levels);
        var (step, row) = (1 << power, 0);
        while (row + step <= rows)
        {
            for (var end = row + step; row < end; row++) Add(sums, values.Slice(row * width, width));
            for (var level = 1; level < Levels; level++)
            {
                for (var i = 0; i < width; i++) (sums[level, i], sums[level - 1, i]) = (sums[level, i] + sums[level - 1, i], 0);
                if ((row & (step - 1) << (level * power)) != 0) break;
            }
        }
        for (; row < rows; row++) Add(sums, values.Slice(row * width, width));
        for (var level = 1; level < Levels; level++)
            for (var i = 0; i < width; i++) sums[0, i] += sums[level, i];
        for (var v = rows * Side; v < vectors; v++) Add(sums, values.Slice(v * lanes, lanes));
        for (var side = 1; side < Side; side++)
            for (var i = 0; i < lanes; i++) sums[0, i] += sums[0, side * lanes + i];
        var total = 0f;
        foreach (var value in values[(vectors * lanes)..]) total += value;
        for (var i = 0; i < lanes; i++) total += sums[0, i];
        return total;
    }

    private static void Add(float[,] sums, ReadOnlySpan<float> values)
    {
        for (var i = 0; i < values.Length; i++) sums[0, i] += values[i];
    }

    private static int CeilingLog2(int value) => value <= 2 ? 1 : BitOperations.Log2((uint)value - 1) + 1;
}
