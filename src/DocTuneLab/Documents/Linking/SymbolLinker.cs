using System.Text.RegularExpressions;
using DocTuneLab.Documents.Model;
using DocTuneLab.Library;

namespace DocTuneLab.Documents.Linking;

/// <summary>
/// Finds the library members that a passage mentions: by uid, by compiling its C# where a judge is given, then by the
/// spelling of names in code and in prose. Immutable, safe to share.
/// </summary>
public sealed partial class SymbolLinker
{
    /// <summary>Members that every object has: their bare names say nothing about the library.</summary>
    private static readonly HashSet<string> s_common = ["ToString", "Equals", "GetHashCode", "GetType", "Dispose", "DisposeAsync"];

    private readonly ApiModel _api;
    private readonly CSharpJudge? _judge;
    private readonly Dictionary<string, ApiSymbol[]> _types;
    private readonly Dictionary<string, ApiSymbol[]> _members;
    private readonly Dictionary<string, ApiSymbol[]>.AlternateLookup<ReadOnlySpan<char>> _typesBySpan, _membersBySpan;
    private readonly Dictionary<string, IReadOnlyList<string>> _byUid;

    /// <summary>A linker for a library.</summary>
    /// <param name="api">Its members.</param>
    /// <param name="judge">Binds the C# blocks of pages against it; null leaves them to their spelling.</param>
    public SymbolLinker(ApiModel api, CSharpJudge? judge = null)
    {
        (_api, _judge) = (api, judge);
        _types = ByName(api.Types);
        _members = ByName(api.Symbols.Where(s => s.ContainingType is not null
            && s.Kind is not (ApiKind.Constructor or ApiKind.Operator or ApiKind.Indexer)));
        (_typesBySpan, _membersBySpan) =
            (_types.GetAlternateLookup<ReadOnlySpan<char>>(), _members.GetAlternateLookup<ReadOnlySpan<char>>());
        _byUid = api.Symbols.GroupBy(s => s.Id[2..], StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => (IReadOnlyList<string>)[.. g.Select(s => s.Id)], StringComparer.Ordinal);

        static Dictionary<string, ApiSymbol[]> ByName(IEnumerable<ApiSymbol> symbols) =>
            symbols.GroupBy(s => s.Name, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.ToArray(), StringComparer.Ordinal);
    }

    /// <summary>The surest mention of each member, by position. An overloaded member without arguments means all its overloads.</summary>
    /// <param name="document">The page.</param>
    /// <param name="passage">The part of it to look at.</param>
    /// <param name="headings">Headings above, read as code since pages are named after types.</param>
    public IReadOnlyList<SymbolLink> Link(Document document, SourceSpan passage, IReadOnlyList<string> headings)
    {
        var mentions = new Mentions(this, document.Text);
        var skipped = new List<SourceSpan>();
        foreach (var link in In(document.Links, l => l.Span, passage).Where(l => l.Kind == LinkKind.Xref))
        {
            mentions.Uid(link.Target, link.Span);
            skipped.Add(link.Span);
        }
        foreach (var heading in headings) mentions.Heading(heading);
        foreach (var span in In(document.Layout.CodeSpans, s => s, passage))
        {
            skipped.Add(span);
            mentions.Code(span);
        }
        foreach (var block in In(document.CodeBlocks, b => b.Span, passage))
        {
            var part = Intersection(block.Span, passage);
            skipped.Add(part);
            if (part != block.Span || !mentions.Bound(block)) mentions.Code(part);
        }
        var cursor = passage.Start;
        foreach (var span in skipped.OrderBy(s => s.Start))
        {
            if (span.Start > cursor) mentions.Prose(new(cursor, span.Start - cursor));
            cursor = Math.Max(cursor, span.End);
        }
        if (cursor < passage.End) mentions.Prose(new(cursor, passage.End - cursor));
        return mentions.Resolve();
    }

    private static IEnumerable<T> In<T>(IReadOnlyList<T> items, Func<T, SourceSpan> span, SourceSpan passage)
    {
        var (low, high) = (0, items.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (span(items[middle]).Start < passage.Start) low = middle + 1;
            else high = middle;
        }
        // What began before may reach in.
        if (low > 0 && span(items[low - 1]).End > passage.Start) low--;
        for (; low < items.Count && span(items[low]).Start < passage.End; low++) yield return items[low];
    }

    private static SourceSpan Intersection(SourceSpan a, SourceSpan b)
    {
        var start = Math.Max(a.Start, b.Start);
        return new(start, Math.Min(a.End, b.End) - start);
    }

    /// <summary>Two capitalised words in one: prose does not write that of itself.</summary>
    private static bool IsCompound(string name) => name.Skip(1).Any(char.IsUpper) && name.Any(char.IsLower);

    /// <summary>The mentions of one passage.</summary>
    private sealed class Mentions(SymbolLinker linker, string text)
    {
        private readonly Dictionary<string, SymbolLink> _found = new(StringComparer.Ordinal);
        private readonly HashSet<string> _types = new(StringComparer.Ordinal);
        private readonly Dictionary<string, SourceSpan> _bare = new(StringComparer.Ordinal);

        public void Uid(string target, SourceSpan span)
        {
            var query = target.IndexOf('?');
            var uid = Uri.UnescapeDataString(query < 0 ? target : target[..query]);
            if (linker._byUid.TryGetValue(uid, out var ids)) Add(ids, SymbolLinkKind.Xref, 1, span);
            else if (uid.EndsWith('*'))
                Add(linker._api.Symbols
                    .Where(s => s.Id.AsSpan(2).StartsWith(uid.AsSpan(0, uid.Length - 1))
                        && (s.Id.Length == uid.Length + 1 || s.Id[uid.Length + 1] is '(' or '`'))
                    .Select(s => s.Id), SymbolLinkKind.Xref, 1, span);
        }

