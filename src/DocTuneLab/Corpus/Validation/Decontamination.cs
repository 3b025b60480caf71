using DocTuneLab.Text;

namespace DocTuneLab.Corpus.Validation;

/// <summary>A held-out item that no training sample may copy.</summary>
/// <param name="Id">Its id, for the reason of a rejection.</param>
/// <param name="Prompts">Instruction or question texts.</param>
/// <param name="Codes">Reference bodies and other code; empty for a question.</param>
/// <param name="GoldSymbols">Documentation ids that its solution uses; empty for a question.</param>
public sealed record HeldOut(string Id, IReadOnlyList<string> Prompts, IReadOnlyList<string> Codes, IReadOnlySet<string> GoldSymbols);

/// <summary>
/// Keeps training data off the evaluation. A sample is a near copy of a held-out item when its prompt or its code shares
/// more than a threshold of 8-grams with it (of the shorter text's), or when its code is the reference but for blanks; a
/// sample that uses exactly the item's two or more gold symbols must stay below half the threshold.
/// </summary>
public sealed class Decontamination
{
    private const int N = 8;
    private readonly IReadOnlyList<HeldOut> _items;
    private readonly double _threshold;
    private readonly Dictionary<ulong, List<int>> _promptGrams = [], _codeGrams = [];
    private readonly List<(int Item, int Grams)> _prompts = [], _codes = [];
    private readonly Dictionary<string, int> _bodies = new(StringComparer.Ordinal);

    /// <summary>Indexes the held-out items.</summary>
    /// <param name="items">All items of dev and test suites.</param>
    /// <param name="threshold">Share of shared 8-grams above which a text is a near copy.</param>
    public Decontamination(IReadOnlyList<HeldOut> items, double threshold = 0.5)
    {
        _items = items;
        _threshold = threshold;
        for (var i = 0; i < items.Count; i++)
        {
            foreach (var text in items[i].Prompts) Index(text, i, _promptGrams, _prompts);
            foreach (var code in items[i].Codes)
            {
                Index(code, i, _codeGrams, _codes);
                _bodies.TryAdd(Normalise(code), i);
            }
        }
    }

    /// <summary>The held-out items.</summary>
    public IReadOnlyList<HeldOut> Items => _items;

    /// <summary>Number of held-out items.</summary>
    public int Count => _items.Count;

    /// <summary>The item that a sample copies and how; null for a clean sample.</summary>
    /// <param name="prompt">The sample's instruction or question, without the template around it.</param>
    /// <param name="code">Its code, or null.</param>
    /// <param name="symbols">Documentation ids that its code uses.</param>
    public string? Find(string prompt, string? code, IReadOnlyCollection<string> symbols)
    {
        if (code is not null && _bodies.TryGetValue(Normalise(code), out var same))
            return $"code equals the reference of {_items[same].Id}";
        return Overlap(prompt, _promptGrams, _prompts, symbols, "prompt")
            ?? (code is null ? null : Overlap(code, _codeGrams, _codes, symbols, "code"));
    }

    /// <summary>The held-out item whose combination of members (two or more, types left out) a sample uses exactly;
    /// null where none is.</summary>
    /// <param name="symbols">Documentation ids that the sample's code uses.</param>
    public string? FindCombination(IReadOnlyCollection<string> symbols)
    {
        var members = symbols.Where(s => !s.StartsWith("T:", StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);
        if (members.Count < 2) return null;
        var same = _items.FirstOrDefault(i => members.SetEquals(i.GoldSymbols.Where(s => !s.StartsWith("T:", StringComparison.Ordinal))));
        return same is null ? null : $"uses the same {members.Count} members as {same.Id}";
    }

    private string? Overlap(string text, Dictionary<ulong, List<int>> index, List<(int Item, int Grams)> texts,
        IReadOnlyCollection<string> symbols, string what)
    {
        var grams = TokenGrams.Of(TokenGrams.Tokens(text), N);
        var shared = new Dictionary<int, int>();
        foreach (var gram in grams)
            if (index.TryGetValue(gram, out var list))
                foreach (var t in list) shared[t] = shared.GetValueOrDefault(t) + 1;
        foreach (var (t, count) in shared.OrderBy(s => s.Key))
        {
            var item = _items[texts[t].Item];
            var share = (double)count / Math.Min(grams.Count, texts[t].Grams);
            var limit = item.GoldSymbols.Count >= 2 && item.GoldSymbols.SetEquals(symbols) ? _threshold / 2 : _threshold;
            if (share > limit) return $"{what} shares {share:P0} of its 8-grams with {item.Id}";
        }
        return null;
    }

    private static void Index(string text, int item, Dictionary<ulong, List<int>> index, List<(int, int)> texts)
    {
        var grams = TokenGrams.Of(TokenGrams.Tokens(text), N);
        foreach (var gram in grams)
        {
            if (!index.TryGetValue(gram, out var list)) index[gram] = list = [];
            list.Add(texts.Count);
        }
        texts.Add((item, grams.Count));
    }

    private static string Normalise(string code) => string.Join(' ', TokenGrams.Tokens(code));
}
