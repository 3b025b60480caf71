using DocTuneLab.Documents.Model;
using Markdig;
using Markdig.Extensions.DefinitionLists;
using Markdig.Extensions.Footnotes;
using Markdig.Extensions.Mathematics;
using Markdig.Syntax;

namespace DocTuneLab.Documents.Dialects.Markdown;

/// <summary>What nearly every tool reads beyond CommonMark: task lists, footnotes, definition lists and math.
/// Tables are the parser's own.</summary>
internal sealed class MarkdownDialect : Dialect
{
    /// <inheritdoc/>
    public override string Name => "Markdown";

    /// <inheritdoc/>
    public override void Setup(MarkdownPipelineBuilder pipeline) =>
        pipeline.UseTaskLists().UseFootnotes().UseDefinitionLists().UseMathematics();

    /// <inheritdoc/>
    public override IReadOnlyList<Type> NamedBlocks { get; } = [typeof(Footnote), typeof(DefinitionList), typeof(MathBlock)];

    /// <inheritdoc/>
    public override NamedElement? ElementOf(Block block, string text) => block switch
    {
        Footnote note => new(ElementKind.Footnote, note.Label?.TrimStart('^') ?? ""),
        DefinitionList => new(ElementKind.DefinitionList, ""),
        MathBlock => new(ElementKind.Math, ""),
        _ => null,
    };
}
