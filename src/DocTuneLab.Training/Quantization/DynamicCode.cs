namespace DocTuneLab.Training.Quantization;

/// <summary>
/// The 8-bit dynamic code of bitsandbytes (Dettmers 2015, arXiv 1511.04561): seven decades, finer towards 1, so that numbers
/// of very different size in one block keep their leading digits. Used for optimiser state and for the scales of 4-bit blocks.
/// </summary>
internal static unsafe class DynamicCode
{
    /// <summary>256 values from about -1 to 1, ascending.</summary>
    public static float[] Signed { get; } = Map(signed: true);

    /// <summary>256 values from 0 to 1, ascending, twice as fine.</summary>
    public static float[] Unsigned { get; } = Map(signed: false);

    /// <summary>Code of 0.</summary>
    public static byte ZeroOf(float[] map) => (byte)Array.IndexOf(map, 0f);

    /// <summary>The nearest entry of a map; the lower of two equally near.</summary>
    public static int Nearest(float[] map, float value)
    {
        int low = 0, high = map.Length - 1;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (map[middle] < value) low = middle + 1;
            else high = middle;
        }
        return low > 0 && value - map[low - 1] <= map[low] - value ? low - 1 : low;
    }

    /// <summary>Code of a number between -1 and 1 with signs, as bitsandbytes looks it up on a processor: that of the nearest of 65,536
    /// numbers, whose codes are in a table.</summary>
    public static byte Looked(float value) => s_table.Value[(int)MathF.Round((Math.Clamp(value, -1, 1) + 1) * 32767.5f)];

    /// <summary>
    /// Writes codes and returns the block's scale, its largest absolute value. Without signs, what is not zero does not become
    /// zero: as a second moment it would make the next update enormous.
    /// </summary>
    public static float Encode(float[] map, float* values, byte* codes, int length)
    {
        var scale = 0f;
        for (var i = 0; i < length; i++) scale = MathF.Max(scale, MathF.Abs(values[i]));
        var inverse = scale == 0 ? 0 : 1 / scale;
        for (var i = 0; i < length; i++)
        {
            var code = Nearest(map, values[i] * inverse);
            codes[i] = (byte)(code == 0 && values[i] > 0 ? 1 : code);
        }
        return scale;
    }

    /// <summary>Turns codes back into numbers.</summary>
    public static void Decode(float[] map, byte* codes, float scale, float* values, int length)
    {
        for (var i = 0; i < length; i++) values[i] = map[codes[i]] * scale;
    }

    private static readonly Lazy<byte[]> s_table = new(() =>
        [.. Enumerable.Range(0, 65536).Select(i => (byte)Nearest(Signed, (float)(i / 32767.5 - 1)))]);

    private static float[] Map(bool signed)
    {
        // Decade i holds means of neighbouring points of an even grid on [0.1, 1]: 2^i of them with both signs, or 2^(i+1). In float32, and
        // the grid as torch computes it: from both ends, products and sums rounded once.
        var map = new List<float> { 0, 1 };
        for (var i = 0; i < 7; i++)
        {
            var items = signed ? 1 << i : 2 << i;
            var (step, decade) = ((1 - 0.1f) / items, (float)Math.Pow(10, i - 6));
            float Point(int p) => p < (items + 1) / 2
                ? MathF.FusedMultiplyAdd(step, p, 0.1f) : MathF.FusedMultiplyAdd(-step, items - p, 1);
            for (var j = 0; j < items; j++)
            {
                var mean = decade * ((Point(j) + Point(j + 1)) / 2);
                map.Add(mean);
                if (signed) map.Add(-mean);
            }
        }
        return [.. map.Order()];
    }
}
