using System.Text.Json.Nodes;
using DocTuneLab.Notebooks.Cells;
using DocTuneLab.Notebooks.Formatting;

namespace DocTuneLab.Notebooks.Tests;

public class DisplayTests
{
    [Fact]
    public async Task A_display_is_updated_in_place_and_throttled()
    {
        var driver = new SessionDriver();
        await driver.OkAsync("var h = display(0);\nfor (var i = 1; i <= 10000; i++) h.Update(i);\nConsole.Write(\"after\");");
        var first = Assert.IsType<DisplayOutput>(driver.Outputs[0]);
        Assert.Equal("0", first.Data["text/plain"]!.GetValue<string>());
        var updates = driver.Outputs.OfType<UpdateOutput>().ToList();
        Assert.InRange(updates.Count, 1, 50);
        Assert.All(updates, update => Assert.Equal(first.DisplayId, update.DisplayId));
        Assert.Equal("10000", updates[^1].Data["text/plain"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_handle_works_in_later_cells()
    {
        var driver = new SessionDriver();
        await driver.OkAsync("var h = \"a\".Display();");
        var id = Assert.IsType<DisplayOutput>(driver.Outputs[0]).DisplayId;
        await driver.OkAsync("h.Update(\"b\"); await Task.Delay(150);");
        Assert.Equal(id, Assert.IsType<UpdateOutput>(Assert.Single(driver.Outputs)).DisplayId);
    }

    [Fact]
    public async Task Output_keeps_its_order()
    {
        var driver = new SessionDriver();
        await driver.OkAsync("Console.WriteLine(1); Console.Error.WriteLine(2); Console.WriteLine(3); display(4); Console.WriteLine(5);\n6");
        Assert.Equal(
            ["1\n", "2\n", "3\n", "4", "5\n", "6"],
            driver.Outputs.Select(output => output switch
            {
                StreamOutput stream => stream.Text,
                DisplayOutput display => display.Data["text/plain"]!.GetValue<string>(),
                ResultOutput result => result.Data["text/plain"]!.GetValue<string>(),
                _ => "?",
            }));
    }

    [Fact]
    public async Task Raw_mime_content_passes_through()
    {
        var driver = new SessionDriver();
        await driver.OkAsync("CellContext.Current.DisplayMime(new Dictionary<string, object> { [\"image/png\"] = new byte[] { 1, 2 }, [\"application/json\"] = \"{\\\"a\\\":1}\" }, new Dictionary<string, object> { [\"k\"] = 1 });");
        var display = Assert.IsType<DisplayOutput>(driver.Outputs[0]);
        Assert.Equal("AQI=", display.Data["image/png"]!.GetValue<string>());
        Assert.Equal(1, display.Data["application/json"]!["a"]!.GetValue<int>());
        Assert.Equal(1, display.Metadata["k"]!.GetValue<int>());
    }

    [Fact]
    public void Scalars_are_text_alone()
    {
        Assert.Equal(["text/plain"], ValueFormatter.Format(1.5).Select(pair => pair.Key));
        Assert.Equal("1.5", Plain(ValueFormatter.Format(1.5)));
        Assert.Equal("2020-01-02 03:04:05Z", Plain(ValueFormatter.Format(new DateTime(2020, 1, 2, 3, 4, 5, DateTimeKind.Utc))));
        Assert.Equal("List<Int32>", Plain(ValueFormatter.Format(typeof(List<int>))));
    }

    [Fact]
    public void Sequences_of_objects_are_tables_of_columns()
    {
        var html = Html(ValueFormatter.Format(new[] { new Row("a<b", 1), new Row("c", 2) }));
        Assert.Contains("<th>Name</th><th>Count</th>", html);
        Assert.Contains("<td>a&lt;b</td><td style=\"text-align:right\">1</td>", html);
        Assert.Contains("<td>x</td>", Html(ValueFormatter.Format(new[] { new { A = "x", B = 2 } })));
        Assert.Contains("… 10 more", Html(ValueFormatter.Format(Enumerable.Range(0, 60).ToList())));
        Assert.Contains("<td>k</td>", Html(ValueFormatter.Format(new Dictionary<string, int> { ["k"] = 1 })));
    }

    [Fact]
    public void A_registered_formatter_wins_for_derived_types_too()
    {
        ValueFormatter.Register<Shape>("text/html", shape => $"<i>{shape.Name}</i>");
        Assert.Equal("<i>c</i>", Html(ValueFormatter.Format(new Circle("c"))));
        Assert.Contains("<td>", Html(ValueFormatter.Format(new Row("a", 1))));
    }

    [Fact]
    public void Html_content_is_shown_as_it_is() =>
        Assert.Equal("<b>x</b>", Html(ValueFormatter.Format(new Microsoft.AspNetCore.Html.HtmlString("<b>x</b>"))));

    [Fact]
    public void A_getter_that_throws_does_not_take_the_result_away() =>
        Assert.Contains("(InvalidOperationException)", Html(ValueFormatter.Format(new[] { new Broken() })));

    private static string Plain(JsonObject bundle) => bundle["text/plain"]!.GetValue<string>();

    private static string Html(JsonObject bundle) => bundle["text/html"]!.GetValue<string>();

    public record Row(string Name, int Count);

    public record Shape(string Name);

    public record Circle(string Name) : Shape(Name);

    public class Broken
    {
        public int Ok => 1;

        public int Bad => throw new InvalidOperationException();
    }
}
