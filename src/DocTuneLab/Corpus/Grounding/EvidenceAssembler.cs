using System.Text;
using DocTuneLab.Documents.Model;
using DocTuneLab.Library;

namespace DocTuneLab.Corpus.Grounding;

/// <summary>What a prompt shows of library and pages, within a budget of tokens.</summary>
/// <param name="Text">The evidence.</param>
/// <param name="Chunks">Ids of the chunks in it.</param>
/// <param name="Main">The chunk that is about the members most; null where no page mentions them.</param>
public sealed record AssembledEvidence(string Text, IReadOnlyList<string> Chunks, Chunk? Main);

/// <summary>
/// Assembles evidence: the seeded members' declarations first, then the chunk that mentions most of them, then signatures of the types
/// they take and give, then the chunk's neighbours on its page; whatever does not fit is left out whole.
/// </summary>
internal sealed class EvidenceAssembler
{
    private readonly Dictionary<string, ApiSymbol> _types;
    private readonly ILookup<string, ApiSymbol> _typesByName, _members;
    private readonly Dictionary<string, List<Chunk>> _bySymbol = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<Chunk>> _byDocument;
    private readonly Func<string, int> _count;

    /// <summary>An assembler over chunks that may be trained on.</summary>
    public EvidenceAssembler(IReadOnlyList<ApiSymbol> symbols, IReadOnlyList<Chunk> chunks, Func<string, int>? countTokens = null)
    {
        _count = countTokens ?? (t => (t.Length + 3) / 4);
        _types = symbols.Where(s => s.ContainingType is null).DistinctBy(s => s.Id).ToDictionary(s => s.Id, StringComparer.Ordinal);
        _typesByName = _types.Values.ToLookup(t => t.Name.Split('<')[0], StringComparer.Ordinal);
        _members = symbols.Where(s => s.ContainingType is not null).ToLookup(TypeId, StringComparer.Ordinal);
        foreach (var chunk in chunks)
            foreach (var id in chunk.Symbols)
            {
                if (!_bySymbol.TryGetValue(id, out var list)) _bySymbol[id] = list = [];
                list.Add(chunk);
            }
        _byDocument = chunks.GroupBy(c => c.DocumentPath, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.OrderBy(c => c.Span.Start).ToList(), StringComparer.Ordinal);
    }

    /// <summary>Evidence for members.</summary>
    public AssembledEvidence For(IReadOnlyList<ApiSymbol> symbols, int tokens, Random random)
    {
        var text = new StringBuilder();
        var left = tokens;
        var chunks = new List<string>();
        bool Add(string part)
        {
            var cost = _count(part) + 1;
            if (cost > left) return false;
            left -= cost;
            text.Append(part).Append('\n');
            return true;
        }
        foreach (var symbol in symbols) Add(Describe(symbol));
        var mentions = symbols.SelectMany(s => _bySymbol.GetValueOrDefault(s.Id, []))
            .GroupBy(c => c.Id, StringComparer.Ordinal)
            .Select(g => (Chunk: g.First(), Count: g.Count()))
            .ToList();
        var most = mentions.Count == 0 ? 0 : mentions.Max(m => m.Count);
        // Among equals another each time, so that a member's pages all get their turn.
        var best = mentions.Where(m => m.Count == most).Select(m => m.Chunk).ToList();
        var main = best.Count == 0 ? null : best[random.Next(best.Count)];
        if (main is not null && Add($"{string.Join(" > ", main.HeadingPath)}\n{main.Text.Trim()}")) chunks.Add(main.Id);
        foreach (var type in symbols.SelectMany(Linked).DistinctBy(t => t.Id))
        {
            if (symbols.Any(s => s.Id == type.Id)) continue;
            Add($"{type.Signature} // {type.Summary}");
            foreach (var constructor in _members[type.Id]
                .Where(m => m.Kind == ApiKind.Constructor || (m.IsStatic && m.ReturnType == type.Name))
                .Take(3))
                Add("  " + constructor.Signature);
        }
        if (main is not null)
        {
            var page = _byDocument[main.DocumentPath];
            var at = page.FindIndex(c => c.Id == main.Id);
            foreach (var neighbour in (int[])[at + 1, at - 1])
                if (neighbour >= 0 && neighbour < page.Count && Add(page[neighbour].Text.Trim())) chunks.Add(page[neighbour].Id);
        }
        return new AssembledEvidence(text.ToString().TrimEnd(), chunks, main);
    }

    /// <summary>A member as prompts list it: declaration, what it does, what it throws.</summary>
    public static string Describe(ApiSymbol s)
    {
        var text = new StringBuilder(s.ContainingType is null ? s.Signature : $"{s.ContainingType}: {s.Signature}");
        if (s.Summary is not null) text.Append(" // ").Append(s.Summary);
        foreach (var p in s.Parameters.Where(p => p.Documentation is not null)) text.Append($"\n  {p.Name}: {p.Documentation}");
        if (s.Returns is not null) text.Append("\n  returns ").Append(s.Returns);
        foreach (var e in s.Exceptions) text.Append($"\n  throws {e.Type}: {e.Condition}");
        if (s.Obsolete is not null) text.Append("\n  obsolete: ").Append(s.Obsolete);
        return text.ToString();
    }

    // Types that a caller needs to have or to handle.
    private IEnumerable<ApiSymbol> Linked(ApiSymbol s)
    {
        if (_types.TryGetValue(TypeId(s), out var owner)) yield return owner;
        var names = s.Parameters.Select(p => p.Type).Append(s.ReturnType).SelectMany(TypeText.Names);
        foreach (var name in names.Distinct(StringComparer.Ordinal))
            foreach (var type in _typesByName[name]) yield return type;
    }

    private static string TypeId(ApiSymbol member)
    {
        var path = member.Id[2..].Split('(')[0].Split('~')[0];
        return $"T:{(path.LastIndexOf('.') is > 0 and var dot ? path[..dot] : path)}";
    }
}
