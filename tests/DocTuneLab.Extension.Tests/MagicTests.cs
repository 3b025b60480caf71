namespace DocTuneLab.Extension.Tests;

public sealed class MagicTests
{
    private const string Library = "data/private-library/bin/Fenmark.dll", Docs = "data/private-library/docs",
        Tasks = "data/private-library/tasks", Model = "data/models/nano";

    [Theory]
    [InlineData("#!docs no/such/folder --assembly " + Library, "no/such/folder")]
    [InlineData("#!docs " + Docs + " --assembly no-such.dll", "no-such.dll")]
    [InlineData("#!base no/such/model", "no/such/model: no such folder")]
    [InlineData("#!suite no/such/tasks", "no/such/tasks")]
    [InlineData("#!corpus generate", "run #!docs first")]
    [InlineData("#!prompt tune", "run #!docs first")]
    [InlineData("#!base data/models/nano --device gpu", "--device is 'gpu'; expected auto, cpu, cuda or cuda:N")]
    [InlineData("#!train", "run #!base first")]
    [InlineData("#!adapter some/where", "run #!base first")]
    [InlineData("#!evaluate", "run #!docs first")]
    [InlineData("#!report", "there is nothing to report yet: run #!corpus generate")]
    [InlineData("#!chart loss", "run #!train first")]
    [InlineData("#!chart metrics", "run #!evaluate first")]
    [InlineData("#!chart los", "'los'")]
    [InlineData("#!train --rnak 4", "--rnak")]
    [InlineData("#!train --rank four", "--rank is 'four'; expected a whole number from 1 to 1024")]
    [InlineData("#!train --dropout 1", "--dropout is '1'; expected a number of at least 0 and below 1")]
    [InlineData("#!train --scheduler cosin", "--scheduler is 'cosin'; expected cosine, linear or constant")]
    [InlineData("#!evaluate --split tst", "'tst'")]
    public async Task What_is_missing_or_misspelt_is_named(string cell, string expected)
    {
        using var lab = new LabFolder();
        var (_, error) = await lab.RunAsync($"#!lab --path {lab.Path}", cell);
        Assert.Contains(expected, error);
        Assert.DoesNotContain("   at ", error);
    }

    [Theory]
    [InlineData("#!train --help", "--max-minutes")]
    [InlineData("#!train --help", "a whole number from 1 to 1024). [default: 32]")]
    [InlineData("#!corpus --help", "generate")]
    [InlineData("#!evaluate --help", "--allow-untrusted-code")]
    [InlineData("#!lsmagic", "#!evaluate")]
    public async Task Help_lists_what_there_is(string cell, string expected)
    {
        using var lab = new LabFolder();
        Assert.Contains(expected, (await lab.RunAsync(cell)).Shown);
    }

    [Theory]
    [InlineData("tree", "Getting started")]
    [InlineData("chunk concepts/gates.md 2", "lines 10 to ")]
    [InlineData("coverage", "mentioned on a page")]
    [InlineData("chunk concepts/gates.md 99", "expected a number from 1 to ")]
    [InlineData("chunk no/such.md", "no page 'no/such.md'")]
    public async Task Documentation_is_shown_of_a_folder_and_of_what_was_parsed_before(string view, string expected)
    {
        using var lab = new LabFolder();
        Assert.Contains("run #!docs DIR --assembly DLL first", (await lab.RunAsync($"#!lab --path {lab.Path}", $"#!docs {view}")).Error);
        var (shown, error) = await lab.RunAsync($"#!lab --path {lab.Path}", $"#!docs {Docs} --assembly {Library} {view}");
        Assert.Contains(expected, shown + error);
        (shown, error) = await lab.RunAsync($"#!lab --path {lab.Path}", $"#!docs {view}");
        Assert.Contains(expected, shown + error);
    }

    [Fact]
    public async Task A_corrupt_model_is_named_with_its_file()
    {
        using var lab = new LabFolder();
        var copy = Directory.CreateDirectory(Path.Combine(lab.Path, "nano")).FullName;
        foreach (var file in Directory.GetFiles(Path.Combine(lab.Root, Model))) File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        var weights = Path.Combine(copy, "model.safetensors");
        File.WriteAllBytes(weights, File.ReadAllBytes(weights)[..5000]);
        var (_, error) = await lab.RunAsync($"#!base {copy}");
        Assert.Contains("model.safetensors", error);
    }

    [Fact]
    public async Task Cells_reach_the_session_and_its_database()
    {
        using var lab = new LabFolder();
        var (shown, error) = await lab.RunAsync(
            $"#!lab --path {lab.Path} --seed 7", $"#!docs {Docs} --assembly {Library}",
            "#!sql --connection lab\nSELECT count(*) AS n FROM symbols",
            "Console.WriteLine($\"{lab.Seed} {lab.Library.Api.Symbols.Count} {lab.Documents.Chunks.Count == "
                + "lab.Storage.Documents.Chunks().Count}\");");
        Assert.Null(error);
        Assert.Matches(@"^7 \d{3} True", shown.Trim());
    }

    [Fact]
    public async Task Pages_read_again_are_unchanged_and_an_edited_one_is_seen()
    {
        using var lab = new LabFolder();
        var docs = Directory.CreateDirectory(Path.Combine(lab.Path, "docs")).FullName;
        File.WriteAllText(Path.Combine(docs, "a.md"), "# A\n\nOne page about `WeirGate`.\n");
        File.WriteAllText(Path.Combine(docs, "b.md"), "# B\n\nAnother.\n");
        var read = $"#!docs {docs} --assembly {Library}";
        Assert.Contains("2 new, 0 changed, 0 unchanged", (await lab.RunAsync($"#!lab --path {lab.Path}/lab", read)).Shown);
        File.AppendAllText(Path.Combine(docs, "b.md"), "\nMore.\n");
        Assert.Contains("0 new, 1 changed, 1 unchanged", (await lab.RunAsync($"#!lab --path {lab.Path}/lab", read)).Shown);
    }
}
