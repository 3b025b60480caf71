using System.Diagnostics;
using System.Text.RegularExpressions;
using DocTuneLab.Experiments.Reference;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Settings;
using DocTuneLab.Storage;
using DocTuneLab.Training.Recipes;

namespace DocTuneLab.Extension.Tests;

/// <summary>A setting is the same wherever it is given.</summary>
public sealed partial class SettingsTests
{
    [Theory]
    [InlineData("#!train --help", "train --help", "Adapter", "Recipe")]
    [InlineData("#!docs --help", "parse --help", "Documents")]
    [InlineData("#!corpus generate --help", "corpus generate --help", "Wordings", "Corpus", "Corpus by a hosted model", "Endpoints",
        "Requests to endpoints", "Batches")]
    [InlineData("#!evaluate --help", "evaluate --help", "Wordings", "Evaluation", "Answers", "Guided decoding", "Running answers",
        "Endpoints", "Requests to endpoints")]
    [InlineData("#!prompt tune --help", "prompts tune --help", "Prompt tuning", "Endpoints", "Requests to endpoints")]
    [InlineData("", "generate --help", "Sampling", "Base model", "Guided decoding")]
    [InlineData("", "score --help", "Base model")]
    [InlineData("#!base --help", "serve --help", "Base model")]
    [InlineData("", "train --help", "Base model", "Training run")]
    [InlineData("", "evaluate --help", "Base model")]
    [InlineData("", "prompts tune --help", "Base model")]
    public async Task Help_of_cells_and_of_the_tool_says_the_words_ranges_and_defaults_of_the_options_records(string cell, string verb,
        params string[] groups)
    {
        using var lab = new LabFolder();
        // In a cell seed, folder and resumption are the lab's, the tokenizer the base model's.
        string[] elsewhere =
        [
            nameof(SftOptions.Seed), nameof(SftOptions.OutputDirectory), nameof(SftOptions.Resume),
            nameof(SftOptions.Overwrite), nameof(ParseOptions.TokenizerDirectory)
        ];
        var tool = Flat(Doctune(verb));
        var magic = cell.Length == 0 ? null : Flat((await lab.RunAsync(cell)).Shown);
        foreach (var setting in LabSettings.Groups.Where(g => groups.Contains(g.Title)).SelectMany(g => g.Table))
        {
            Says(tool, setting);
            if (magic is not null && !elsewhere.Contains(setting.Property)) Says(magic, setting);
        }
    }

    [Fact]
    public async Task A_cell_loads_the_base_model_as_it_is_told_and_anew_when_told_otherwise()
    {
        using var lab = new LabFolder();
        var (shown, error) = await lab.RunAsync("#!base data/models/nano", "#!base data/models/nano --quantize int8 --quantize-head",
            "$\"{lab.Model.Loading.Quantization} {lab.Model.Loading.QuantizeHead} {lab.Model.WeightFormat}\"");
        Assert.Null(error);
        Assert.Contains("int8 True INT8", shown);
        (shown, error) = await lab.RunAsync("#!base data/models/nano --quantize none --compute fp32");
        Assert.Null(error);
        Assert.Contains("types, computed in fp32", shown);
    }

    [Fact]
    public void A_default_is_in_its_range_comes_back_from_its_text_and_no_two_settings_of_a_verb_share_a_name()
    {
        foreach (var setting in LabSettings.Groups.SelectMany(g => g.Table).Where(s => s.Default is not null || s.IsOptional))
        {
            Assert.Null(setting.Fault(setting.Default));
            Assert.Equal(setting.DefaultText, setting.Text(setting.Parse(setting.DefaultText)));
        }
        string[][] verbs =
        [
            ["Base model", "Training run", "Adapter", "Recipe"],
            ["Wordings", "Evaluation", "Answers", "Running answers", "Guided decoding", "Endpoints", "Requests to endpoints",
                "Base model"],
            ["Prompt tuning", "Endpoints", "Requests to endpoints", "Base model"],
            ["Wordings", "Corpus", "Endpoints", "Requests to endpoints", "Batches"],
            ["Wordings", "Corpus by a hosted model", "Endpoints", "Requests to endpoints", "Batches"],
            ["Sampling", "Base model", "Guided decoding"]
        ];
        foreach (var verb in verbs)
        {
            var names = LabSettings.Groups.Where(g => verb.Contains(g.Title))
                .SelectMany(g => g.Table)
                .SelectMany(s => s.Aliases.Append(s.Option))
                .ToList();
            Assert.Equal(names.Distinct().Order(StringComparer.Ordinal), names.Order(StringComparer.Ordinal));
        }
        // One option may stand for two records' settings only where they agree.
        foreach (var same in LabSettings.Groups.Where(g => g.Title.StartsWith("Corpus", StringComparison.Ordinal))
            .SelectMany(g => g.Table)
            .GroupBy(s => s.Option))
            Assert.Single(same.Select(s => s.DefaultText).Distinct());
    }

    [Fact]
    public void A_file_without_fields_means_the_defaults_and_a_file_of_all_defaults_means_the_same()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "# nothing\n");
            var empty = TrainingConfig.Load(file);
            File.WriteAllText(file,
                string.Concat(TrainingConfig.Tables.SelectMany(t => t).Select(s => $"{s.Field}: {s.DefaultText}\n"))
                    .Replace(": none\n", ":\n"));
            var written = TrainingConfig.Load(file);
            Assert.Equal(new TrainingConfig().ToYaml(), empty.ToYaml());
            Assert.Equal(empty.ToYaml(), written.ToYaml());
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void The_reference_page_is_what_the_settings_say()
    {
        using var lab = new LabFolder();
        var file = Path.Combine(lab.Root, "docs", "settings.md");
        Assert.True(File.ReadAllText(file).ReplaceLineEndings("\n") == SettingsPage.Markdown(),
            "docs/settings.md is not what the settings say. Write it anew: dotnet run -c Release --project src/DocTuneLab.Cli -- settings "
                + "> docs/settings.md");
    }

    private static void Says(string help, Setting setting)
    {
        if (setting.IsInFilesOnly) return;
        var expected = Flat(SettingOptions.Describe(setting)) + (setting.DefaultText.Length > 0
            && setting is { Default: not null, IsFlag: false } ? $" [default: {setting.DefaultText}]" : "");
        Assert.Contains(setting.Option, help, StringComparison.Ordinal);
        Assert.Contains(expected, help, StringComparison.Ordinal);
    }

    private static string Doctune(string arguments)
    {
        var tool = Path.Combine(AppContext.BaseDirectory.Replace(Path.Combine("tests", "DocTuneLab.Extension.Tests"),
            Path.Combine("src", "DocTuneLab.Cli"), StringComparison.Ordinal), "doctune.dll");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [tool, .. arguments.Split(' ')])
        {
            RedirectStandardOutput = true
        })!;
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return text;
    }

    // Help is wrapped as wide as a terminal is.
    private static string Flat(string text) => Blanks().Replace(text, " ");

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
