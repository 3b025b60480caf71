using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using DocTuneLab.Conversations;
using DocTuneLab.Documents.Model;

namespace DocTuneLab.Corpus.Formats;

/// <summary>
/// Samples as JSON Lines: <c>messages</c> in OpenAI's chat format, so that any trainer reads the file, and beside them
/// <c>id</c>, <c>kind</c>, <c>split</c>, <c>chunks</c>, <c>symbols</c> and <c>checks</c>.
/// </summary>
public static class CorpusFile
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new SampleKindConverter(inSmallLetters: true), new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>Writes the samples in order, replacing the file at the end only.</summary>
    public static void Write(string path, IEnumerable<Sample> samples)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder) Directory.CreateDirectory(folder);
        var part = path + ".part";
        using (var writer = new StreamWriter(part) { NewLine = "\n" })
            foreach (var s in samples)
                writer.WriteLine(JsonSerializer.Serialize(
                    new Row(s.Messages, s.Id, s.Kind, s.Split, s.Evidence.Chunks, s.Evidence.Symbols, s.Checks), s_json));
        File.Move(part, path, overwrite: true);
    }

    /// <summary>Reads samples. Files of other tools need only <c>messages</c>; what lacks a kind counts as <c>qa</c>.</summary>
    /// <exception cref="LabException">The file is missing or a line is wrong; the message names file, line and field.</exception>
    public static IReadOnlyList<Sample> Read(string path)
    {
        if (!File.Exists(path))
            throw new LabException(
                $"{path}: no such corpus file. Generate one first, or give the path of a .jsonl file with 'messages' on each line.");
        var samples = new List<Sample>();
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            if (line.Trim().Length > 0) samples.Add(ReadLine(line, $"{path}:{number}"));
        }
        return samples;
    }

    private static Sample ReadLine(string line, string at)
    {
        Row? row;
        try
        {
            row = JsonSerializer.Deserialize<Row>(line, s_json);
        }
        catch (JsonException e)
        {
            throw new LabException($"{at}: not a valid sample{(e.Path is { Length: > 1 } field ? $" at '{field}'" : "")}: "
                + $"{e.Message} Each line is a JSON object with 'messages': [{{\"role\": …, \"content\": …}}].", e);
        }
        if (row?.Messages is not { Count: > 0 } messages)
            throw new LabException($"{at}: 'messages' is missing or empty; it must hold at least a user and an assistant turn.");
        for (var i = 0; i < messages.Count; i++)
        {
            if (messages[i].Role is not ("system" or "user" or "assistant"))
                throw new LabException($"{at}: messages[{i}].role is '{messages[i].Role}'; expected system, user or assistant.");
            if (messages[i].Content is null) throw new LabException($"{at}: messages[{i}].content is missing; expected text.");
        }
        if (messages[^1].Role != "assistant")
            throw new LabException(
                $"{at}: the last turn must be the assistant's (it is what is trained on), but is '{messages[^1].Role}'.");
        var kind = row.Kind ?? SampleKind.Qa;
        return new Sample(row.Id ?? Sample.IdOf(kind, messages), kind, messages, new Evidence(row.Chunks ?? [], row.Symbols ?? []),
            row.Checks ?? [], row.Split ?? Split.Train);
    }

    private sealed record Row(IReadOnlyList<Message>? Messages, string? Id, SampleKind? Kind, Split? Split, IReadOnlyList<string>? Chunks,
        IReadOnlyList<string>? Symbols, IReadOnlyList<Check>? Checks);
}
