namespace DocTuneLab.Extension.Tests;

/// <summary>Asking a model in a cell.</summary>
public sealed class AskTests
{
    private const string Library = "data/private-library/bin/Fenmark.dll", Docs = "data/private-library/docs", Model = "data/models/nano";

    [Theory]
    [InlineData("#!ask\nWhat?", "run #!base DIR first")]
    [InlineData("#!base data/models/nano\n#!ask", "Write it below #!ask")]
    [InlineData("#!base data/models/nano\n#!ask --who tuned\nWhat?", "expected one of base, and tuned once there is an adapter")]
    [InlineData("#!base data/models/nano\n#!ask --who base+compiler\nWhat?", "expected one of base")]
    public async Task What_is_missing_is_told(string cell, string expected)
    {
        using var lab = new LabFolder();
        Assert.Contains(expected, (await lab.RunAsync($"#!lab --path {lab.Path}", cell)).Error);
    }

    [Fact]
    public async Task Answers_stand_side_by_side_with_verdict_pages_and_prompt()
    {
        using var lab = new LabFolder();
        const string Ask = "#!ask --who base,base+docs,base+compiler --signature \"public static long Litres(WaterLot lot)\" "
            + "--max-tokens 40\nThe litres of a lot.";
        string[] before = [$"#!lab --path {lab.Path}", $"#!docs {Docs} --assembly {Library}", $"#!base {Model}", Ask];
        var (shown, error) = await lab.RunAsync(before);
        Assert.True(error is null or "", error);
        shown = System.Text.RegularExpressions.Regex.Unescape(shown);
        Assert.All((string[])["base:", "base+docs:", "base+compiler:", "```csharp", "[Does not compile", "read: ", "[Compiles.]"],
            part => Assert.Contains(part, shown));

        // It goes on from what was said only where that is asked for.
        (shown, _) = await lab.RunAsync([.. before, "#!ask --go-on --who base --max-tokens 4\nAnd its name?"]);
        Assert.Contains("The litres of a lot.", shown);
        (shown, _) = await lab.RunAsync([.. before, "#!ask --who base --max-tokens 4\nAnd its name?"]);
        Assert.DoesNotContain("The litres of a lot.", shown);

        // What stands before every question of a wording is read once, in front.
        const string Wording = "lab.Wordings.Qa = DocTuneLab.Prompts.PromptTemplate.Parse(\"---\\nname: own\\nversion: 1\\nkind: doc-qa\\n"
            + "description: Own.\\ninputs: [question, library?]\\nsystem: Be brief.\\n---\\n{{ question }}\", \"own.liquid\");";
        (shown, error) = await lab.RunAsync([.. before[..3], Wording, "#!ask --who base --max-tokens 4\nIts name?",
            "#!ask --go-on --who base --max-tokens 4\nAnd its volume?"]);
        Assert.True(error is null or "", error);
        Assert.Equal(2, shown.Split("Be brief.").Length);
        Assert.Matches("(?s)Be brief\\..*Its name\\?.*And its volume\\?", shown);
    }
}
