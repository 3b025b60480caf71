using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DocTuneLab.Conversations;
using Microsoft.Extensions.Time.Testing;

namespace DocTuneLab.Tests.Conversations;

/// <summary>Chat templates that others make, against what transformers and Jinja make of them. Spans of <c>{% generation %}</c>, which
/// the reference lists too, are not compared: a rendering does not tell them.</summary>
public sealed partial class GoldenChatTemplateTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("templates-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Those of the folder that DOCTUNE_GOLDEN names; one empty name where it names none.</summary>
    public static TheoryData<string> All => Folder is { } folder ? Names(folder, "*.json") : [""];

    public static TheoryData<string> Kept => Names(KeptFolder, "*.json");

    public static TheoryData<string> Siblings => Names(KeptFolder, "*.jsonl");

    private static string? Folder =>
        Environment.GetEnvironmentVariable("DOCTUNE_GOLDEN") is { Length: > 0 } folder ? Path.Combine(folder, "templates") : null;

    private static string KeptFolder => Path.Combine(AppContext.BaseDirectory, "Conversations", "Golden");

    [GeneratedRegex("'(\\w+)'")]
    private static partial Regex Quoted();

    [Theory]
    [MemberData(nameof(All))]
    public void Every_template_gives_the_text_of_the_reference_or_refuses_what_it_refuses(string name)
    {
        Assert.SkipUnless(name.Length > 0, "DOCTUNE_GOLDEN is not set; it names the folder of golden values");
        Compare(JsonNode.Parse(File.ReadAllText(Path.Combine(Folder!, name)))!);
    }

    [Theory]
    [MemberData(nameof(Kept))]
    public void Templates_of_each_kind_are_kept_here(string name) =>
        Compare(JsonNode.Parse(File.ReadAllText(Path.Combine(KeptFolder, name)))!);

    [Theory]
    [MemberData(nameof(Siblings))]
    public void Constructs_beside_them_give_the_text_of_jinja(string name)
    {
        var differences = File.ReadLines(Path.Combine(KeptFolder, name)).Select(line => JsonNode.Parse(line)!)
            .Select(row => Difference((string)row["template"]!, new JsonObject(), Case(row))).OfType<string>().ToList();
        Assert.True(differences.Count == 0, $"{differences.Count} differences:\n{string.Join('\n', differences)}");
    }

    private static JsonObject Case(JsonNode row) => new()
    {
        ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "Hi é😀" }),
        ["add_generation_prompt"] = false,
        ["rendered"] = row["rendered"]?.DeepClone(),
        ["error"] = row["error"]?.DeepClone(),
    };

    private void Compare(JsonNode golden)
    {
        var differences = golden["cases"]!.AsArray()
            .Select(c => Difference((string)golden["template"]!, golden["tokens"]!, c!)).OfType<string>().ToList();
        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }

    private string? Difference(string template, JsonNode tokens, JsonNode @case)
    {
        var expected = (string?)@case["rendered"];
        try
        {
            var text = Render(template, tokens, @case);
            return text == expected ? null
                : $"{template}\n  expected: {expected ?? "a refusal: " + @case["error"]!["message"]}\n  rendered: {text}";
        }
        catch (LabException e)
        {
            return expected is null && Names(e.Message, @case["error"]!) ? null
                : $"{template}\n  expected: {expected ?? "a refusal: " + @case["error"]!["message"]}\n  refused: {e.Message}";
        }
    }

    private string Render(string template, JsonNode tokens, JsonNode @case)
    {
        var config = (JsonObject)tokens.DeepClone();
        config["chat_template"] = template;
        var path = Path.Combine(_folder, "tokenizer_config.json");
        File.WriteAllText(path, config.ToJsonString());
        var variables = (@case["variables"] as JsonObject ?? []).ToDictionary(v => v.Key, v => (object?)v.Value);
        foreach (var name in (string[])["tools", "documents"])
            if (@case[name] is { } value) variables[name] = value;
        var clock = new FakeTimeProvider(new DateTimeOffset(2024, 7, 9, 13, 5, 7, TimeSpan.Zero));
        return ChatTemplate.Load(path, clock).Render(@case["messages"]!.AsArray(), (bool)@case["add_generation_prompt"]!, variables);
    }

    // A refusal names its line, and the template's own words or, where Jinja quotes names, one of them.
    private static bool Names(string message, JsonNode error)
    {
        var (type, theirs) = ((string)error["type"]!, (string)error["message"]!);
        if (!message.Contains("chat template, line ", StringComparison.Ordinal)) return false;
        if (type == "TemplateError") return message.Contains(theirs, StringComparison.Ordinal);
        var names = Quoted().Matches(theirs).Select(m => m.Groups[1].Value).ToList();
        return type is not ("UndefinedError" or "SecurityError" or "TemplateAssertionError") || names.Count == 0
            || names.Exists(n => message.Contains(n, StringComparison.Ordinal));
    }

    private static TheoryData<string> Names(string folder, string pattern) =>
        [.. Directory.GetFiles(folder, pattern).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];
}
