using System.Text;
using System.Text.Json.Nodes;
using DocTuneLab.Notebooks.Languages;
using Markdig;
using Markdig.Helpers;
using Markdig.Renderers;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace DocTuneLab.Notebooks.Reporting;

/// <summary>A heading of the report.</summary>
internal sealed record ReportHeading(int Level, string Text, string Id);

/// <summary>Markdown cells as HTML: headings get ids that are unique in the report, and images become part of the file.</summary>
internal sealed class ReportMarkdown(string folder)
{
    private const int MaxImageBytes = 8 * 1024 * 1024;

    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);
    private readonly List<ReportHeading> _headings = [];

    public IReadOnlyList<ReportHeading> Headings => _headings;

    /// <summary>The first heading, if it is of level 1. It is left out of its cell, to stand at the top of the page.</summary>
    public ReportHeading? Title { get; private set; }

    /// <summary>Whether there was a code block in Mermaid, which the browser has to draw.</summary>
    public bool HasDiagrams { get; private set; }

    public string ToHtml(string text, JsonObject? attachments)
    {
        var document = Markdown.Parse(text, MarkdownLanguage.Pipeline);
        foreach (var heading in document.Descendants<HeadingBlock>().ToList())
        {
            var title = PlainText(heading.Inline);
            var id = UniqueId(title);
            heading.GetAttributes().Id = id;
            _headings.Add(new ReportHeading(heading.Level, title, id));
            if (_headings.Count == 1 && heading.Level == 1 && heading.Parent is { } parent)
            {
                Title = _headings[0];
                parent.Remove(heading);
            }
        }
        foreach (var block in document.Descendants<FencedCodeBlock>().ToList())
            Colour(block);
        HasDiagrams |= document.Descendants<FencedCodeBlock>().Any(block => block.Info == "mermaid");
        foreach (var image in document.Descendants<LinkInline>().Where(link => link.IsImage))
            Embed(image, attachments);
        var writer = new StringWriter { NewLine = "\n" };
        var renderer = new HtmlRenderer(writer);
        MarkdownLanguage.Pipeline.Setup(renderer);
        renderer.Render(document);
        return writer.ToString();
    }

    // C# in text looks as it does in cells.
    private static void Colour(FencedCodeBlock block)
    {
        if (block.Parent is not { } parent || block.Info is not ("csharp" or "cs" or "c#" or "C#"))
            return;
        var html = new HtmlBlock(null)
        {
            Type = HtmlBlockType.NonInterruptingBlock,
            Lines = new StringLineGroup(
                $"<pre class=\"source\"><code>{CodeHighlighter.ToHtml(block.Lines.ToString(), "csharp")}</code></pre>")
        };
        var index = parent.IndexOf(block);
        parent.RemoveAt(index);
        parent.Insert(index, html);
    }

    private void Embed(LinkInline image, JsonObject? attachments)
    {
        var url = image.Url ?? "";
        if (url.StartsWith("data:", StringComparison.Ordinal))
            return;
        if (url.StartsWith("attachment:", StringComparison.Ordinal)
            && attachments?[url["attachment:".Length..]] is JsonObject { Count: > 0 } attachment)
        {
            var (mimeType, content) = attachment.First();
            image.Url = $"data:{mimeType};base64,{content?.ToString().Trim()}";
            return;
        }
        var path = Path.Combine(folder, Uri.UnescapeDataString(url));
        if (!url.Contains("://", StringComparison.Ordinal) && File.Exists(path) && new FileInfo(path).Length <= MaxImageBytes)
            image.Url = $"data:{MimeType(path)};base64,{Convert.ToBase64String(File.ReadAllBytes(path))}";
        else
            image.IsImage = false; // What cannot be part of the file is a link to follow, never a request of the page.
    }

    private string UniqueId(string title)
    {
        var slug = new StringBuilder();
        foreach (var c in title.ToLowerInvariant())
        {
            if (char.IsLetterOrDigit(c))
                slug.Append(c);
            else if (slug.Length > 0 && slug[^1] != '-')
                slug.Append('-');
        }
        var name = slug.ToString().Trim('-') is { Length: > 0 } text ? text : "section";
        var id = name;
        for (var n = 2; !_ids.Add(id); n++)
            id = $"{name}-{n}";
        return id;
    }

    private static string PlainText(ContainerInline? inline) => string.Concat((inline?.Descendants() ?? []).Select(part => part switch
    {
        LiteralInline literal => literal.Content.ToString(),
        CodeInline code => code.Content,
        _ => "",
    })).Trim();

    private static string MimeType(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".svg" => "image/svg+xml",
        ".jpg" or ".jpeg" => "image/jpeg",
        ".gif" => "image/gif",
        ".webp" => "image/webp",
        _ => "image/png",
    };
}
