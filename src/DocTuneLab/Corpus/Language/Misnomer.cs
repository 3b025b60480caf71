using System.Text.RegularExpressions;
using DocTuneLab.Library;
using Quickenshtein;

namespace DocTuneLab.Corpus.Language;

/// <summary>A type or a member under a name that the library lacks.</summary>
/// <param name="Real">Simple name that it has.</param>
/// <param name="Invented">Simple name that nothing has.</param>
/// <param name="Owner">Type that is misnamed, or that declares what is.</param>
/// <param name="Member">Member that is misnamed; null for a type.</param>
/// <param name="Nearest">Member or type whose name comes nearest to the invented one.</param>
internal sealed record Misnomer(string Real, string Invented, TypeEntry Owner, MemberEntry? Member, ApiSymbol Nearest)
{
    /// <summary>The text with the invented name wherever the real one stands.</summary>
    public string In(string text) => Regex.Replace(text, $@"(?<!\w){Regex.Escape(Real)}(?!\w)", Invented);

    /// <summary>The honest answer.</summary>
    /// <param name="inChinese">Its language.</param>
    /// <param name="namesOwner">Whether the question names the type that the member is sought on.</param>
    public string Denial(bool inChinese, bool namesOwner)
    {
        var nearest = Member is null ? Nearest.Name.Split('<')[0] : Nearest.Name;
        return (Member, namesOwner, inChinese) switch
        {
            (null, _, false) => $"There is no type `{Invented}`; the nearest is `{nearest}`.",
            (null, _, true) => $"没有类型 `{Invented}`；最接近的是 `{nearest}`。",
            (_, true, false) => $"`{SymbolFacts.Display(Owner)}` has no member `{Invented}`; the nearest is `{nearest}`.",
            (_, true, true) => $"`{SymbolFacts.Display(Owner)}` 没有成员 `{Invented}`；最接近的是 `{nearest}`。",
            (_, _, false) => $"There is no member `{Invented}`; the nearest is `{SymbolFacts.Display(Owner)}.{nearest}`.",
            (_, _, true) => $"没有成员 `{Invented}`；最接近的是 `{SymbolFacts.Display(Owner)}.{nearest}`。",
        };
    }

    /// <summary>A method that fails to compile because the name does not exist.</summary>
    /// <param name="filled">The owner with its type parameters filled in.</param>
    public string Probe(string filled) => Member is null
        ? $"public static System.Type Probe() => typeof({In(filled)});"
        : $"public static string Probe() => nameof({filled}.{Invented});";
}

/// <summary>Misnames types and members of a library.</summary>
internal sealed class Misnomers(ApiIndex index)
{
    private readonly InventedNames _names = new(index);

    /// <summary>A member that its type lacks, and the nearest that it has; null for what has no name of its own.</summary>
    public Misnomer? Of(MemberEntry member, Random random)
    {
        if (!HasName(member)) return null;
        if (_names.Like(member.Symbol.Name, false, random) is not { } name) return null;
        var nearest = member.Owner.Members.Where(m => HasName(m) && m.Symbol.Obsolete is null)
            .MinBy(m => (Levenshtein.GetDistance(m.Symbol.Name, name), m.Symbol.Name)) ?? member;
        return new(member.Symbol.Name, name, member.Owner, member, nearest.Symbol);
    }

    /// <summary>A type that the library lacks, and the nearest that it has.</summary>
    public Misnomer? Of(TypeEntry type, Random random)
    {
        var real = Simple(type);
        if (_names.Like(real, true, random) is not { } name) return null;
        return new(real, name, type, null, index.Types.MinBy(t => (Levenshtein.GetDistance(Simple(t), name), t.Key))!.Symbol);
    }

    private static string Simple(TypeEntry type) => type.Path.Split('.')[^1];

    private static bool HasName(MemberEntry m) => m.Symbol.Kind is not (ApiKind.Constructor or ApiKind.Operator or ApiKind.Indexer);
}
