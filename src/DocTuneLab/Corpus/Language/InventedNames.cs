using Microsoft.CodeAnalysis.CSharp;

namespace DocTuneLab.Corpus.Language;

/// <summary>Names that look like the library's own and are not.</summary>
internal sealed class InventedNames(ApiIndex index)
{
    private static readonly HashSet<string> s_inherited = new(StringComparer.Ordinal)
    {
        "ToString", "Equals", "GetHashCode", "GetType", "ReferenceEquals", "Finalize", "MemberwiseClone"
    };

    /// <summary>Whether every object has a member of that name.</summary>
    public static bool IsInherited(string name) => s_inherited.Contains(name);

    /// <summary>A member's name as models get it wrong: <c>Async</c> too much or too little, <c>Get</c> in front, plural for singular,
    /// another last word.</summary>
    public IEnumerable<string> Misspellings(string name, Random random)
    {
        IEnumerable<string> all =
        [
            name.EndsWith("Async", StringComparison.Ordinal) ? name[..^5] : name + "Async",
            name.StartsWith("Get", StringComparison.Ordinal) && name.Length > 3 ? name[3..] : "Get" + name,
            name.EndsWith('s') ? name[..^1] : name + "s", Recombined(name, random) ?? name,
        ];
        return all.Where(n => !index.MemberNames.Contains(n) && SyntaxFacts.IsValidIdentifier(n));
    }

    // First words of one name with the last word of another: looks like the library's own, and is not.
    public string? Recombined(string name, Random random)
    {
        var own = Prose.Words(name).Split(' ');
        var other = Prose.Words(index.Members[random.Next(index.Members.Count)].Symbol.Name.Split('.')[^1]).Split(' ');
        IEnumerable<string> words = own.Length > 1
            ? own[..^1].Append(other[^1]) : random.Next(2) == 0 ? own.Append(other[^1]) : other[..1].Concat(own);
        var text = string.Concat(words.Where(w => w.Length > 0).Select(Prose.UpperFirst));
        return SyntaxFacts.IsValidIdentifier(text) && text != name && !index.MemberNames.Contains(text) && !s_inherited.Contains(text)
            ? text
            : null;
    }
}
