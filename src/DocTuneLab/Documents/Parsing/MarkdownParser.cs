using System.Buffers;
using DocTuneLab.Documents.Files;
using DocTuneLab.Documents.Model;
using DocTuneLab.Text;
using YamlDotNet.Core;

namespace DocTuneLab.Documents.Parsing;

/// <summary>
/// Markdown to <see cref="Document"/>: CommonMark with front matter, tables, task lists, footnotes, definition lists,
/// math, admonitions and tabs of DocFX, GitHub, MkDocs and Docusaurus, includes, MDX.
/// </summary>
public static class MarkdownParser
{
    private static readonly SearchValues<char> s_name = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.");
    private static readonly SearchValues<char> s_flow = SearchValues.Create("[]{}\"'`#&*!|>%@:?\\\t\0\u0085");

    /// <summary>Parses a page.</summary>
    /// <param name="path">Path relative to the documentation's root, with forward slashes.</param>
    /// <param name="text">The page; line ends are normalised.</param>
    /// <param name="split">Which split it belongs to.</param>
    /// <param name="problems">Takes what is wrong with the page, which is then kept as far as possible.</param>
    /// <exception cref="LabException">The front matter is not valid YAML, and <paramref name="problems"/> is null.</exception>
    public static Document Parse(string path, string text, Split split = Split.Train, ICollection<DocumentProblem>? problems = null) =>
        Parse(path, text, split, problems, MarkdownSyntax.Default);

    /// <summary>Parses a page with a list of dialects.</summary>
    internal static Document Parse(string path, string text, Split split, ICollection<DocumentProblem>? problems, MarkdownSyntax syntax)
    {
        text = text.TrimStart('\uFEFF').Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        var page = PageReader.Read(path, text, problems, syntax);
        var frontMatter = FrontMatter(path, page, problems);
        var firstHeading = page.Headings.Select(h => h.Text).FirstOrDefault(h => h.Length > 0);
        var title = frontMatter.TryGetValue("title", out var given) && given.Length > 0
            ? given
            : firstHeading ?? Path.GetFileNameWithoutExtension(path);
        return new()
        {
            Path = path,
            Text = text,
            Hash = ContentHash.Of(text),
            Title = title,
            FrontMatter = frontMatter,
            Root = Sections(text, page.Headings),
            CodeBlocks = page.Code,
            Language = page.Language,
            Split = split,
            Layout = page.Layout,
        };
    }

    /// <summary>The layout alone, of a page that was parsed before with the same dialects.</summary>
    internal static PageLayout LayoutOf(string path, string text, MarkdownSyntax syntax) =>
        PageReader.Read(path, text, null, syntax).Layout;

    private static Section Sections(string text, IReadOnlyList<PageHeading> headings)
    {
        var next = 0;
        return new(0, "", new(0, text.Length), Children(0));

        List<Section> Children(int level)
        {
            var list = new List<Section>();
            while (next < headings.Count && headings[next].Level > level)
            {
                var heading = headings[next++];
                var children = Children(heading.Level);
                var end = next < headings.Count ? headings[next].Start : text.Length;
                list.Add(new(heading.Level, heading.Text, new(heading.Start, end - heading.Start), children));
            }
            return list;
        }
    }

    private static Dictionary<string, string> FrontMatter(string path, PageReader.Page page, ICollection<DocumentProblem>? problems)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        if (page.FrontMatter is null) return fields;
        if (Plain(page.FrontMatter, fields)) return fields;
        fields.Clear();
        try
        {
            foreach (var (name, value) in YamlItem.Parse(page.FrontMatter)?.Fields ?? [])
                if (value.Scalar is { } scalar) fields[name] = scalar;
            return fields;
        }
        catch (YamlException e)
        {
            // The block's first line is the fence, so the YAML's line 1 is the next.
            var problem = new DocumentProblem(path, (int)(page.FrontMatterLine + e.Start.Line), ProblemKind.FrontMatter,
                $"front matter is not valid YAML ({e.Message}). Expected 'name: value' lines between two '---' lines.");
            if (problems is null) throw new LabException(problem.ToString(), e);
            problems.Add(problem);
            return fields;
        }
    }

    /// <summary>
    /// Most front matter is a few lines <c>name: words</c> or <c>name: [word, word]</c>, which are read at a tenth of the cost of YAML;
    /// false where anything looks like more.
    /// </summary>
    private static bool Plain(string yaml, Dictionary<string, string> fields)
    {
        foreach (var line in yaml.AsSpan().EnumerateLines())
        {
            if (line.IsEmpty) continue;
            var colon = line.IndexOf(": ");
            if (colon <= 0 || line[..colon].ContainsAnyExcept(s_name)) return false;
            var value = line[(colon + 2)..].Trim(' ');
            // Lists are no fields.
            if (value.Length > 2 && value[0] == '[' && value[^1] == ']' && char.IsLetter(value[1]) && !value[1..^1].ContainsAny(s_flow))
                continue;
            if (value.Length > 1 && value[0] == '"' && value[^1] == '"' && !value[1..^1].ContainsAny('"', '\\')) value = value[1..^1];
            else if (value.IsEmpty || !(char.IsLetterOrDigit(value[0]) || value[0] == '/') || value.Contains(": ", StringComparison.Ordinal)
                || value.Contains(" #", StringComparison.Ordinal) || value[^1] == ':' || value.ContainsAny('\t', '\0', '\u0085'))
                return false;
            if (!fields.TryAdd(line[..colon].ToString(), value.ToString())) return false;
        }
        return true;
    }
}
