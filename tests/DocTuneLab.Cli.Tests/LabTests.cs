using System.Text.Json.Nodes;

namespace DocTuneLab.Cli.Tests;

/// <summary>The verbs around a lab, as a user types them.</summary>
public sealed class LabTests : IDisposable
{
    private readonly Doctune _doctune = new();

    public LabTests()
    {
        Directory.CreateDirectory(Path.Combine(_doctune.Folder, "docs"));
        _doctune.Write("docs/a.md", "# Tank\n\nalpha, see [b](b.md)\n");
        _doctune.Write("docs/c.md", "# Pipe\n\nbeta\n");
    }

    public void Dispose() => _doctune.Dispose();

    private string Lab => Path.Combine(_doctune.Folder, "artifacts", "lab");

    private JsonNode Json(params string[] arguments)
    {
        var result = _doctune.Run([.. arguments, "--json"]);
        Assert.True(result.Code == 0, result.Error);
        return JsonNode.Parse(result.Out)!;
    }

    private static IEnumerable<string> Names(JsonNode? node) => node switch
    {
        JsonObject fields => fields.SelectMany(f => Names(f.Value).Prepend(f.Key)),
        JsonArray list => list.SelectMany(Names),
        _ => [],
    };

    [Fact]
    public void From_pages_to_a_copy_of_the_lab()
    {
        var parsed = _doctune.Run("parse", "docs");
        Assert.Equal((0, ""), (parsed.Code, parsed.Error));
        Assert.StartsWith("2 pages: 2 new, 0 changed, 0 unchanged, 0 removed.\n", parsed.Out);
        Assert.Contains("a.md:3: link to b.md: no such page or file", parsed.Out);
        Assert.True((bool)Json("parse", "docs")["fromScan"]!);
        Assert.True((bool)Json("lab", "verify")["sound"]!);
        Assert.Equal(2, (int)Json("lab", "stats")["rows"]!["documents"]!);
        foreach (var json in new[] { Json("corpus", "status"), Json("prompts", "list"), Json("prompts", "history"), Json("settings") })
            Assert.All(Names(json), n => Assert.True(char.IsLower(n[0]), n));
        Assert.Equal(0, _doctune.Run("lab", "export", "lab.zip").Code);
        Assert.Equal(0, _doctune.Run("lab", "import", "lab.zip", "--lab", "copy").Code);
        Assert.Equal((string?)Json("lab", "stats")["contentHash"], (string?)Json("lab", "stats", "--lab", "copy")["contentHash"]);
        var again = _doctune.Run("lab", "import", "lab.zip", "--lab", "copy");
        Assert.Equal(1, again.Code);
        Assert.EndsWith("copy: is there already. Import into a folder that is new or empty.\n", again.Error);
    }

    [Fact]
    public void Garbage_is_collected_and_damage_is_reported_with_exit_code_1()
    {
        _doctune.Run("parse", "docs");
        using (var lab = Storage.Lab.Open(Lab))
            foreach (var text in new[] { "named no more", "named" }) lab.Templates.Save("qa", "v1", text);
        Assert.Equal(1, (int)Json("lab", "gc")["documents"]!);
        Assert.Equal(0, (int)Json("lab", "gc")["documents"]!);
        using (var sql = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(Lab, "lab.sqlite")};Pooling=False"))
        {
            sql.Open();
            using var command = sql.CreateCommand();
            command.CommandText = "UPDATE documents SET text = 'other' WHERE path = 'a.md'";
            command.ExecuteNonQuery();
        }
        var verified = _doctune.Run("lab", "verify");
        Assert.Equal((1, "documents a.md: its text does not match its hash. Parse the documents again.\n"), (verified.Code, verified.Out));
        Assert.Equal(0, _doctune.Run("parse", "docs", "--full").Code);
    }

    [Fact]
    public void Audit_fails_on_what_it_finds_and_doctor_says_what_there_is()
    {
        var library = typeof(Storage.Lab).Assembly.Location;
        _doctune.Write("docs/d.md", "# Lab\n\n```csharp\nDocTuneLab.Storage.Lab.Opn(\"x\");\n```\n");
        var found = _doctune.Run("audit", "docs", "--assembly", library, "--ignore", "DTA006", "--fail-on", "error");
        Assert.Equal((1, ""), (found.Code, found.Error));
        Assert.Contains("docs/d.md:4: error DTA002: 'Opn' does not exist", found.Out);
        Assert.Equal(0, _doctune.Run("audit", "docs", "--assembly", library, "--fail-on", "none", "--json").Code);
        var misused = _doctune.Run("audit", "docs", "--assembly", library, "--ignore", "DTA999");
        Assert.Equal(2, misused.Code);
        Assert.Contains("There is no rule 'DTA999'.", misused.Error);
        Assert.Contains("no.dll: assembly not found", _doctune.Run("audit", "docs", "--assembly", "no.dll").Error);
        Assert.Contains(Json("doctor")["findings"]!.AsArray(), f => (string)f!["name"]! == "libtorch" && (string)f["status"]! == "ok");
    }

