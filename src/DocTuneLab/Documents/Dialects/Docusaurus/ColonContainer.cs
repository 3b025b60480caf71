using Markdig;
using Markdig.Extensions.CustomContainers;
using Markdig.Parsers;
using Markdig.Renderers;

namespace DocTuneLab.Documents.Dialects.Docusaurus;

/// <summary>
/// <c>:::note Title</c> … <c>:::</c>. A line that also ends in colons (<c>:::image …:::</c>) and the zones and monikers of
/// Microsoft's docs, which close by name, are left alone: an opener that never closes would swallow the page's headings.
/// </summary>
internal sealed class ColonContainerParser : CustomContainerParser
{
    private static readonly string[] s_closedByName = ["zone", "moniker", "row", "column", "code", "image"];

    public override BlockState TryOpen(BlockProcessor processor)
    {
        var line = processor.Line.AsSpan().TrimEnd();
        if (line.Length > 3 && line[^1] == ':' && line.TrimStart(':').Length > 0) return BlockState.None;
        var name = line.TrimStart(':').TrimStart();
        foreach (var closed in s_closedByName)
            if (name.StartsWith(closed, StringComparison.OrdinalIgnoreCase)) return BlockState.None;
        return base.TryOpen(processor);
    }
}

/// <summary>Puts the parser before those of Markdown itself.</summary>
internal sealed class ColonContainerExtension : IMarkdownExtension
{
    public void Setup(MarkdownPipelineBuilder pipeline) => pipeline.BlockParsers.Insert(0, new ColonContainerParser());

    public void Setup(MarkdownPipeline pipeline, IMarkdownRenderer renderer) { }
}
