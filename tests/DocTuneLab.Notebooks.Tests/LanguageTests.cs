using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Formats;
using DocTuneLab.Notebooks.Hosting;
using DocTuneLab.Notebooks.Running;

namespace DocTuneLab.Notebooks.Tests;

public class LanguageTests
{
    [Fact]
    public async Task A_language_of_an_extension_runs_with_its_options_and_has_a_result()
    {
        var driver = new SessionDriver(new LedgerExtension());
        await driver.OkAsync("#!ledger\nrent = 700\nfood = 250\nrent food");
        Assert.Equal("950", driver.Result);
        await driver.OkAsync("#!led --times 2\nrent\n#!csharp\n1 + 1");
        Assert.Equal(["1400", "2"], driver.Outputs.OfType<ResultOutput>().Select(result => result.Data["text/plain"]!.GetValue<string>()));
        await driver.OkAsync("#!ledger --help");
        Assert.Contains("How often", driver.Printed);
        Assert.Equal(["cell 4:line 2: There is no 'fuel' in the ledger."], (await driver.RunAsync("1\n#!ledger\nfuel")).Error!.Traceback);
        await driver.OkAsync("#!lsmagic");
        Assert.Contains("#!ledger       Sums of named amounts.", driver.Printed);
    }

    [Fact]
    public async Task Values_are_shared_into_and_out_of_it()
    {
        var driver = new SessionDriver(new LedgerExtension());
        await driver.OkAsync(
            "var income = 2000m;\n#!ledger\n#!share --from csharp income\n#!set --name rent --value @csharp:income\nincome rent");
        Assert.Equal("4000", driver.Result);
        await driver.OkAsync("#!share --from ledger rent --as half\n#!share --from led income\nhalf / 2 + income");
        Assert.Equal("3000", driver.Result);
        await driver.OkAsync(
            "#!set --name copy --value @ledger:rent\n#!value --name text --from-value @ledger:rent\n#!csharp\ncopy + text");
        Assert.Equal("20002000", driver.Result);
        Assert.Contains("There is no variable 'nope' in 'ledger'.", (await driver.RunAsync("#!share --from ledger nope")).Error!.Message);
        Assert.Contains("'x' is not an amount.", (await driver.RunAsync("#!ledger\n#!set --name x --value much")).Error!.Message);

        await driver.OkAsync("#!whos");
        var shown = Assert.IsType<DisplayOutput>(Assert.Single(driver.Outputs)).Data["text/plain"]!.GetValue<string>();
        Assert.Contains("ledger", shown);
        Assert.Contains("csharp", shown);
        Assert.Contains("half", shown);
    }

    [Fact]
    public async Task Questions_about_code_go_to_the_language_at_the_position()
    {
        var driver = new SessionDriver(new LedgerExtension());
        await driver.OkAsync("var rentals = 1;\n#!ledger\nrent = 700");
        const string Cell = "#!time\nvar next = rentals + 1;\n#!ledger\nren\n#!csharp\nrenta";
        var inLedger = Cell.IndexOf("ren\n", StringComparison.Ordinal) + 3;
        var found = await driver.Session.CompleteAsync(Cell, inLedger, TestContext.Current.CancellationToken);
        Assert.Equal((inLedger - 3, inLedger), (found.Start, found.End));
        Assert.Equal(["rent"], found.Entries.Select(entry => entry.Text));
        found = await driver.Session.CompleteAsync(Cell, Cell.Length, TestContext.Current.CancellationToken);
        Assert.Contains("rentals", found.Entries.Select(entry => entry.Text));

        Assert.Equal("rent is 700", await driver.Session.InspectAsync("1;\n#!ledger\nrent", 14, TestContext.Current.CancellationToken));
        var mistakes = await driver.Session.DiagnosticsAsync("nope\n\n#!ledger\nfuel", TestContext.Current.CancellationToken);
        Assert.Equal(["CS0103 0", "LEDGER 15"], mistakes.Select(diagnostic => $"{diagnostic.Id} {diagnostic.Start}"));
        Assert.Equal(CodeCompleteness.Incomplete, driver.Session.Completeness("1\n#!ledger\nrent ="));
        Assert.Equal(CodeCompleteness.Complete, driver.Session.Completeness("#!ledger\nfor (;;) {"));
    }

