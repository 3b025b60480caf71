using System.Text.RegularExpressions;
using DocTuneLab.Library;

namespace DocTuneLab.Documents;

/// <summary>Finds the library members that a passage mentions. Immutable, safe to share.</summary>
public sealed partial class SymbolLinker
{
    /// <summary>Members that every object has: their bare names say nothing about the library.</summary>
    private static readonly HashSet<string> s_common = ["ToString", "Equals", "GetHashCode", "GetType", "Dispose", "DisposeAsync"];

    private readonly ApiModel _api;
    private readonly ILookup<string, ApiSymbol> _types;
    private readonly ILookup<string, ApiSymbol> _members;
    private readonly Dictionary<string, IReadOnlyList<string>> _byUid;

    /// <summary>A linker for a library.</summary>
    public SymbolLinker(ApiModel api)
    {
        _api = api;
        _types = api.Types.ToLookup(t => t.Name, StringComparer.Ordinal);
        _members = api.Symbols.Where(s => s.ContainingType is not null && s.Kind is not (ApiKind.Constructor or ApiKind.Operator or ApiKind.Indexer)).ToLookup(s => s.Name, StringComparer.Ordinal);
        _byUid = api.Symbols.GroupBy(s => s.Id[2..], StringComparer.Ordinal).ToDictionary(g => g.Key, g => (IReadOnlyList<string>)[.. g.Select(s => s.Id)], StringComparer.Ordinal);
    }

    /// <summary>Documentation ids mentioned, in ordinal order. An overloaded member without arguments means all its overloads.</summary>
    /// <param name="prose">Text outside code: <c>Type.Member</c>, type names of several words, and <c>xref:</c> links count.</param>
    /// <param name="code">Code spans and blocks: all type names count, and members of the types mentioned or of one type alone.</param>
    /// <param name="headings">Headings above, read as code since pages are named after types.</param>
    public IReadOnlyList<string> Link(string prose, IEnumerable<string> code, IReadOnlyList<string> headings)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        var mentioned = new HashSet<string>(StringComparer.Ordinal);
        var bare = new HashSet<string>(StringComparer.Ordinal);
        foreach (Match match in Xref().Matches(prose))
        {
            var uid = Uri.UnescapeDataString(match.Groups[1].Value);
            if (_byUid.TryGetValue(uid, out var ids)) found.UnionWith(ids);
            else if (uid.EndsWith('*')) found.UnionWith(_api.Symbols.Where(s => s.Id.AsSpan(2).StartsWith(uid.AsSpan(0, uid.Length - 1)) && s.Id.Length > uid.Length + 1 && s.Id[uid.Length + 1] is '(' or '`').Select(s => s.Id));
        }
        prose = Xref().Replace(prose, " ");
        foreach (var name in headings.SelectMany(Names))
            foreach (var type in _types[name[0]]) mentioned.Add(type.Id);
        Scan(prose, isCode: false);
        foreach (var text in code) Scan(text, isCode: true);

        foreach (var name in bare.Where(n => !s_common.Contains(n)))
        {
            var members = _members[name].ToList();
            var own = members.Where(m => _api.TypeOf(m) is { } type && mentioned.Contains(type.Id)).ToList();
            if (own.Count > 0) found.UnionWith(own.Select(m => m.Id));
            else if (members.Select(m => m.ContainingType).Distinct().Count() == 1) found.UnionWith(members.Select(m => m.Id));
        }
        return [.. found];

        void Scan(string text, bool isCode)
        {
            foreach (var parts in Names(text))
            {
                for (var i = 0; i < parts.Length; i++)
                {
                    var types = _types[parts[i]].ToList();
                    var memberHere = i + 1 < parts.Length ? types.SelectMany(t => _api.MembersOf(t.Id, inherited: true)).Where(m => m.Name == parts[i + 1]).ToList() : [];
                    if (types.Count > 0 && (isCode || memberHere.Count > 0 || IsCompound(parts[i])))
                    {
                        found.UnionWith(types.Select(t => t.Id));
                        mentioned.UnionWith(types.Select(t => t.Id));
                    }
                    found.UnionWith(memberHere.Select(m => m.Id));
                    if (isCode && types.Count == 0) bare.Add(parts[i]);
                }
            }
        }
    }

    /// <summary>Dotted names, with type arguments left out and read for themselves.</summary>
    private static IEnumerable<string[]> Names(string text)
    {
        var plain = TypeArguments().Replace(TypeArguments().Replace(text, ""), "");
        return (plain == text ? [text] : new[] { text, plain }).SelectMany(t => Dotted().Matches(t)).Select(m => m.Value.Split('.').Select(p => p.Trim().TrimEnd('?', '!')).ToArray());
    }

    /// <summary>Two capitalised words in one: prose does not write that of itself.</summary>
    private static bool IsCompound(string name) => name.Skip(1).Any(char.IsUpper) && name.Any(char.IsLower);

    [GeneratedRegex(@"<[\w\s,.?\[\]]*>")]
    private static partial Regex TypeArguments();

    [GeneratedRegex(@"[A-Za-z_]\w*[?!]?(?:\s*\.\s*[A-Za-z_]\w*[?!]?)*")]
    private static partial Regex Dotted();

    [GeneratedRegex(@"xref:([^\s>?""]+?)(?=\)[\s.,;:]|\)$|[\s>?""]|$)", RegexOptions.Multiline)]
    private static partial Regex Xref();
}
