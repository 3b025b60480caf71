using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DocTuneLab.Endpoints.Exchange;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Tests;

namespace DocTuneLab.Cli.Tests;

/// <summary>What the pages under docs tell people to type does what it says.</summary>
public sealed partial class DocsPageTests : IDisposable
{
    private const string Tool = "dotnet run -c Release --project src/DocTuneLab.Cli -- ";
    private const string Tasks = "data/private-library/tasks";
    private static readonly string s_root = Doctune.Root;
    private readonly Doctune _doctune = new();

    public void Dispose() => _doctune.Dispose();

    [Fact]
    public void The_commands_of_the_audit_page_run_in_their_order()
    {
        RunAll("audit.md");
        var sarif = JsonNode.Parse(_doctune.Read("artifacts/audit.sarif"))!;
        Assert.Equal("2.1.0", (string)sarif["version"]!);
        Assert.DoesNotContain(sarif["runs"]![0]!["results"]!.AsArray(), r => (string)r!["level"]! == "error");
        Assert.StartsWith("# Documentation audit", _doctune.Read("artifacts/audit.md"));
    }

    [Fact]
    public void The_audit_page_lists_every_rule_as_it_is()
    {
        var page = File.ReadAllText(Path.Combine(s_root, "docs", "audit.md"));
        Assert.All(Audit.AuditRule.All,
            r => Assert.Contains($"| {r.Id} {r.Name} | {r.Severity.ToString().ToLowerInvariant()} | {r.Description} |", page));
    }

    [Fact]
    public void The_models_page_lists_every_architecture()
    {
        var page = File.ReadAllText(Path.Combine(s_root, "docs", "models.md"));
        Assert.All(Training.Models.Families.Architectures.All.Names, n => Assert.Contains($"`{n}`", page));
    }

