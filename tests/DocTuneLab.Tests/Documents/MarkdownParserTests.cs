using DocTuneLab.Documents.Model;
using DocTuneLab.Documents.Parsing;

namespace DocTuneLab.Tests.Documents;

public sealed class MarkdownParserTests
{
    [Fact]
    public void Sections_nest_by_level_with_exact_spans()
    {
        const string Text = "intro\n\n# A\n\na\n\n### A1\n\n```sh\n# no heading\n```\n\nB\n=\n\n## B1 `code`\nend\n";
        var root = MarkdownParser.Parse("p.md", Text).Root;
        Assert.Equal((0, "", Text), (root.Level, root.Heading, Slice(root)));
        Assert.Equal(["A", "B"], root.Children.Select(c => c.Heading));
        Assert.Equal("# A\n\na\n\n### A1\n\n```sh\n# no heading\n```\n\n", Slice(root.Children[0]));
        Assert.Equal((3, "A1"), (root.Children[0].Children[0].Level, root.Children[0].Children[0].Heading));
        Assert.Equal("## B1 `code`\nend\n", Slice(root.Children[1].Children[0]));
        Assert.Equal("B1 code", root.Children[1].Children[0].Heading);

        string Slice(Section s) => Text.Substring(s.Span.Start, s.Span.Length);
    }

    [Fact]
    public void Code_blocks_have_language_info_code_and_span()
    {
        const string Text =
            "1. item\n\n   ```CSharp title=\"x\" no-compile\n   var x = 1;\n     y();\n   ```\n\n~~~\nplain\n~~~\n\n    indented\n";
        var blocks = MarkdownParser.Parse("p.md", Text).CodeBlocks;
        Assert.Equal(3, blocks.Count);
        Assert.Equal(("csharp", "title=\"x\" no-compile", "var x = 1;\n  y();"), (blocks[0].Language, blocks[0].Info, blocks[0].Code));
        Assert.StartsWith("```CSharp", Text[blocks[0].Span.Start..]);
        Assert.EndsWith("```", Text[..blocks[0].Span.End]);
        Assert.Equal(("", "plain"), (blocks[1].Language, blocks[1].Code));
        Assert.Equal("indented", blocks[2].Code);
    }

    [Theory]
    [InlineData("---\ntitle: From front\norder: 3\nlist: [a]\n---\n# Head", "From front")]
    [InlineData("text\n\n## Second level first", "Second level first")]
    [InlineData("no heading", "page-name")]
    public void Title_comes_from_front_matter_heading_or_file(string text, string title)
    {
        var document = MarkdownParser.Parse("dir/page-name.md", text);
        Assert.Equal(title, document.Title);
        if (text.StartsWith("---")) Assert.Equal(["order", "title"], document.FrontMatter.Keys.Order());
    }

    [Theory]
    [InlineData("打开储罐并调用 `Fill(double litres)` 方法。", "zh")]
    [InlineData("Open the tank (储罐) and fill it with something else entirely.", "en")]
    [InlineData("```\n储罐储罐储罐\n```\nPlain words.", "en")]
    public void Language_is_told_by_the_prose(string text, string language) =>
        Assert.Equal(language, MarkdownParser.Parse("p.md", text).Language);

    [Fact]
    public void Line_ends_and_byte_order_mark_do_not_change_the_hash() =>
        Assert.Equal(MarkdownParser.Parse("p.md", "# A\n\nb\n").Hash, MarkdownParser.Parse("p.md", "\uFEFF# A\r\n\r\nb\r\n").Hash);

    [Fact]
    public void Broken_front_matter_is_named_with_its_line() =>
        Assert.StartsWith("p.md:3:",
            Assert.Throws<LabException>(() => MarkdownParser.Parse("p.md", "---\ntitle: x\nbad: \"a\" b\n---\n")).Message);

    [Theory]
    [InlineData("a | b\n--- | ---\n1 | 2")]
    [InlineData("| a |\n| - |\n| 1 |")]
    [InlineData("| a |\n|:-:|\n")]
    [InlineData("> | a | b |\n> |---|---|\n> | 1 | 2 |")]
    [InlineData("- x\n\n  | a | b |\n  |:-:|--:|\n  | 1 | 2 |")]
    [InlineData("Uses `a || b`.\n\n\t\ntext\n\na|b\n-|-\n1|2")]
    public void Tables_are_found_by_any_delimiter_row(string text) =>
        Assert.Contains(MarkdownParser.Parse("p.md", text).Elements, e => e.Kind == ElementKind.Table);

    [Theory]
    [InlineData("since: \"1.0\"", "1.0")]
    [InlineData("since: \"a\\\"b: c\"", "a\"b: c")]
    [InlineData("since: '1.0'", "1.0")]
    [InlineData("tags: [a-b, c]\nsince: 2", "2")]
    [InlineData("tags: [概念, c#]\nsince: 2", "2")]
    [InlineData("tags: [概念, 'a, b', {c: d}]\nsince: 2", "2")]
    [InlineData("since: \"\"", "")]
    public void Quoted_front_matter_is_read_as_yaml_reads_it(string yaml, string since) =>
        Assert.Equal(since, MarkdownParser.Parse("p.md", $"---\n{yaml}\n---\n# T\n").FrontMatter["since"]);
}