        public void Heading(string heading)
        {
            foreach (var name in NameScanner.Scan(heading, 0, heading.Length, isCode: true))
                if (linker._typesBySpan.TryGetValue(heading.AsSpan(name[0].Start, name[0].Length), out var types))
                    _types.UnionWith(types.Select(t => t.Id));
        }

        /// <summary>Links what the compiler bound in a C# block; whether that is all that there is to find in it.</summary>
        public bool Bound(CodeBlock block)
        {
            if (linker._judge is not { } judge || block.Language is not ("csharp" or "cs" or "c#")) return false;
            var verdict = judge.Judge(block.Code, CSharpJudge.DetectForm(block.Code), judge.LibraryNamespaces);
            foreach (var use in verdict.Uses)
                if (use is { IsLibrary: true, Kind: SymbolUseKind.Resolved or SymbolUseKind.Misuse, Id: { } id }
                    && linker._api.Find(id) is { } symbol)
                {
                    Add([id], SymbolLinkKind.BoundCode, verdict.Compiles ? 1 : 0.9, Position(block, use));
                    _types.Add(symbol.ContainingType is null ? id : linker._api.TypeOf(symbol)!.Id);
                }
            return verdict.Compiles;
        }

        public void Code(SourceSpan span) => Scan(span, isCode: true);

        public void Prose(SourceSpan span)
        {
            // DocFX's short form, which its Markdown has no syntax node for.
            foreach (var match in ShortXref().EnumerateMatches(text.AsSpan(span.Start, span.Length)))
                Uid(text.Substring(span.Start + match.Index + 1, match.Length - 1).Trim('"'), new(span.Start + match.Index, match.Length));
            Scan(span, isCode: false);
        }

        public IReadOnlyList<SymbolLink> Resolve()
        {
            foreach (var (name, span) in _bare.Where(b => !s_common.Contains(b.Key)))
            {
                var members = linker._members[name];
                var own = members.Where(m => linker._api.TypeOf(m) is { } type && _types.Contains(type.Id)).ToList();
                if (own.Count > 0) Add(own.Select(m => m.Id), SymbolLinkKind.CodeName, 0.7, span);
                else if (members.Select(m => m.ContainingType).Distinct().Count() == 1)
                    Add(members.Select(m => m.Id), SymbolLinkKind.CodeName, 0.5, span);
            }
            return [.. _found.Values.OrderBy(l => l.Span.Start).ThenBy(l => l.SymbolId, StringComparer.Ordinal)];
        }

        private void Scan(SourceSpan range, bool isCode)
        {
            var kind = isCode ? SymbolLinkKind.CodeName : SymbolLinkKind.Prose;
            foreach (var parts in NameScanner.Scan(text, range.Start, range.End, isCode))
                for (var i = 0; i < parts.Count; i++)
                {
                    var word = text.AsSpan(parts[i].Start, parts[i].Length);
                    if (!linker._typesBySpan.TryGetValue(word, out var types))
                    {
                        if (isCode && linker._membersBySpan.TryGetValue(word, out var key, out _)) _bare.TryAdd(key, parts[i]);
                        continue;
                    }
                    var next = i + 1 < parts.Count ? text.Substring(parts[i + 1].Start, parts[i + 1].Length) : null;
                    var member = next is null ? [] : types.SelectMany(t => linker._api.MembersOf(t.Id, inherited: true))
                        .Where(m => m.Name == next)
                        .Select(m => m.Id)
                        .ToList();
                    if (isCode || member.Count > 0 || IsCompound(types[0].Name))
                    {
                        Add(types.Select(t => t.Id), kind, isCode ? 0.8 : 0.5, parts[i]);
                        _types.UnionWith(types.Select(t => t.Id));
                    }
                    if (member.Count > 0) Add(member, kind, isCode ? 0.9 : 0.7, parts[i + 1]);
                }
        }

        private void Add(IEnumerable<string> ids, SymbolLinkKind kind, double confidence, SourceSpan span)
        {
            foreach (var id in ids)
                if (!_found.TryGetValue(id, out var known) || known.Confidence < confidence) _found[id] = new(id, kind, confidence, span);
        }

        /// <summary>The first place on the use's line where its name stands; the block itself where that cannot be told.</summary>
        private SourceSpan Position(CodeBlock block, SymbolUse use)
        {
            var at = text.IndexOf('\n', block.Span.Start);
            // An indented block has no fence.
            if (text.AsSpan(block.Span.Start).TrimStart() is not (['`', ..] or ['~', ..])) at = block.Span.Start - 1;
            for (var line = 1; line < use.Line && at >= 0 && at < block.Span.End; line++) at = text.IndexOf('\n', at + 1);
            if (at < -1 || at >= block.Span.End || use.Line < 1) return block.Span;
            var end = text.IndexOf('\n', at + 1);
            var found = text.AsSpan(at + 1, (end < 0 ? text.Length : end) - at - 1).IndexOf(use.Name, StringComparison.Ordinal);
            return found < 0 ? block.Span : new(at + 1 + found, use.Name.Length);
        }
    }

    [GeneratedRegex("""(?<![\w`@/])@"?[A-Za-z_][\w.]*\w"?""")]
    private static partial Regex ShortXref();
}
