using System.Runtime.CompilerServices;

namespace Mingpu.Tasting;

/// <summary>茶汤异步流的扩展方法。</summary>
public static class InfusionExtensions
{
    /// <summary>倒到第一泡太淡为止；太淡的那一泡不交出。</summary>
    /// <param name="infusions">茶汤。</param>
    /// <param name="least">至少要有的浓度。</param>
    /// <param name="cancel">停下。</param>
    /// <returns>够浓的茶汤。</returns>
    public static async IAsyncEnumerable<Infusion> UntilFaintAsync(this IAsyncEnumerable<Infusion> infusions, BrewStrength least,
        [EnumeratorCancellation] CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(infusions);
        await foreach (var infusion in infusions.WithCancellation(cancel))
        {
            if (infusion.Strength < least)
                yield break;
            yield return infusion;
        }
    }

    /// <summary>把茶汤都接下来。</summary>
    /// <param name="infusions">茶汤。</param>
    /// <param name="cancel">停下。</param>
    /// <returns>按泡次排列的茶汤。</returns>
    public static async Task<IReadOnlyList<Infusion>> GatherAsync(this IAsyncEnumerable<Infusion> infusions,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(infusions);
        List<Infusion> gathered = [];
        await foreach (var infusion in infusions.WithCancellation(cancel))
            gathered.Add(infusion);
        return gathered;
    }
}
