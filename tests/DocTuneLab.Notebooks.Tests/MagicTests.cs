using System.CommandLine;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Hosting;
using Microsoft.Data.Sqlite;

namespace DocTuneLab.Notebooks.Tests;

public class MagicTests
{
    [Fact]
    public async Task Magics_mix_with_code_in_one_cell()
    {
        var driver = new SessionDriver(new SampleExtension());
        await driver.OkAsync("var who = \"you\";\n#!greet @csharp:who --times 2\nConsole.WriteLine(greeted);");
        Assert.Equal("hello you\nhello you\nyou\n", driver.Printed);
    }

    [Fact]
    public async Task A_magic_with_body_takes_the_lines_under_it()
    {
        var driver = new SessionDriver(new SampleExtension());
        await driver.OkAsync("#!shout\none\ntwo\n#!csharp\n3");
        Assert.Equal("ONE\nTWO", driver.Printed);
        Assert.Equal("3", driver.Result);
    }

    [Fact]
    public async Task An_unknown_magic_is_an_error_with_the_nearest_name()
    {
        var result = await new SessionDriver(new SampleExtension()).RunAsync("1\n#!gret x");
        Assert.Equal("cell 1:line 2: There is no magic '#!gret'. Did you mean '#!greet'?", result.Error!.Traceback[^1]);
    }

    [Fact]
    public async Task Parse_errors_point_at_the_argument()
    {
        var result = await new SessionDriver(new SampleExtension()).RunAsync("#!greet you --tims 2");
        Assert.Equal("MagicError", result.Error!.Name);
        Assert.Contains("Did you mean '--times'?", result.Error.Traceback[0]);
        Assert.Equal(["    #!greet you --tims 2", "                ^~~~~~"], result.Error.Traceback.Skip(1).Take(2));
        result = await new SessionDriver(new SampleExtension()).RunAsync("#!greet you --times many");
        Assert.Equal("                        ^~~~", result.Error!.Traceback[2]);
    }

    [Theory]
    [InlineData("#!greet you --tims 2", "There is no option '--tims' here. Did you mean '--times'?", 12)]
    [InlineData("#!greet --tims 2", "There is no option '--tims' here. Did you mean '--times'?", 8)]
    [InlineData("#!greet you too", "'too' is not expected here", 12)]
    [InlineData("#!greet you --times many", "Cannot parse argument 'many' for option '--times' as a whole number", 20)]
    [InlineData("#!greet", "Required argument 'name' missing for command: '#!greet'", 8)]
    [InlineData("#!group stat", "There is no 'stat' here. Did you mean 'start'?", 8)]
    [InlineData("#!group", "One of these has to follow: start, stop", 8)]
    public async Task One_mistake_is_one_message_at_its_place(string magic, string message, int column)
    {
        var error = (await new SessionDriver(new SampleExtension()).RunAsync(magic)).Error!;
        Assert.Equal(message, error.Message);
        Assert.Equal(4, error.Traceback.Count);
        Assert.Equal(4 + column, error.Traceback[2].IndexOf('^', StringComparison.Ordinal));
    }

    [Fact]
    public async Task Time_is_told_even_if_the_cell_fails()
    {
        var driver = new SessionDriver();
        await driver.RunAsync("#!time\nthrow new Exception();");
        Assert.Matches(@"^Wall time: [\d.]+ ms\n$", driver.Printed);
    }

    [Fact]
    public async Task Help_is_printed_to_the_cell()
    {
        var driver = new SessionDriver(new SampleExtension());
        await driver.OkAsync("#!greet --help");
        Assert.Contains("How often", driver.Printed);
        Assert.Contains("#!greet <name>", driver.Printed);
        await driver.OkAsync("#!sql --help");
        Assert.Contains("--connection", driver.Printed);
    }

    [Fact]
    public async Task An_error_for_the_user_is_shown_without_trace()
    {
        var result = await new SessionDriver(new SampleExtension()).RunAsync("#!greet nobody");
        Assert.Equal(["cell 1:line 1: There is nobody to greet."], result.Error!.Traceback);
    }

    [Fact]
    public async Task Sql_results_are_tables_and_values()
    {
        var driver = new SessionDriver(new SampleExtension());
        await driver.OkAsync("#!sql --name rows\nselect 1 as a, 'x<y' as b union all select 2, null order by a");
        var shown = Assert.IsType<DisplayOutput>(Assert.Single(driver.Outputs)).Data["text/html"]!.GetValue<string>();
        Assert.Contains("<th class=\"n\">a</th><th>b</th>", shown);
        Assert.Contains("x&lt;y", shown);
        await driver.OkAsync("rows.Rows.Count");
        Assert.Equal("2", driver.Result);
        var result = await driver.RunAsync("#!sql --connection other\nselect 1");
        Assert.Contains("There is no SQL connection 'other'. Connections: 'sample'.", result.Error!.Message);
        result = await driver.RunAsync("#!sql\nselect broken");
        Assert.Contains("no such column: broken", result.Error!.Message);
    }

