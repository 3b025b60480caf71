using System.Text;
using DocTuneLab.Documents.Dialects;
using DocTuneLab.Documents.Dialects.Markdown;
using DocTuneLab.Documents.Model;
using DocTuneLab.Text;
using Markdig.Extensions.Footnotes;
using Markdig.Extensions.Mathematics;
using Markdig.Extensions.Tables;
using Markdig.Extensions.TaskLists;
using Markdig.Extensions.Yaml;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using CodeBlock = DocTuneLab.Documents.Model.CodeBlock;
using SourceSpan = DocTuneLab.Documents.Model.SourceSpan;

namespace DocTuneLab.Documents.Parsing;

/// <summary>A heading that structures its page; those in quotes, lists and tabs do not.</summary>
internal readonly record struct PageHeading(int Level, string Text, int Start);

/// <summary>Goes once through a page's tree and keeps what later steps need, so that the tree itself need not be kept.</summary>
internal sealed class PageReader
{
    private readonly string _text;
    private readonly MarkdownSyntax _syntax;
    private readonly List<PageHeading> _headings = [];
    private readonly List<CodeBlock> _code = [];
    private readonly List<SourceSpan> _codeSpans = [];
    private readonly List<PageLink> _links = [];
    private readonly List<PageElement> _elements = [];
    private readonly HashSet<string> _anchors = new(StringComparer.Ordinal);
    private readonly List<TableSpan> _tables = [];
    private readonly LanguageDetector _language = new();
    private YamlFrontMatterBlock? _frontMatter;

    /// <summary>Whether the tree has footnotes or link definitions, which are not where they stand.</summary>
    private bool _isGathered;

    private PageReader(string text, MarkdownSyntax syntax) => (_text, _syntax) = (text, syntax);

    /// <summary>What a page holds.</summary>
    public sealed record Page(PageLayout Layout, IReadOnlyList<PageHeading> Headings, IReadOnlyList<CodeBlock> Code, string Language,
        string? FrontMatter, int FrontMatterLine);

    /// <summary>Reads a page; where it is not Markdown that any parser could follow, as plain text.</summary>
    /// <param name="path">Path of the page, for problems.</param>
    /// <param name="text">The page.</param>
    /// <param name="problems">Takes what was wrong; null where it is known already.</param>
    /// <param name="syntax">The dialects.</param>
    public static Page Read(string path, string text, ICollection<DocumentProblem>? problems, MarkdownSyntax syntax)
    {
        var reader = new PageReader(text, syntax);
        List<BlockTree.Node> blocks = [];
        if (ParseLimits.Problem(path, text) is { } limit) problems?.Add(limit);
        else
        {
            try
            {
                var tree = syntax.Parse(text);
                for (var i = 0; i < tree.Count && !reader._isGathered; i++)
                    reader._isGathered = tree[i] is FootnoteGroup or LinkReferenceDefinitionGroup;
                blocks = reader.Blocks(tree, -1, top: true);
            }
            catch (ArgumentException e) when (e.Message.Contains("depth limit", StringComparison.Ordinal))
            {
                problems?.Add(new(path, 0, ProblemKind.TooDeep,
                    "nested more than 128 levels deep; kept as plain text. Expected lists, quotes and emphasis as a person writes them."));
                reader = new(text, syntax);
            }
        }
        if (blocks.Count == 0) reader._language.Add(text.AsSpan(0, Math.Min(text.Length, 20_000)));
        foreach (var include in syntax.IncludesOf(text)) reader.Add(include);
        reader._links.Sort((a, b) => a.Span.Start.CompareTo(b.Span.Start));
        reader._elements.Sort((a, b) =>
            a.Span.Start != b.Span.Start ? a.Span.Start.CompareTo(b.Span.Start) : b.Span.Length.CompareTo(a.Span.Length));
        reader._code.Sort((a, b) => a.Span.Start.CompareTo(b.Span.Start));
        reader._codeSpans.Sort((a, b) => a.Start.CompareTo(b.Start));
        reader._tables.Sort((a, b) => a.Start.CompareTo(b.Start));
        var yaml = reader._frontMatter;
        return new(new(blocks, reader._codeSpans, reader._links, reader._elements, reader._anchors, reader._tables), reader._headings,
            reader._code, reader._language.Language,
            yaml?.Lines.ToString(), yaml is null ? 0 : MarkdownText.LineNumber(text, yaml.Span.Start));
    }

