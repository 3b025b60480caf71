namespace DocTuneLab.Training.Simd;

/// <summary>Randomness that is a function of a key and an index: it needs no memory and can be had again in the backward pass.</summary>
internal static unsafe class Dropout
{
    /// <summary>Sets a share of the elements to zero and scales the others by 1/(1 - share), in place.</summary>
    public static void Apply(RowSpan x, double share, ulong key)
    {
        var limit = (uint)Math.Min(uint.MaxValue, share * 4294967296.0);
        var scale = (float)(1 / (1 - share));
        var width = x.Step;
        Cores.Rows(x.Rows, width, (from, to) =>
        {
            for (var row = from; row < to; row++)
            {
                var values = x.Row(row);
                for (var i = 0; i < width; i++)
                    values[i] = (uint)SplitMix64.Mix(key ^ (ulong)((long)row * width + i)) < limit ? 0 : values[i] * scale;
            }
        });
    }

    /// <summary>Adds uniform noise of plus or minus alpha / sqrt(length · width) to each sequence, its length with the last token,
    /// which is not an input (NEFTune, Jain et al. 2023, arXiv 2310.05914).</summary>
    public static void AddNoise(RowSpan x, int[] starts, double alpha, ulong key)
    {
        for (var s = 0; s + 1 < starts.Length; s++)
        {
            var bound = (float)(alpha / Math.Sqrt((double)(starts[s + 1] - starts[s] + 1) * x.Step));
            for (var row = starts[s]; row < starts[s + 1]; row++)
            {
                var values = x.Row(row);
                for (var i = 0; i < x.Step; i++)
                    values[i] += ((SplitMix64.Mix(key ^ (ulong)((long)row * x.Step + i)) >> 40) * (2f / (1 << 24)) - 1) * bound;
            }
        }
    }
}
