using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using DocTuneLab.Conversations;
using DocTuneLab.Documents.Model;

namespace DocTuneLab.Corpus.Formats;

/// <summary>
/// Samples as JSON Lines: <c>messages</c> in OpenAI's chat format, so that any trainer reads the file, and beside them
/// <c>id</c>, <c>kind</c>, <c>split</c>, <c>chunks</c>, <c>symbols</c> and <c>checks</c>. <see cref="CorpusFormats.Read"/> reads it.
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

    private sealed record Row(IReadOnlyList<Message>? Messages, string? Id, SampleKind? Kind, Split? Split, IReadOnlyList<string>? Chunks,
        IReadOnlyList<string>? Symbols, IReadOnlyList<Check>? Checks);
}