    private List<BlockTree.Node> Blocks(ContainerBlock container, int after, bool top)
    {
        var list = new List<BlockTree.Node>(container.Count);
        foreach (var block in _isGathered && container is MarkdownDocument ? InOrder(container) : container)
        {
            var start = MarkdownText.LineStart(_text, block.Span.Start);
            // Two blocks that begin on one line cannot be cut apart.
            var own = start > after && !block.Span.IsEmpty;
            var children = Visit(block, own ? start - 1 : int.MaxValue, top);
            if (!own) continue;
            // A link definition is gathered from wherever it stood: what lies behind it is no longer the container's.
            if (_isGathered && list.Count > 0) list[^1] = Clip(list[^1], start);
            after = start;
            list.Add(new(start, KindOf(block), children));
        }
        return list;
    }

    private static BlockTree.Node Clip(BlockTree.Node node, int end)
    {
        if (node.Children.Count == 0) return node;
        var kept = node.Children[^1].Start < end ? node.Children : [.. node.Children.Where(c => c.Start < end)];
        if (kept.Count == 0) return node with { Children = [] };
        var last = Clip(kept[^1], end);
        return ReferenceEquals(last, kept[^1]) && ReferenceEquals(kept, node.Children)
            ? node
            : node with { Children = [.. kept.Take(kept.Count - 1), last] };
    }

    /// <summary>Footnotes and link definitions are gathered at the end of the tree, yet stand where they stand.</summary>
    private static IEnumerable<Block> InOrder(ContainerBlock container) =>
        container.SelectMany(b => b is FootnoteGroup or LinkReferenceDefinitionGroup ? (IEnumerable<Block>)(ContainerBlock)b : [b])
            .OrderBy(b => b.Span.Start);

    private List<BlockTree.Node> Visit(Block block, int after, bool top)
    {
        // Most blocks; the tests of the others each go up a chain of base types.
        if (block.GetType() == typeof(ParagraphBlock))
        {
            Element(block);
            Inlines(((ParagraphBlock)block).Inline);
            return [];
        }
        if (block.GetType() == typeof(ListItemBlock) || block.GetType() == typeof(ListBlock))
            return Blocks((ContainerBlock)block, after, top: false);
        switch (block)
        {
            case YamlFrontMatterBlock yaml:
                _frontMatter ??= yaml;
                return [];
            case MathBlock:
                Element(block);
                return [];
            case Markdig.Syntax.CodeBlock code:
                Code(code);
                return [];
            case HtmlBlock html:
                Html(html);
                return [];
            case HeadingBlock heading:
                Heading(heading, top);
                return [];
            case LeafBlock leaf:
                Inlines(leaf.Inline);
                return [];
            case Table table:
                return Rows(table, after);
            case ContainerBlock container:
                Element(block);
                return Blocks(container, after, top: false);
            default:
                return [];
        }
    }

    private List<BlockTree.Node> Rows(Table table, int after)
    {
        var nodes = Blocks(table, after, top: false);
        var span = MarkdownText.SpanOf(table, _text);
        Element(ElementKind.Table, "", table);
        var rows = table.Select(r => MarkdownText.LineStart(_text, r.Span.Start)).ToList();
        // A table in a quote or list that link definitions were taken from may not lie in one piece.
        var first = MarkdownText.LineStart(_text, span.Start);
        if (rows.Count > 1 && first < rows[1] && rows[1] < span.End) _tables.Add(new(first, rows[1], span.End));
        // The delimiter row has no block of its own: it follows the header, and no cut lies between them and the first row.
        if (nodes.Count > 1) nodes.RemoveAt(1);
        return nodes;
    }

    private void Heading(HeadingBlock heading, bool top)
    {
        Inlines(heading.Inline);
        if (Element(heading)) return;
        var text = MarkdownText.PlainText(heading.Inline);
        // An anchor of one's own, as Docusaurus and Python-Markdown write it: ## Text {#anchor}
        if (text.EndsWith('}') && text.LastIndexOf("{#", StringComparison.Ordinal) is var at and >= 0)
        {
            _anchors.Add(text[(at + 2)..^1].Trim());
            text = text[..at].TrimEnd();
        }
        Anchor(text);
        if (top) _headings.Add(new(heading.Level, text, MarkdownText.LineStart(_text, heading.Span.Start)));
    }

