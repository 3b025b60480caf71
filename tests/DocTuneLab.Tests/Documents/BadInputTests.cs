using System.Text;
using DocTuneLab.Documents;
using DocTuneLab.Documents.Chunking;
using DocTuneLab.Documents.Model;

namespace DocTuneLab.Tests.Documents;

/// <summary>Whatever is wrong with a file is named, and the rest goes on with nothing lost.</summary>
public sealed class BadInputTests : IDisposable
{
    private readonly TempFolder _folder = new TempFolder().With("good.md", "# Good\n\nText.");

    public void Dispose() => _folder.Dispose();

    private DocumentSet Load()
    {
        var set = DocumentSet.Load(_folder.Root);
        Assert.NotNull(set.Find("good.md"));
        return set;
    }

    public static TheoryData<string, string, string> Encodings() => new()
    {
        { "GB18030", "# 储罐\n\n打开阀门，然后排空储罐。", "read as GB18030" },
        { "windows-1252", "# Réservoir\n\nOuvrir à l’été.", "read as windows-1252" },
        { "utf-16LE", "# Tank\n\nOpen the valve.", "read as utf-16" },
        { "utf-16BE", "# Tank\n\nOpen the valve.", "read as utf-16BE" },
    };

    [Theory]
    [MemberData(nameof(Encodings))]
    public void Other_encodings_are_read_and_named(string encoding, string text, string message)
    {
        var page = CodePagesEncodingProvider.Instance.GetEncoding(encoding) ?? Encoding.GetEncoding(encoding);
        var set = Load(_folder.With("p.md", page.GetBytes(text)));
        Assert.Equal(text, set.Find("p.md")!.Text);
        var problem = Assert.Single(set.Problems);
        Assert.Equal(("p.md", ProblemKind.Encoding), (problem.Path, problem.Kind));
        Assert.Contains(message, problem.Message);
    }

    [Theory]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    [InlineData("utf-32")]
    public void Byte_order_marks_are_understood_without_a_word(string encoding)
    {
        var e = Encoding.GetEncoding(encoding);
        var set = Load(_folder.With("p.md", [.. e.GetPreamble(), .. e.GetBytes("# 储罐\r\n\r\nx")]));
        Assert.Equal("# 储罐\n\nx", set.Find("p.md")!.Text);
        Assert.Empty(set.Problems);
    }

    private static DocumentSet Load(TempFolder folder) => DocumentSet.Load(folder.Root);

    [Fact]
    public void Binary_files_are_left_out()
    {
        var set = Load(_folder.With("image.md", [0x89, 0x50, 0x4E, 0x47, 0, 0, 0, 13, .. Enumerable.Range(0, 64).Select(i => (byte)i)]));
        Assert.Null(set.Find("image.md"));
        Assert.Equal(("image.md", ProblemKind.Binary), (set.Problems.Single().Path, set.Problems.Single().Kind));
    }

    [Theory]
    [InlineData(">", 10_000)]
    [InlineData("- ", 10_000)]
    [InlineData("[", 200_000)]
    [InlineData("![", 10_000)]
    [InlineData("[a](", 100_000)]
    [InlineData("**_", 10_000)]
    [InlineData("<div>", 10_000)]
    [InlineData("`", 10_000)]
    [InlineData("&amp", 10_000)]
    [InlineData("| a ", 10_000)]
    [InlineData("$$", 10_000)]
    public void Deep_nesting_ends_nothing(string opener, int times)
    {
        var text = string.Concat(Enumerable.Repeat(opener, times)) + " x\n\n# Next\n\nend";
        var set = Load(_folder.With("deep.md", text));
        Covered(set.Find("deep.md")!);
    }

    [Fact]
    public void Nested_lists_of_many_lines_end_nothing()
    {
        var text = string.Concat(Enumerable.Range(0, 2_000).Select(i => new string(' ', 2 * i) + "- x\n"));
        Covered(Load(_folder.With("deep.md", text)).Find("deep.md")!);
    }

    [Fact]
    public void A_line_of_many_megabytes_is_kept_as_plain_text()
    {
        var set = Load(_folder.With("long.md", "# Long\n\n" + new string('x', 3 << 20) + " end"));
        var problem = Assert.Single(set.Problems);
        Assert.Equal((3, ProblemKind.TooLarge), (problem.Line, problem.Kind));
        Covered(set.Find("long.md")!);
    }

