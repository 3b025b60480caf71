using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using DocTuneLab.Corpus.Language;
using DocTuneLab.Settings;

namespace DocTuneLab.Corpus.Formats;

/// <summary>A lab's accepted samples as a folder that can be published: one file per split and a dataset card.</summary>
public static class CorpusExport
{
    /// <summary>Writes the folder.</summary>
    /// <param name="lab">The lab.</param>
    /// <param name="format">What they are written as.</param>
    /// <param name="folder">Made where it is missing; files of the same name are replaced.</param>
    /// <returns>Paths of the files written.</returns>
    /// <exception cref="LabException">There is nothing to export.</exception>
    public static IReadOnlyList<string> Write(ICorpusSource lab, CorpusFormat format, string folder)
    {
        var files = new List<string>();
        if (format == CorpusFormat.Dpo)
        {
            var pairs = lab.Preferences();
            if (pairs.Count == 0)
                throw new LabException(
                    "The lab holds no preference pairs; they come of mended answers when a corpus is generated with an endpoint.");
            Directory.CreateDirectory(folder);
            var path = Path.Combine(folder, "preferences.jsonl");
            CorpusFormats.WriteLines(path, pairs.Select(p => new JsonObject
            {
                ["prompt"] = new JsonArray([.. p.Prompt.Select(m => new JsonObject { ["role"] = m.Role, ["content"] = m.Content })]),
                ["chosen"] = new JsonArray(new JsonObject { ["role"] = "assistant", ["content"] = p.Chosen }),
                ["rejected"] = new JsonArray(new JsonObject { ["role"] = "assistant", ["content"] = p.Rejected }),
                ["metadata"] = new JsonObject { ["reason"] = p.Reason },
            }));
            var words = Path.Combine(folder, "README.md");
            File.WriteAllText(words, Card(pairs));
            return [path, words];
        }
        var chunks = lab.Chunks()
            .GroupBy(c => c.Id, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.First(), StringComparer.Ordinal);
        var samples = lab.AcceptedSamples().Select(s => s with { Provenance = s.Provenance ?? From(s) }).ToList();
        if (samples.Count == 0) throw new LabException($"{lab.Name}: holds no accepted samples. Generate a corpus first.");
        Directory.CreateDirectory(folder);
        var (counts, described) = (new SortedDictionary<string, int>(StringComparer.Ordinal),
            new SortedDictionary<string, JsonNode?>(StringComparer.Ordinal));
        foreach (var split in samples.GroupBy(s => s.Split).OrderBy(g => g.Key))
        {
            var name = split.Key.ToString().ToLowerInvariant();
            var path = Path.Combine(folder, $"{name}.{(format == CorpusFormat.Parquet ? "parquet" : "jsonl")}");
            files.Add(path);
            if (format == CorpusFormat.Parquet)
            {
                ParquetCorpus.Write(path, [.. split]);
                counts[name] = split.Count();
                continue;
            }
            JsonObject[] rows = [.. split.Select(s => CorpusFormats.Row(s, format)).OfType<JsonObject>()];
            CorpusFormats.WriteLines(path, rows);
            counts[name] = rows.Length;
            if (Columns(format) is not { } columns) continue;
            // A column that no row has is none to that reader, which asks each row for it.
            foreach (var column in (string[])["system", "history"])
                if (!rows.Any(r => r.ContainsKey(column))) columns["columns"]!.AsObject().Remove(column);
            columns.Insert(0, "file_name", name + ".jsonl");
            described[name] = columns;
        }
        var card = Path.Combine(folder, "README.md");
        File.WriteAllText(card, Card(samples, format, counts));
        if (described.Count > 0)
        {
            files.Add(Path.Combine(folder, "dataset_info.json"));
            File.WriteAllText(files[^1], new JsonObject(described).ToJsonString(new(CorpusFormats.Json) { WriteIndented = true }) + "\n");
        }
        return [.. files, card];

        Provenance From(Sample s) => s.Evidence.Chunks is [var first, ..] && chunks.TryGetValue(first, out var chunk)
            ? new Provenance("structural", "", [], chunk.DocumentPath, chunk.HeadingPath)
            : new Provenance("structural", "", [], "", []);
    }