    /// <summary>Anchors as the common Git hosts make them: lower case, punctuation dropped, blanks to hyphens, repeats numbered.</summary>
    private void Anchor(string heading)
    {
        Span<char> buffer = heading.Length <= 128 ? stackalloc char[heading.Length] : new char[heading.Length];
        var length = 0;
        for (var i = 0; i < heading.Length;)
        {
            Rune.DecodeFromUtf16(heading.AsSpan(i), out var rune, out var used);
            i += used;
            if (Rune.IsLetterOrDigit(rune) || rune.Value is '-' or '_')
                length += Rune.ToLowerInvariant(rune).EncodeToUtf16(buffer[length..]);
            else if (rune.Value == ' ') buffer[length++] = '-';
        }
        var slug = buffer[..length].ToString();
        var name = slug;
        for (var n = 1; !_anchors.Add(name); n++) name = $"{slug}-{n}";
    }

    private void Code(Markdig.Syntax.CodeBlock block)
    {
        var fence = block as FencedCodeBlock;
        var (language, info) = FenceInfo.Read(fence?.Info, fence?.Arguments);
        // An indented block's span runs into the blank line behind it.
        var span = MarkdownText.SpanOf(block, _text);
        span = span with { Length = _text.AsSpan(span.Start, span.Length).TrimEnd().Length };
        _code.Add(new(language, info, FenceInfo.Dedent(block.Lines), span));
        if (language == "mermaid") _elements.Add(new(ElementKind.Mermaid, "", span));
    }

    private void Html(HtmlBlock html)
    {
        var span = MarkdownText.SpanOf(html, _text);
        var (kind, name) = _syntax.ElementOf(html, _text)
            ?? new(ElementKind.Html, MarkdownText.Tag(_text.AsSpan(span.Start, span.Length)).ToLowerInvariant());
        _elements.Add(new(kind, name, span));
    }

    private void Inlines(ContainerInline? container)
    {
        for (var inline = container?.FirstChild; inline is not null; inline = inline.NextSibling)
        {
            if (inline.GetType() == typeof(LiteralInline)) _language.Add(((LiteralInline)inline).Content.AsSpan());
            else if (inline is ContainerInline nested)
            {
                if (nested is LinkInline link) Link(link);
                Inlines(nested);
            }
            else if (inline is CodeInline code) _codeSpans.Add(MarkdownText.SpanOf(code, _text));
            else if (inline is AutolinkInline { IsEmail: false } auto)
            {
                if (_syntax.LinkOf(auto.Url, MarkdownText.SpanOf(auto, _text), _text) is { } own) _links.Add(own);
            }
            else if (inline is TaskList task)
                _elements.Add(new(ElementKind.TaskItem, task.Checked ? "x" : "", MarkdownText.SpanOf(task, _text)));
        }
    }

    private void Link(LinkInline link)
    {
        var url = link.Url ?? "";
        // A link that is used by reference carries the span of its use.
        var span = MarkdownText.SpanOf(link, _text);
        if (_syntax.LinkOf(url, span, _text) is { } own) Add(own);
        else if (url.Length > 0 && !_syntax.IsMark(url)) _links.Add(new(link.IsImage ? LinkKind.Image : LinkKind.Page, url, span));
    }

    private void Add(PageLink link)
    {
        _links.Add(link);
        if (link.Kind == LinkKind.Include) _elements.Add(new(ElementKind.Include, link.Target, link.Span));
    }

    /// <summary>Notes what a block is in some dialect; false where none has a name for it.</summary>
    private bool Element(Block block)
    {
        if (_syntax.ElementOf(block, _text) is not var (kind, name)) return false;
        Element(kind, name, block);
        return true;
    }

    private void Element(ElementKind kind, string name, Block block)
    {
        var span = MarkdownText.SpanOf(block, _text);
        _elements.Add(new(kind, name, span with { Length = _text.AsSpan(span.Start, span.Length).TrimEnd().Length }));
    }

    private static BlockTree.Kind KindOf(Block block) => block.GetType() == typeof(ParagraphBlock) ? BlockTree.Kind.Paragraph : block switch
    {
        // Front matter is about the page as its title is, and goes with it.
        HeadingBlock or YamlFrontMatterBlock => BlockTree.Kind.Heading,
        ParagraphBlock => BlockTree.Kind.Paragraph,
        ListBlock => BlockTree.Kind.List,
        Table => BlockTree.Kind.Table,
        MathBlock => BlockTree.Kind.Other,
        Markdig.Syntax.CodeBlock => BlockTree.Kind.Code,
        _ => BlockTree.Kind.Other,
    };
}