    [Fact]
    public async Task A_notebook_without_front_end_runs_its_cells_and_dib_keeps_them()
    {
        var folder = Directory.CreateTempSubdirectory("doctune-language").FullName;
        try
        {
            var path = Path.Combine(folder, "ledger.dib");
            var inLedger = new JsonObject { ["polyglot_notebook"] = new JsonObject { ["kernelName"] = "ledger" } };
            new Notebook
            {
                Cells =
                {
                    new NotebookCell { Source = "rent = 700", Metadata = inLedger },
                    new NotebookCell { Source = "#!share --from ledger rent\nrent + 1" },
                },
            }.Save(path);
            Assert.Contains("#!ledger\n\nrent = 700", await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
            var options = new RunOptions { Extensions = [new LedgerExtension()] };
            var result = await NotebookRunner.RunAsync(path, options, TestContext.Current.CancellationToken);
            Assert.True(result.Status == RunStatus.Completed, result.Error?.Message);
            Assert.Equal("701", result.Notebook.Cells[1].Outputs[0]!["data"]!["text/plain"]!.ToString());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task It_ends_with_the_session_and_replaces_one_of_its_name()
    {
        var (first, second) = (new LedgerLanguage(), new LedgerLanguage());
        var session = new NotebookSession();
        session.AddLanguage(first);
        session.AddLanguage(second);
        await session.RunAsync(new CellRequest("#!ledger\nrent = 1", "cell 1"), _ => { }, TestContext.Current.CancellationToken);
        session.Dispose();
        Assert.Equal((0, 1), (first.Variables.Count, second.Variables.Count));
        Assert.True(first.IsDisposed && second.IsDisposed);
        Assert.Throws<NotebookException>(() => new NotebookSession().AddLanguage(new LedgerLanguage { Name = "1st" }));
    }

    private sealed class LedgerExtension : INotebookExtension
    {
        public string Name => "ledger";

        public void Load(IExtensionHost host) => host.AddLanguage(new LedgerLanguage());
    }

    /// <summary>Amounts by name: <c>rent = 700</c> keeps one, <c>rent food</c> adds them up.</summary>
    private sealed class LedgerLanguage : ICellLanguage, IDisposable
    {
        private readonly SortedDictionary<string, decimal> _amounts = new(StringComparer.Ordinal);
        private readonly Option<int> _times = new("--times") { Description = "How often.", DefaultValueFactory = _ => 1 };

        public string Name { get; init; } = "ledger";

        public string Description => "Sums of named amounts.";

        public IReadOnlyList<string> Aliases => ["led"];

        public bool IsDisposed { get; private set; }

        public IReadOnlyList<CellVariable> Variables =>
            [.. _amounts.Select(amount => new CellVariable(amount.Key, typeof(decimal), amount.Value))];

        public void Configure(Command command) => command.Options.Add(_times);

        public Task<CellValue?> RunAsync(CellCode code, CellContext cell)
        {
            decimal? sum = null;
            foreach (var line in code.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                if (line.Split('=', StringSplitOptions.TrimEntries) is [var name, var amount])
                    TrySetValue(name, amount, typeof(string));
                else
                    sum = line.Split(' ').Sum(Amount);
            }
            return Task.FromResult(sum is { } total ? new CellValue(total * code.GetValue(_times)) : null);
        }

        private decimal Amount(string name) =>
            _amounts.TryGetValue(name, out var amount) ? amount : throw new NotebookException($"There is no '{name}' in the ledger.");

        public Task<CellCompletions> CompleteAsync(string code, int position, CancellationToken cancellation)
        {
            var start = code.LastIndexOfAny([' ', '\n'], position - 1) + 1;
            var names = _amounts.Keys.Where(name => name.StartsWith(code[start..position], StringComparison.Ordinal));
            return Task.FromResult(new CellCompletions(start, position, [.. names.Select(name => new CompletionEntry(name, "Amount"))]));
        }

        public Task<string?> InspectAsync(string code, int position, CancellationToken cancellation) => Task.FromResult(_amounts
            .Where(amount => code.Contains(amount.Key, StringComparison.Ordinal))
            .Select(amount => $"{amount.Key} is {amount.Value}").FirstOrDefault());

        public Task<IReadOnlyList<CellDiagnostic>> DiagnosticsAsync(string code, CancellationToken cancellation)
        {
            var start = code.Length - code.TrimStart().Length;
            IReadOnlyList<CellDiagnostic> found = [new CellDiagnostic("LEDGER", "not there", true, start, code.Length)];
            return Task.FromResult(found);
        }

        public CodeCompleteness Completeness(string code) =>
            code.TrimEnd().EndsWith('=') ? CodeCompleteness.Incomplete : CodeCompleteness.Complete;

        public bool TryGetValue(string name, out object? value)
        {
            var found = _amounts.TryGetValue(name, out var amount);
            value = amount;
            return found;
        }

        public bool TrySetValue(string name, object? value, Type type)
        {
            var text = Convert.ToString(value, CultureInfo.InvariantCulture);
            _amounts[name] = decimal.TryParse(text, CultureInfo.InvariantCulture, out var amount)
                ? amount : throw new NotebookException($"'{name}' is not an amount.");
            return true;
        }

        public void Dispose() => IsDisposed = true;
    }
}
