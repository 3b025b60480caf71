using System.Text.Json;
using System.Text.Json.Nodes;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Checkpoints;

/// <summary>
/// A run's checkpoints, <c>checkpoints/step-000100</c>: written under another name, synced, renamed. Whatever happens while one
/// is written, those before it are whole; a damaged one is passed over.
/// </summary>
internal sealed class TrainingCheckpoints(string runDirectory, int keep)
{
    private const string Prefix = "step-";

    private string Root => Path.Combine(runDirectory, "checkpoints");

    /// <summary>Folder of the newest checkpoint, or null.</summary>
    public string? Newest => All().LastOrDefault();

    /// <summary>Writes one and deletes the oldest beyond those to keep.</summary>
    /// <exception cref="IOException">It could not be written whole; nothing of it is left, and the others are untouched.</exception>
    public void Write(int step, IEnumerable<KeyValuePair<string, Tensor>> tensors, JsonObject state)
    {
        var final = Path.Combine(Root, $"{Prefix}{step:D6}");
        var partial = final + ".partial";
        try
        {
            if (Directory.Exists(partial)) Directory.Delete(partial, recursive: true);
            Directory.CreateDirectory(partial);
            SafetensorsFile.Write(Path.Combine(partial, "state.safetensors"), tensors);
            using (var file = new FileStream(Path.Combine(partial, "state.json"), FileMode.Create, FileAccess.Write))
            {
                file.Write(JsonSerializer.SerializeToUtf8Bytes(state));
                file.Flush(flushToDisk: true);
            }
            if (Directory.Exists(final)) Directory.Delete(final, recursive: true);
            Directory.Move(partial, final);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (Directory.Exists(partial)) Directory.Delete(partial, recursive: true);
            throw e as IOException ?? new IOException(e.Message, e);
        }
        foreach (var old in All().SkipLast(keep)) Directory.Delete(old, recursive: true);
    }

    /// <summary>The newest checkpoint that is whole.</summary>
    /// <param name="warnings">Receives a line for each that is not.</param>
    public (JsonObject State, SafetensorsFile Tensors)? Open(List<string> warnings)
    {
        foreach (var directory in All().Reverse())
        {
            try
            {
                var state = JsonNode.Parse(File.ReadAllBytes(Path.Combine(directory, "state.json"))) as JsonObject
                    ?? throw new JsonException("not an object");
                return (state, SafetensorsFile.Open(Path.Combine(directory, "state.safetensors")));
            }
            catch (Exception e) when (e is IOException or JsonException or LabException)
            {
                warnings.Add($"{directory}: the checkpoint is damaged and was passed over ({e.Message})");
            }
        }
        return null;
    }

    private IEnumerable<string> All() => !Directory.Exists(Root) ? [] :
        Directory.GetDirectories(Root, Prefix + "*")
            .Where(d => !d.EndsWith(".partial", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);
}