    // What LLaMA-Factory must be told of a file to read it, by its dataset_info.json; null where it reads no such file.
    private static JsonObject? Columns(CorpusFormat format) => format switch
    {
        CorpusFormat.Alpaca => new()
        {
            ["columns"] = new JsonObject
            {
                ["prompt"] = "instruction",
                ["query"] = "input",
                ["response"] = "output",
                ["system"] = "system",
                ["history"] = "history",
            },
        },
        CorpusFormat.ShareGpt => new()
        {
            ["formatting"] = "sharegpt",
            ["columns"] = new JsonObject { ["messages"] = "conversations", ["system"] = "system" },
        },
        CorpusFormat.OpenAI => new()
        {
            ["formatting"] = "sharegpt",
            ["columns"] = new JsonObject { ["messages"] = "messages" },
            ["tags"] = new JsonObject
            {
                ["role_tag"] = "role",
                ["content_tag"] = "content",
                ["user_tag"] = "user",
                ["assistant_tag"] = "assistant",
                ["system_tag"] = "system",
            },
        },
        _ => null,
    };

    private static string Card(IReadOnlyList<PreferencePair> pairs)
    {
        var text = new StringBuilder("---\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n    path: preferences.jsonl\n"
            + "tags:\n- code\n- csharp\n- dpo\n---\n# Preference pairs of a C# library\n\n`prompt`, `chosen` and `rejected` are lists of "
            + "messages, as TRL's DPOTrainer reads them; `metadata.reason` says why the other answer was rejected.\n\n");
        text.Append(CultureInfo.InvariantCulture, $"{pairs.Count} pairs.\n\n| Reason | Pairs |\n|---|---:|\n");
        foreach (var group in pairs.GroupBy(p => p.Reason).OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal)
            .Take(20))
            text.Append(CultureInfo.InvariantCulture, $"| {group.Key} | {group.Count()} |\n");
        return text.ToString();
    }

    private static string Card(List<Sample> samples, CorpusFormat format, IReadOnlyDictionary<string, int> counts)
    {
        var text = new StringBuilder();
        var extension = format == CorpusFormat.Parquet ? "parquet" : "jsonl";
        var chinese = samples.Count(s => Prose.IsChinese(s.Messages[^2].Content));
        text.Append("---\nconfigs:\n- config_name: default\n  data_files:\n");
        foreach (var (name, _) in counts)
            text.Append(CultureInfo.InvariantCulture,
                $"  - split: {(name == "dev" ? "validation" : name)}\n    path: {name}.{extension}\n");
        text.Append(CultureInfo.InvariantCulture,
            $"language:\n- en\n{(chinese > 0 ? "- zh\n" : "")}tags:\n- code\n- csharp\n---\n# Training samples of a C# library\n\nFormat: "
                + $"{SettingNames.Of(format)}. Each row's `metadata` names its source, chunks, symbols, templates, model and every check "
                + $"that it passed.\n\n");
        text.Append("| Split | Rows |\n|---|---:|\n");
        foreach (var (name, count) in counts) text.Append(CultureInfo.InvariantCulture, $"| {name} | {count} |\n");
        Table(text, "Kind", samples.GroupBy(s => s.Kind.FieldName));
        Table(text, "Source", samples.GroupBy(s => s.Provenance!.Source));
        if (samples.Any(s => s.Provenance!.Model.Length > 0))
            Table(text, "Model", samples.Where(s => s.Provenance!.Model.Length > 0).GroupBy(s => s.Provenance!.Model));
        Table(text, "Check passed",
            samples.SelectMany(s => s.Checks.Where(c => c.Passed).Select(c => (c.Name, s))).GroupBy(c => c.Name, c => c.s));
        text.Append(CultureInfo.InvariantCulture,
            $"\n{chinese} of {samples.Count} requests are in Chinese. Splits are by page: no page has samples in two of them.\n");
        return text.ToString();
    }

    private static void Table(StringBuilder text, string title, IEnumerable<IGrouping<string, Sample>> groups)
    {
        text.Append(CultureInfo.InvariantCulture, $"\n| {title} | Samples |\n|---|---:|\n");
        foreach (var group in groups.OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal))
            text.Append(CultureInfo.InvariantCulture, $"| {group.Key} | {group.Count()} |\n");
    }
}
