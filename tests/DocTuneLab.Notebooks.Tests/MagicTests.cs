using System.CommandLine;
using DocTuneLab.Notebooks.Cells;
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
        Assert.Contains("<th>a</th><th>b</th>", shown);
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
    public async Task Set_shares_a_value_with_its_type()
    {
        var driver = new SessionDriver();
        await driver.OkAsync("var list = new List<int> { 1, 2 };\n#!set --name copy --value @csharp:list\n#!set --name text --value \"a b\"\ncopy.Sum() + text.Length");
        Assert.Equal("6", driver.Result);
        Assert.Contains("There is no C# variable 'nope'", (await driver.RunAsync("#!set --name a --value @csharp:nope")).Error!.Message);
        Assert.Contains("'1a' is not a C# name", (await driver.RunAsync("#!set --name 1a --value x")).Error!.Message);
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
        Assert.Contains("class=\"mermaid\"", html[3]);
    }

    private sealed class SampleExtension : INotebookExtension
    {
        public string Name => "sample";

        public void Load(IExtensionHost host)
        {
            var name = new Argument<string>("name") { Description = "Whom." };
            var times = new Option<int>("--times") { Description = "How often.", DefaultValueFactory = _ => 1 };
            var greet = new Command("#!greet", "Greets.") { name, times };
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
