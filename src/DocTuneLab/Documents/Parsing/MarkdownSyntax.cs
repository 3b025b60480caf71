using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using DocTuneLab.Documents.Dialects;
using DocTuneLab.Documents.Model;
using Markdig;
using Markdig.Syntax;
using SourceSpan = DocTuneLab.Documents.Model.SourceSpan;

namespace DocTuneLab.Documents.Parsing;

/// <summary>The one way in which pages become syntax trees: Markdown with the syntax of all dialects at once.</summary>
internal sealed class MarkdownSyntax
{
    private static readonly SearchValues<char> s_delimiters = SearchValues.Create("|:->+ \t");
    private static readonly ConditionalWeakTable<IReadOnlyList<Dialect>, MarkdownSyntax> s_made = [];
    private readonly Dialect[] _dialects;
    // Blocks and links are many, and most dialects have nothing to say of them: only those are asked that do.
    private readonly ConcurrentDictionary<Type, Dialect[]> _naming = [];
    private readonly Dialect[] _linking, _marking;
    private readonly MarkdownPipeline _plain, _tables;

    private MarkdownSyntax(IReadOnlyList<Dialect> dialects)
    {
        _dialects = [.. dialects];
        _linking = Overriding(nameof(Dialect.LinkOf));
        _marking = Overriding(nameof(Dialect.IsMark));
        (_plain, _tables) = (Pipeline(hasTables: false), Pipeline(hasTables: true));
    }

    /// <summary>The syntax of the dialects that ship.</summary>
    public static MarkdownSyntax Default { get; } = Of(BuiltInDialects.All);

    /// <summary>The syntax of a list of dialects; made once for each list.</summary>
    public static MarkdownSyntax Of(IReadOnlyList<Dialect> dialects) => s_made.GetValue(dialects, d => new MarkdownSyntax(d));

    /// <exception cref="ArgumentException">Nested more deeply than the parser goes (128 levels).</exception>
    public MarkdownDocument Parse(string text) => Markdig.Markdown.Parse(text, MayHaveTable(text) ? _tables : _plain);

    /// <summary>What a block is, by the first dialect that has a name for it.</summary>
    public NamedElement? ElementOf(Block block, string text)
    {
        foreach (var dialect in _naming.GetOrAdd(block.GetType(), Naming))
            if (dialect.ElementOf(block, text) is { } element) return element;
        return null;
    }

    /// <summary>A link by the first dialect that reads it as its own.</summary>
    public PageLink? LinkOf(string url, SourceSpan span, string text)
    {
        foreach (var dialect in _linking)
            if (dialect.LinkOf(url, span, text) is { } link) return link;
        return null;
    }

    /// <summary>Whether some dialect takes a link as a mark of its syntax.</summary>
    public bool IsMark(string url)
    {
        foreach (var dialect in _marking)
            if (dialect.IsMark(url)) return true;
        return false;
    }

    /// <summary>Includes that may stand anywhere in a page.</summary>
    public IEnumerable<PageLink> IncludesOf(string text) => _dialects.SelectMany(d => d.IncludesOf(text));

    private Dialect[] Naming(Type block) => [.. _dialects.Where(d => d.NamedBlocks.Any(t => t.IsAssignableFrom(block)))];

    private Dialect[] Overriding(string method) =>
        [.. _dialects.Where(d => d.GetType().GetMethod(method)!.DeclaringType != typeof(Dialect))];

    private MarkdownPipeline Pipeline(bool hasTables)
    {
        var builder = new MarkdownPipelineBuilder().UsePreciseSourceLocation().UseYamlFrontMatter();
        if (hasTables) builder.UsePipeTables();
        foreach (var dialect in _dialects) dialect.Setup(builder);
        return builder.Build();
    }

    /// <summary>Whether a line delimits a table's header, as far as its characters tell. The parser of tables looks again at every
    /// paragraph, a third of a parse, so pages without one go without it.</summary>
    private static bool MayHaveTable(ReadOnlySpan<char> text)
    {
        while (text.IndexOf('|') is >= 0 and var at)
        {
            var start = text[..at].LastIndexOf('\n') + 1;
            var end = text[at..].IndexOf('\n');
            var line = end < 0 ? text[start..] : text[start..(at + end)];
            if (line.Contains('-') && !line.ContainsAnyExcept(s_delimiters)) return true;
            if (end < 0) break;
            text = text[(at + end)..];
        }
        return false;
    }
}
