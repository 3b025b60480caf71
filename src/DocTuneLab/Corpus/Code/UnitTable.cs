using System.Reflection;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace DocTuneLab.Corpus.Code;

/// <summary>What people measure, in which units, and by which words they call both; read from <c>units.yaml</c>.</summary>
internal sealed class UnitTable
{
    // "m", "s" and "l" are also names of variables.
    private const int Shortest = 3;
    private static readonly Lazy<UnitTable> s_shipped = new(Load);
    private readonly Dictionary<string, (string Quantity, string Unit)> _words = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Quantity> _quantities;

    private UnitTable(Dictionary<string, Quantity> quantities)
    {
        _quantities = quantities;
        foreach (var (name, quantity) in quantities)
        {
            foreach (var word in quantity.Words) _words.TryAdd(word, (name, ""));
            foreach (var (unit, words) in quantity.Units)
                foreach (var word in words) _words[word] = (name, unit);
        }
    }

    public static UnitTable Shipped => s_shipped.Value;

    /// <summary>The unit that the words of a name speak of, the last where there are several; a rate such as "litres per second" is a unit
    /// of its own. Null where there is none.</summary>
    public ValueRole? Of(IReadOnlyList<string> words)
    {
        for (var i = words.Count - 1; i >= 0; i--)
        {
            if (!Find(words, i, out var found)) continue;
            if (i >= 2 && words[i - 1] == "per" && Find(words, i - 2, out var of))
                return new($"{of.Quantity}/{found.Quantity}", $"{of.Unit}/{found.Unit}");
            return Raised(words, i, found);
        }
        return null;
    }

    /// <summary>The unit that a sentence states after "in" or "so many", such as "in whole metres"; null where it states none.</summary>
    public ValueRole? Stated(string? text)
    {
        if (text is null) return null;
        var words = text.Split([' ', '\n', ',', '.', ';', ':', '(', ')'], StringSplitOptions.RemoveEmptyEntries)
            .Select(w => w.ToLowerInvariant())
            .ToList();
        for (var i = 0; i < words.Count; i++)
        {
            if (words[i] != "in" && !(words[i] == "many" && i > 0 && words[i - 1] is "so" or "how")) continue;
            // "in metres", "in whole litres per second"
            for (var at = i + 1; at < words.Count && at <= i + 2; at++)
            {
                if (!_words.TryGetValue(words[at], out var found) || found.Unit.Length == 0) continue;
                if (Raised(words, at, found) is { Unit: var unit } raised && unit != found.Unit) return raised;
                return at + 2 < words.Count && words[at + 1] == "per" && _words.TryGetValue(words[at + 2], out var by)
                    ? new($"{found.Quantity}/{by.Quantity}", $"{found.Unit}/{by.Unit}")
                    : new(found.Quantity, found.Unit);
            }
        }
        return null;
    }

    /// <summary>Usual values of a quantity; none where nothing is known of it.</summary>
    public IReadOnlyList<double> ValuesOf(string quantity) => _quantities.TryGetValue(quantity, out var q) ? q.Values : [];

    /// <summary>What every value of a quantity lies in.</summary>
    public ValueRange RangeOf(string quantity) =>
        _quantities.TryGetValue(quantity, out var q) && q.Range is [var low, var high] ? new(low, high) : ValueRange.Any;

    /// <summary>Whether adding up values of a quantity makes sense; of what nothing is known, it does not.</summary>
    public bool Sums(string quantity) => quantity.Split('/') is [var of, ..] && _quantities.TryGetValue(of, out var q) && q.Sums;

    // "square metres" are no metres.
    private static ValueRole Raised(IReadOnlyList<string> words, int at, (string Quantity, string Unit) found) =>
        at > 0 && words[at - 1] is ("square" or "cubic")
            ? new(words[at - 1] == "square" ? "area" : "volume", $"{words[at - 1]} {found.Unit}")
            : new(found.Quantity, found.Unit);

    private bool Find(IReadOnlyList<string> words, int at, out (string Quantity, string Unit) found) =>
        _words.TryGetValue(words[at], out found) && (words[at].Length >= Shortest || (at > 0 && at == words.Count - 1));

    private static UnitTable Load()
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream("code/units.yaml")!);
        return new UnitTable(new DeserializerBuilder().WithNamingConvention(UnderscoredNamingConvention.Instance).Build()
            .Deserialize<Dictionary<string, Quantity>>(reader));
    }

    private sealed class Quantity
    {
        public List<double> Range { get; set; } = [];
        public List<double> Values { get; set; } = [];
        public bool Sums { get; set; } = true;
        public List<string> Words { get; set; } = [];
        public Dictionary<string, List<string>> Units { get; set; } = [];
    }
}
