using System.Text.Json.Nodes;
using DocTuneLab.Prompts;

namespace DocTuneLab.Tests.Prompts;

/// <summary>What models are asked, as it is sent. A change shows here;
/// with DOCTUNE_ACCEPT_SNAPSHOTS=1 the snapshots are written anew.</summary>
public sealed class GenerationTemplateTests
{
    public static TheoryData<string> Names => [.. PromptLibrary.Default.OfKind("generate").Select(t => t.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_rendered_prompt_is_the_approved_one(string name)
    {
        var template = PromptLibrary.Default[name];
        var inputs = template.Inputs.ToDictionary(i => i, i => $"‹{i}›");
        var rendered = string.Join("\n", template.Messages(inputs).Select(m => $"[{m.Role}]\n{m.Content}"))
            + $"\n[schema]\n{template.Schema}\n";
        var file = Path.Combine(Folder(), $"{name}.txt");
        if (Environment.GetEnvironmentVariable("DOCTUNE_ACCEPT_SNAPSHOTS") == "1") File.WriteAllText(file, rendered);
        Assert.True(File.Exists(file), $"{file} is missing");
        Assert.Equal(File.ReadAllText(file).ReplaceLineEndings("\n"), rendered);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Shown_answers_fit_the_schema(string name)
    {
        var template = PromptLibrary.Default[name];
        Assert.NotNull(template.Schema);
        Assert.All(template.Examples, e => Assert.NotNull(JsonAnswer.Read(e.Answer, template.Schema, out _)));
    }

    [Theory]
    [InlineData("{\"n\": 3, \"s\": \"ab\", \"a\": [1]}", null)]
    [InlineData("Sure:\n```json\n{\"n\": 3, \"s\": \"ab\", \"a\": [1],}\n```\nDone.", null)]
    [InlineData("{\"n\": 3, \"s\": \"ab\"}", "'a' is missing")]
    [InlineData("{\"n\": 3.5, \"s\": \"ab\", \"a\": [1]}", "'n' must be of type integer")]
    [InlineData("{\"n\": 9, \"s\": \"ab\", \"a\": [1]}", "'n' must be at most 5")]
    [InlineData("{\"n\": 3, \"s\": \"\", \"a\": [1]}", "'s' must have at least 1")]
    [InlineData("{\"n\": 3, \"s\": \"ab\", \"a\": []}", "'a' must hold at least 1")]
    [InlineData("{\"n\": 3, \"s\": \"ab\", \"a\": [\"x\"]}", "'a.0' must be of type number")]
    [InlineData("{\"n\": 3, \"s\": \"ab\", \"a\": [1], \"z\": 1}", null)]
    [InlineData("{'n': 3, 's': 'it\\'s \"a\" b', 'a': [1], 'z': None}", null)]
    [InlineData("{\"answer\": {\"n\": 3, \"s\": \"ab\", \"a\": [1]}}", null)]
    [InlineData("[{\"n\": 3, \"s\": \"ab\", \"a\": [1]}]", null)]
    [InlineData("<think>n is {\"n\": 4} or { </think>\n{\"n\": 3, \"s\": \"ab\", \"a\": [1]}", null)]
    [InlineData("Of {n, s} I take: {\"n\": 3, \"s\": \"}\", \"a\": [1]} {that is all}", null)]
    [InlineData("{'n': 9, 's': 'ab', 'a': [1]}", "'n' must be at most 5")]
    [InlineData("{\"a\": {\"n\": 9}, \"s\": \"ab\"}", "'n' is missing")]
    [InlineData("{\"n\": 3, \"n\": 4, \"s\": \"ab\", \"a\": [1]}", "not valid JSON")]
    [InlineData("no", "holds no JSON object")]
    [InlineData("{\"n\": ", "holds no JSON object")]
    public void Answers_are_read_tolerantly_and_held_to_the_schema(string text, string? expected)
    {
        const string Schema = """{"type": "object", "additionalProperties": false, "required": ["n", "s", "a"], "properties": {"n": """
            + """{"type": "integer", "maximum": 5}, "s": {"type": "string", "minLength": 1}, "a": {"type": "array", "minItems": """
            + """1, "items": {"type": "number"}}}}""";
        var read = JsonAnswer.Read(text, Schema, out var error);
        if (expected is null) Assert.Equal((3, (string?)null), ((int)read!["n"]!, error));
        else Assert.Contains(expected, error);
        Assert.IsType<JsonObject>(JsonNode.Parse(Schema));
    }

    private static string Folder()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root!.FullName, "DocTuneLab.sln"))) root = root.Parent;
        return Path.Combine(root.FullName, "tests", "DocTuneLab.Tests", "Prompts", "Snapshots");
    }
}
