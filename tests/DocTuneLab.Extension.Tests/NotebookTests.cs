using System.Text.RegularExpressions;
using DocTuneLab.Notebooks.Formats;
using DocTuneLab.Notebooks.Reporting;
using DocTuneLab.Notebooks.Running;
using DocTuneLab.Tests.Prompts.Loopback;

namespace DocTuneLab.Extension.Tests;

/// <summary>The notebooks that ship, run headless from top to bottom with settings that keep them short.</summary>
public sealed partial class NotebookTests
{
    private const string Few = "a library with few tasks";

    [Theory]
    [InlineData("01-parse.ipynb")]
    [InlineData("01-parse.ipynb", "library", "data/private-library-zh")]
    [InlineData("02-prompt-tuning.ipynb", "examples", "3")]
    [InlineData("03-corpus.ipynb", "samples", "150")]
    [InlineData("06-compare-runs.ipynb", "samples", "150", "maxSteps", "2", "compared", "rank 8", "samplesPerSymbol", "1", "curveArms",
        "base, tuned", "curveSplit", "Dev", "library", Few)]
    public async Task A_stage_runs_by_itself(string name, params string[] parameters)
    {
        using var lab = new LabFolder();
        var notebook = await RunAsync(lab, name, [.. parameters.Select(p => p == Few ? FewTasks(lab) : p)]);
        Assert.All(notebook.Cells.Where(c => c.Kind == CellKind.Code && !c.HasTag("parameters") && !c.HasTag("injected-parameters")),
            c => Assert.NotEmpty(c.Outputs));
    }

    [Fact]
    public async Task A_hosted_model_writes_the_corpus_through_http()
    {
        using var lab = new LabFolder();
        var references = DocTuneLab.Library.ReferenceSet.Load([Path.Combine(lab.Root, "data/private-library/bin/Fenmark.dll")]);
        var answers = new LibraryAnswers(DocTuneLab.Library.ApiModel.Load(references), new DocTuneLab.Library.CSharpJudge(references), 400);
        await using var server = await LoopbackServer.StartAsync();
        server.Answer = answers.Answer;
        server.FaultOf = (n, _) => n % 9 == 4 ? Fault.Unavailable : Fault.None;
        var html = HtmlReport.Render(await RunAsync(lab, "03-corpus.ipynb", "samples", "100", "endpoint", server.Url.ToString(),
            "endpointModel", "m", "modelSamples", "12"));
        Assert.Contains("12 of 12 accepted", html);
        Assert.Contains("accounting closes: True", html);
        // The last answer that was watched.
        Assert.Single(Regex.Matches(html, "<details open><summary>[^<]*/m</summary><pre"));
        using var storage = Storage.Lab.Open(lab.Path);
        Assert.True(storage.Samples.List().Count(s => s.Provenance?.Source == "model") >= 12);
        Assert.Contains("server error", storage.Answers.Failures().Keys);
        Assert.DoesNotContain(storage.Maintenance.Verify(), p => p.Table is "lab.litedb" or "requests" or "attempts" or "samples");
    }

    [Fact]
    public async Task A_hosted_model_tunes_prompts_through_http()
    {
        using var lab = new LabFolder();
        var references = DocTuneLab.Library.ReferenceSet.Load([Path.Combine(lab.Root, "data/private-library/bin/Fenmark.dll")]);
        var answers = new LibraryAnswers(DocTuneLab.Library.ApiModel.Load(references), new DocTuneLab.Library.CSharpJudge(references), 400)
        {
            WrongEvery = 2
        };
        await using var server = await LoopbackServer.StartAsync();
        server.Answer = body => ((string)body["messages"]![0]!["content"]!)
            .StartsWith("You improve prompt templates", StringComparison.Ordinal)
            ? new System.Text.Json.Nodes.JsonObject
            {
                ["diagnosis"] = "invented members",
                ["body"] = Prompts.PromptLibrary.Default["generate.code-solution"].Body + "\nUse no member that is not shown."
            }
                .ToJsonString()
            : answers.Answer(body);
        var html = HtmlReport.Render(await RunAsync(lab, "02-prompt-tuning.ipynb", "examples", "2", "endpoint", server.Url.ToString(),
            "endpointModel", "m", "endpointExamples", "4", "reflections", "1"));
        Assert.Contains("generate.code-solution+reflected1", html);
        Assert.Contains("self-similarity", html);
        Assert.Contains("score (more is better), with 95% interval", html);
        using var storage = Storage.Lab.Open(lab.Path);
        Assert.Contains(storage.Templates.Lineage(), l => l.Name == "generate.code-solution");
        Assert.Contains(storage.Runs.List("tune"), r => r.Status == "done");
    }

