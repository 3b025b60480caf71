using System.Text.Json.Nodes;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Formats;
using DocTuneLab.Notebooks.Running;

namespace DocTuneLab.Notebooks.Tests;

public sealed class RunnerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("doctune-run").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Parameters_are_injected_with_the_types_of_the_defaults()
    {
        const string Defaults = "int steps = 60; double rate = 0.1; string name = \"a\"; bool fast = false; var seed = 1L; "
            + "int[] sizes = [1]; string? none = \"x\"; List<string> tags = [];";
        var values = new Dictionary<string, string>
        {
            ["steps"] = "1_000",
            ["rate"] = "1e-3",
            ["name"] = "quote \" slash \\ line\n unicode 学习 é 😀",
            ["fast"] = "True",
            ["seed"] = "-7",
            ["sizes"] = "[3, 4]",
            ["none"] = "null",
            ["tags"] = "[\"a,b\", \"c\"]",
        };
        var result = await RunAsync(
            [
                Cell(Defaults, "parameters"),
                Cell("Console.Write(System.Text.Json.JsonSerializer.Serialize(new object?[] { steps, rate, name, fast, "
                    + "seed.GetType().Name, seed, sizes, none, tags }))")
            ],
            new RunOptions { Parameters = values });
        Assert.Equal(RunStatus.Completed, result.Status);
        var printed = JsonNode.Parse(result.Notebook.Cells[2].Outputs[0]!["text"]!.ToString())!.AsArray();
        Assert.Equal("[1000,0.001,true,\"Int64\",-7,[3,4],null,[\"a,b\",\"c\"]]",
            new JsonArray([.. printed.Where((_, i) => i != 2).Select(node => node?.DeepClone())]).ToJsonString());
        Assert.Equal(values["name"], printed[2]!.GetValue<string>());
        Assert.True(result.Notebook.Cells[1].HasTag("injected-parameters"));
        var kept = result.Notebook.Metadata["papermill"]!["parameters"]!;
        Assert.Equal("[1000,1e-3,true,-7,[3, 4]]".Replace(" ", "", StringComparison.Ordinal),
            new JsonArray([.. new[] { "steps", "rate", "fast", "seed", "sizes" }.Select(key => kept[key]!.DeepClone())]).ToJsonString()
                .Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal(values["name"], kept["name"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("stpes", "1", "The notebook has no parameter 'stpes'. Did you mean 'steps'?")]
    [InlineData("steps", "many", "The parameter 'steps' takes a whole number, not 'many'.")]
    public async Task A_wrong_parameter_is_refused_before_anything_runs(string name, string value, string message)
    {
        var exception = await Assert.ThrowsAsync<ParameterException>(() => RunAsync([Cell("int steps = 1;", "parameters")],
            new RunOptions { Parameters = new Dictionary<string, string> { [name] = value } }));
        Assert.Equal(message, exception.Message);
    }

    [Theory]
    [InlineData("double", "NaN", "double.NaN")]
    [InlineData("double", "3", "3d")]
    [InlineData("float", "0.1", "0.1f")]
    [InlineData("decimal", "0.10", "0.10m")]
    [InlineData("char", "'", "'\\''")]
    [InlineData("DayOfWeek", "Monday", "DayOfWeek.Monday")]
    [InlineData("string", "{x} \t", "\"{x} \\t\"")]
    public async Task Literals_are_of_their_type(string type, string value, string literal)
    {
        var result = await RunAsync([Cell($"{type} p = default;", "parameters")],
            new RunOptions { Parameters = new Dictionary<string, string> { ["p"] = value } });
        Assert.Equal($"// Parameters\n{type} p = {literal};", result.Notebook.Cells[1].Source);
        Assert.Equal(RunStatus.Completed, result.Status);
    }

    [Fact]
    public async Task Cleared_outputs_are_not_in_the_notebook_and_input_is_refused_by_name()
    {
        var result = await RunAsync(
            [
                Cell("Console.Write(1); ClearOutput(wait: true); Console.Write(2); Console.Write(3);"),
                Cell("Console.Write(4); ClearOutput();"), Cell("Console.ReadLine()")
            ],
            new RunOptions());
        Assert.Equal("23",
            Assert.Single(result.Notebook.Cells.First(c => c.Source.Contains("Write(1)", StringComparison.Ordinal)).Outputs)!["text"]!
                .ToString());
        Assert.Empty(result.Notebook.Cells.First(c => c.Source.Contains("Write(4)", StringComparison.Ordinal)).Outputs);
        Assert.Equal(RunStatus.Failed, result.Status);
        Assert.Contains("-p NAME VALUE", result.Error!.Message);
    }

    [Fact]
    public async Task What_an_extension_declared_is_disposed_of_when_the_run_ends()
    {
        var held = new HeldExtension();
        var result = await RunAsync([Cell("held.GetType().Name")], new RunOptions { Extensions = [held] });
        Assert.Equal(RunStatus.Completed, result.Status);
        Assert.False(held.Stream.CanRead);
    }

    [Fact]
    public async Task A_failing_cell_is_marked_saved_and_ends_the_run()
    {
        var output = Path.Combine(_folder, "out.ipynb");
        var result = await RunAsync(
            [Cell("var a = 1;\na"), Cell("Console.WriteLine(\"before\");\nthrow new Exception(\"boom\");"), Cell("\"never\"")],
            new RunOptions { OutputPath = output });
        Assert.Equal((RunStatus.Failed, 2, 3), (result.Status, result.CellsRun, result.CodeCells));
        Assert.Equal("boom", result.Error!.Message);
        var saved = Notebook.Load(output);
        var code = saved.Cells.Where(cell => cell.Kind == CellKind.Code).ToList();
        Assert.Equal(["completed", "failed", "pending"], code.Select(cell => cell.Metadata["papermill"]!["status"]!.ToString()));
        Assert.Equal(["stream", "error"], code[1].Outputs.Select(item => item!["output_type"]!.ToString()));
        Assert.Contains("cell 2:line 2", code[1].Outputs[1]!["traceback"]!.ToJsonString());
        Assert.Empty(code[2].Outputs);
        Assert.Contains("In [2]", saved.Cells[0].Source);
        // Running the result again starts clean.
        var again = await NotebookRunner.RunAsync(output, new RunOptions());
        Assert.Equal(2, again.Notebook.Cells.Count(cell => cell.HasTag("papermill-error-cell-tag")));
    }

    [Fact]
    public async Task A_cell_tagged_raises_exception_may_fail()
    {
        var result = await RunAsync([Cell("throw new Exception(\"expected\");", "raises-exception"), Cell("\"after\"")]);
        Assert.Equal((RunStatus.Completed, 2), (result.Status, result.CellsRun));
        Assert.Equal("error", result.Notebook.Cells[0].Outputs[0]!["output_type"]!.ToString());
        Assert.DoesNotContain(result.Notebook.Cells, cell => cell.HasTag("papermill-error-cell-tag"));
    }

    [Fact]
    public async Task The_saved_notebook_holds_only_the_last_state_of_a_display()
    {
        var result = await RunAsync(
        [
            Cell("var h = display(\"start\");\nfor (var i = 0; i < 100; i++) { h.Update(i); Console.Write($\"\\r{i}%\"); }"),
            Cell("h.Update(\"end\");")
        ]);
        var outputs = result.Notebook.Cells[0].Outputs;
        Assert.Equal("end", outputs[0]!["data"]!["text/plain"]!.ToString());
        Assert.Equal("99%", outputs[1]!["text"]!.ToString());
        Assert.Equal(2, outputs.Count);
    }

    [Fact]
    public async Task The_output_is_saved_after_every_cell()
    {
        var output = Path.Combine(_folder, "live.ipynb");
        var result = await RunAsync([Cell("1"), Cell($"System.IO.File.ReadAllText(@\"{output}\").Contains(\"execute_result\")")],
            new RunOptions { OutputPath = output });
        Assert.Equal("True", result.Notebook.Cells[1].Outputs[0]!["data"]!["text/plain"]!.ToString());
        Assert.Equal("completed", Notebook.Load(output).Metadata["papermill"]!["status"]!.ToString());
    }

    [Fact]
    public async Task The_notebook_is_saved_when_a_cell_starts_and_while_it_runs()
    {
        var output = Path.Combine(_folder, "live.ipynb");
        var look = $"string Saved() => System.IO.File.ReadAllText(@\"{output}\");\nvar atStart = Saved().Contains(\"running\");\n"
            + "Console.WriteLine(\"half way\");\nfor (var i = 0; i < 100 && !Saved().Contains(\"half \" + \"way\\\\n\"); "
            + "i++) Thread.Sleep(50);\n(atStart, Saved().Contains(\"half \" + \"way\\\\n\"))";
        var result = await RunAsync([Cell(look)], new RunOptions { OutputPath = output, SaveEvery = TimeSpan.FromMilliseconds(200) });
        Assert.True(result.Status == RunStatus.Completed, string.Join('\n', result.Error?.Traceback ?? []));
        Assert.Contains("True, True", result.Notebook.Cells[0].Outputs[^1]!["data"]!["text/plain"]!.ToString());
    }

    [Fact]
    public async Task Each_cell_has_the_whole_limit()
    {
        var result = await RunAsync([Cell("await Task.Delay(1500);"), Cell("await Task.Delay(1500);"), Cell("await Task.Delay(1500);")],
            new RunOptions { Timeout = TimeSpan.FromSeconds(4) });
        Assert.Equal(RunStatus.Completed, result.Status);
    }

    [Fact]
    public async Task A_run_past_its_limit_stops_and_is_saved()
    {
        var output = Path.Combine(_folder, "slow.ipynb");
        var result = await RunAsync([Cell("while (true) ;"), Cell("1")],
            new RunOptions { OutputPath = output, Timeout = TimeSpan.FromSeconds(1) });
        Assert.Equal(RunStatus.TimedOut, result.Status);
        Assert.Equal("timedout", Notebook.Load(output).Metadata["papermill"]!["status"]!.ToString());
    }

    [Fact]
    public async Task An_interrupted_run_stops_and_is_saved()
    {
        var output = Path.Combine(_folder, "stopped.ipynb");
        using var stop = new CancellationTokenSource();
        var progress = new StopAtFirstOutput(stop);
        var result = await RunAsync([Cell("Console.WriteLine(\"here\");\nwhile (true) ;")],
            new RunOptions { OutputPath = output, Progress = progress }, stop.Token);
        Assert.Equal(RunStatus.Interrupted, result.Status);
        Assert.Equal("here\n", Notebook.Load(output).Cells.Single(cell => cell.Kind == CellKind.Code).Outputs[0]!["text"]!.ToString());
        Assert.Equal(new RunCell(1, 1, ""), progress.Cell);
    }

    [Fact]
    public async Task Cells_of_polyglot_notebooks_run_in_the_language_of_their_metadata()
    {
        var html = Cell("<b>hi</b>");
        html.Metadata["polyglot_notebook"] = new JsonObject { ["kernelName"] = "html" };
        var result = await RunAsync([html]);
        Assert.Equal("<b>hi</b>", result.Notebook.Cells[0].Outputs[0]!["data"]!["text/html"]!.ToString());
    }

    private static NotebookCell Cell(string source, params string[] tags)
    {
        var cell = new NotebookCell { Source = source };
        if (tags.Length > 0)
            cell.Metadata["tags"] = new JsonArray([.. tags.Select(tag => (JsonNode)tag)]);
        return cell;
    }

    private Task<RunResult> RunAsync(IEnumerable<NotebookCell> cells, RunOptions? options = null, CancellationToken cancellation = default)
    {
        var path = Path.Combine(_folder, "in.ipynb");
        new Notebook { Cells = [.. cells] }.Save(path);
        return NotebookRunner.RunAsync(path, options ?? new RunOptions(), cancellation);
    }

    private sealed class StopAtFirstOutput(CancellationTokenSource stop) : IRunProgress
    {
        public RunCell? Cell { get; private set; }

        public void CellStarted(RunCell cell) => Cell = cell;

        public void CellOutput(RunCell cell, CellOutput output) => stop.CancelAfter(1);

        public void CellFinished(RunCell cell, CellResult result) { }
    }

    private sealed class HeldExtension : INotebookExtension
    {
        public MemoryStream Stream { get; } = new([1]);

        public string Name => "held";

        public void Load(IExtensionHost host) => host.SetValue("held", Stream);
    }
}
