using System.Text.Json;

namespace DocTuneLab.Audit;

/// <summary>Findings that are known: a documentation set with old faults can fail on new ones only.
/// A finding stays known when it moves within its file.</summary>
public sealed class AuditBaseline
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true };
    private readonly Dictionary<string, int> _counts;

    private sealed record Entry(string Fingerprint, int Count, string Rule, string File, string Message);

    private sealed record Content(int Version, IReadOnlyList<Entry> Findings);

    private AuditBaseline(Dictionary<string, int> counts) => _counts = counts;

    /// <summary>Reads a baseline.</summary>
    /// <exception cref="LabException">Missing, or not a baseline.</exception>
    public static AuditBaseline Load(string file)
    {
        try
        {
            var content = JsonSerializer.Deserialize<Content>(File.ReadAllText(file), s_json);
            if (content is not { Version: 1, Findings: not null })
                throw new LabException($"{file}: no baseline of version 1. Write one with --write-baseline.");
            return new(content.Findings.GroupBy(f => f.Fingerprint, StringComparer.Ordinal)
                .ToDictionary(g => g.Key, g => g.Sum(f => f.Count), StringComparer.Ordinal));
        }
        catch (IOException e)
        {
            throw new LabException($"{file}: cannot be read ({e.Message}). Write a baseline with --write-baseline.", e);
        }
        catch (JsonException e)
        {
            throw new LabException(
                $"{file}:{e.LineNumber + 1}: not valid JSON ({e.Message}). Write the baseline anew with --write-baseline.", e);
        }
    }

    /// <summary>Writes all findings of a report as known.</summary>
    public static void Save(string file, AuditReport report)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(file)) is { } folder) Directory.CreateDirectory(folder);
        File.WriteAllText(file,
            JsonSerializer.Serialize(new Content(1, [.. report.Findings.GroupBy(f => f.Fingerprint, StringComparer.Ordinal)
            .Select(g => new Entry(g.Key, g.Count(), g.First().Rule.Id, g.First().File, g.First().Message))]), s_json) + "\n");
    }

    /// <summary>Those of the findings that are known; where a fault has multiplied, the surplus is not.</summary>
    public IReadOnlyList<AuditFinding> Match(IReadOnlyList<AuditFinding> findings)
    {
        var left = new Dictionary<string, int>(_counts, StringComparer.Ordinal);
        return [.. findings.Where(f => left.TryGetValue(f.Fingerprint, out var n) && n > 0 && (left[f.Fingerprint] = n - 1) >= 0)];
    }
}
