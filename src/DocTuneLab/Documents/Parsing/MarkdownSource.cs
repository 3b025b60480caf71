using System.Buffers;
using System.Text;
using DocTuneLab.Documents.Model;
using Markdig;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using SourceSpan = DocTuneLab.Documents.Model.SourceSpan;

namespace DocTuneLab.Documents.Parsing;

/// <summary>The one way in which pages become syntax trees.</summary>
internal static class MarkdownSource
{
    private static readonly MarkdownPipeline s_plain = Pipeline(hasTables: false), s_tables = Pipeline(hasTables: true);
    private static readonly SearchValues<char> s_delimiters = SearchValues.Create("|:->+ \t");

    /// <exception cref="ArgumentException">Nested more deeply than the parser goes (128 levels).</exception>
    public static MarkdownDocument Parse(string text) => Markdig.Markdown.Parse(text, MayHaveTable(text) ? s_tables : s_plain);

    private static MarkdownPipeline Pipeline(bool hasTables)
    {
        var builder = new MarkdownPipelineBuilder().UsePreciseSourceLocation().UseYamlFrontMatter();
        if (hasTables) builder.UsePipeTables();
        return builder.UseTaskLists().UseFootnotes().UseDefinitionLists().UseAlertBlocks().UseMathematics().Use(new ContainerExtension()).Build();
    }

    /// <summary>Whether a line delimits a table's header, as far as its characters tell. The parser of tables looks again at every paragraph, a third of a parse, so pages without one go without it.</summary>
    private static bool MayHaveTable(ReadOnlySpan<char> text)
    {
        while (text.IndexOf('|') is >= 0 and var at)
        {
            var start = text[..at].LastIndexOf('\n') + 1;
            var end = text[at..].IndexOf('\n');
            var line = end < 0 ? text[start..] : text[start..(at + end)];
            if (line.Contains('-') && !line.ContainsAnyExcept(s_delimiters)) return true;
            if (end < 0) break;
            text = text[(at + end)..];
        }
        return false;
    }

    public static SourceSpan SpanOf(MarkdownObject node, string text)
    {
        var start = Math.Clamp(node.Span.Start, 0, text.Length);
        return new(start, Math.Clamp(node.Span.End + 1 - start, 0, text.Length - start));
    }

    public static int LineStart(string text, int position) => position <= 0 ? 0 : text.LastIndexOf('\n', position - 1) + 1;

    public static int LineNumber(string text, int position) => 1 + text.AsSpan(0, Math.Clamp(position, 0, text.Length)).Count('\n');

    public static string PlainText(ContainerInline? inline)
    {
        if (inline is null) return "";
        if (inline.FirstChild is LiteralInline { NextSibling: null } only) return only.Content.AsSpan().Trim().ToString();
        var text = new StringBuilder();
        foreach (var node in inline.Descendants())
        {
            if (node is LiteralInline literal) text.Append(literal.Content.AsSpan());
            else if (node is CodeInline code) text.Append(code.Content);
            else if (node is LineBreakInline) text.Append(' ');
            else if (node is HtmlEntityInline entity) text.Append(entity.Transcoded.AsSpan());
        }
        return text.ToString().Trim();
    }
}
