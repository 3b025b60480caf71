using Dapper;
using DocTuneLab.Conversations;
using DocTuneLab.Corpus;
using DocTuneLab.Documents.Chunking;
using DocTuneLab.Documents.Linking;
using DocTuneLab.Documents.Model;
using DocTuneLab.Documents.Parsing;
using DocTuneLab.Storage;
using DocTuneLab.Tests.Documents;
using DocTuneLab.Tests.Library;
using DocTuneLab.Text;
using Microsoft.Data.Sqlite;

namespace DocTuneLab.Tests.Storage;

public sealed class LabTests(FlowLibrary library) : IClassFixture<FlowLibrary>, IDisposable
{
    private readonly string _path = Path.Combine(Directory.CreateTempSubdirectory("doctune-lab-").FullName, "lab");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);

    private Chunker Chunker => new(ChunkerSpecTests.Words, 20, new SymbolLinker(library.Api));

    private static Document Page(string path, string text, Split split = Split.Train) => MarkdownParser.Parse(path, text, split);

    private static string Json(object value) => System.Text.Json.JsonSerializer.Serialize(value);

    private static Sample Sample(string question, Split split = Split.Train, SampleKind? kind = null, bool passed = true) => new(
        ContentHash.Of(question), kind ?? SampleKind.Code,
        [Message.User(question), Message.Assistant("a \"quoted\" 答")], new(["c2", "c1"], ["M:A.B", "T:A"]),
        [new("compiles", passed, passed ? null : "CS1061"), new("grounded", true, "x")], split);

    [Fact]
    public void Documents_and_chunks_round_trip()
    {
        var page = Page("a/b.md", "---\ntitle: T\nx: 1\n---\n# Tank\n\nUse `Tank.Fill`.\n\n```csharp\nvar t = new Tank(1);\n```\n\n"
            + "## More\n\nOther words that make it long enough to need a second chunk of text here.\n", Split.Dev);
        var chunks = Chunker.Chunk(page);
        Assert.True(chunks.Count > 1);
        using (var lab = Lab.Open(_path)) Assert.Equal(new DocumentChanges(1, 0, 0, 0), lab.Documents.Save([page], Chunker.Chunk, "s"));
        using var again = Lab.Open(_path, readOnly: true);
        Assert.Equal(Json(page), Json(Assert.Single(again.Documents.Pages())));
        Assert.Equal(Json(chunks), Json(again.Documents.Chunks()));
        Assert.Equal(Json(chunks), Json(again.Documents.Chunks("a/b.md")));
        Assert.Contains(again.Documents.ChunksMentioning("T:Acme.Flow.Tank"), c => c.Text.Contains("new Tank"));
        Assert.Empty(again.Maintenance.Verify());
    }

    [Fact]
    public void An_empty_lab_has_nothing_and_is_sound()
    {
        using var lab = Lab.Open(_path);
        Assert.Empty(lab.Documents.Pages());
        Assert.Empty(lab.Documents.Chunks());
        Assert.Empty(lab.Documents.ChunksMentioning("T:X"));
        Assert.Empty(lab.Documents.Search("x"));
        Assert.Empty(lab.Documents.Symbols());
        Assert.Empty(lab.Samples.List());
        Assert.Empty(lab.Runs.List());
        Assert.Empty(lab.Runs.Metrics("x"));
        Assert.Empty(lab.Runs.Evaluations("x"));
        Assert.Empty(lab.Maintenance.Verify());
        Assert.All(lab.Maintenance.Stats().Rows.Values, n => Assert.Equal(0, n));
    }

    [Fact]
    public void Only_changed_pages_are_cut_again_and_lost_ones_go()
    {
        using var lab = Lab.Open(_path);
        var cut = new List<string>();
        IReadOnlyList<Chunk> Cut(Document d) { cut.Add(d.Path); return Chunker.Chunk(d); }
        lab.Documents.Save([Page("a.md", "alpha"), Page("b.md", "beta"), Page("c.md", "gamma")], Cut, "1");
        cut.Clear();
        Assert.Equal(new DocumentChanges(1, 1, 1, 1),
            lab.Documents.Save([Page("a.md", "alpha"), Page("b.md", "delta"), Page("d.md", "epsilon")], Cut, "1"));
        Assert.Equal(["b.md", "d.md"], cut);
        Assert.Empty(lab.Documents.Search("beta gamma"));
        Assert.Equal("b.md", Assert.Single(lab.Documents.Search("delta")).Chunk.DocumentPath);
        Assert.Equal(new DocumentChanges(0, 3, 0, 0),
            lab.Documents.Save([Page("a.md", "alpha"), Page("b.md", "delta"), Page("d.md", "epsilon")], Cut, "2"));
        // The trees of the former b.md and of c.md are no longer named; equal trees share one document.
        Assert.InRange(lab.Maintenance.CollectGarbage().Documents, 0, 2);
        Assert.Empty(lab.Maintenance.Verify());
    }

    [Fact]
    public void Search_ranks_headings_first_knows_parts_of_identifiers_and_chinese()
    {
        using var lab = Lab.Open(_path);
        lab.Documents.Save(
            [
                Page("a.md", "# Draining\n\nOpens the valve."), Page("b.md", "# Other\n\nBefore draining, call `ReadAllAsync` once."),
                Page("c.md", "# 储罐\n\n打开储罐的阀门。")
            ],
            Chunker.Chunk, "s");
        Assert.Equal(["a.md", "b.md"], lab.Documents.Search("draining").Select(h => h.Chunk.DocumentPath));
        Assert.Equal("b.md", lab.Documents.Search("read").Single().Chunk.DocumentPath);
        Assert.Equal("c.md", lab.Documents.Search("阀门").Single().Chunk.DocumentPath);
        Assert.Single(lab.Documents.Search("draining", limit: 1));
        Assert.Empty(lab.Documents.Search("\" OR * ("));
        Assert.True(lab.Documents.Search("draining")[0].Score > lab.Documents.Search("draining")[1].Score);
    }

    [Theory]
    [InlineData("阀门", "b.md")]
    [InlineData("打开 水泵", "a.md,b.md")]
    // One character, wherever it stands in its run; two that are no neighbours.
    [InlineData("门", "b.md")]
    [InlineData("泵", "a.md")]
    [InlineData("开门", "")]
    // Headings, in which JSON would have escapes.
    [InlineData("概述", "c.md")]
    [InlineData("u6982", "")]
    // Identifiers beside characters, with and without case.
    [InlineData("readall", "a.md")]
    [InlineData("Tank水泵", "a.md,b.md")]
    public void Search_finds_chinese_by_neighbouring_characters(string query, string pages)
    {
        using var lab = Lab.Open(_path);
        var heading = new Chunk
        {
            Id = "h",
            DocumentPath = "c.md",
            Span = new(0, 4),
            HeadingPath = ["概述"],
            Text = "text",
            CodeBlocks = [],
            Symbols = [],
            TokenCount = 1,
        };
        lab.Documents.Save([Page("a.md", "用 ReadAll 启动水泵"), Page("b.md", "打开Tank的阀门。"), Page("c.md", "text")],
            d => d.Path == "c.md" ? [heading] : Chunker.Chunk(d), "s");
        Assert.Equal(pages, string.Join(',', lab.Documents.Search(query).Select(h => h.Chunk.DocumentPath).Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void Search_leaves_out_what_stands_everywhere_where_rarer_words_match()
    {
        using var lab = Lab.Open(_path);
        lab.Documents.Save([Page("a.md", "x")], _ => [.. Enumerable.Range(0, 7000).Select(i =>
            new Chunk
            {
                Id = $"{i}",
                DocumentPath = "a.md",
                Span = new(0, 1),
                HeadingPath = [],
                Text = $"the tank{(i % 2 == 0 ? " valve" : "")}{(i % 1000 == 0 ? " gasket" : "")}",
                CodeBlocks = [],
                Symbols = [],
                TokenCount = 1,
            })],
            "s");
        // The word that few have decides, though all have the others; of common words alone, the least common one.
        Assert.All(lab.Documents.Search("the tank gasket", limit: 20), h => Assert.Contains("gasket", h.Chunk.Text));
        Assert.Equal(7, lab.Documents.Search("the tank gasket", limit: 20).Count);
        Assert.All(lab.Documents.Search("the tank valve", limit: 20), h => Assert.Contains("valve", h.Chunk.Text));
        Assert.Equal(20, lab.Documents.Search("the", limit: 20).Count);
    }

    [Fact]
    public void Pages_cut_before_a_fault_are_kept()
    {
        using var lab = Lab.Open(_path);
        Document[] pages = [.. Enumerable.Range(0, 3000).Select(i => Page($"{i:0000}.md", "alpha"))];
        var fault = Assert.Throws<InvalidOperationException>(() =>
            lab.Documents.Save(pages, d => d.Path == "2000.md" ? throw new InvalidOperationException(d.Path) : Chunker.Chunk(d), "s"));
        Assert.Equal("2000.md", fault.Message);
        Assert.Equal(2000, lab.Documents.Pages().Count);
        Assert.Equal(new DocumentChanges(1000, 0, 2000, 0), lab.Documents.Save(pages, Chunker.Chunk, "s"));
    }

    [Fact]
    public void Symbols_round_trip_and_are_written_once()
    {
        using var lab = Lab.Open(_path);
        Assert.True(lab.Documents.SaveSymbols(library.Api));
        Assert.False(lab.Documents.SaveSymbols(library.Api));
        Assert.Equal(Json(library.Api.Symbols), Json(lab.Documents.Symbols()));
    }

    [Fact]
    public void Samples_round_trip_by_split_kind_and_acceptance()
    {
        using var lab = Lab.Open(_path);
        var samples = new[]
        {
            Sample("one"), Sample("two", Split.Dev), Sample("three", kind: SampleKind.Qa), Sample("four", passed: false)
        };
        lab.Samples.Save(samples);
        Assert.Equal(Json(samples), Json(lab.Samples.List(acceptedOnly: false)));
        Assert.Equal(Json(samples[..1]), Json(lab.Samples.List(Split.Train, SampleKind.Code)));
        lab.Samples.Save([samples[0] with { Split = Split.Test }]);
        Assert.Equal(4, lab.Samples.List(acceptedOnly: false).Count);
        lab.Samples.Save([samples[1]], replaceAll: true);
        Assert.Equal(Json(samples[1..2]), Json(lab.Samples.List(acceptedOnly: false)));
        Assert.Equal(4, lab.Maintenance.Verify().Count(p => p.Table == "samples"));
    }

    [Fact]
    public void Runs_have_a_manifest_metrics_and_results()
    {
        using var lab = Lab.Open(_path, time: new Clock(new(2025, 3, 1, 12, 0, 0, TimeSpan.Zero)));
        var run = lab.Runs.Begin("train", """{"seed": 7}""");
        Assert.StartsWith("20250301-120000-train-", run.Id);
        Assert.NotEqual(run.Id, lab.Runs.Begin("train", """{"seed": 7}""").Id);
        lab.Runs.AppendMetrics(run.Id, [new("loss", 1, 2.5), new("loss", 2, double.NaN), new("lr", 1, 0.1)]);
        lab.Runs.AppendMetrics(run.Id, [new("loss", 1, 2.25)]);
        Assert.Equal([new("loss", 1, 2.25), new("loss", 2, null)], lab.Runs.Metrics(run.Id, "loss"));
        EvaluationRow[] rows = [new("s", "base", "t1", "compiles", 0, "CS1061"), new("s", "tuned", "t1", "compiles", 1, null)];
        lab.Runs.SaveEvaluations(run.Id, rows);
        Assert.Equal(rows, lab.Runs.Evaluations(run.Id));
        var done = lab.Runs.Finish(run.Id, """{"loss": 1.5}""");
        Assert.Equal(("done", """{"seed": 7}"""), (done.Status, done.Configuration));
        var manifest = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(Path.Combine(run.Directory, "run.json")))!;
        Assert.Equal((7, 1.5, "done"),
            ((int)manifest["configuration"]!["seed"]!, (double)manifest["results"]!["loss"]!, (string)manifest["status"]!));
        Assert.Equal(2, lab.Runs.List("train").Count);
        Assert.Throws<LabException>(() => lab.Runs.Finish("nope"));
        Assert.Throws<LabException>(() => lab.Runs.Begin("train", "not json"));
        Assert.Empty(lab.Maintenance.Verify());
    }

    private sealed class Clock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }

    [Fact]
    public void Requests_and_templates_are_kept()
    {
        using var lab = Lab.Open(_path);
        var answer = LabFolder.Answer("k", "raw");
        lab.Answers.Keep([answer]);
        lab.Templates.Save("qa", "v1", "body");
        Assert.Equal(answer, lab.Answers.Find("k"));
        Assert.Null(lab.Answers.Find("other"));
        Assert.Equal(new Garbage(0, 0, 0), lab.Maintenance.CollectGarbage());
        Assert.Equal((1, 1, 2),
            (lab.Maintenance.Stats().Rows["requests"], lab.Maintenance.Stats().Rows["templates"], lab.Maintenance.Stats().StoredDocuments));
    }

    [Fact]
    public void A_document_that_no_row_names_is_collected()
    {
        using var lab = Lab.Open(_path);
        lab.Documents.Save([Page("a.md", "x")], Chunker.Chunk, "s");
        lab.Templates.Save("qa", "v1", "named no more");
        lab.Templates.Save("qa", "v1", "named");
        Assert.Equal(3, lab.Maintenance.Stats().StoredDocuments);
        Assert.Empty(lab.Maintenance.Verify());
        Assert.Equal(1, lab.Maintenance.CollectGarbage().Documents);
        Assert.Equal(2, lab.Maintenance.Stats().StoredDocuments);
        Assert.Equal("named", lab.Templates.Find("qa", "v1"));
        Assert.Single(lab.Documents.Pages());
        Assert.Equal(new Garbage(0, 0, 0), lab.Maintenance.CollectGarbage());
    }

    [Fact]
    public void A_row_whose_document_is_gone_or_changed_is_reported()
    {
        using (var lab = Lab.Open(_path))
        {
            lab.Answers.Keep([LabFolder.Answer("k1", "one")]);
            lab.Answers.Keep([LabFolder.Answer("k2", "two")]);
        }
        using (var lite = new LiteDB.LiteDatabase(Path.Combine(_path, "lab.litedb")))
        {
            var documents = lite.GetCollection("documents");
            documents.DeleteMany("$.content = 'one'");
            var two = documents.FindOne("$.content = 'two'");
            two["content"] = "changed";
            documents.Update(two);
        }
        using var again = Lab.Open(_path);
        Assert.Equal(["lab.litedb", "requests"], again.Maintenance.Verify().Select(p => p.Table).Order());
        Assert.Contains("k1", again.Maintenance.Verify().Single(p => p.Table == "requests").Row);
    }

    [Fact]
    public void A_second_writer_is_told_who_holds_the_lab_and_readers_are_fine()
    {
        using var lab = Lab.Open(_path);
        lab.Documents.Save([Page("a.md", "alpha")], Chunker.Chunk, "s");
        var message = Assert.Throws<LabException>(() => Lab.Open(_path)).Message;
        Assert.Contains($"process {Environment.ProcessId} (", message);
        Assert.Matches(@"on \S+, for \d+ s now", message);
        using var reader = Lab.Open(_path, readOnly: true);
        Assert.Single(reader.Documents.Search("alpha"));
        Assert.Single(reader.Documents.Pages());
        lab.Documents.Save([Page("a.md", "alpha beta")], Chunker.Chunk, "s");
        Assert.Single(reader.Documents.Search("beta"));
        lab.Documents.Save([Page("a.md", "# Another\n\ntree")], Chunker.Chunk, "s");
        Assert.Equal("Another", Assert.Single(reader.Documents.Pages()).Root.Children[0].Heading);
        Assert.Empty(lab.Maintenance.Verify());
        Assert.Empty(reader.Maintenance.Verify());
        Assert.Contains("reading only", Assert.Throws<LabException>(() => reader.Samples.Save([])).Message);
        using var sql = new SqliteConnection(lab.SqliteConnectionString);
        Assert.Equal(1, sql.ExecuteScalar<long>("SELECT count(*) FROM documents"));
        Assert.Throws<SqliteException>(() => sql.Execute("DELETE FROM documents"));
    }

    [Fact]
    public void A_newer_lab_and_a_file_that_is_no_lab_are_refused()
    {
        Lab.Open(_path).Dispose();
        SetVersion("PRAGMA user_version = 99");
        Assert.Contains("99", Assert.Throws<LabException>(() => Lab.Open(_path)).Message);
        File.WriteAllText(Path.Combine(_path, "lab.sqlite"), "this is no database, and long enough to be read as one by nobody at all");
        Assert.Contains("lab.sqlite", Assert.Throws<LabException>(() => Lab.Open(_path)).Message);
        Assert.Contains("no lab here", Assert.Throws<LabException>(() => Lab.Open(_path + "2", readOnly: true)).Message);
    }

    private void SetVersion(string statements)
    {
        using var sql = new SqliteConnection($"Data Source={Path.Combine(_path, "lab.sqlite")};Pooling=False");
        sql.Open();
        sql.Execute(statements);
    }
}
