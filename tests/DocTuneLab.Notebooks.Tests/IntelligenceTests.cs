namespace DocTuneLab.Notebooks.Tests;

public class IntelligenceTests
{
    [Fact]
    public async Task Completion_and_quick_info_know_what_earlier_cells_declared()
    {
        var driver = new SessionDriver();
        await driver.OkAsync("using System.Globalization;\n/// <summary>Doubles it.</summary>\nasync Task<int> TwiceAsync(int n) => 2 * "
            + "n;\nrecord Box(int Width) { public int Area() { while (false) ; return Width * Width; } }");
        await driver.OkAsync(
            "var box = new Box(3); var shape = new { Corners = 4 }; var text = (string?)null; foreach (var i in new[] { 1 }) { }");
        Assert.Contains("Area", await MatchesAsync("box.Ar"));
        Assert.Contains("Corners", await MatchesAsync("shape.Co"));
        Assert.Contains("TwiceAsync", await MatchesAsync("Twi"));
        Assert.Contains("CultureInfo", await MatchesAsync("Culture"));
        var info = await driver.Session.InspectAsync("TwiceAsync(2)", 3);
        Assert.Contains("TwiceAsync(int n)", info);
        Assert.Contains("Doubles it.", info);
        Assert.Contains("string text", await driver.Session.InspectAsync("text", 2));

        // Declared again: the last one counts, here and in code.
        await driver.OkAsync("var box = \"now text\";");
        Assert.Contains("ToUpperInvariant", await MatchesAsync("box.ToUpper"));
        Assert.DoesNotContain("Area", await MatchesAsync("box.Ar"));

        async Task<List<string>> MatchesAsync(string code) =>
            [.. (await driver.Session.CompleteAsync(code, code.Length)).Entries.Select(entry => entry.Text)];
    }

    [Fact]
    public async Task Values_of_the_host_and_members_of_referenced_assemblies_are_offered()
    {
        var driver = new SessionDriver();
        driver.Session.SetValue("given", new List<int> { 1 });
        Assert.Contains("Add", (await driver.Session.CompleteAsync("given.Ad", 8)).Entries.Select(entry => entry.Text));
        await driver.OkAsync($"#r \"{typeof(IntelligenceTests).Assembly.Location}\"\ngiven.Count");
        Assert.Contains("Answer",
            (await driver.Session.CompleteAsync("DocTuneLab.Notebooks.Tests.Visible.An", 37)).Entries.Select(entry => entry.Text));
        Assert.Contains("Add", (await driver.Session.CompleteAsync("given.Ad", 8)).Entries.Select(entry => entry.Text));
    }

    [Fact]
    public async Task Signatures_are_shown_inside_of_a_call()
    {
        var driver = new SessionDriver();
        await driver.OkAsync("/// <summary>Adds.</summary>\nint Sum(int a, int b = 2) => a + b;\nint Sum(string s) => s.Length;");
        var help = await driver.Session.SignaturesAsync("Sum(1, ", 7);
        Assert.NotNull(help);
        Assert.Equal(["int Sum(int a, int b = 2)", "int Sum(string s)"], help.Signatures.Select(signature => signature.Text));
        Assert.Equal(1, help.ActiveParameter);
        Assert.Equal("Adds.", help.Signatures[0].Documentation);
        Assert.Null(await driver.Session.SignaturesAsync("1 + 2", 5));
        Assert.Contains("Max(int val1, int val2)",
            string.Join('\n', (await driver.Session.SignaturesAsync("Math.Max(", 9))!.Signatures.Select(signature => signature.Text)));
        Assert.Contains("new List<int>(int capacity)",
            string.Join('\n',
                (await driver.Session.SignaturesAsync("new List<int>(", 14))!.Signatures.Select(signature => signature.Text)));
    }

    [Fact]
    public async Task Diagnostics_name_the_places_in_the_cell()
    {
        var driver = new SessionDriver();
        await driver.OkAsync("var x = 1;");
        var found = await driver.Session.DiagnosticsAsync("#!time\nx + 1;\nint unused;\nstring s = x;\nnope");
        Assert.Contains(found, diagnostic => diagnostic is { Id: "CS0029", Start: 37, End: 38, IsError: true });
        Assert.Contains(found, diagnostic => diagnostic is { Id: "CS0103", Start: 40, End: 44 });
        Assert.All(found, diagnostic => Assert.InRange(diagnostic.Start, 7, 44));
        Assert.Empty(await driver.Session.DiagnosticsAsync("x + 1"));
    }
}
