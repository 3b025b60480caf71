using DocTuneLab.Conversations;
using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Formats;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Documents.Model;
using DocTuneLab.Library;

namespace DocTuneLab.Tests.Corpus;

public sealed class CorpusPartsTests(CorpusFixture fixture) : IClassFixture<CorpusFixture>
{
    [Fact]
    public void Batches_give_the_verdicts_of_single_compilations()
    {
        string[] codes =
        [
            "public static bool A(Valve v)\n{\n    return v.IsOpen;\n}", "public static int B(Valve v)\n{\n    return v.Depth;\n}",
            "public static int C(int x)\n{\n}", "public static int D(", "public static void E(Tank t) { t.Fill(3); }",
            "public static string F(Tank t) => t.Name;", "public static int G() { int x; return x; }",
        ];
        var pieces = codes.Select(c => new CodeToJudge(c, CodeForm.Members, ["Waterworks"])).ToList();
        var batched = new BatchedJudge(fixture.One, batchSize: 5, parallelism: 1).Judge(pieces, TestContext.Current.CancellationToken);
        for (var i = 0; i < pieces.Count; i++)
        {
            var single = fixture.One(pieces[i]);
            Assert.Equal((single.Compiles, string.Join('\n', single.Errors.Select(e => $"{e.Id} {e.Message} {e.Line}"))),
                (batched[i].Compiles, string.Join('\n', batched[i].Errors.Select(e => $"{e.Id} {e.Message} {e.Line}"))));
        }
        Assert.Equal([true, false, false, false, false, true, false], batched.Select(v => v.Compiles));
    }

    [Fact]
    public void Coverage_counts_what_is_said_asked_compiled_accepted_and_held_out()
    {
        const string Fill = "M:Waterworks.Tank.Fill(Waterworks.Volume)", Name = "P:Waterworks.Tank.Name",
            Wheel = "M:Waterworks.Valve.TurnWheel";
        Assert.All((string[])[Fill, Name, Wheel], id => Assert.Contains(fixture.Symbols, s => s.Id == id));
        Chunk Passage(params string[] symbols) => new()
        {
            Id = "c",
            DocumentPath = "a.md",
            Span = new(0, 1),
            HeadingPath = [],
            Text = "x",
            CodeBlocks = [],
            Symbols = symbols,
            TokenCount = 1,
        };
        static Sample Of(SampleKind kind, IReadOnlyList<Check> checks, params string[] symbols) =>
            new("s", kind, [Message.User("q"), Message.Assistant("a")], new Evidence([], symbols), checks, Split.Train);
        Check compiles = new("compiles", true, null), fails = new("compiles", false, "CS0103"), unique = new("unique", true, null),
            twin = new("unique", false, "near-duplicate");
        var ledger = new CoverageLedger(fixture.Symbols.Select(s => s.Id == Wheel ? s with { Summary = null } : s),
            [Passage(Fill, Fill, Name), Passage(Fill)],
            [
                new HeldOut("t1", [], [], new HashSet<string> { Name, "M:Other.Gone" }),
                new HeldOut("t2", [], [], new HashSet<string> { Name, Wheel })
            ]);
        foreach (var sample in (Sample[])[
            Of(SampleKind.Code, [compiles, unique], Fill, Name, Fill), Of(SampleKind.Repair, [compiles, unique], Fill),
            Of(SampleKind.Code, [compiles, twin], Fill), Of(SampleKind.Code, [fails], Fill),
            Of(SampleKind.Qa, [unique], Name), Of(SampleKind.Explain, [compiles, unique], Name), Of(SampleKind.Qa, [twin], Name),
            Of(SampleKind.Migration, [compiles, unique], Fill, "M:Other.Gone")
        ])
            ledger.Add(sample);
        var rows = ledger.Symbols.ToDictionary(s => s.Id);
        Assert.Equal(new SymbolCoverage(Fill, "Tank.Fill(Volume)", Documented: 3, Asked: 0, Compiled: 4, Used: 3, HeldOut: 0), rows[Fill]);
        Assert.Equal(new SymbolCoverage(Name, "Tank.Name", Documented: 2, Asked: 2, Compiled: 1, Used: 1, HeldOut: 2), rows[Name]);
        Assert.Equal(new SymbolCoverage(Wheel, "Valve.TurnWheel", Documented: 0, Asked: 0, Compiled: 0, Used: 0, HeldOut: 1), rows[Wheel]);
        // A member that tasks need and no sample shows stands at the top.
        Assert.Equal(Wheel, ledger.Thinnest[0].Id);
        Assert.Equal(2, ledger.Thinnest.Count(m => m.Used > 0));
        Assert.EndsWith("1 of 2 members of held-out tasks not used", ledger.ToString());
    }

    [Fact]
    public void Decontamination_sees_copies_through_case_and_blanks_and_leaves_the_rest()
    {
        var held = new Decontamination(
        [
            new HeldOut("t1", ["Return the names of all tanks whose level is above the given limit, sorted by name."],
                ["return tanks.Where(t => t.Level > limit).Select(t => t.Name).Order().ToList();"], new HashSet<string> { "P:A", "P:B" })
        ]);
        Assert.Contains("t1", held.Find("return the NAMES of all tanks whose level is above the given limit  sorted", null, []),
            StringComparison.Ordinal);
        Assert.Contains("t1",
            held.Find("other", "return tanks.Where(t => t.Level > limit)\n    .Select(t => t.Name).Order().ToList();", []),
            StringComparison.Ordinal);
        Assert.Null(held.Find("Return the level of the tank.", "return tank.Level;", ["P:A"]));
        // The same symbols make a smaller overlap suspicious.
        const string Half = "return tanks.Where(t => t.Level > limit).Max(t => t.Capacity - t.Level) + offset;";
        Assert.Null(held.Find("other", Half, ["P:A"]));
        Assert.NotNull(held.Find("other", Half, ["P:B", "P:A"]));
    }

    [Fact]
    public void Corpus_files_come_back_as_written()
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory().FullName, "corpus.jsonl");
        Message[] turns = [Message.User("Was ist \"das\"?\n打开"), Message.Assistant("```csharp\nreturn a < b;\n```")];
        var sample = new Sample(Sample.IdOf(SampleKind.Code, turns), SampleKind.Code, turns, new Evidence(["c1"], ["M:A.B"]),
            [new Check("compiles", true, null), new Check("x", false, "why")], Split.Dev);
        CorpusFile.Write(path, [sample, sample]);
        var back = CorpusFormats.Read(path);
        Assert.Equal(2, back.Count);
        Assert.Equivalent(sample with { Provenance = new Provenance("corpus.jsonl", "", [], "", []) }, back[1], strict: true);
        Assert.Contains("打开", File.ReadAllText(path), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"messages\":", ":2: not valid JSON")]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}", "the last two turns must be a user's and an assistant's")]
    [InlineData("{\"messages\":[{\"role\":\"bot\",\"content\":\"a\"}]}", "messages[0] is of 'bot'")]
    [InlineData("{\"prompt\":\"a\"}", "no known fields")]
    public void A_wrong_line_is_named(string line, string expected)
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory().FullName, "bad.jsonl");
        File.WriteAllText(path,
            "{\"messages\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\",\"content\":\"a\"}]}\n" + line + "\n");
        var message = Assert.Throws<LabException>(() => CorpusFormats.Read(path)).Message;
        Assert.Contains("bad.jsonl:2", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }
}
