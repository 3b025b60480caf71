using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using DocTuneLab.Documents.Chunking;
using DocTuneLab.Storage;
using DocTuneLab.Tests.Documents;

namespace DocTuneLab.Tests.Storage;

public sealed class LabArchiveTests : IDisposable
{
    private readonly LabFolder _folder = new();
    private readonly string _file;
    private readonly string _hash;

    public LabArchiveTests()
    {
        _file = _folder.At("lab.zip");
        using (var lab = Lab.Open(_folder.Lab))
        {
            lab.Documents.Save([LabFolder.Page("a.md", "# Tank\n\nalpha"), LabFolder.Page("b.md", "# Pipe\n\nbeta")],
                new Chunker(ChunkerSpecTests.Words, 20).Chunk, "s");
            lab.Answers.Keep([LabFolder.Answer("k", "paid")]);
            var run = lab.Runs.Begin("train", """{"seed": 1}""");
            File.WriteAllBytes(Path.Combine(run.Directory, "adapter.safetensors"), new byte[100_000]);
            lab.Runs.Finish(run.Id);
            _hash = lab.Maintenance.Stats().ContentHash;
        }
        LabArchive.Export(_folder.Lab, _file);
    }

    public void Dispose() => _folder.Dispose();

    private string Target => _folder.At("copy");

    [Fact]
    public void A_lab_survives_the_way_there_and_back()
    {
        var manifest = LabArchive.Import(_file, Target);
        Assert.Equal(4, manifest.Entries.Count);
        using var lab = Lab.Open(Target);
        Assert.Empty(lab.Maintenance.Verify());
        Assert.Equal(_hash, lab.Maintenance.Stats().ContentHash);
        Assert.Equal("paid", lab.Answers.Find("k")!.Raw);
        Assert.Equal(100_000, new FileInfo(Path.Combine(Assert.Single(lab.Runs.List()).Directory, "adapter.safetensors")).Length);
        Assert.Contains("is there already", Assert.Throws<LabException>(() => LabArchive.Import(_file, Target)).Message);
    }

    [Fact]
    public void A_lab_in_use_is_not_exported_and_an_unsound_one_neither()
    {
        using (var lab = Lab.Open(_folder.Lab))
            Assert.Contains("open for writing in process",
                Assert.Throws<LabException>(() => LabArchive.Export(_folder.Lab, _file)).Message);
        _folder.Execute("UPDATE documents SET text = 'other' WHERE path = 'a.md'");
        Assert.Contains("a.md", Assert.Throws<LabException>(() => LabArchive.Export(_folder.Lab, _folder.At("x.zip"))).Message);
        Assert.False(File.Exists(_folder.At("x.zip")) || File.Exists(_folder.At("x.zip.tmp")));
    }

    [Theory]
    [InlineData("../evil.txt")]
    [InlineData("runs/../../evil.txt")]
    [InlineData("/tmp/evil.txt")]
    [InlineData("runs/r/..\\..\\evil.txt")]
    [InlineData("runs/r/C:evil.txt")]
    [InlineData("LAB.SQLITE")]
    [InlineData("plugin.dll")]
    [InlineData("runs/evil.txt")]
    public void A_file_that_is_no_file_of_a_lab_is_refused(string name)
    {
        Change(manifest =>
        {
            manifest["entries"]!.AsArray().Add(new JsonObject
            {
                ["path"] = name,
                ["bytes"] = 4,
                ["sha256"] = System.Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("evil"u8))
            });
        }, (name, "evil"u8.ToArray()));
        Refused("Nothing was imported");
        Assert.False(File.Exists(_folder.At("evil.txt")) || File.Exists("/tmp/evil.txt"));
    }

    [Fact]
    public void Damage_anywhere_is_refused()
    {
        var bytes = File.ReadAllBytes(_file);
        File.WriteAllBytes(_file, bytes[..(bytes.Length / 2)]);
        Refused("damaged");
        File.WriteAllText(_file, "no zip");
        Refused("damaged");
        File.WriteAllBytes(_file, bytes);
        Change(manifest => manifest["entries"]!.AsArray()[1]!["sha256"] = new string('0', 64));
        Refused("does not match its hash");
    }

    [Fact]
    public void An_entry_longer_than_it_says_and_a_stranger_and_a_missing_file_are_refused()
    {
        var bytes = File.ReadAllBytes(_file);
        Change(manifest => manifest["entries"]!.AsArray().Single(e => (string?)e!["path"] == "lab.litedb")!["bytes"] = 10);
        Refused("longer than it says");
        File.WriteAllBytes(_file, bytes);
        Change(_ => { }, ("runs/r/more.txt", [1]));
        Refused("does not name");
        File.WriteAllBytes(_file, bytes);
        Change(manifest => manifest["entries"]!.AsArray()
            .Add(new JsonObject { ["path"] = "runs/r/x", ["bytes"] = 1L << 60, ["sha256"] = "0" }), ("runs/r/x", [1]));
        Refused("are free");
        File.WriteAllBytes(_file, bytes);
        Change(
            manifest =>
            {
                foreach (var n in (int[])[1, 2])
                    manifest["entries"]!.AsArray()
                        .Add(new JsonObject { ["path"] = $"runs/r/{n}", ["bytes"] = long.MaxValue, ["sha256"] = "0" });
            },
            ("runs/r/1", [1]), ("runs/r/2", [1]));
        Refused("bytes unpacked, but only");
        File.WriteAllBytes(_file, bytes);
        Change(manifest => manifest["format"] = 9);
        Refused("newer version");
    }

    [Fact]
    public void Tables_of_another_s_making_and_content_that_does_not_hold_are_refused()
    {
        _folder.Execute("CREATE TRIGGER t AFTER INSERT ON samples BEGIN DELETE FROM documents; END");
        LabArchive.Export(_folder.Lab, _file);
        Refused("its tables");
        _folder.Execute("DROP TRIGGER t");
        LabArchive.Export(_folder.Lab, _file);
        LabArchive.Import(_file, Target);
    }

    private void Refused(string why)
    {
        Assert.Contains(why, Assert.Throws<LabException>(() => LabArchive.Import(_file, Target)).Message);
        Assert.False(Directory.Exists(Target));
        Assert.Empty(Directory.GetFileSystemEntries(Path.GetDirectoryName(Target)!, "copy*"));
    }

    private void Change(Action<JsonNode> edit, params (string Name, byte[] Content)[] added)
    {
        using var zip = ZipFile.Open(_file, ZipArchiveMode.Update);
        JsonNode manifest;
        using (var reader = new StreamReader(zip.GetEntry("manifest.json")!.Open())) manifest = JsonNode.Parse(reader.ReadToEnd())!;
        edit(manifest);
        zip.GetEntry("manifest.json")!.Delete();
        foreach (var (name, content) in added.Prepend(("manifest.json", Encoding.UTF8.GetBytes(manifest.ToJsonString()))))
        {
            using var stream = zip.CreateEntry(name).Open();
            stream.Write(content);
        }
    }
}
