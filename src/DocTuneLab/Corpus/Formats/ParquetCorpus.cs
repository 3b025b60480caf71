using System.Text.Json;
using DocTuneLab.Conversations;
using Parquet;
using Parquet.Schema;

namespace DocTuneLab.Corpus.Formats;

/// <summary>Samples as Parquet: one row each, columns <c>id</c>, <c>kind</c>, <c>split</c>, <c>prompt</c>, <c>answer</c>, and as JSON text
/// <c>messages</c> and <c>metadata</c>.</summary>
internal static class ParquetCorpus
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping
    };
    private static readonly (string Name, Func<Sample, string> Value)[] s_columns =
    [
        ("id", s => s.Id), ("kind", s => s.Kind.FieldName), ("split", s => s.Split.ToString().ToLowerInvariant()),
        ("prompt", s => s.Messages[^2].Content), ("answer", s => s.Messages[^1].Content),
        ("messages", s => JsonSerializer.Serialize(s.Messages, s_json)),
        ("metadata", s => JsonSerializer.Serialize(CorpusFormats.Metadata(s), s_json)),
    ];

    public static void Write(string path, IReadOnlyList<Sample> samples) => WriteAsync(path, samples).GetAwaiter().GetResult();

    public static IReadOnlyList<Sample> Read(string path) => ReadAsync(path).GetAwaiter().GetResult();

    private static async Task WriteAsync(string path, IReadOnlyList<Sample> samples)
    {
        var fields = s_columns.Select(c => new DataField<string>(c.Name)).ToArray();
        var part = path + ".part";
        await using (var file = File.Create(part))
        await using (var writer = await ParquetWriter.CreateAsync(new ParquetSchema(fields), file))
        {
            using var group = writer.CreateRowGroup();
            for (var i = 0; i < fields.Length; i++) await group.WriteAsync(fields[i], samples.Select(s_columns[i].Value).ToArray());
        }
        File.Move(part, path, overwrite: true);
    }

    private static async Task<IReadOnlyList<Sample>> ReadAsync(string path)
    {
        try
        {
            await using var file = File.OpenRead(path);
            await using var reader = await ParquetReader.CreateAsync(file);
            var samples = new List<Sample>();
            for (var g = 0; g < reader.RowGroupCount; g++)
            {
                using var group = reader.OpenRowGroupReader(g);
                var messages = await ColumnAsync(reader, group, "messages", path);
                var metadata = await ColumnAsync(reader, group, "metadata", path);
                for (var i = 0; i < messages.Length; i++)
                {
                    var turns = JsonSerializer.Deserialize<List<Message>>(messages[i], s_json)!;
                    CorpusRows.Check(turns, $"{path}, row {samples.Count + 1}");
                    var said = JsonSerializer.Deserialize<RowMetadata>(metadata[i], s_json);
                    samples.Add(CorpusFormats.Make(turns, said, SampleKind.Qa, Path.GetFileName(path)));
                }
            }
            return samples;
        }
        catch (Exception e) when (e is JsonException or IOException or InvalidDataException or ParquetException)
        {
            throw new LabException($"{path}: cannot be read as a corpus ({e.Message}). Expected Parquet with the columns "
                + $"{string.Join(", ", s_columns.Select(c => c.Name))}.", e);
        }
    }

    private static async Task<string[]> ColumnAsync(ParquetReader reader, ParquetRowGroupReader group, string name, string path)
    {
        var field = reader.Schema.GetDataFields().FirstOrDefault(f => f.Name == name)
            ?? throw new LabException($"{path}: has no column '{name}'; a corpus has {string.Join(", ", s_columns.Select(c => c.Name))}.");
        var values = new string?[group.RowCount];
        await group.ReadAsync(field, values.AsMemory());
        return [.. values.Select(v => v ?? "")];
    }
}
