using DocTuneLab.Training.Simd;

namespace DocTuneLab.Training.Compute;

/// <summary>What everything random in a step follows from, so that a step can be done again bit for bit.</summary>
/// <param name="Seed">Of the run.</param>
/// <param name="Version">Updates made to the parameters so far; below 0 nothing is trained, and nothing is random.</param>
/// <param name="Part">Batch within the step.</param>
internal readonly record struct StepKey(int Seed, long Version, int Part)
{
    /// <summary>A key for one purpose.</summary>
    public ulong Of(string purpose)
    {
        var hash = 14695981039346656037UL;
        foreach (var c in purpose) hash = (hash ^ c) * 1099511628211UL;
        return SplitMix64.Mix(SplitMix64.Mix(SplitMix64.Mix(hash ^ (uint)Seed) ^ (ulong)Version) ^ (uint)Part);
    }
}
