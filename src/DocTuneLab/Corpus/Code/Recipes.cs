namespace DocTuneLab.Corpus.Code;

/// <summary>All recipes with their weights; picks one that applies to a member.</summary>
internal sealed class Recipes
{
    private readonly ApiIndex _index;
    private readonly (double Weight, Func<Scope, MemberEntry, CodeDraft?> Make)[] _recipes;

    public Recipes(ApiIndex index)
    {
        _index = index;
        var compositions = new CompositionRecipes(index);
        _recipes =
        [
            (5, MemberRecipes.Direct), (1.5, MemberRecipes.Assign), (2, MemberRecipes.Construct), (1, MemberRecipes.Initialise), (0.8, MemberRecipes.Catch), (2, MemberRecipes.Subscribe),
            (1.6, compositions.Chain), (3, compositions.Builder), (1.8, compositions.Query), (0.8, compositions.Each), (1.2, compositions.Conditional), (0.8, compositions.Several), (1, CompositionRecipes.Fallback),
        ];
    }

    /// <summary>A method that uses the member; null where no recipe of eight tries applies.</summary>
    public CodeDraft? Draft(MemberEntry member, Random random)
    {
        var total = _recipes.Sum(r => r.Weight);
        for (var attempt = 0; attempt < 8; attempt++)
        {
            var at = random.NextDouble() * total;
            var make = _recipes[^1].Make;
            foreach (var recipe in _recipes)
            {
                at -= recipe.Weight;
                if (at < 0) { make = recipe.Make; break; }
            }
            if (make(new Scope(_index, random), member) is { } draft) return draft;
        }
        return MemberRecipes.Direct(new Scope(_index, random), member);
    }
}
