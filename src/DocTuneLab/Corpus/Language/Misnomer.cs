using System.Text.RegularExpressions;
using DocTuneLab.Library;
using Quickenshtein;

namespace DocTuneLab.Corpus.Language;

/// <summary>A type or a member under a name that the library lacks.</summary>
/// <param name="Real">Simple name that it has.</param>
/// <param name="Invented">Simple name that nothing has.</param>
/// <param name="Owner">Type that is misnamed, or that declares what is.</param>
/// <param name="Member">Member that is misnamed; null for a type.</param>
/// <param name="Nearest">Member or type whose name comes nearest to the invented one; null where none has a word of it.</param>
internal sealed record Misnomer(string Real, string Invented, TypeEntry Owner, MemberEntry? Member, ApiSymbol? Nearest)
{
    /// <summary>The text with the invented name wherever the real one stands.</summary>
    public string In(string text) => Regex.Replace(text, $@"(?<!\w){Regex.Escape(Real)}(?!\w)", Invented);

    /// <summary>The honest answer.</summary>
    /// <param name="inChinese">Its language.</param>
    /// <param name="namesOwner">Whether the question names the type that the member is sought on.</param>
    public string Denial(bool inChinese, bool namesOwner)
    {
        var nearest = Nearest is null ? null : Member is null ? Nearest.Name.Split('<')[0] : Nearest.Name;
        if (nearest is not null && Member is not null && !namesOwner) nearest = $"{SymbolFacts.Display(Owner)}.{nearest}";
        var hint = nearest is null ? (inChinese ? "。" : ".") : inChinese ? $"；最接近的是 `{nearest}`。" : $"; the nearest is `{nearest}`.";
        return (Member, namesOwner, inChinese) switch
        {
            (null, _, false) => $"There is no type `{Invented}`{hint}",
            (null, _, true) => $"没有类型 `{Invented}`{hint}",
            (_, true, false) => $"`{SymbolFacts.Display(Owner)}` has no member `{Invented}`{hint}",
            (_, true, true) => $"`{SymbolFacts.Display(Owner)}` 没有成员 `{Invented}`{hint}",
            (_, _, false) => $"There is no member `{Invented}`{hint}",
            (_, _, true) => $"没有成员 `{Invented}`{hint}",
        };
    }

    /// <summary>A method that fails to compile because the name does not exist.</summary>
    /// <param name="filled">The owner with its type parameters filled in.</param>
    public string Probe(string filled) => Member is null
        ? $"public static System.Type Probe() => typeof({In(filled)});"
        : $"public static string Probe() => nameof({filled}.{Invented});";
}

/// <summary>Misnames types and members of a library.</summary>
internal sealed partial class Misnomers(ApiIndex index)
{
    private readonly InventedNames _names = new(index);

    /// <summary>A member that its type lacks, and the nearest that it has; null for what has no name of its own.</summary>
    public Misnomer? Of(MemberEntry member, Random random)
    {
        if (!HasName(member)) return null;
        if (_names.Like(member.Symbol.Name, false, random) is not { } name) return null;
        var nearest = member.Owner.Members.Where(m => HasName(m) && m.Symbol.Obsolete is null && IsLike(m.Symbol.Name, name))
            .MinBy(m => (Levenshtein.GetDistance(m.Symbol.Name, name), m.Symbol.Name));
        return new(member.Symbol.Name, name, member.Owner, member, nearest?.Symbol);
    }

    /// <summary>A type under a name that the library lacks.</summary>
    public Misnomer? Of(TypeEntry type, Random random)
    {
        var real = Simple(type);
        if (_names.Like(real, true, random) is not { } name) return null;
        // A question about one of its members describes the real type, so that no other can have been meant.
        return new(real, name, type, null, IsLike(real, name) ? type.Symbol : null);
    }

    // A hint helps only whoever may have meant it: a slip of a letter or two, or a word in common.
    private static bool IsLike(string real, string invented) =>
        Levenshtein.GetDistance(real, invented) <= 2 || Words().Matches(real).Select(m => m.Value)
            .Intersect(Words().Matches(invented).Select(m => m.Value), StringComparer.Ordinal).Any(w => w.Length > 2);

    [GeneratedRegex("[A-Z]?[a-z]+|[A-Z]+(?![a-z])")]
    private static partial Regex Words();

    private static string Simple(TypeEntry type) => type.Path.Split('.')[^1];

    private static bool HasName(MemberEntry m) => m.Symbol.Kind is not (ApiKind.Constructor or ApiKind.Operator or ApiKind.Indexer);
}
