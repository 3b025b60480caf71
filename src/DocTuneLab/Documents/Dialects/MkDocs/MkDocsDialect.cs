using System.Text.RegularExpressions;
using DocTuneLab.Documents.Model;
using Markdig;
using Markdig.Syntax;

namespace DocTuneLab.Documents.Dialects.MkDocs;

/// <summary>MkDocs and Python-Markdown: <c>mkdocs.yml</c>, admonitions and tabs by indentation, snippets (<c>--8&lt;--</c>).</summary>
/// <remarks>Formats: MkDocs' configuration; PyMdown Extensions' references of admonitions, tabs and snippets.</remarks>
internal sealed partial class MkDocsDialect : Dialect
{
    internal const string SiteKind = "MkDocs";

    /// <inheritdoc/>
    public override string Name => SiteKind;

    /// <inheritdoc/>
    public override string ConfigurationFile => MkDocsSite.FileName;

    /// <inheritdoc/>
    public override bool IsConfiguration(string fileName) => fileName is MkDocsSite.FileName or MkDocsSite.OtherName;

    /// <inheritdoc/>
    public override DocsSite? ReadSite(string folder, ICollection<DocumentProblem> problems) => MkDocsSite.Read(folder, problems);

    /// <inheritdoc/>
    public override void Setup(MarkdownPipelineBuilder pipeline) => pipeline.Use(new IndentedContainerExtension());

    /// <inheritdoc/>
    public override IReadOnlyList<Type> NamedBlocks { get; } = [typeof(IndentedContainer)];

    /// <inheritdoc/>
    public override NamedElement? ElementOf(Block block, string text) =>
        block is IndentedContainer indented ? new(indented.IsTab ? ElementKind.Tab : ElementKind.Admonition, indented.Name) : null;

    /// <summary>Files of <c>--8&lt;-- "file"</c> and of the block form, inside fences too:
    /// the site replaces the lines before it reads Markdown.</summary>
    public override IEnumerable<PageLink> IncludesOf(string text)
    {
        if (!text.Contains("--8<--", StringComparison.Ordinal)) yield break;
        var inBlock = false;
        for (var start = 0; start < text.Length;)
        {
            var end = text.IndexOf('\n', start);
            if (end < 0) end = text.Length;
            var line = text[start..end];
            var match = Snippet().Match(line);
            if (match.Success)
            {
                var file = match.Groups[1];
                if (!file.Success) inBlock = !inBlock;
                else yield return new(LinkKind.Include, WithoutSection(file.Value), new(start + match.Index, match.Length));
            }
            else if (inBlock && line.Trim() is { Length: > 0 } name && name[0] is not (';' or '#'))
            {
                yield return new(LinkKind.Include, WithoutSection(name),
                    new(start + line.IndexOf(name, StringComparison.Ordinal), name.Length));
            }
            start = end + 1;
        }
    }

    /// <summary><c>file:section</c> and <c>file:1:3</c> name a part of a file.</summary>
    private static string WithoutSection(string file)
    {
        var colon = file.IndexOf(':',
            file.Contains("://", StringComparison.Ordinal) ? file.IndexOf("://", StringComparison.Ordinal) + 3 : 0);
        return colon > 0 ? file[..colon] : file;
    }

    [GeneratedRegex("""^\s*(?<!;)-{1,}8<-{1,}(?:\s+["']([^"']+)["'])?\s*$""")]
    private static partial Regex Snippet();
}