    [Fact]
    public async Task A_key_stands_in_no_notebook_report_or_database()
    {
        // Looks like no key, so that only knowing it can take it out.
        const string Key = "correct0horse0battery0staple0number9";
        using var lab = new LabFolder();
        var references = DocTuneLab.Library.ReferenceSet.Load([Path.Combine(lab.Root, "data/private-library/bin/Fenmark.dll")]);
        var answers = new LibraryAnswers(DocTuneLab.Library.ApiModel.Load(references), new DocTuneLab.Library.CSharpJudge(references), 400);
        await using var server = await LoopbackServer.StartAsync();
        // A server that prints the key wherever it can.
        server.Answer = body => answers.Answer(body)
            .Replace("It calls the library", $"With {Key} it calls the library", StringComparison.Ordinal)
            .Replace("What is `", $"({Key}) What is `", StringComparison.Ordinal);
        server.FaultOf = (n, _) => n % 6 == 5 ? Fault.EchoesKeyInError : Fault.None;
        var before = Environment.GetEnvironmentVariable("OPENAI_API_KEY");
        Environment.SetEnvironmentVariable("OPENAI_API_KEY", Key);
        try
        {
            var notebook = await RunAsync(lab, "03-corpus.ipynb", "samples", "60", "endpoint", server.Url.ToString(), "endpointModel", "m",
                "modelSamples", "10");
            File.WriteAllText(Path.Combine(lab.Path, "report.html"), HtmlReport.Render(notebook));
            var (shown, error) = await lab.RunAsync($"#!lab --path {lab.Path}/failing",
                "#!docs data/private-library/docs --assembly data/private-library/bin/Fenmark.dll", "#!suite data/private-library/tasks",
                $"#!corpus generate --count 2 --endpoint {server.Url} --endpoint-model m", "#!corpus browse --show 50");
            File.WriteAllText(Path.Combine(lab.Path, "shown.txt"), shown + error);
        }
        finally
        {
            Environment.SetEnvironmentVariable("OPENAI_API_KEY", before);
        }
        Assert.Contains($"Bearer {Key}", server.Authorizations);
        foreach (var file in Directory.EnumerateFiles(lab.Path, "*", SearchOption.AllDirectories))
            Assert.DoesNotContain("0battery0", System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(file)));
        using var storage = Storage.Lab.Open(lab.Path);
        Assert.Contains("server error", storage.Answers.Failures().Keys);
    }

    [Fact]
    public async Task Training_leaves_an_adapter_that_evaluation_finds_in_the_lab()
    {
        using var lab = new LabFolder();
        var few = FewTasks(lab);
        await RunAsync(lab, "04-qlora.ipynb", "samples", "150", "maxSteps", "3", "library", few);
        var html = HtmlReport.Render(await RunAsync(lab, "05-evaluate.ipynb", "split", "dev", "arms", "base,tuned+docs", "kinds",
            "code,qa,retention", "library", few));
        Assert.Contains("tuned+docs against base, on tasks that no training sample shows, is ", html);
        Assert.Contains("Which answer is better?", html);
        using var storage = Storage.Lab.Open(lab.Path);
        Assert.Empty(storage.Maintenance.Verify());
        Assert.Equal(["evaluate", "train"], storage.Runs.List().Select(r => r.Kind).Order());
        Assert.All(storage.Runs.List(), r => Assert.Equal("done", r.Status));
        Assert.Equal(3, storage.Runs.Metrics(storage.Runs.List("train").Single().Id, "loss").Count);

        // The same matrices at another scale are another model, which must answer for itself.
        var adapter = Path.Combine(storage.Runs.List("train").Single().Directory, "adapter");
        var scaled = Directory.CreateDirectory(Path.Combine(lab.Path, "scaled")).FullName;
        foreach (var file in Directory.GetFiles(adapter)) File.Copy(file, Path.Combine(scaled, Path.GetFileName(file)));
        var config = Path.Combine(scaled, "adapter_config.json");
        File.WriteAllText(config, Regex.Replace(File.ReadAllText(config), "(\"lora_alpha\": )[0-9.]+", "${1}1"));
        string[] given =
        [
            $"#!lab --path {lab.Path}/scales", "#!base data/models/nano",
            "#!docs data/private-library/docs --assembly data/private-library/bin/Fenmark.dll", "#!suite data/private-library/tasks"
        ];
        var (_, error) = await lab.RunAsync(
        [
            .. given, $"#!adapter {adapter}", "#!evaluate --split dev --arms tuned --tasks qa", $"#!adapter {scaled}",
            "#!evaluate --split dev --arms tuned --tasks qa"
        ]);
        Assert.Null(error);
        Assert.Equal(2, Directory.GetFiles(Path.Combine(lab.Path, "scales", "answers")).Length);
    }

    [Fact]
    public async Task The_whole_flow_reports_figures_that_follow_from_its_seed_and_asks_nothing_of_the_network()
    {
        var reports = new List<string>();
        foreach (var seed in (string[])["1", "2"])
        {
            using var lab = new LabFolder();
            // A guided answer of a model that was hardly trained takes long, so once.
            string[] given = seed == "1" ? [] : ["arms", "base,tuned"];
            reports.Add(HtmlReport.Render(await RunAsync(lab, "lab.ipynb",
                ["samples", "200", "maxSteps", "3", "split", "dev", "seed", seed, "library", FewTasks(lab), .. given])));
        }
        // What the guide adds to tuning, what it costs, and where it turned the model; without a guided arm that is said.
        Assert.Contains("tuned+compiler against tuned, on tasks that no training sample shows, is ", reports[0]);
        Assert.Contains("Tokens decoded per answer", reports[0]);
        Assert.Matches("<details><summary>tuned\\+compiler: [^<]+</summary><figure", reports[0]);
        Assert.Contains("No arm was guided", reports[1]);
        Assert.All(reports, r =>
        {
            Assert.Contains("tuned against base, on tasks that no training sample shows, is ", r);
            Assert.Contains("Plotly.newPlot", r);
            Assert.Contains("tokens/s", r);
            Assert.DoesNotMatch(Remote(), ScriptText().Replace(r, "$1"));
        });
        Assert.NotEqual(LossOf(reports[0]), LossOf(reports[1]));

        static string LossOf(string report) =>
            Loss().Match(report).Value is { Length: > 0 } found ? found : throw new InvalidOperationException("the report shows no loss");
    }

    [Fact]
    public async Task A_notebook_adds_a_dialect_a_metric_and_a_chart_of_its_own()
    {
        using var lab = new LabFolder();
        var notebook = await RunAsync(lab, "07-extend.ipynb");
        var html = HtmlReport.Render(notebook);
        // The dialect: both marks of the page that the notebook writes, and no other.
        Assert.Equal(["tip", "warning"], Regex.Matches(html, "<td[^>]*>(?:<[^>]*>)*(tip|warning)<").Select(m => m.Groups[1].Value));
        // The metric: a row in the comparison of the arms, and rows in the lab for every question.
        Assert.Matches("Words in an answer</t[dh]>", html);
        using var storage = Storage.Lab.Open(lab.Path);
        var run = storage.Runs.List("evaluate").Single();
        Assert.Contains("answer_words", File.ReadAllText(Path.Combine(run.Directory, "base+docs.json")));
        // The chart.
        Assert.Contains("\"type\":\"box\",\"name\":\"base+docs\"", html.Replace("\\u002B", "+", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_base_model_can_be_made_anew()
    {
        using var lab = new LabFolder();
        var folder = Path.Combine(lab.Path, "nano");
        var report = HtmlReport.Render(await RunAsync(lab, "00-base-model.ipynb", "modelDirectory", folder, "documentationCharacters",
            "60000", "sourceCharacters", "60000", "chineseCharacters", "5000",
            "conversations", "60", "moreConversations", "60", "lastConversations", "60", "maxSteps", "2", "vocabulary", "1000"));
        Assert.Contains("FiveGram", report);
        using var model = Training.Models.BaseModel.Load(folder);
        using var shipped = Training.Models.BaseModel.Load(Path.Combine(lab.Root, "data/models/nano"));
        Assert.Equal(shipped.Config.ToString(), (model.Config with { VocabularySize = shipped.Config.VocabularySize }).ToString());
        Assert.True(new FileInfo(Path.Combine(shipped.Directory, "model.safetensors")).Length < 25_000_000);
    }

    private static string FewTasks(LabFolder lab) =>
        DocTuneLab.Tests.FewTasks.Of(Path.Combine(lab.Root, "data/private-library"), Path.Combine(lab.Path, "library"));

    private static async Task<Notebook> RunAsync(LabFolder lab, string name, params string[] parameters)
    {
        var values = parameters.Chunk(2).ToDictionary(p => p[0], p => p[1]);
        if (name != "00-base-model.ipynb") values["labFolder"] = lab.Path;
        var result = await NotebookRunner.RunAsync(Path.Combine(lab.Root, "notebooks", name), new RunOptions
        {
            Parameters = values,
            OutputPath = Path.Combine(lab.Path, name),
            Extensions = [new LabExtension()],
        }, TestContext.Current.CancellationToken);
        Assert.True(result.Status == RunStatus.Completed,
            $"{name}, cell {result.CellsRun}: {string.Join('\n', result.Error?.Traceback ?? [])}");
        return result.Notebook;
    }

    [GeneratedRegex("""(?:src|href)\s*=\s*["']?https?:|@import\s+["']?https?:""")]
    private static partial Regex Remote();

    // What a script only says is no request; what its tag names is.
    [GeneratedRegex("(<script[^>]*>).*?(?=</script>)", RegexOptions.Singleline)]
    private static partial Regex ScriptText();

    [GeneratedRegex(@"loss \d+\.\d+, validation \d+\.\d+")]
    private static partial Regex Loss();
}