    [Fact]
    public void A_second_writer_is_told_who_is_there()
    {
        using var lab = Storage.Lab.Open(Lab);
        var result = _doctune.Run("parse", "docs");
        Assert.Equal(1, result.Code);
        Assert.Contains($"the lab is open for writing in process {Environment.ProcessId} (", result.Error);
    }

    [Fact]
    public void Runs_are_listed_and_shown_by_the_beginning_of_their_id()
    {
        string id;
        using (var lab = Storage.Lab.Open(Lab))
        {
            id = lab.Runs.Begin("train", """{"Seed": 7, "lora": {"rank": 16}}""").Id;
            lab.Runs.AppendMetrics(id, [new("loss", 1, 3), new("loss", 2, 2.5)]);
            lab.Runs.Finish(id, """{"loss": 2.5}""");
            lab.Runs.Begin("evaluate", "{}");
        }
        var list = Json("runs", "list");
        // Its process ended before it did.
        Assert.Equal(["done", "running"], list.AsArray().Select(r => (string)r!["status"]!));
        Storage.Lab.Open(Lab).Dispose();
        Assert.Equal(["interrupted"], Json("runs", "list", "--kind", "evaluate").AsArray().Select(r => (string)r!["status"]!));
        var shown = _doctune.Run("runs", "show", id[..20]);
        Assert.Equal(0, shown.Code);
        foreach (var text in new[] { id, "lora.rank", "16", "loss (step 2)", "2.5", ".NET 10", "Results" })
            Assert.Contains(text, shown.Out);
        var json = Json("runs", "show", id);
        Assert.Equal(7, (int)json["configuration"]!["seed"]!);
        Assert.True(json["environment"]!["packages"]!.AsObject().Count > 3);
        var missing = _doctune.Run("runs", "show", "x");
        Assert.Equal(1, missing.Code);
        Assert.Contains("x: no such run in", missing.Error);
    }

    [Fact]
    public void An_interrupted_or_killed_parse_leaves_a_sound_lab_and_a_second_one_completes_it()
    {
        for (var i = 0; i < 400; i++)
            _doctune.Write($"docs/p{i:000}.md",
                $"# Page {i}\n\n"
                    + string.Join("\n\n",
                        Enumerable.Range(0, 40)
                            .Select(n => $"Paragraph {n} of page {i} tells of the tank, the pipe and the valve number {n * i}.")));
        _doctune.Run("parse", "docs", "--lab", "whole");
        var whole = (string?)Json("lab", "stats", "--lab", "whole")["contentHash"];
        foreach (var (signal, delay) in new[] { ("KILL", 400), ("KILL", 700), ("INT", 600), ("TERM", 800), ("KILL", 900) })
        {
            using var process = _doctune.Start("parse", "docs");
            Thread.Sleep(delay);
            System.Diagnostics.Process.Start("kill", ["-" + signal, $"{process.Id}"]).WaitForExit();
            var ended = Doctune.Wait(process);
            if (signal != "KILL") Assert.True(ended.Code is 130 or 0 or 143, $"{signal}: {ended.Code} {ended.Error}");
            if (File.Exists(Path.Combine(Lab, "lab.sqlite")))
                Assert.Equal((0, ""), (_doctune.Run("lab", "gc").Code, _doctune.Run("lab", "verify").Error));
        }
        Assert.Equal(0, _doctune.Run("parse", "docs").Code);
        Assert.Equal(whole, (string?)Json("lab", "stats")["contentHash"]);
        Assert.True((bool)Json("lab", "verify")["sound"]!);
    }

    [Fact]
    public void A_full_disk_is_named_and_what_was_there_is_kept()
    {
        _doctune.Run("parse", "docs");
        for (var i = 0; i < 300; i++) _doctune.Write($"docs/p{i:000}.md", $"# Page {i}\n\n" + new string('x', 5000 + i) + "\n");
        // No file over 1 MB: the same path as a full disk. (The runtime's own double mapping of code needs a large file.)
        var result = Doctune.Wait(_doctune.StartProgram("bash", "-c",
            $"ulimit -f 1024; DOTNET_EnableWriteXorExecute=0 dotnet '{Doctune.Library}' parse docs"));
        Assert.Equal(1, result.Code);
        Assert.Contains("the disk is full, or a limit on file sizes is reached", result.Error);
        Assert.True((bool)Json("lab", "verify")["sound"]!);
        Assert.Equal(0, _doctune.Run("parse", "docs").Code);
        Assert.Equal(302, (int)Json("lab", "stats")["rows"]!["documents"]!);
    }
}
