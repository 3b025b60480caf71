using System.Text;
using Markdig.Extensions.Yaml;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace DocTuneLab.Documents;

/// <summary>Markdown (CommonMark with tables, task lists, footnotes, definition lists, alerts, front matter) to <see cref="Document"/>.</summary>
public static class MarkdownParser
{
    /// <summary>From this share of CJK letters in the prose on, a page counts as Chinese.</summary>
    public const double ChineseShare = 0.2;

    /// <summary>Parses a page.</summary>
    /// <param name="path">Path relative to the documentation's root, with forward slashes.</param>
    /// <param name="text">The page; line ends are normalised.</param>
    /// <param name="split">Which split it belongs to.</param>
    /// <exception cref="LabException">The front matter is not valid YAML.</exception>
    public static Document Parse(string path, string text, Split split = Split.Train)
    {
        text = text.TrimStart('\uFEFF').Replace("\r\n", "\n").Replace('\r', '\n');
        var tree = MarkdownSource.Parse(text);
        var headings = MarkdownSource.Headings(tree).ToList();
        var frontMatter = FrontMatter(path, text, tree.Descendants<YamlFrontMatterBlock>().FirstOrDefault());
        var firstHeading = headings.Select(h => MarkdownSource.PlainText(h.Inline)).FirstOrDefault(h => h.Length > 0);
        var title = frontMatter.TryGetValue("title", out var given) && given.Length > 0 ? given : firstHeading ?? Path.GetFileNameWithoutExtension(path);
        return new(path, text, ContentHash.Of(text), title, frontMatter, Sections(text, headings), CodeBlocks(tree, text), LanguageOf(tree), split);
    }

    private static Section Sections(string text, List<HeadingBlock> headings)
    {
        var starts = headings.Select(h => MarkdownSource.LineStart(text, h.Span.Start)).ToList();
        var next = 0;
        return new(0, "", new(0, text.Length), Children(0));

        List<Section> Children(int level)
        {
            var list = new List<Section>();
            while (next < headings.Count && headings[next].Level > level)
            {
                var index = next++;
                var children = Children(headings[index].Level);
                var end = next < headings.Count ? starts[next] : text.Length;
                list.Add(new(headings[index].Level, MarkdownSource.PlainText(headings[index].Inline), new(starts[index], end - starts[index]), children));
            }
            return list;
        }
    }

    private static List<CodeBlock> CodeBlocks(MarkdownDocument tree, string text)
    {
        var list = new List<CodeBlock>();
        foreach (var block in MarkdownSource.CodeBlocks(tree).OrderBy(b => b.Span.Start))
        {
            var fence = block as FencedCodeBlock;
            var lines = block.Lines.ToString().Split('\n').Select(l => l.TrimEnd('\r')).ToList();
            var indent = lines.Where(l => l.Trim().Length > 0).Select(l => l.Length - l.TrimStart(' ').Length).DefaultIfEmpty(0).Min();
            var code = string.Join('\n', lines.Select(l => l.Length >= indent ? l[indent..] : ""));
            // An indented block's span runs into the blank line behind it.
            var span = MarkdownSource.SpanOf(block, text);
            span = span with { Length = text.AsSpan(span.Start, span.Length).TrimEnd().Length };
            list.Add(new((fence?.Info ?? "").ToLowerInvariant(), fence?.Arguments?.Trim() ?? "", code.TrimEnd(), span));
        }
        return list;
    }

    private static Dictionary<string, string> FrontMatter(string path, string text, YamlFrontMatterBlock? block)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        if (block is null) return fields;
        var yaml = block.Lines.ToString();
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(yaml));
            if (stream.Documents.Count > 0 && stream.Documents[0].RootNode is YamlMappingNode map)
                foreach (var (key, value) in map.Children)
                    if (key is YamlScalarNode { Value: { } name } && value is YamlScalarNode scalar) fields[name] = scalar.Value ?? "";
            return fields;
        }
        catch (YamlException e)
        {
            // The block's first line is the fence, so the YAML's line 1 is the next.
            var line = MarkdownSource.LineNumber(text, block.Span.Start) + e.Start.Line;
            throw new LabException($"{path}:{line}: front matter is not valid YAML ({e.Message}). Expected 'name: value' lines between two '---' lines.", e);
        }
    }

    private static string LanguageOf(MarkdownDocument tree)
    {
        var (letters, cjk) = (0, 0);
        foreach (var literal in tree.Descendants<LiteralInline>())
            foreach (var rune in literal.Content.ToString().EnumerateRunes())
            {
                if (!Rune.IsLetter(rune)) continue;
                letters++;
                if (rune.Value is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2FFFF)) cjk++;
            }
        return cjk > 0 && cjk >= letters * ChineseShare ? "zh" : "en";
    }
}
