using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DocTuneLab.Evaluation.Suites;

/// <summary>
/// Freezes a suite: <c>suite.json</c> holds the SHA-256 of each of its files, those that it includes among them, so that results of
/// different days are of the same tasks. Ends of lines make no difference.
/// </summary>
public static class SuiteLock
{
    /// <summary>Name of the field of <c>suite.json</c>: file names, relative to the folder, with their hashes.</summary>
    public const string Field = "sha256";

    private static readonly JsonSerializerOptions s_json =
        new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes the hashes of a suite's files into its <c>suite.json</c>, which is made where there is none.</summary>
    /// <param name="folder">The suite.</param>
    /// <returns>Files, relative to the folder, whose hash is another than before.</returns>
    /// <exception cref="LabException">No suite can be read there.</exception>
    public static IReadOnlyList<string> Freeze(string folder)
    {
        if (!Directory.Exists(folder)) throw new LabException($"{folder}: no such folder. Expected the folder of a suite.");
        // A suite that cannot be read must not be frozen.
        SuiteReader.Load(folder, locked: false);
        var path = Path.Combine(folder, Suite.ManifestFile);
        var manifest = File.Exists(path) ? JsonNode.Parse(File.ReadAllText(path))!.AsObject() : [];
        var before = Hashes(folder) ?? [];
        var hashes = SuiteReader.Files(folder).Select(f => (Name: Relative(folder, f), Hash: Of(f))).ToList();
        manifest[Field] = new JsonObject(hashes.Select(h => KeyValuePair.Create(h.Name, (JsonNode?)JsonValue.Create(h.Hash))));
        File.WriteAllText(path, manifest.ToJsonString(s_json).ReplaceLineEndings("\n") + "\n");
        return [.. hashes.Where(h => before.GetValueOrDefault(h.Name) != h.Hash).Select(h => h.Name)
            .Concat(before.Keys.Except(hashes.Select(h => h.Name), StringComparer.Ordinal))];
    }

    /// <summary>Hash of the content of a file, whatever its ends of lines.</summary>
    internal static string Of(string file) => Convert.ToHexStringLower(SHA256.HashData(
        Encoding.UTF8.GetBytes(File.ReadAllText(file).ReplaceLineEndings("\n"))));

    /// <summary>Compares the files of a suite with its lock; a suite without one is not frozen.</summary>
    internal static void Check(string folder, IReadOnlyList<string> files)
    {
        if (Hashes(folder) is not { } locked) return;
        var manifest = Path.Combine(folder, Suite.ManifestFile);
        LabException Changed(string why) => new($"{manifest}: {Field}: {why}. Results on a changed suite do not compare with earlier ones: "
            + $"restore the file, or, if the change is meant, renew the lock with: doctune suite freeze {folder}");
        var present = files.ToDictionary(f => Relative(folder, f), f => f, StringComparer.Ordinal);
        foreach (var (name, hash) in locked)
        {
            if (!present.TryGetValue(name, out var file)) throw Changed($"{name} belongs to the frozen suite and is not there");
            if (Of(file) is var now && now != hash) throw Changed($"{name} is not as it was frozen: {hash} then, {now} now");
        }
        if (present.Keys.FirstOrDefault(n => !locked.ContainsKey(n)) is { } added) throw Changed($"{added} is no file of the frozen suite");
    }

    private static Dictionary<string, string>? Hashes(string folder)
    {
        var manifest = Path.Combine(folder, Suite.ManifestFile);
        if (!File.Exists(manifest)) return null;
        using var json = JsonDocument.Parse(File.ReadAllText(manifest));
        if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty(Field, out var field)) return null;
        if (field.ValueKind != JsonValueKind.Object || field.EnumerateObject().Any(f => f.Value.ValueKind != JsonValueKind.String))
            throw new LabException($"{manifest}: {Field}: expected an object of file names with their hashes; "
                + $"write it with: doctune suite freeze {folder}");
        return field.EnumerateObject().ToDictionary(f => f.Name, f => f.Value.GetString()!, StringComparer.Ordinal);
    }

    private static string Relative(string folder, string file) => Path.GetRelativePath(folder, file).Replace('\\', '/');
}
