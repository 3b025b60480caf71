using Markdig;
using Markdig.Parsers;
using Markdig.Renderers;
using Markdig.Syntax;

namespace DocTuneLab.Documents.Dialects.MkDocs;

/// <summary>
/// A block whose content is indented by four columns under a marker line, as Python-Markdown has them:
/// <c>!!! note "Title"</c>, <c>??? tip</c>, <c>=== "Tab"</c>.
/// </summary>
internal sealed class IndentedContainer(BlockParser parser) : ContainerBlock(parser)
{
    /// <summary>Whether it is a tab of a tab group; else an admonition.</summary>
    public bool IsTab { get; init; }

    /// <summary>Title of a tab; type and title of an admonition.</summary>
    public string Name { get; init; } = "";
}

internal sealed class IndentedContainerParser : BlockParser
{
    public IndentedContainerParser() => OpeningCharacters = ['!', '?', '='];

    public override BlockState TryOpen(BlockProcessor processor)
    {
        if (processor.IsCodeIndent) return BlockState.None;
        var line = processor.Line.AsSpan();
        var marker = line.Length > 4 ? line[..3] : "";
        if (marker is not ("!!!" or "???" or "===")) return BlockState.None;
        var rest = line[3..].TrimStart('+').Trim().TrimStart('!').Trim();
        if (line[3] is not (' ' or '+' or '!') || rest.IsEmpty || (marker is "===" && rest[0] != '"')) return BlockState.None;
        processor.NewBlocks.Push(new IndentedContainer(this)
        {
            Column = processor.Column,
            Span = new(processor.Start, processor.Line.End),
            IsTab = marker is "===",
            Name = rest.ToString().Replace("\"", "", StringComparison.Ordinal),
        });
        return BlockState.ContinueDiscard;
    }

    public override BlockState TryContinue(BlockProcessor processor, Block block)
    {
        // Not discarded: what stands in it goes on behind the blank line, too.
        if (processor.IsBlankLine) return BlockState.Continue;
        // Counted from the page's margin: a list, quote or tab around it has its columns before.
        if (processor.Column < block.Column + 4) return BlockState.None;
        processor.GoToColumn(block.Column + 4);
        block.UpdateSpanEnd(processor.Line.End);
        return BlockState.Continue;
    }
}

/// <summary>Puts the parser before those of Markdown itself.</summary>
internal sealed class IndentedContainerExtension : IMarkdownExtension
{
    public void Setup(MarkdownPipelineBuilder pipeline) => pipeline.BlockParsers.Insert(0, new IndentedContainerParser());

    public void Setup(MarkdownPipeline pipeline, IMarkdownRenderer renderer) { }
}
