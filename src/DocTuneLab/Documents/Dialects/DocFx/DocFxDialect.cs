using System.Text.RegularExpressions;
using DocTuneLab.Documents.Model;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using SourceSpan = DocTuneLab.Documents.Model.SourceSpan;

namespace DocTuneLab.Documents.Dialects.DocFx;

/// <summary>DocFX: <c>docfx.json</c> and <c>toc.yml</c>, tabs by headings, links by uid, <c>[!INCLUDE [title](file)]</c> and
/// <c>[!code-csharp[title](file)]</c>.</summary>
/// <remarks>Format: DocFX's reference of its Markdown.</remarks>
internal sealed partial class DocFxDialect : Dialect
{
    internal const string SiteKind = "DocFx";
    private const string TabMark = "#tab/", XrefScheme = "xref:";

    /// <inheritdoc/>
    public override string Name => SiteKind;

    /// <inheritdoc/>
    public override string ConfigurationFile => DocFxSite.FileName;

    /// <inheritdoc/>
    public override DocsSite? ReadSite(string folder, ICollection<DocumentProblem> problems) => DocFxSite.Read(folder, problems);

    /// <inheritdoc/>
    public override IReadOnlyList<Type> NamedBlocks { get; } = [typeof(HeadingBlock)];

    /// <inheritdoc/>
    public override NamedElement? ElementOf(Block block, string text) =>
        block is HeadingBlock { Inline.FirstChild: LinkInline { Url: { } url, NextSibling: null } tab } && IsMark(url)
            ? new(ElementKind.Tab, MarkdownText.PlainText(tab)) : null;

    /// <inheritdoc/>
    public override PageLink? LinkOf(string url, SourceSpan span, string text) =>
        url.StartsWith(XrefScheme, StringComparison.Ordinal) ? new(LinkKind.Xref, url[XrefScheme.Length..], span)
        : IsIncludeBefore(text, span.Start) ? new(LinkKind.Include, url, span) : null;

    /// <inheritdoc/>
    public override bool IsMark(string url) => url.StartsWith(TabMark, StringComparison.Ordinal);

    /// <summary>Whether the marker of an include stands right before a link.</summary>
    private static bool IsIncludeBefore(string text, int position)
    {
        var start = Math.Max(0, position - 32);
        var before = text.AsSpan(start, position - start);
        var open = before.LastIndexOf("[!");
        return open >= 0 && Marker().IsMatch(before[open..]);
    }

    [GeneratedRegex(@"^\[!(include|code(-[\w+#.-]+)?)[-+]?\s*$", RegexOptions.IgnoreCase)]
    private static partial Regex Marker();
}
