namespace Mingpu.Blending;

/// <summary>配方笔：一步步写下配方，最后用 <see cref="Seal"/> 封好。</summary>
/// <remarks>每一步都返回同一支笔。检查只在封好时做，意见一次列出。</remarks>
public sealed class BlendRecipeWriter
{
    private readonly string _name;
    private readonly List<BlendPart> _parts = [];
    private TimeSpan _steepTime = TimeSpan.FromSeconds(30);
    private int _celsius = 90;
    private int _limit = 5;

    internal BlendRecipeWriter(string name) => _name = name;

    /// <summary>加一味；已有的茶标则份数相加。</summary>
    /// <param name="mark">茶标。</param>
    /// <param name="parts">份数。</param>
    /// <returns>这支笔。</returns>
    public BlendRecipeWriter With(TeaMark mark, int parts)
    {
        var at = _parts.FindIndex(p => p.Mark == mark);
        if (at < 0)
            _parts.Add(new(mark, parts));
        else
            _parts[at] = new(mark, _parts[at].Parts + parts);
        return this;
    }

    /// <summary>去掉一味；没有也无妨。</summary>
    /// <param name="mark">茶标。</param>
    /// <returns>这支笔。</returns>
    public BlendRecipeWriter Without(TeaMark mark)
    {
        _parts.RemoveAll(p => p.Mark == mark);
        return this;
    }

    /// <summary>第一泡的时间，默认三十秒。</summary>
    /// <param name="time">时间，应大于零。</param>
    /// <returns>这支笔。</returns>
    public BlendRecipeWriter SteepFor(TimeSpan time)
    {
        _steepTime = time;
        return this;
    }

    /// <summary>水温，默认九十度。</summary>
    /// <param name="celsius">摄氏度，应在 60 到 100 之间。</param>
    /// <returns>这支笔。</returns>
    public BlendRecipeWriter At(int celsius)
    {
        _celsius = celsius;
        return this;
    }

    /// <summary>最多几味，默认五味。</summary>
    /// <param name="kinds">味数，应大于零。</param>
    /// <returns>这支笔。</returns>
    public BlendRecipeWriter AtMost(int kinds)
    {
        _limit = kinds;
        return this;
    }

    /// <summary>检查并封好配方。</summary>
    /// <returns>配方。</returns>
    /// <exception cref="BlendRejectedException">
    /// 没有一味、味数太多、份数不大于零、时间不大于零或水温不对。
    /// </exception>
    public BlendRecipe Seal()
    {
        List<string> complaints = [];
        if (_parts.Count == 0)
            complaints.Add("配方里一味也没有。");
        if (_parts.Count > _limit)
            complaints.Add($"有 {_parts.Count} 味，最多 {_limit} 味。");
        complaints.AddRange(_parts.Where(p => p.Parts <= 0).Select(p => $"{p.Mark} 的份数 {p.Parts} 不大于零。"));
        if (_steepTime <= TimeSpan.Zero)
            complaints.Add("冲泡时间不大于零。");
        if (_celsius is < 60 or > 100)
            complaints.Add($"水温 {_celsius} 不在 60 到 100 之间。");
        return complaints.Count == 0 ? new(_name, [.. _parts], _steepTime, _celsius) : throw new BlendRejectedException(complaints);
    }
}