    [Fact]
    public async Task Connect_opens_a_database_for_sql()
    {
        var driver = new SessionDriver();
        await driver.OkAsync("#!connect :memory:\n#!sql\ncreate table t(a); insert into t values (1),(2)");
        await driver.OkAsync("#!sql\nselect count(*) as n from t");
        Assert.Contains(">2<", Assert.IsType<DisplayOutput>(driver.Outputs[0]).Data["text/html"]!.GetValue<string>());
    }

    [Fact]
    public async Task Sql_takes_values_of_csharp_and_shows_every_result()
    {
        var driver = new SessionDriver(new SampleExtension());
        await driver.OkAsync("var least = 2; string? none = null;");
        await driver.OkAsync("#!sql --name both\nselect value from (select 1 as value union select 2 union select 3) where value >= "
            + "@least; select $none is null as empty");
        Assert.Equal(["value\n    2\n    3", "empty\n    1"],
            driver.Outputs.OfType<DisplayOutput>().Select(output => output.Data["text/plain"]!.GetValue<string>()));
        await driver.OkAsync("both.Length + both[0].Rows.Count");
        Assert.Equal("4", driver.Result);
        await driver.OkAsync("#!connect sqlite --kernel-name mine \":memory:\"");
        await driver.OkAsync("#!sql-mine --name rows\nselect 7 as n\n#!set --name copy --value @sql-mine:rows\n#!csharp\ncopy.Rows[0][0]");
        Assert.Equal("7", driver.Result);
    }

    [Theory]
    [InlineData("#!share --from fsharp x", "'x' cannot be had from 'fsharp': that language is not run here.")]
    [InlineData("#!share --from nowhere x", "'x' cannot be had from 'nowhere': there is no such language or connection.")]
    [InlineData("#!set --name y --value @pwsh:x", "'x' cannot be had from 'pwsh': that language is not run here.")]
    public async Task Values_of_languages_that_are_not_run_are_refused_by_name(string magic, string message) =>
        Assert.Contains(message, (await new SessionDriver().RunAsync(magic)).Error!.Message);

    [Fact]
    public async Task A_value_set_in_a_javascript_cell_is_for_javascript()
    {
        var driver = new SessionDriver();
        await driver.OkAsync("var x = 5;\n#!javascript\n#!set --value @csharp:x --name y\ny++;");
        Assert.Contains("let y = 5;\ny++;",
            Assert.IsType<DisplayOutput>(Assert.Single(driver.Outputs)).Data["text/html"]!.GetValue<string>());
        Assert.Contains("CS0103", (await driver.RunAsync("y")).Error!.Message);
    }

    [Theory]
    [InlineData("#!set --name n --value @input", "Value ", false)]
    [InlineData("#!set --name n --value @input:\"Who are you?\"", "Who are you? ", false)]
    [InlineData("#!set --name n --value @password:{ \"prompt\": \"The key\", \"saveAs\": \"k\" }", "The key ", true)]
    [InlineData("#!value --name n --from-value @input:wat", "wat ", false)]
    public async Task Arguments_can_ask_the_user(string magic, string prompt, bool isSecret)
    {
        var session = new NotebookSession();
        var asked = new List<(string, bool)>();
        var result = await session.RunAsync(new CellRequest(magic, "cell 1")
        {
            Input = (text, secret, _) =>
            {
                asked.Add((text, secret));
                return Task.FromResult<string?>("answer");
            },
        }, _ => { });
        Assert.True(result.Status == CellStatus.Ok, string.Join('\n', result.Error?.Traceback ?? []));
        Assert.Equal([(prompt, isSecret)], asked);
        Assert.True(session.TryGetValue("n", out var value));
        Assert.Equal("answer", value);
    }

    [Fact]
    public async Task The_helpers_of_dotnet_interactive_are_there()
    {
        var driver = new SessionDriver();
        await driver.OkAsync("HTML(\"<b>x</b>\").Display(); \"<i>y</i>\".DisplayAs(\"text/html\"); new { A = 1 }.Display(\"text/html\", "
            + "\"application/json\"); new[] { new { B = 2 } }.DisplayTable(); Javascript(\"1\"); CSS(\"b{}\");");
        Assert.Equal(["<b>x</b>", "<i>y</i>"],
            driver.Outputs.Take(2).Select(output => ((DisplayOutput)output).Data["text/html"]!.GetValue<string>()));
        Assert.Equal("{\"A\":1}", ((DisplayOutput)driver.Outputs[2]).Data["application/json"]!.ToJsonString());
        Assert.Equal(6, driver.Outputs.Count);
    }

