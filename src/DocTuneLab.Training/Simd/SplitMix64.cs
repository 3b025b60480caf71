namespace DocTuneLab.Training.Simd;

/// <summary>Random numbers without state (Steele et al. 2014, "Fast splittable pseudorandom number generators"):
/// each follows from its index.</summary>
internal static class SplitMix64
{
    /// <summary>The generator's finaliser: a well-mixed 64-bit value from any.</summary>
    public static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15UL;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9UL;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EBUL;
        return value ^ (value >> 31);
    }
}
