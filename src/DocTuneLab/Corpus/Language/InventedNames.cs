using System.Text.RegularExpressions;
using DocTuneLab.Library;
using Microsoft.CodeAnalysis.CSharp;

namespace DocTuneLab.Corpus.Language;

/// <summary>Names that look like the library's own and are not.</summary>
internal sealed class InventedNames(ApiIndex index)
{
    private const int Tries = 32;
    private readonly Lazy<NameWords> _members = new(() =>
        NameWords.Of(index.Members.Where(m => m.Symbol.Kind is not (ApiKind.Constructor or ApiKind.Operator or ApiKind.Indexer))
            .Select(m => m.Symbol.Name), index.DocumentationWords));
    private readonly Lazy<NameWords> _types = new(() =>
        NameWords.Of(index.Types.Select(t => t.Path.Split('.')[^1]), index.DocumentationWords));
    private readonly Lazy<HashSet<string>> _taken = new(() =>
        [.. index.MemberNames, .. index.Types.SelectMany(t => t.Path.Split('.')), .. s_inherited]);
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

    /// <summary>
    /// A name as long and as usual in form as a real one, so that only who knows the library can tell: one word of the name is another
    /// word that the library's names have at that place, or, in a name of one word, its documentation. Null where none was found.
    /// </summary>
    /// <param name="name">Name of a member, or simple name of a type.</param>
    /// <param name="isType">Whether it is a type's.</param>
    /// <param name="random">Source of choices.</param>
    public string? Like(string name, bool isType, Random random)
    {
        var words = NameWords.Split(name);
        if (words.Count == 0) return null;
        var pool = (isType ? _types : _members).Value;
        var first = words[0] == "I" && words.Count > 1 ? 1 : 0;
        var last = words.Count - (words[^1] is "Async" or "Exception" or "Attribute" && words.Count - first > 1 ? 2 : 1);
        var found = new List<string>();
        for (var i = 0; i < Tries; i++)
        {
            var at = random.Next(first, last + 1);
            var others = first == last ? pool.Alone : at == first ? pool.First : at == last ? pool.Last : pool.Middle;
            if (others.Count == 0) continue;
            var text = string.Concat(words.Select((w, n) => n == at ? others[random.Next(others.Count)] : w));
            if (!_taken.Value.Contains(text) && SyntaxFacts.IsValidIdentifier(text)) found.Add(text);
        }
        return found.MinBy(n => Math.Abs(n.Length - name.Length));
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

/// <summary>Words of names by their place: first, in the middle, last; and what names of a single word may be.</summary>
internal sealed partial record NameWords(
    IReadOnlyList<string> First, IReadOnlyList<string> Middle, IReadOnlyList<string> Last, IReadOnlyList<string> Alone)
{
    private const int EnoughAlone = 24;
    private static readonly HashSet<string> s_joining = new(StringComparer.Ordinal)
    {
        "And", "Per", "For", "From", "With", "Into", "Over", "Than", "All", "Any", "Out", "Not", "The", "Async", "Plus", "Under", "Are",
    };

    /// <summary>The words of some names; <see cref="Alone"/> takes those that stand in longer names, and where these are few, words of the
    /// documentation.</summary>
    public static NameWords Of(IEnumerable<string> names, IEnumerable<string> documentation)
    {
        var all = names.Distinct(StringComparer.Ordinal).Select(Split).Where(w => w.Count > 1).ToList();
        var single = all.SelectMany(w => w).Where(w => w.Length > 2 && char.IsUpper(w[0]) && !s_joining.Contains(w))
            .Distinct(StringComparer.Ordinal).ToList();
        return new([.. all.Select(w => w[0]).Where(w => w != "I")], [.. all.SelectMany(w => w.Skip(1).SkipLast(1))],
            [.. all.Select(w => w[^1])],
            single.Count >= EnoughAlone ? single : [.. single.Union(documentation.Select(Prose.UpperFirst), StringComparer.Ordinal)]);
    }

    /// <summary>The words that make up a name in Pascal case; none where the name is written in another way.</summary>
    public static IReadOnlyList<string> Split(string name)
    {
        var words = Part().Matches(name).Select(m => m.Value).ToList();
        return string.Concat(words) == name && char.IsUpper(name[0]) ? words : [];
    }

    [GeneratedRegex("[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")]
    private static partial Regex Part();
}
