using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Conversations;
using DocTuneLab.Documents.Model;

namespace DocTuneLab.Corpus.Formats;

/// <summary>
/// Samples as other tools know them: OpenAI messages, Alpaca, ShareGPT, fill in the middle, preference pairs, all as JSON Lines, and
/// Parquet. Each row carries its provenance under <c>metadata</c>, which other tools ignore and reading takes back.
/// </summary>
public static class CorpusFormats
{
    private const string Prefix = "<|fim_prefix|>", Suffix = "<|fim_suffix|>", Middle = "<|fim_middle|>";
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping
    };

    /// <summary>Names of the formats.</summary>
    public static string[] Names { get; } = ["openai", "alpaca", "sharegpt", "fim", "parquet", "dpo"];

    /// <summary>A sample as a row; null where the format has no place for it (a fill-in-the-middle row of a question).</summary>
    /// <exception cref="LabException">There is no such format.</exception>
    public static JsonObject? Row(Sample s, string format)
    {
        var system = s.Messages.FirstOrDefault(m => m.Role == "system")?.Content;
        var turns = s.Messages.Where(m => m.Role != "system").ToList();
        JsonObject? row;
        switch (format)
        {
            case "openai":
                row = new JsonObject
                {
                    ["messages"] = new JsonArray([.. s.Messages.Select(m => new JsonObject { ["role"] = m.Role, ["content"] = m.Content })])
                };
                break;
            case "alpaca":
                row = new JsonObject { ["instruction"] = turns[^2].Content, ["input"] = "", ["output"] = turns[^1].Content };
                if (system is not null) row["system"] = system;
                if (turns.Count > 2)
                    row["history"] = new JsonArray(
                        [.. turns.SkipLast(2).Chunk(2).Select(pair => new JsonArray([.. pair.Select(m => (JsonNode?)m.Content)]))]);
                break;
            case "sharegpt":
                row = new JsonObject
                {
                    ["conversations"] = new JsonArray(
                        [.. turns.Select(m => new JsonObject { ["from"] = m.Role == "user" ? "human" : "gpt", ["value"] = m.Content })])
                };
                if (system is not null) row["system"] = system;
                break;
            case "fim":
                var user = turns[^2].Content;
                var (suffix, middle) = (user.IndexOf(Suffix, StringComparison.Ordinal), user.IndexOf(Middle, StringComparison.Ordinal));
                if (!user.StartsWith(Prefix, StringComparison.Ordinal) || suffix < 0 || middle < suffix) return null;
                row = new JsonObject
                {
                    ["prefix"] = user[Prefix.Length..suffix],
                    ["suffix"] = user[(suffix + Suffix.Length)..middle],
                    ["middle"] = turns[^1].Content
                };
                break;
            default: throw new LabException($"There is no format '{format}'; there are {string.Join(", ", Names)}.");
        }
        row["metadata"] = JsonSerializer.SerializeToNode(Metadata(s), s_json);
        return row;
    }

    /// <summary>Writes rows as JSON Lines, replacing the file at the end only.</summary>
    public static void WriteLines(string path, IEnumerable<JsonObject> rows)
    {
        var part = path + ".part";
        using (var writer = new StreamWriter(part) { NewLine = "\n" })
            foreach (var row in rows) writer.WriteLine(row.ToJsonString(s_json));
        File.Move(part, path, overwrite: true);
    }

    /// <summary>Reads a file in any of the formats: <c>.parquet</c>, JSON Lines, or a JSON array.</summary>
    /// <exception cref="LabException">The file is missing, or a row is wrong; the message names file and row.</exception>
    public static IReadOnlyList<Sample> Read(string path)
    {
        if (!File.Exists(path)) throw new LabException($"{path}: no such file. Expected .jsonl, .json or .parquet.");
        if (path.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase)) return ParquetCorpus.Read(path);
        var text = File.ReadAllText(path);
        var rows = text.TrimStart().StartsWith('[')
            ? Rows(text, path)
            : text.Split('\n').Select((l, i) => (Text: l, At: $"{path}:{i + 1}")).Where(l => l.Text.Trim().Length > 0).Select(l =>
                (Parse(l.Text, l.At), l.At));
        return [.. rows.Select(r => FromRow(r.Item1 as JsonObject ?? throw new LabException($"{r.Item2}: a row is a JSON object."), r.Item2,
            Path.GetFileName(path)))];
    }

    /// <summary>Provenance as rows carry it.</summary>
    internal static RowMetadata Metadata(Sample s) =>
        new(s.Id, s.Kind.FieldName, s.Split.ToString().ToLowerInvariant(), s.Evidence.Chunks, s.Evidence.Symbols,
            s.Checks, s.Provenance);

    /// <summary>A sample from turns and what a row says of it.</summary>
    internal static Sample Make(IReadOnlyList<Message> messages, RowMetadata? metadata, SampleKind otherwise, string file)
    {
        var kind = metadata is not null && SampleKind.TryParse(metadata.Kind, out var k) ? k : otherwise;
        var split = metadata is not null && Enum.TryParse<Split>(metadata.Split, true, out var s) ? s : Split.Train;
        return new Sample(Sample.IdOf(kind, messages), kind, messages, new Evidence(metadata?.Chunks ?? [], metadata?.Symbols ?? []),
            metadata?.Checks ?? [], split)
        {
            Provenance = metadata?.Provenance ?? new Provenance(file, "", [], "", []),
        };
    }

    private static IEnumerable<(JsonNode?, string)> Rows(string text, string path) =>
        Parse(text, path) is JsonArray array
            ? array.Select((row, i) => (row, $"{path}, row {i + 1}"))
            : throw new LabException($"{path}: expected a JSON array of rows.");

    private static JsonNode? Parse(string text, string at)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException e)
        {
            throw new LabException($"{at}: not valid JSON: {e.Message}", e);
        }
    }

    private static Sample FromRow(JsonObject row, string at, string file)
    {
        try
        {
            var messages = new List<Message>();
            var kind = SampleKind.Qa;
            if ((string?)row["system"] is { Length: > 0 } system) messages.Add(new Message("system", system));
            if (row["messages"] is JsonArray turns)
                messages.AddRange(turns.Select(t => new Message((string)t!["role"]!, (string)t["content"]!)));
            else if (row["conversations"] is JsonArray said)
                messages.AddRange(said.Select(t => new Message(
                    (string)t!["from"]! switch
                    {
                        "human" or "user" => "user",
                        "gpt" or "assistant" => "assistant",
                        "system" => "system",
                        var other => throw new LabException($"{at}: conversations.from is '{other}'; expected human, gpt or system.")
                    },
                    (string)t["value"]!)));
            else if (row["output"] is not null && row["instruction"] is not null)
            {
                foreach (var pair in row["history"]?.AsArray() ?? [])
                    messages.AddRange([Message.User((string)pair![0]!), Message.Assistant((string)pair[1]!)]);
                var input = (string?)row["input"] ?? "";
                messages.AddRange([Message.User(input.Length > 0 ? $"{(string)row["instruction"]!}\n{input}" : (string)row["instruction"]!),
                    Message.Assistant((string)row["output"]!)]);
            }
            else if (row["middle"] is not null)
            {
                kind = SampleKind.Completion;
                messages.AddRange([Message.User($"{Prefix}{(string)row["prefix"]!}{Suffix}{(string)row["suffix"]!}{Middle}"),
                    Message.Assistant((string)row["middle"]!)]);
            }
            else
                throw new LabException($"{at}: no known fields. Expected 'messages', 'conversations', 'instruction' and 'output', "
                    + "or 'prefix', 'suffix' and 'middle'.");
            if (messages.Count < 2 || messages[^1].Role != "assistant" || messages[^2].Role != "user")
                throw new LabException($"{at}: the last two turns must be a user's and an assistant's.");
            if (messages.FirstOrDefault(m => m.Role is not ("system" or "user" or "assistant") || m.Content is null) is { } wrong)
                throw new LabException(
                    $"{at}: a turn has the role '{wrong.Role}' or no content; expected system, user or assistant and text.");
            // The lab's own lines keep what other tools find under 'metadata' beside the messages.
            var metadata = row["metadata"] is JsonObject m ? m : row["kind"] is not null ? row : null;
            return Make(messages, metadata is null ? null : JsonSerializer.Deserialize<RowMetadata>(metadata, s_json), kind, file);
        }
        catch (Exception e)
            when (e is JsonException or InvalidOperationException or NullReferenceException or ArgumentOutOfRangeException
                or FormatException)
        {
            throw new LabException($"{at}: a field is missing or of the wrong type: {e.Message}", e);
        }
    }
}

/// <summary>What a row says of its sample besides the text.</summary>
internal sealed record RowMetadata(string? Id, string? Kind, string? Split, IReadOnlyList<string>? Chunks, IReadOnlyList<string>? Symbols,
    IReadOnlyList<Check>? Checks, Provenance? Provenance);
