using DocTuneLab.Corpus.Language;

namespace DocTuneLab.Corpus.Code;

/// <summary>All recipes with their weights; picks one that applies to a member.</summary>
internal sealed class Recipes
{
    private const double DirectShare = 0.12;
    private readonly ApiIndex _index;
    private readonly double _chineseShare;
    private readonly ExampleValues _examples;
    private readonly ClassRecipes _classes;
    private readonly (double Weight, Func<Scope, MemberEntry, CodeDraft?> Make)[] _others;

    /// <param name="index">The library.</param>
    /// <param name="chineseShare">Share of instructions in Chinese, where the library is documented in it.</param>
    /// <param name="documented">Examples of the documentation, from which example values are taken.</param>
    public Recipes(ApiIndex index, double chineseShare, IReadOnlyList<CodeDraft> documented)
    {
        _index = index;
        _chineseShare = chineseShare;
        _examples = new ExampleValues(index, documented);
        var members = new ReceiverMembers(index);
        var (compositions, loops) = (new CompositionRecipes(index, members), new LoopRecipes(members));
        var (branches, flows) = (new BranchRecipes(members), new FlowRecipes(members));
        _classes = new ClassRecipes(members);
        _others =
        [
            (2, MemberRecipes.Assign), (1.5, MemberRecipes.Construct), (2, MemberRecipes.Initialise), (1.2, MemberRecipes.Catch),
            (3, MemberRecipes.Subscribe), (1.8, compositions.Chain), (2.5, compositions.Builder),
            (2, compositions.Query), (1, CompositionRecipes.Each), (2, compositions.Conditional), (1, compositions.Several),
            (2, CompositionRecipes.Fallback),
            (7, loops.Loop), (2.5, BranchRecipes.Switch), (3, branches.Guard), (2, branches.Limit), (3, BranchRecipes.RangeCheck),
            (3, branches.TryThen), (2, MemberRecipes.TryOut), (2.5, branches.NullThen),
            (3, flows.Made), (2.5, flows.Effect), (1.5, flows.Difference),
        ];
    }

    /// <summary>A class that works with the member, and the method that makes it, for an interface; null where no recipe applies.</summary>
    public CodeDraft? DraftClass(MemberEntry member, Random random) =>
        _classes.Draft(new Scope(_index, random, _index.IsChinese && random.NextDouble() < _chineseShare, _examples), member);

    /// <summary>A method that uses the member, by itself or with others; null where no recipe applies.</summary>
    public CodeDraft? Draft(MemberEntry member, Random random)
    {
        var chinese = _index.IsChinese && random.NextDouble() < _chineseShare;
        if (random.NextDouble() >= DirectShare)
        {
            // Weighted order without replacement: the first recipe that applies is drawn in proportion to its weight.
            foreach (var (_, make) in _others.OrderBy(r => -Math.Log(1 - random.NextDouble()) / r.Weight).ToList())
                if (make(new Scope(_index, random, chinese, _examples), member) is { } draft) return draft;
        }
        return MemberRecipes.Direct(new Scope(_index, random, chinese, _examples), member);
    }
}
