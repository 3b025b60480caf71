using DocTuneLab.Evaluation.Suites;

namespace DocTuneLab.Evaluation.Tests;

/// <summary>A frozen suite is read only as it was frozen.</summary>
public sealed class SuiteLockTests : IDisposable
{
    private const string Task = """{"id":"q","question":"what?","answers":["Vat"],"documents":["vat.md"],"split":"test"}""";

    private readonly string _root = Directory.CreateTempSubdirectory("doctune-lock-").FullName;

    public SuiteLockTests()
    {
        Directory.CreateDirectory(Path.Combine(_root, "shared"));
        Directory.CreateDirectory(Folder);
        File.WriteAllText(Path.Combine(_root, "shared", "open.jsonl"),
            """{"id":"o","question":"why?","reference":"so","rubric":["so"],"documents":["vat.md"],"split":"test"}""" + "\n");
        File.WriteAllText(Questions, Task + "\n");
        File.WriteAllText(Manifest, """{"include":["../shared/open.jsonl"]}""");
    }

    private string Folder => Path.Combine(_root, "suite");

    private string Questions => Path.Combine(Folder, "docqa.jsonl");

    private string Manifest => Path.Combine(Folder, "suite.json");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private string Refusal() => Assert.Throws<LabException>(() => Suite.Load(Folder)).Message;

    [Fact]
    public void A_changed_file_is_named_with_what_to_do_and_a_renewed_lock_takes_it()
    {
        var before = Suite.Load(Folder).Hash;
        Assert.Equal(["docqa.jsonl", "../shared/open.jsonl"], SuiteLock.Freeze(Folder));
        Assert.Equal(before, Suite.Load(Folder).Hash);
        Assert.Empty(SuiteLock.Freeze(Folder));

        File.AppendAllText(Questions, Task.Replace("\"q\"", "\"r\"") + "\n");
        Assert.StartsWith($"{Manifest}: sha256: docqa.jsonl is not as it was frozen: ", Refusal());
        Assert.EndsWith($"renew the lock with: doctune suite freeze {Folder}", Refusal());
        Assert.Equal(["docqa.jsonl"], SuiteLock.Freeze(Folder));
        Assert.Equal(2, Suite.Load(Folder).Qa.Count);
    }

    [Fact]
    public void A_file_that_is_shared_is_locked_too()
    {
        SuiteLock.Freeze(Folder);
        var shared = Path.Combine(_root, "shared", "open.jsonl");
        File.WriteAllText(shared, File.ReadAllText(shared).Replace("why?", "whence?"));
        Assert.Contains("../shared/open.jsonl is not as it was frozen", Refusal());
    }

    [Fact]
    public void A_file_that_was_added_or_is_gone_is_another_suite()
    {
        SuiteLock.Freeze(Folder);
        File.Copy(Questions, Path.Combine(Folder, "open.jsonl"));
        Assert.Contains("open.jsonl is no file of the frozen suite", Refusal());
        File.Move(Path.Combine(Folder, "open.jsonl"), Questions, overwrite: true);
        Suite.Load(Folder);
        File.Move(Questions, Path.Combine(_root, "away.jsonl"));
        Assert.Contains("docqa.jsonl belongs to the frozen suite and is not there", Refusal());
        Assert.Equal(["docqa.jsonl"], SuiteLock.Freeze(Folder));
        Suite.Load(Folder);
    }

    [Fact]
    public void Ends_of_lines_are_no_change_and_one_blank_is()
    {
        SuiteLock.Freeze(Folder);
        File.WriteAllText(Questions, Task + "\r\n");
        Suite.Load(Folder);
        File.WriteAllText(Questions, Task.Replace("what?", "what ?") + "\n");
        Assert.Contains("docqa.jsonl", Refusal());
    }

    [Fact]
    public void What_cannot_be_read_is_not_frozen_and_a_lock_that_is_none_is_refused()
    {
        File.WriteAllText(Questions, "{\n");
        Assert.Contains("not JSON", Assert.Throws<LabException>(() => SuiteLock.Freeze(Folder)).Message);
        Assert.DoesNotContain("sha256", File.ReadAllText(Manifest));
        File.WriteAllText(Questions, Task + "\n");
        File.WriteAllText(Manifest, """{"sha256":["docqa.jsonl"]}""");
        Assert.Contains("sha256: expected an object of file names with their hashes", Refusal());
        Assert.Contains("no such folder", Assert.Throws<LabException>(() => SuiteLock.Freeze(Questions)).Message);
    }
}
