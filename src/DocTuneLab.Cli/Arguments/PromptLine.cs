using System.Text.Json;

namespace DocTuneLab.Cli.Arguments;

/// <summary>A line of a file of prompts; what it says of its code stands before what options say.</summary>
internal sealed record PromptLine
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Web) { RespectNullableAnnotations = true };

    /// <summary>What is asked.</summary>
    public required string Prompt { get; init; }

    /// <summary>Header of the method that is asked for.</summary>
    public string? Signature { get; init; }

    /// <summary>Namespaces in scope.</summary>
    public IReadOnlyList<string>? Usings { get; init; }

    /// <summary>C# that stands beside it.</summary>
    public string? Context { get; init; }

    /// <summary>Reads a file of JSON lines.</summary>
    /// <exception cref="LabException">There is no such file, or a line is no prompt.</exception>
    public static IReadOnlyList<PromptLine> Read(string file)
    {
        if (!File.Exists(file)) throw new LabException($"--prompts: {file}: no such file");
        return [.. File.ReadLines(file).Select((text, i) => (Text: text, Number: i + 1)).Where(l => !string.IsNullOrWhiteSpace(l.Text))
            .Select(l => Parse(l.Text, $"{file}:{l.Number}"))];
    }

    private static PromptLine Parse(string line, string where)
    {
        try
        {
            return JsonSerializer.Deserialize<PromptLine>(line, s_options) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw new LabException($"{where}: expected a JSON object with prompt, and if need be signature, usings (a list) and context; "
                + $"{e.Message.Split(" Path:")[0].TrimEnd('.')}.");
        }
    }
}
