using DocTuneLab.Text;

namespace DocTuneLab.Documents.Model;

/// <summary>A range of UTF-16 code units in a document's text.</summary>
/// <param name="Start">Zero-based offset of the first unit.</param>
/// <param name="Length">Number of units.</param>
public readonly record struct SourceSpan(int Start, int Length)
{
    /// <summary>Offset just past the last unit.</summary>
    public int End => Start + Length;
}

/// <summary>Which part of an experiment a document, and all that is made from it, belongs to.</summary>
public enum Split
{
    /// <summary>Samples made from it are trained on.</summary>
    Train,
    /// <summary>Used to choose between settings; never trained on.</summary>
    Dev,
    /// <summary>Touched by the final evaluation only.</summary>
    Test,
}

/// <summary>A fenced or indented code block of a document.</summary>
/// <param name="Language">First word of the info string, lower case, or empty.</param>
/// <param name="Info">The rest of the info string.</param>
/// <param name="Code">The code between the fences, without the common indentation.</param>
/// <param name="Span">The block with its fences in the document.</param>
public sealed record CodeBlock(string Language, string Info, string Code, SourceSpan Span);

/// <summary>A heading and all that stands under it up to the next heading of the same or a higher level.</summary>
/// <param name="Level">1 to 6; 0 for the document itself (text before the first heading).</param>
/// <param name="Heading">The heading's plain text; empty for level 0.</param>
/// <param name="Span">Heading and body, children included.</param>
/// <param name="Children">Sections one level deeper, in order.</param>
public sealed record Section(int Level, string Heading, SourceSpan Span, IReadOnlyList<Section> Children);

/// <summary>What a link of a page leads to.</summary>
public enum LinkKind
{
    /// <summary>A page, heading, file or address.</summary>
    Page,
    /// <summary>An image.</summary>
    Image,
    /// <summary>A uid: <c>xref:</c> links and <c>&lt;xref:…&gt;</c>.</summary>
    Xref,
    /// <summary>A file whose text the site puts in place: <c>[!INCLUDE]</c>, <c>[!code]</c>, <c>--8&lt;--</c>.
    /// It is a document of its own and is not copied.</summary>
    Include,
}

/// <summary>A link as it stands in a page.</summary>
/// <param name="Kind">What it leads to.</param>
/// <param name="Target">The target as written.</param>
/// <param name="Span">Where it stands.</param>
public sealed record PageLink(LinkKind Kind, string Target, SourceSpan Span);

/// <summary>What a part of a page is, beyond headings, paragraphs, lists and code.</summary>
public enum ElementKind { Table, TaskItem, Footnote, DefinitionList, Admonition, Tab, Include, Html, Math, Mermaid, Mdx }

/// <summary>A part of a page that has a meaning of its own.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">Type and title of an admonition, title of a tab, label of a footnote, file of an include, tag of HTML, <c>x</c> of a
/// done task; else empty.</param>
/// <param name="Span">Where it stands.</param>
public sealed record PageElement(ElementKind Kind, string Name, SourceSpan Span);

/// <summary>A page of documentation.</summary>
public sealed record Document
{
    /// <summary>Path relative to the documentation's root, with forward slashes.</summary>
    public required string Path { get; init; }

    /// <summary>The whole text, line ends normalised to <c>\n</c>.</summary>
    public required string Text { get; init; }

    /// <summary>Content hash of <see cref="Text"/> (see <see cref="ContentHash"/>).</summary>
    public required string Hash { get; init; }

    /// <summary>Front matter title, else the first heading, else the file name.</summary>
    public required string Title { get; init; }

    /// <summary>Scalar front matter fields.</summary>
    public required IReadOnlyDictionary<string, string> FrontMatter { get; init; }

    /// <summary>The section tree; its root has level 0 and covers the whole text.</summary>
    public required Section Root { get; init; }

    /// <summary>All code blocks in order.</summary>
    public required IReadOnlyList<CodeBlock> CodeBlocks { get; init; }

    /// <summary>ISO 639-1 code of the prose, <c>en</c> where it cannot be told (see <see cref="LanguageDetector"/>).</summary>
    public required string Language { get; init; }

    /// <summary>Which split the page belongs to.</summary>
    public required Split Split { get; init; }

    private PageLayout? _layout;

    /// <summary>All links in order, includes among them.</summary>
    public IReadOnlyList<PageLink> Links => Layout.Links;

    /// <summary>Tables, admonitions, tabs, footnotes and the like, in order.</summary>
    public IReadOnlyList<PageElement> Elements => Layout.Elements;

    /// <summary>What parsing found out about the text; found again by <see cref="ReadLayout"/> where the page comes from storage.</summary>
    internal PageLayout Layout
    {
        get => _layout ??= ReadLayout?.Invoke() ?? PageLayout.Empty;
        init => _layout = value;
    }

    /// <summary>Finds the layout again when it is first asked for; null where parsing has given it.</summary>
    internal Func<PageLayout>? ReadLayout { get; init; }

    /// <inheritdoc/>
    public bool Equals(Document? other) => other is not null && (Path, Hash, Split) == (other.Path, other.Hash, other.Split);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Path, Hash, Split);
}

/// <summary>
/// A passage of a document that fits a token budget. The chunks of a document cover every non-blank character of it
/// exactly once.
/// </summary>
public sealed record Chunk
{
    /// <summary>Content hash of path-independent content: heading path and text.</summary>
    public required string Id { get; init; }

    /// <summary>Path of the document.</summary>
    public required string DocumentPath { get; init; }

    /// <summary>Where <see cref="Text"/> stands in the document.</summary>
    public required SourceSpan Span { get; init; }

    /// <summary>Headings from the title down.</summary>
    public required IReadOnlyList<string> HeadingPath { get; init; }

    /// <summary>The passage, as in the source.</summary>
    public required string Text { get; init; }

    /// <summary>Code blocks inside it.</summary>
    public required IReadOnlyList<CodeBlock> CodeBlocks { get; init; }

    /// <summary>Documentation ids of the library members that it mentions.</summary>
    public required IReadOnlyList<string> Symbols { get; init; }

    /// <summary>Tokens of <see cref="Text"/> by the tokenizer it was cut with, <see cref="Context"/> not counted.</summary>
    public required int TokenCount { get; init; }

    /// <summary>Text of the page that a reader of this passage needs and that other chunks cover: the header of a table that was cut, and
    /// the overlap. Ends in a line end, or is empty.</summary>
    public string Context { get; init; } = "";

    /// <summary>Where and how surely each of <see cref="Symbols"/> is mentioned; by position.</summary>
    public IReadOnlyList<SymbolLink> SymbolLinks { get; init; } = [];
}
