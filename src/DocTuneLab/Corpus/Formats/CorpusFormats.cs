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
    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping
    };

    /// <summary>A sample as a row; null where the format has no place for it (a fill-in-the-middle row of a question).</summary>
    /// <exception cref="ArgumentException">The format is not one of rows of samples.</exception>
    public static JsonObject? Row(Sample s, CorpusFormat format)
    {
        var system = s.Messages.FirstOrDefault(m => m.Role == "system")?.Content;
        var turns = s.Messages.Where(m => m.Role != "system").ToList();
        JsonObject? row;
        switch (format)
        {
            case CorpusFormat.OpenAI:
                row = new JsonObject
                {
                    ["messages"] = new JsonArray([.. s.Messages.Select(m => new JsonObject { ["role"] = m.Role, ["content"] = m.Content })])
                };
                break;
            case CorpusFormat.Alpaca:
                row = new JsonObject { ["instruction"] = turns[^2].Content, ["input"] = "", ["output"] = turns[^1].Content };
                if (system is not null) row["system"] = system;
                if (turns.Count > 2)
                    row["history"] = new JsonArray(
                        [.. turns.SkipLast(2).Chunk(2).Select(pair => new JsonArray([.. pair.Select(m => (JsonNode?)m.Content)]))]);
                break;
            case CorpusFormat.ShareGpt:
                row = new JsonObject
                {
                    ["conversations"] = new JsonArray(
                        [.. turns.Select(m => new JsonObject { ["from"] = m.Role == "user" ? "human" : "gpt", ["value"] = m.Content })])
                };
                if (system is not null) row["system"] = system;
                break;
            case CorpusFormat.Fim:
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
            default: throw new ArgumentException($"samples are no rows of {format}", nameof(format));
        }
        row["metadata"] = JsonSerializer.SerializeToNode(Metadata(s), Json);
        return row;
    }

    /// <summary>Writes rows as JSON Lines, replacing the file at the end only.</summary>
    public static void WriteLines(string path, IEnumerable<JsonObject> rows)
    {
        var part = path + ".part";
        using (var writer = new StreamWriter(part) { NewLine = "\n" })
            foreach (var row in rows) writer.WriteLine(row.ToJsonString(Json));
        File.Move(part, path, overwrite: true);
    }

    /// <summary>Samples of a file in any of the formats: <c>.parquet</c>, JSON Lines, or a JSON array; see <see cref="Import"/>.</summary>
    /// <exception cref="LabException">The file is missing, or a row is wrong; the message names file and line.</exception>
    public static IReadOnlyList<Sample> Read(string path)
    {
        var read = Import(path);
        return read.Samples.Count > 0 || read.Preferences.Count == 0
            ? read.Samples
            : throw new LabException($"{path}: holds pairs of chosen and rejected answers and no samples. Give a file with 'messages', "
                + "'conversations', 'instruction' and 'output', or 'prompt' and 'completion'.");
    }

    /// <summary>Samples and preference pairs of a file: what <see cref="CorpusExport"/> writes, and what other tools use.</summary>
    /// <exception cref="LabException">The file is missing, or a row is wrong; the message names file and line.</exception>
    public static ImportedCorpus Import(string path)
    {
        if (!File.Exists(path)) throw new LabException($"{path}: no such file. Expected .jsonl, .json or .parquet.");
        if (path.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase)) return new(ParquetCorpus.Read(path), []);
        var (samples, pairs) = (new List<Sample>(), new List<PreferencePair>());
        foreach (var (row, at) in CorpusRows.Of(File.ReadAllBytes(path), path))
        {
            try
            {
                if (CorpusRows.Pair(row, at) is { } pair) pairs.Add(pair);
                else samples.Add(FromRow(row, at, Path.GetFileName(path)));
            }
            catch (Exception e)
                when (e is JsonException or InvalidOperationException or NullReferenceException or ArgumentException or FormatException)
            {
                throw new LabException($"{at}: a field is missing or of the wrong type: {e.Message}", e);
            }
        }
        return new(samples, pairs);
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

    private static Sample FromRow(JsonObject row, string at, string file)
    {
        var kind = SampleKind.Qa;
        var turns = CorpusRows.Turns(row, at);
        if (turns is null && row["middle"] is not null)
        {
            kind = SampleKind.Completion;
            turns =
            [
                Message.User($"{Prefix}{(string)row["prefix"]!}{Suffix}{(string)row["suffix"]!}{Middle}"),
                Message.Assistant((string)row["middle"]!)
            ];
        }
        if (turns is null)
            throw new LabException($"{at}: no known fields. Expected 'messages', 'conversations', 'instruction' and 'output', 'prompt' and "
                + "'completion', 'chosen' and 'rejected', or 'prefix', 'suffix' and 'middle'.");
        CorpusRows.Check(turns, at);
        // The lab's own lines keep what other tools find under 'metadata' beside the messages.
        var metadata = row["metadata"] is JsonObject m ? m : row["kind"] is not null ? row : null;
        return Make(turns, metadata?.Deserialize<RowMetadata>(Json), kind, file);
    }
}

/// <summary>What a file of samples holds.</summary>
/// <param name="Samples">Conversations.</param>
/// <param name="Preferences">Chosen answers beside rejected ones.</param>
public sealed record ImportedCorpus(IReadOnlyList<Sample> Samples, IReadOnlyList<PreferencePair> Preferences)
{
    /// <summary>How many of each, for people.</summary>
    public override string ToString() =>
        $"{Samples.Count} samples read{(Preferences.Count > 0 ? $", and {Preferences.Count} pairs of chosen and rejected answers" : "")}";
}

/// <summary>What a row says of its sample besides the text.</summary>
internal sealed record RowMetadata(string? Id, string? Kind, string? Split, IReadOnlyList<string>? Chunks, IReadOnlyList<string>? Symbols,
    IReadOnlyList<Check>? Checks, Provenance? Provenance);
