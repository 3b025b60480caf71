using DocTuneLab.Corpus.Language;

namespace DocTuneLab.Corpus.Code;

/// <summary>All recipes with their weights; picks one that applies to a member.</summary>
internal sealed class Recipes
{
    private const double DirectShare = 0.38;
    private readonly ApiIndex _index;
    private readonly double _chineseShare;
    private readonly (double Weight, Func<Scope, MemberEntry, CodeDraft?> Make)[] _others;

    /// <param name="index">The library.</param>
    /// <param name="chineseShare">Share of instructions in Chinese, where the library is documented in it.</param>
    public Recipes(ApiIndex index, double chineseShare = 0)
    {
        _index = index;
        _chineseShare = chineseShare;
        var compositions = new CompositionRecipes(index);
        _others =
        [
            (2, MemberRecipes.Assign), (1, MemberRecipes.Construct), (2, MemberRecipes.Initialise), (1.2, MemberRecipes.Catch),
            (3, MemberRecipes.Subscribe), (2.5, compositions.Chain), (2.5, compositions.Builder),
            (2, compositions.Query), (1, CompositionRecipes.Each), (2, compositions.Conditional), (1, compositions.Several),
            (2, CompositionRecipes.Fallback),
        ];
    }

    /// <summary>A method that uses the member, by itself or with others; null where no recipe applies.</summary>
    public CodeDraft? Draft(MemberEntry member, Random random)
    {
        var chinese = _index.IsChinese && random.NextDouble() < _chineseShare;
        if (random.NextDouble() >= DirectShare)
        {
            // Weighted order without replacement: the first recipe that applies is drawn in proportion to its weight.
            foreach (var (_, make) in _others.OrderBy(r => -Math.Log(1 - random.NextDouble()) / r.Weight).ToList())
                if (make(new Scope(_index, random, chinese), member) is { } draft) return draft;
        }
        return MemberRecipes.Direct(new Scope(_index, random, chinese), member);
    }
}
