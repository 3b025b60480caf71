using DocTuneLab.Corpus.Kinds;
using DocTuneLab.Corpus.Language;
using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Hosted;

/// <summary>
/// Plans samples where coverage is thin: a member is drawn with weight 1/(uses+1)^0.7, uses being accepted samples and those planned in
/// this round (PriCoder, arXiv 2603.15159), and up to two related ones join it.
/// The same seed and the same accepted samples give the same plan.
/// </summary>
public sealed class GenerationPlan
{
    private readonly ApiModel _api;
    private readonly GenerationOptions _options;
    private readonly Random _random;
    private readonly List<ApiSymbol> _members;
    private readonly List<ApiSymbol> _obsolete;
    private readonly double[] _uses;
    private readonly double _chineseShare;
    private readonly Dictionary<string, int> _index;
    private readonly IReadOnlyDictionary<SampleKind, double> _mix;
    private readonly Dictionary<SampleKind, int> _planned = [];
    private int _ordinal;

    /// <summary>A plan over a library.</summary>
    /// <exception cref="LabException">The library has no public member to ask about.</exception>
    public GenerationPlan(ApiModel api, GenerationOptions options)
    {
        (_api, _options, _random) = (api, options.Validated(), new Random(options.Seed));
        _members = [.. api.Symbols.Where(s =>
            s.ContainingType is not null && s.Obsolete is null && !s.Signature.StartsWith("protected ", StringComparison.Ordinal)
                && s.Name is not ("Equals" or "GetHashCode" or "ToString" or "CompareTo"))];
        _obsolete = [.. api.Symbols.Where(s => s.ContainingType is not null && s.Obsolete is not null)];
        _mix = _options.Mix.Where(m => m.Value > 0 && (_obsolete.Count > 0 || !Definition(m.Key).IsAboutObsolete)).ToDictionary();
        if (options.About.Count > 0
            && options.About.ToHashSet(StringComparer.Ordinal) is var about
            && _members.Where(m => about.Contains(m.Id)).ToList() is { Count: > 0 } few)
            _members = few;
        if (_members.Count == 0) throw new LabException("The library has no public member to ask about. Parse its assembly first.");
        _chineseShare = _options.ChineseShare ?? Math.Clamp(ApiIndex.ShareInChinese(api.Symbols), 0.1, 0.9);
        _uses = new double[_members.Count];
        _index = _members.Select((m, i) => (m.Id, i)).ToDictionary(m => m.Id, m => m.i, StringComparer.Ordinal);
    }

    /// <summary>Counts an accepted sample's members.</summary>
    public void Accepted(Sample sample)
    {
        foreach (var id in sample.Evidence.Symbols)
            if (_index.TryGetValue(id, out var i)) _uses[i] += 1;
    }

    /// <summary>The next samples, one at a time: a plan of a million takes no more memory than one of ten.</summary>
    public IEnumerable<PlannedSample> Next(int count)
    {
        var total = _mix.Values.Sum();
        for (var n = 0; n < count; n++)
        {
            // The kind furthest behind its share.
            var kind = _mix.OrderBy(m => (_planned.GetValueOrDefault(m.Key) + 1) / (m.Value / total)).ThenBy(m => m.Key).First().Key;
            _planned[kind] = _planned.GetValueOrDefault(kind) + 1;
            var definition = Definition(kind);
            var symbols = definition.IsAboutObsolete
                ? [_obsolete[_random.Next(_obsolete.Count)]]
                : Draw(definition.MostMembers == 1 ? 1 : 1 + _random.Next(definition.MostMembers));
            var language = _random.NextDouble() < _chineseShare ? "zh" : "en";
            yield return new PlannedSample(_ordinal++, kind, symbols, _options.Personas[_random.Next(_options.Personas.Count)], language,
                _random.Next());
        }
    }

    private SampleKindDefinition Definition(SampleKind kind) => _options.Kinds.Find(kind)!;

    private List<ApiSymbol> Draw(int count)
    {
        var first = Weighted(Enumerable.Range(0, _members.Count));
        var drawn = new List<ApiSymbol> { _members[first] };
        _uses[first] += 0.5;
        while (drawn.Count < count)
        {
            var related = Enumerable.Range(0, _members.Count)
                .Where(i => !drawn.Contains(_members[i]) && drawn.Exists(d => Related(d, _members[i])))
                .ToList();
            if (related.Count == 0) break;
            var next = Weighted(related);
            drawn.Add(_members[next]);
            _uses[next] += 0.25;
        }
        return drawn;
    }

    private int Weighted(IEnumerable<int> candidates)
    {
        var list = candidates as IReadOnlyList<int> ?? [.. candidates];
        var at = _random.NextDouble() * list.Sum(Weight);
        foreach (var i in list)
            if ((at -= Weight(i)) < 0) return i;
        return list[^1];
    }

    // What has enough is left alone while anything has not.
    private double Weight(int i) =>
        (_uses[i] >= _options.Enough ? 1e-9 : 1) * (_members[i].Kind == ApiKind.EnumMember ? 0.4 : 1) / Math.Pow(_uses[i] + 1, 0.7);

    // Of one type, or one gives what the other belongs to or takes.
    private static bool Related(ApiSymbol a, ApiSymbol b) => a.ContainingType == b.ContainingType || Gives(a, b) || Gives(b, a);

    private static bool Gives(ApiSymbol a, ApiSymbol b) =>
        a.ReturnType.Length > 0
            && TypeText.Names(a.ReturnType).Any(n => n == b.ContainingType || b.Parameters.Any(p => TypeText.Names(p.Type).Contains(n)));
}