    [Fact]
    public void Symbolic_links_that_loop_or_lead_out_are_not_followed()
    {
        using var outside = new TempFolder().With("secret.md", "secret");
        _folder.With("sub/a.md", "a");
        Directory.CreateSymbolicLink(_folder["sub/loop"], _folder.Root);
        Directory.CreateSymbolicLink(_folder["out"], outside.Root);
        File.CreateSymbolicLink(_folder["out.md"], outside["secret.md"]);
        File.CreateSymbolicLink(_folder["self.md"], _folder["self.md"]);
        File.CreateSymbolicLink(_folder["again.md"], _folder["good.md"]);
        var set = Load();
        Assert.Equal(["again.md", "good.md", "sub/a.md"], set.Documents.Select(d => d.Path));
        Assert.Equal(
            [
                ("out", ProblemKind.Escape), ("out.md", ProblemKind.Escape), ("self.md", ProblemKind.SymbolicLink),
                ("sub/loop", ProblemKind.SymbolicLink)
            ],
            set.Problems.Select(p => (p.Path, p.Kind)).Order());
    }

    [Fact]
    public void Includes_that_loop_escape_or_are_missing_are_named_with_their_line()
    {
        _folder.With("a.md", "# A\n\n[!INCLUDE [b](b.md)]")
            .With("b.md", "[!INCLUDE [c](c.md)]\n\nx")
            .With("c.md", "x\n\n[!INCLUDE [a](a.md)]")
            .With("self.md", "[!INCLUDE [s](self.md)]")
            .With("out.md", "\n[!INCLUDE [p](../../etc/passwd)]")
            .With("none.md", "--8<-- \"none.txt\"");
        Assert.Equal(
            ["c.md:3 IncludeLoop", "none.md:1 BrokenInclude", "out.md:2 Escape", "self.md:1 IncludeLoop"],
            Load().Problems.Select(p => $"{p.Path}:{p.Line} {p.Kind}").Order(StringComparer.Ordinal));
        Assert.Equal(["b.md"], Load().Links["a.md"]);
    }

    [Fact]
    public void Names_that_other_systems_cannot_hold_or_people_cannot_tell_apart_are_named()
    {
        string[] names =
        [
            "aux.md", "caf\u00e9.md", "cafe\u0301.md", "rtl\u202Egpj.md", "zero\u200Bwidth.md", "GOOD.md", "q?.md", "dot./x.md"
        ];
        foreach (var name in names) _folder.With(name, "x");
        var set = Load();
        Assert.Equal(names.Length + 1, set.Documents.Count);
        var named = set.Problems.Where(p => p.Kind == ProblemKind.FileName).Select(p => p.Path).ToHashSet();
        Assert.Superset(
            new HashSet<string> { "aux.md", "cafe\u0301.md", "rtl\u202Egpj.md", "zero\u200Bwidth.md", "q?.md", "dot./x.md", "good.md" },
            named);
        Assert.DoesNotContain(set.Problems, p => p.Message.Contains('\u202E'));
    }

    [Fact]
    public void Wrong_front_matter_does_not_lose_the_page()
    {
        var set = Load(_folder.With("p.md", "---\ntitle: [\n---\n\n# T\n\nbody"));
        Assert.Equal("T", set.Find("p.md")!.Title);
        Assert.Equal(("p.md", ProblemKind.FrontMatter), (set.Problems.Single().Path, set.Problems.Single().Kind));
        Assert.True(set.Problems.Single().Line > 1);
    }

    [Fact]
    public void Front_matter_nested_without_end_does_not_end_the_process()
    {
        var set = Load(_folder.With("p.md", $"---\na: {new string('[', 200_000)}\n---\n\nbody"));
        Assert.Contains(set.Problems, p => p.Kind is ProblemKind.FrontMatter or ProblemKind.TooDeep);
    }

    [Fact]
    public void A_flow_sequence_that_the_yaml_scanner_chokes_on_is_a_problem_like_any_other()
    {
        var set = Load(_folder.With("p.md",
            "---\ntitle: WeirGate\ntags: [referener the sill.\n\n```csharp nocompile\n\npublic sealed class WeirGate\n```\n\n## Members\n\n"
                + "| Member | What |\n---\n\nbody"));
        Covered(set.Find("p.md")!);
    }

    /// <summary>Every non-blank character is covered exactly once.</summary>
    internal static void Covered(Document document, int budget = 64)
    {
        var (cursor, text) = (0, document.Text);
        foreach (var chunk in new Chunker(t => (t.Length + 3) / 4, budget).Chunk(document))
        {
            Assert.True(chunk.Span.Start >= cursor && text.AsSpan(cursor, chunk.Span.Start - cursor).IsWhiteSpace(),
                $"characters {cursor} to {chunk.Span.Start} of {document.Path} are not covered once");
            Assert.True(chunk.TokenCount <= budget);
            Assert.Equal(text.Substring(chunk.Span.Start, chunk.Span.Length), chunk.Text);
            cursor = chunk.Span.End;
        }
        Assert.True(text.AsSpan(cursor).IsWhiteSpace(), $"characters from {cursor} of {document.Path} are not covered");
    }
}