    [Fact]
    public async Task A_diagram_brings_its_library_once_and_keeps_its_source()
    {
        var driver = new SessionDriver();
        await driver.OkAsync("#!mermaid\ngraph TD\nA-->B[\"</script>\"]");
        Assert.Equal(2, driver.Outputs.Count);
        var shown = Assert.IsType<DisplayOutput>(driver.Outputs[1]).Data;
        Assert.Equal("graph TD\nA-->B[\"</script>\"]", shown["text/vnd.mermaid"]!.GetValue<string>());
        Assert.Single(System.Text.RegularExpressions.Regex.Matches(shown["text/html"]!.GetValue<string>(), "</script>"));
        await driver.OkAsync("#!mermaid\ngraph TD\nA-->C");
        Assert.Single(driver.Outputs);
    }

    [Fact]
    public async Task Set_shares_a_value_with_its_type()
    {
        var driver = new SessionDriver();
        await driver.OkAsync("var list = new List<int> { 1, 2 };\n#!set --name copy --value @csharp:list\n#!set --name text --value \"a "
            + "b\"\ncopy.Sum() + text.Length");
        Assert.Equal("6", driver.Result);
        Assert.Contains("There is no C# variable 'nope'", (await driver.RunAsync("#!set --name a --value @csharp:nope")).Error!.Message);
        Assert.Contains("'1a' is not a C# name", (await driver.RunAsync("#!set --name 1a --value x")).Error!.Message);
    }

    [Fact]
    public async Task Values_reach_javascript_and_other_names()
    {
        var driver = new SessionDriver();
        await driver.OkAsync("var points = new[] { new { X = 1, Label = \"</script>\" } };\n#!share --from csharp points\n#!share --from "
            + "csharp points --as data");
        await driver.OkAsync("#!javascript\nconsole.log(points[0].x, data.length);");
        var script = Assert.IsType<DisplayOutput>(Assert.Single(driver.Outputs)).Data["text/html"]!.GetValue<string>();
        Assert.Contains("let data = [{\"x\":1,\"label\":\"<\\/script>\"}];\nlet points = ", script);
        await driver.OkAsync("data.Length");
        Assert.Equal("1", driver.Result);
        Assert.Contains("There is no C# variable 'nope'", (await driver.RunAsync("#!share --from csharp nope")).Error!.Message);
        Assert.Contains("cannot be shared with JavaScript",
            (await driver.RunAsync("var f = (Action)(() => { });\n#!share --from csharp f")).Error!.Message);
    }

    [Fact]
    public async Task Text_below_value_is_kept()
    {
        var driver = new SessionDriver();
        await driver.OkAsync("#!value --name text\nline one\nline two");
        await driver.OkAsync("text.Split('\\n').Length");
        Assert.Equal("2", driver.Result);
        Assert.Contains("there is no such file", (await driver.RunAsync("#!value --name t --from-file /no/such.txt")).Error!.Message);
    }

    [Fact]
    public async Task Connect_as_polyglot_notebooks_writes_it()
    {
        var driver = new SessionDriver();
        await driver.OkAsync("#!connect sqlite --kernel-name mine \"Data Source=:memory:\"");
        await driver.OkAsync("#!sql-mine\ncreate table t(a); insert into t values (7)");
        await driver.OkAsync("#!sql-mine --name rows\nselect a from t");
        await driver.OkAsync("rows.Rows[0][0]");
        Assert.Equal("7", driver.Result);
        Assert.Contains("only SQLite can", (await driver.RunAsync("#!connect mssql --kernel-name x \"Server=.\"")).Error!.Message);
        Assert.Contains("Which database?", (await driver.RunAsync("#!connect")).Error!.Message);
        Assert.Contains("cannot be opened", (await driver.RunAsync("#!connect /no/such/folder/x.db")).Error!.Message);
    }

    [Theory]
    [InlineData("#!fsharp\nlet x = 1", "F# is not run here")]
    [InlineData("#!pwsh\nGet-Item .", "PowerShell is not run here")]
    [InlineData("#!python\nx = 1", "Python is not run here")]
    public async Task Other_languages_say_that_they_are_not_run(string cell, string message)
    {
        var driver = new SessionDriver();
        Assert.Contains(message, (await driver.RunAsync(cell)).Error!.Message);
    }

