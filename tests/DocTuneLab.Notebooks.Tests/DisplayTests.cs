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
        await driver.OkAsync(
            "Console.WriteLine(1); Console.Error.WriteLine(2); Console.WriteLine(3); display(4); Console.WriteLine(5);\n6");
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
        await driver.OkAsync("CellContext.Current.DisplayMime(new Dictionary<string, object> { [\"image/png\"] = new byte[] { 1, 2 }, "
            + "[\"application/json\"] = \"{\\\"a\\\":1}\" }, new Dictionary<string, object> { [\"k\"] = 1 });");
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
        Assert.Equal("List<int>", Plain(ValueFormatter.Format(typeof(List<int>))));
    }

    private static string Plain(JsonObject bundle) => bundle["text/plain"]!.GetValue<string>();
}
