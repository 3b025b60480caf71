using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Language;

/// <summary>A member to ask about.</summary>
/// <param name="Name">How a question names it: <c>WaterHead.Above</c>.</param>
/// <param name="Exists">Whether the library has it.</param>
/// <param name="Type">Documentation id of the type that has it, or that it is sought on.</param>
public sealed record MemberName(string Name, bool Exists, string Type);

/// <summary>Names of members for questions that take them for granted: as many that exist as are invented, alike in form.</summary>
public sealed class MemberNames
{
    private static readonly string[] s_kinds = ["summary", SymbolFacts.Usage, "signature", "has-member"];
    private readonly ApiIndex _index;

    /// <summary>Names from a library.</summary>
    /// <param name="symbols">Its symbols.</param>
    public MemberNames(IReadOnlyList<ApiSymbol> symbols) => _index = new ApiIndex(symbols);

    /// <summary>Whether the library is documented in Chinese, so that it is asked about in Chinese.</summary>
    public bool IsChinese => _index.IsChinese;

    /// <summary>Questions of corpora that fit any member, with <c>{member}</c> for its name.</summary>
    /// <param name="inChinese">Their language.</param>
    public static IReadOnlyList<string> CorpusWordings(bool inChinese) =>
        [.. s_kinds.SelectMany(k => Phrasings.Default.Of(k, inChinese ? "zh" : "en"))
            .Where(w => w.Contains("{member}", StringComparison.Ordinal) && w.Split('{').Length == 2)];

    /// <summary>Every wording that a corpus may use, in both languages, with placeholders for names.</summary>
    public static IReadOnlyList<string> AllCorpusWordings { get; } =
        [.. Phrasings.Default.Kinds.SelectMany(k => Phrasings.Default.Of(k, "en").Concat(Phrasings.Default.Of(k, "zh")))];

    /// <summary>Names, one that exists and one that does not by turns. The types take turns; no name comes twice.</summary>
    /// <param name="count">How many; fewer where the library has no more.</param>
    /// <param name="seed">Of every choice.</param>
    public IReadOnlyList<MemberName> Draw(int count, int seed)
    {
        var random = new Random(seed);
        var misnomers = new Misnomers(_index);
        var taken = new HashSet<string>(StringComparer.Ordinal);
        var names = new List<MemberName>();
        var queues = _index.Types.Where(t => t.Symbol.Obsolete is null)
            .Select(t => new Queue<MemberEntry>(t.Members.Where(IsNamed).DistinctBy(m => m.Symbol.Name).Shuffled(random)))
            .Where(q => q.Count > 0)
            .Shuffled(random);
        while (names.Count < count && queues.Exists(q => q.Count > 0))
            foreach (var queue in queues)
            {
                if (names.Count == count || !queue.TryDequeue(out var member)) continue;
                var exists = names.Count % 2 == 0;
                var name = exists ? member.Symbol.Name : misnomers.Of(member, random)?.Invented;
                if (name is not null && taken.Add($"{member.Owner.Key}.{name}"))
                    names.Add(new($"{SymbolFacts.Display(member.Owner)}.{name}", exists, member.Owner.Symbol.Id));
            }
        return names.Count % 2 == 0 ? names : names[..^1];
    }

    /// <summary>Whether the library has what a name says: <c>Type.Member</c>.</summary>
    public bool Has(string name) => name.LastIndexOf('.') is > 0 and var dot
        && _index.Types.Any(t => SymbolFacts.Display(t) == name[..dot] && t.Members.Exists(m => m.Symbol.Name == name[(dot + 1)..]));

    private static bool IsNamed(MemberEntry m) => m.Symbol.Obsolete is null && !InventedNames.IsInherited(m.Symbol.Name)
        && m.Symbol.Kind is not (ApiKind.Constructor or ApiKind.Operator or ApiKind.Indexer);
}

internal static class RandomOrder
{
    /// <summary>The items in random order.</summary>
    public static List<T> Shuffled<T>(this IEnumerable<T> items, Random random)
    {
        T[] all = [.. items];
        random.Shuffle(all);
        return [.. all];
    }
}