    [Fact]
    public async Task Another_notebook_is_imported_and_circles_are_named()
    {
        var folder = Directory.CreateTempSubdirectory("doctune-import").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "helpers.dib"),
                "#!csharp\n\nint Twice(int x) => 2 * x;\n\n#!markdown\n\n# Text\n\n#!csharp\n\nvar imported = Twice(4);\n",
                TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(Path.Combine(folder, "a.dib"), "#!import b.dib\n", TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(Path.Combine(folder, "b.dib"), "#!import a.dib\n", TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(Path.Combine(folder, "bad.dib"), "#!csharp\n\n1\n\n#!csharp\n\nint x = \"no\";\n",
                TestContext.Current.CancellationToken);
            using var session = new NotebookSession(new SessionOptions { NotebookPath = Path.Combine(folder, "main.ipynb") });
            var outputs = new List<CellOutput>();
            Task<CellResult> Run(string code) => session.RunAsync(new CellRequest(code, "cell 1"), outputs.Add);
            Assert.Equal(CellStatus.Ok, (await Run("#!import helpers.dib\nimported + Twice(1)")).Status);
            Assert.Equal("10", outputs.OfType<ResultOutput>().Last().Data["text/plain"]!.GetValue<string>());
            Assert.Contains("a.dib > b.dib > a.dib", (await Run("#!import a.dib")).Error!.Message);
            Assert.Contains("bad.dib cell 2:line 1", string.Join('\n', (await Run("#!import bad.dib")).Error!.Traceback));
            Assert.Contains("there is no such notebook", (await Run("#!import nope.dib")).Error!.Message);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task An_extension_is_loaded_from_an_assembly()
    {
        var driver = new SessionDriver();
        await driver.OkAsync($"#!extension \"{typeof(LoadedExtension).Assembly.Location}\"");
        Assert.Contains("Loaded loaded", driver.Printed);
        await driver.OkAsync("fromExtension");
        Assert.Equal("42", driver.Result);
        Assert.Contains("there is no such assembly", (await driver.RunAsync("#!extension nope.dll")).Error!.Message);
        Assert.Contains("no extension in it",
            (await driver.RunAsync($"#!extension \"{typeof(Xunit.FactAttribute).Assembly.Location}\"")).Error!.Message);
    }

    [Fact]
    public async Task Html_markdown_javascript_and_mermaid_are_displays()
    {
        var driver = new SessionDriver();
        await driver.OkAsync("#!html\n<b>x</b>\n#!markdown\n# T\n#!javascript\nlet a = 1;\n#!mermaid\ngraph LR; a-->b");
        var html = driver.Outputs.Cast<DisplayOutput>().Select(output => output.Data["text/html"]!.GetValue<string>()).ToList();
        Assert.Equal("<b>x</b>", html[0]);
        Assert.Contains("<h1 id=\"t\">T</h1>", html[1]);
        Assert.Contains("<script", html[2]);
        Assert.Contains("class=\"mermaid-diagram\"", html[4]);
    }

    private sealed class SampleExtension : INotebookExtension
    {
        public string Name => "sample";

        public void Load(IExtensionHost host)
        {
            var name = new Argument<string>("name") { Description = "Whom." };
            var times = new Option<int>("--times") { Description = "How often.", DefaultValueFactory = _ => 1 };
            var greet = new Command("#!greet", "Greets.") { name, times };
            host.AddMagic(new Command("#!group", "Has parts.") { new Command("start", "Starts."), new Command("stop", "Stops.") });
            greet.SetCellAction(async (parsed, cell) =>
            {
                await Task.Yield();
                if (parsed.GetValue(name) == "nobody")
                    throw new NotebookException("There is nobody to greet.");
                for (var i = 0; i < parsed.GetValue(times); i++)
                    cell.Out.WriteLine($"hello {parsed.GetValue(name)}");
                cell.SetValue("greeted", parsed.GetValue(name)!);
            });
            host.AddMagic(greet);
            var shout = new Command("#!shout");
            shout.SetCellAction((_, cell) => cell.Out.Write(cell.Body.ToUpperInvariant()));
            host.AddMagic(shout, takesBody: true);
            host.AddSqlConnection("sample", () =>
            {
                var connection = new SqliteConnection("Data Source=:memory:");
                connection.Open();
                return connection;
            });
        }
    }
}

/// <summary>Found by <c>#!extension</c>: public, with a parameterless constructor.</summary>
public sealed class LoadedExtension : INotebookExtension
{
    public string Name => "loaded";

    public void Load(IExtensionHost host) => host.SetValue("fromExtension", 42);
}
