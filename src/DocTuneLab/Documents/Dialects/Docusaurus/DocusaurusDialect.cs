using DocTuneLab.Documents.Model;
using Markdig;
using Markdig.Extensions.CustomContainers;
using Markdig.Syntax;

namespace DocTuneLab.Documents.Dialects.Docusaurus;

/// <summary>Docusaurus: its configuration and sidebars as far as they can be read without running them, <c>:::note</c>
/// containers, MDX.</summary>
internal sealed class DocusaurusDialect : Dialect
{
    internal const string SiteKind = "Docusaurus";

    /// <inheritdoc/>
    public override string Name => SiteKind;

    /// <inheritdoc/>
    public override string ConfigurationFile => DocusaurusSite.FileName + "js";

    /// <inheritdoc/>
    public override bool IsConfiguration(string fileName) => fileName.StartsWith(DocusaurusSite.FileName, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override DocsSite? ReadSite(string folder, ICollection<DocumentProblem> problems) => DocusaurusSite.Read(folder);

    /// <inheritdoc/>
    public override void Setup(MarkdownPipelineBuilder pipeline) => pipeline.Use(new ColonContainerExtension());

    /// <inheritdoc/>
    public override IReadOnlyList<Type> NamedBlocks { get; } = [typeof(ParagraphBlock), typeof(CustomContainer), typeof(HtmlBlock)];

    /// <inheritdoc/>
    public override NamedElement? ElementOf(Block block, string text) => block switch
    {
        ParagraphBlock => MdxSyntax.IsModuleLine(text.AsSpan(block.Span.Start)) ? new(ElementKind.Mdx, "module") : null,
        CustomContainer custom => new(ElementKind.Admonition, $"{custom.Info} {custom.Arguments}".Trim()),
        HtmlBlock html when MarkdownText.SpanOf(html, text) is var span => MdxSyntax.Component(text.AsSpan(span.Start, span.Length)),
        _ => null,
    };
}
