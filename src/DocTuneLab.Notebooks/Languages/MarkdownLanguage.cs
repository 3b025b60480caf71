using Markdig;

namespace DocTuneLab.Notebooks.Languages;

/// <summary>Markdown, shown formatted.</summary>
internal sealed class MarkdownLanguage : ICellLanguage
{
    /// <summary>Markdown as the notebooks know it: CommonMark with tables, task lists and the rest of Markdig's extensions.</summary>
    public static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().UseAdvancedExtensions().Build();

    public string Name => "markdown";

    public string Description => "Markdown, shown formatted.";

    public IReadOnlyList<string> Aliases => ["md"];

    public Task<CellValue?> RunAsync(CellCode code, CellContext cell)
    {
        var html = Markdown.ToHtml(code.Text, Pipeline);
        cell.DisplayMime(new Dictionary<string, object> { ["text/html"] = html, ["text/markdown"] = code.Text });
        return Task.FromResult<CellValue?>(null);
    }
}
