namespace DocTuneLab.Extension.Tests;

/// <summary>Exporting in a cell.</summary>
public sealed class ExportTests
{
    [Fact]
    public async Task What_was_trained_is_told_what_can_be_done_with_it_and_written()
    {
        using var lab = new LabFolder();
        var target = System.IO.Path.Combine(lab.Path, "out");
        string[] before = [$"#!lab --path {lab.Path}", "#!base data/models/nano"];
        Assert.Contains("run #!base DIR first", (await lab.RunAsync($"#!lab --path {lab.Path}", "#!export")).Error);
        Assert.Contains("run #!train first", (await lab.RunAsync([.. before, "#!export"])).Error);
        var (shown, error) = await lab.RunAsync([.. before,
            "#!docs data/private-library/docs --assembly data/private-library/bin/Fenmark.dll", "#!corpus generate --count 40",
            "#!train --max-steps 1", "#!export"]);
        Assert.True(error is null or "", error);
        Assert.All((string[])["doctune chat --base", "doctune serve --base", "--format gguf", "--format ollama", "--format safetensors"],
            part => Assert.Contains(part, shown));
        Assert.Contains("--format is missing", (await lab.RunAsync([.. before, $"#!export --out {target}"])).Error);
        (_, error) = await lab.RunAsync([.. before, $"#!export --format ollama --type q8_0 --out {target}"]);
        Assert.True(error is null or "", error);
        Assert.Contains("TEMPLATE", await File.ReadAllTextAsync(System.IO.Path.Combine(target, "Modelfile"),
            TestContext.Current.CancellationToken));
    }
}