    [Fact]
    public void The_commands_of_the_page_on_use_answer()
    {
        var commands = Commands("use.md");
        Assert.Equal(["chat", "serve", "mcp", "ui"], commands.Select(c => c.Split(' ')[0]));
        Assert.All(commands, c => Assert.Empty(CommandLine.Root().Parse(c).Errors));
        var start = new System.Diagnostics.ProcessStartInfo("dotnet", [Doctune.Library, .. commands[0].Split(' ')])
        {
            WorkingDirectory = s_root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var chat = System.Diagnostics.Process.Start(start)!;
        chat.StandardInput.Write("/who base+compiler\n/method public static long Litres(WaterLot lot)\nThe litres of a lot.\n/prompt\n");
        chat.StandardInput.Close();
        var result = Doctune.Wait(chat);
        Assert.Equal("", result.Error);
        Assert.Matches(@"(?s)^base\+compiler\nthe body of: public static long Litres\(WaterLot lot\)\nbase\+compiler:\n```csharp\n.*```\n"
            + @"Compiles\.\nbase\+compiler:\n.*public static long Litres\(WaterLot lot\)", result.Out);
    }

    [Fact]
    public void The_commands_of_the_evaluation_page_run_in_their_order()
    {
        RunAll("evaluate.md", but: "127.0.0.1");
        Assert.All((string[])["report.html", "report.md", "report.json", "junit.xml", "report.trx"],
            f => Assert.True(_doctune.Has(Path.Combine("artifacts/evaluation-again", f))));
        Assert.Equal(Metrics("evaluation-report"), Metrics("evaluation-again"));

        string Metrics(string folder) =>
            string.Join('\n',
                _doctune.Read($"artifacts/{folder}/report.md")
                    .Split('\n')
                    .Where(l => l.StartsWith("| ", StringComparison.Ordinal) && l.Contains(" % [", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_commands_of_the_corpus_page_run_in_their_order()
    {
        RunAll("corpus.md", but: "--batch");
        Assert.Equal(100, _doctune.Read("artifacts/corpus-files/train.jsonl").Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        using var imported = Storage.Lab.Open(Path.Combine(_doctune.Folder, "artifacts/imported"), readOnly: true);
        Assert.Equal(100, imported.Samples.List().Count);
        var files = Yaml().Matches(File.ReadAllText(Path.Combine(s_root, "docs", "corpus.md")))
            .Select(m => EndpointOptions.Load(_doctune.Write("endpoints.yaml", m.Groups[1].Value)))
            .ToList();
        Assert.Equal([("large", 64, 0.4), ("127.0.0.1:11434/qwen2.5-coder", 32, null)],
            files[0].Select(e => (e.Name, e.MaxConcurrency, e.InputPrice)));
        Assert.Equal((8000, "max_completion_tokens=max_tokens", "{\"temperature\":null,\"reasoning_effort\":\"low\"}"),
            files[1].Select(e => (e.ReasoningTokens, e.RenamedParameters.Single(), e.Parameters)).Single());
    }

    [Fact]
    public void The_commands_of_the_page_about_suites_run_in_their_order()
    {
        RunAll("suites.md");
        Assert.Equal(6, Suite.Load(Path.Combine(_doctune.Folder, "artifacts/drafted-tasks")).Code.Count);
        Assert.Equal(16, Suite.Load(Path.Combine(_doctune.Folder, "artifacts/drafted-questions")).Qa.Count);
        Assert.True(_doctune.Has("artifacts/drafted-tasks.csv"));
    }

    [Fact]
    public void The_commands_of_the_page_about_the_guide_run_as_they_stand()
    {
        RunAll("guide.md", least: 2);
        Assert.Contains("base+compiler", Directory.GetFiles(Path.Combine(_doctune.Folder, "artifacts/guide/runs"), "*.json",
            SearchOption.AllDirectories).Select(Path.GetFileNameWithoutExtension));
    }

    [Fact]
    public void The_commands_of_the_page_about_training_run_in_their_order()
    {
        RunAll("training.md");
        var settings = _doctune.Read("artifacts/training-further/config.yaml");
        Assert.Matches("adapter: \".*artifacts/training-run/adapter\"\n", settings);
        Assert.Contains("rank: 8\nalpha: 16\n", settings);
        Assert.Equal("bitsandbytes",
            (string)JsonNode.Parse(_doctune.Read("artifacts/training-merged/config.json"))!["quantization_config"]!["quant_method"]!);
    }

    [Fact]
    public void The_commands_of_the_page_about_gguf_run_in_their_order()
    {
        RunAll("gguf.md");
        Assert.True(_doctune.Has("artifacts/nano.gguf"));
    }

    [Fact]
    public void The_commands_of_the_page_about_a_library_of_ones_own_run_without_a_network()
    {
        RunAll("your-own-library.md", but: "--package");
        var library = File.ReadAllText(Path.Combine(_doctune.Folder, "artifacts/own/library.yaml"));
        var shown = Yaml().Match(File.ReadAllText(Path.Combine(s_root, "docs", "your-own-library.md"))).Groups[1].Value;
        Assert.Equal(Fields(shown), Fields(library));
        Assert.True(_doctune.Has("artifacts/own/lab.ipynb"));

        static IEnumerable<string> Fields(string yaml) =>
            yaml.Split('\n').Where(l => l.Length > 0 && char.IsLetter(l[0])).Select(l => l.Split(':')[0]);
    }

    [Fact]
    public void The_lines_for_a_library_of_ones_own_run_as_they_stand()
    {
        var lab = Path.Combine(_doctune.Folder, "lab");
        var cell = Cell().Match(File.ReadAllText(Path.Combine(s_root, "docs", "your-own-library.md"))).Groups[1].Value
            .Replace("artifacts/my-lab", lab, StringComparison.Ordinal)
            .Replace("--count 1000", "--count 150", StringComparison.Ordinal)
            .Replace("--epochs 1", "--max-steps 2", StringComparison.Ordinal)
            .Replace("--split test", "--split dev", StringComparison.Ordinal)
            .Replace(Tasks, Few(), StringComparison.Ordinal);
        var script = _doctune.Write("own.csx", cell);
        var result = Doctune.Wait(Doctune.StartProgram("dotnet", s_root, [Doctune.Library, "script", script]));
        Assert.True(result.Code == 0, result.Out + result.Error);
        Assert.True(File.Exists(Path.Combine(lab, "lab.sqlite")));
        Assert.Contains("Compiles", result.Out);
        // Opened again, the lab shows what it showed.
        var again = _doctune.Write("again.csx", $"#!lab --path {lab}\n#!report");
        result = Doctune.Wait(Doctune.StartProgram("dotnet", s_root, [Doctune.Library, "script", again]));
        Assert.True(result.Code == 0, result.Out + result.Error);
        Assert.Contains("Compiles", result.Out);
    }

    // Held-out tasks take time; that a command runs is seen with few.
    private string Few() =>
        Path.Combine(FewTasks.Of(Path.Combine(s_root, "data/private-library"), Path.Combine(_doctune.Folder, "library")), "tasks");

    private void RunAll(string page, string? but = null, int least = 3)
    {
        var commands = Commands(page).Where(c => but is null || !c.Contains(but, StringComparison.Ordinal)).ToList();
        Assert.True(commands.Count >= least);
        var few = Few();
        foreach (var command in commands)
        {
            string[] arguments = [.. Argument().Matches(command).Select(m => m.Value.Trim('"'))
                .Select(a => a.StartsWith("artifacts/", StringComparison.Ordinal) ? Path.Combine(_doctune.Folder, a)
                    : a == Tasks ? few : a)];
            var result = Doctune.Wait(Doctune.StartProgram("dotnet", s_root, [Doctune.Library, .. arguments]));
            Assert.True(result.Code == 0, $"{command}\n{result.Out}\n{result.Error}");
        }
    }

    /// <summary>What a page under docs tells people to type, without the way to start the tool.</summary>
    internal static IReadOnlyList<string> Commands(string page)
    {
        var lines = Fence().Matches(File.ReadAllText(Path.Combine(s_root, "docs", page)))
            .SelectMany(m => m.Groups[1].Value.TrimEnd('\n').Split('\n'))
            .ToList();
        Assert.All(lines, l => Assert.StartsWith(Tool, l));
        return [.. lines.Select(l => l[Tool.Length..])];
    }

    [GeneratedRegex("\"[^\"]*\"|[^ ]+")]
    private static partial Regex Argument();
    [GeneratedRegex("```yaml\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Yaml();
    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Cell();
    [GeneratedRegex("```bash\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Fence();
}
