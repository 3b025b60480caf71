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
/// <param name="Path">Path relative to the documentation's root, with forward slashes.</param>
/// <param name="Text">The whole text, line ends normalised to <c>\n</c>.</param>
/// <param name="Hash">Content hash of <paramref name="Text"/> (see <see cref="ContentHash"/>).</param>
/// <param name="Title">Front matter title, else the first heading, else the file name.</param>
/// <param name="FrontMatter">Scalar front matter fields.</param>
/// <param name="Root">The section tree; its root has level 0 and covers the whole text.</param>
/// <param name="CodeBlocks">All code blocks in order.</param>
/// <param name="Language">ISO 639-1 code of the prose, <c>en</c> where it cannot be told (see <see cref="LanguageDetector"/>).</param>
/// <param name="Split">Which split the page belongs to.</param>
public sealed record Document(
    string Path,
    string Text,
    string Hash,
    string Title,
    IReadOnlyDictionary<string, string> FrontMatter,
    Section Root,
    IReadOnlyList<CodeBlock> CodeBlocks,
    string Language,
    Split Split)
{
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
/// <param name="Id">Content hash of path-independent content: heading path and text.</param>
/// <param name="DocumentPath">Path of the document.</param>
/// <param name="Span">Where <paramref name="Text"/> stands in the document.</param>
/// <param name="HeadingPath">Headings from the title down.</param>
/// <param name="Text">The passage, as in the source.</param>
/// <param name="CodeBlocks">Code blocks inside it.</param>
/// <param name="Symbols">Documentation ids of the library members that it mentions.</param>
/// <param name="TokenCount">Tokens of <paramref name="Text"/> by the tokenizer it was cut with, <see cref="Context"/> not counted.</param>
public sealed record Chunk(
    string Id,
    string DocumentPath,
    SourceSpan Span,
    IReadOnlyList<string> HeadingPath,
    string Text,
    IReadOnlyList<CodeBlock> CodeBlocks,
    IReadOnlyList<string> Symbols,
    int TokenCount)
{
    /// <summary>Text of the page that a reader of this passage needs and that other chunks cover: the header of a table that was cut, and
    /// the overlap. Ends in a line end, or is empty.</summary>
    public string Context { get; init; } = "";

    /// <summary>Where and how surely each of <see cref="Symbols"/> is mentioned; by position.</summary>
    public IReadOnlyList<SymbolLink> SymbolLinks { get; init; } = [];
}
