namespace Mingpu;

/// <summary>库自己报告的差错的种类。</summary>
public enum TeaFault
{
    /// <summary>茶叶不够。</summary>
    Shortage,

    /// <summary>配方不成立。</summary>
    Rejected,

    /// <summary>架上没有这个茶标。</summary>
    UnknownMark,

    /// <summary>架已放满。</summary>
    ShelfFull,

    /// <summary>茶席已收。</summary>
    TableCleared,
}

/// <summary>库自己报告的一切差错的基类。</summary>
/// <remarks>参数写错时抛出的是通常的参数异常，不是它。</remarks>
public class MingpuException : Exception
{
    /// <summary>建立一个差错。</summary>
    /// <param name="fault">种类。</param>
    /// <param name="message">给人看的说明。</param>
    public MingpuException(TeaFault fault, string message)
        : base(message) => Fault = fault;

    /// <summary>差错的种类，适合用在 <c>switch</c> 里。</summary>
    public TeaFault Fault { get; }
}

/// <summary>要取的茶叶比有的多；什么也没有取走。</summary>
public sealed class LeafShortageException : MingpuException
{
    /// <summary>建立与某个茶标无关的差错。</summary>
    /// <param name="wanted">要取的叶量。</param>
    /// <param name="held">有的叶量。</param>
    public LeafShortageException(LeafWeight wanted, LeafWeight held)
        : base(TeaFault.Shortage, $"只有 {held}，取不出 {wanted}。") => (Wanted, Held) = (wanted, held);

    /// <summary>建立某个茶标的差错。</summary>
    /// <param name="mark">不够的茶标。</param>
    /// <param name="wanted">要取的叶量。</param>
    /// <param name="held">有的叶量。</param>
    public LeafShortageException(TeaMark mark, LeafWeight wanted, LeafWeight held)
        : base(TeaFault.Shortage, $"{mark} 只有 {held}，取不出 {wanted}。") => (Mark, Wanted, Held) = (mark, wanted, held);

    /// <summary>不够的茶标；与茶标无关时为 <see langword="null"/>。</summary>
    public TeaMark? Mark { get; }

    /// <summary>要取的叶量。</summary>
    public LeafWeight Wanted { get; }

    /// <summary>有的叶量。</summary>
    public LeafWeight Held { get; }

    /// <summary>还差多少。</summary>
    public LeafWeight Missing => Wanted - Held;
}

/// <summary>配方不成立；所有意见一次列出。</summary>
public sealed class BlendRejectedException : MingpuException
{
    /// <summary>由意见建立差错。</summary>
    /// <param name="complaints">意见，每条一句，至少一条。</param>
    public BlendRejectedException(IReadOnlyList<string> complaints)
        : base(TeaFault.Rejected, string.Join("", complaints ?? throw new ArgumentNullException(nameof(complaints)))) =>
        Complaints = complaints;

    /// <summary>意见，每条一句，按发现的先后。</summary>
    public IReadOnlyList<string> Complaints { get; }
}

/// <summary>架上没有这个茶标。</summary>
public sealed class UnknownMarkException : MingpuException
{
    /// <summary>建立差错。</summary>
    /// <param name="mark">找不到的茶标。</param>
    public UnknownMarkException(TeaMark mark)
        : base(TeaFault.UnknownMark, $"架上没有 {mark}。") => Mark = mark;

    /// <summary>找不到的茶标。</summary>
    public TeaMark Mark { get; }
}
