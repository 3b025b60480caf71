namespace DocTuneLab.Documents;

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

/// <summary>A page of documentation.</summary>
/// <param name="Path">Path relative to the documentation's root, with forward slashes.</param>
/// <param name="Text">The whole text, line ends normalised to <c>\n</c>.</param>
/// <param name="Hash">Content hash of <paramref name="Text"/> (see <see cref="ContentHash"/>).</param>
/// <param name="Title">Front matter title, else the first heading, else the file name.</param>
/// <param name="FrontMatter">Scalar front matter fields.</param>
/// <param name="Root">The section tree; its root has level 0 and covers the whole text.</param>
/// <param name="CodeBlocks">All code blocks in order.</param>
/// <param name="Language">ISO 639-1 code of the prose: <c>en</c> or <c>zh</c>.</param>
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
    Split Split);

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
/// <param name="TokenCount">Tokens of <paramref name="Text"/> by the tokenizer it was cut with.</param>
public sealed record Chunk(
    string Id,
    string DocumentPath,
    SourceSpan Span,
    IReadOnlyList<string> HeadingPath,
    string Text,
    IReadOnlyList<CodeBlock> CodeBlocks,
    IReadOnlyList<string> Symbols,
    int TokenCount);
