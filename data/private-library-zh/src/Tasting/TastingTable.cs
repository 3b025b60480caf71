using System.Runtime.CompilerServices;
using Mingpu.Blending;

namespace Mingpu.Tasting;

/// <summary>一泡茶汤。</summary>
/// <param name="Round">第几泡，从一开始。</param>
/// <param name="Steep">浸泡的时间。</param>
/// <param name="Strength">浓度。</param>
public sealed record Infusion(int Round, TimeSpan Steep, BrewStrength Strength);

/// <summary>茶席：投一次茶，一泡一泡地倒出来。</summary>
/// <remarks>第一泡的浓度为投茶克数乘以十二再乘以水温的百分之一；以后每泡剩下八成，时间每泡多一半的第一泡时间。</remarks>
public sealed class TastingTable
{
    private readonly Caddy _caddy;

    private TastingTable(Caddy caddy, LeafWeight dose) => (_caddy, Dose) = (caddy, dose);

    /// <summary>每倒出一泡发生一次，在交出茶汤之前。</summary>
    public event Action<Infusion>? Pouring;

    /// <summary>投茶量。</summary>
    public LeafWeight Dose { get; }

    /// <summary>已经倒出几泡。</summary>
    public int RoundsPoured { get; private set; }

    /// <summary>茶席是否已收。</summary>
    public bool IsCleared { get; private set; }

    /// <summary>摆一席。</summary>
    /// <param name="caddy">茶罐。</param>
    /// <param name="dose">投茶量，不能为零，也不能多于茶罐的叶量。</param>
    /// <returns>新的茶席。</returns>
    /// <exception cref="ArgumentException"><paramref name="dose"/> 是零。</exception>
    /// <exception cref="LeafShortageException">茶罐里没有这么多。</exception>
    public static TastingTable Lay(Caddy caddy, LeafWeight dose)
    {
        ArgumentNullException.ThrowIfNull(caddy);
        if (dose.IsNone)
            throw new ArgumentException("投茶量不能为零。", nameof(dose));
        return dose <= caddy.Weight ? new(caddy, dose) : throw new LeafShortageException(caddy.Mark, dose, caddy.Weight);
    }

    /// <summary>下一泡会是怎样，不倒出来。</summary>
    /// <returns>下一泡茶汤。</returns>
    public Infusion Preview()
    {
        var first = BrewStrength.Of(Dose.Grams * 12 * _caddy.Recipe.Celsius / 100);
        return new(RoundsPoured + 1, _caddy.Recipe.SteepTime * (1 + 0.5 * RoundsPoured), first.Faded(RoundsPoured));
    }

    /// <summary>接着倒几泡；每要一泡才倒一泡。</summary>
    /// <param name="rounds">泡数，不小于零。</param>
    /// <param name="cancel">在两泡之间停下。</param>
    /// <returns>茶汤的异步流。</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="rounds"/> 小于零。</exception>
    /// <exception cref="MingpuException">茶席已收，种类为 <see cref="TeaFault.TableCleared"/>。</exception>
    /// <exception cref="OperationCanceledException">已要求停下。</exception>
    public IAsyncEnumerable<Infusion> PourAsync(int rounds, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rounds);
        return Pour(rounds, cancel);
    }

    /// <summary>收席：以后不能再倒。收两次也无妨。</summary>
    public void Clear() => IsCleared = true;

    private async IAsyncEnumerable<Infusion> Pour(int rounds, [EnumeratorCancellation] CancellationToken cancel)
    {
        for (var i = 0; i < rounds; i++)
        {
            cancel.ThrowIfCancellationRequested();
            if (IsCleared)
                throw new MingpuException(TeaFault.TableCleared, "茶席已收，不能再倒。");
            await Task.Yield();
            var infusion = Preview();
            RoundsPoured++;
            Pouring?.Invoke(infusion);
            yield return infusion;
        }
    }
}
