using System.Text.Json;

namespace DocTuneLab.Evaluation.Suites;

/// <summary>What became of a draft.</summary>
public enum DraftState
{
    /// <summary>Proved, and nobody has decided on it yet: it is used, and counted as unreviewed.</summary>
    Undecided,
    /// <summary>A person found it fair.</summary>
    Accepted,
    /// <summary>A person changed its words.</summary>
    Edited,
    /// <summary>A person took it out.</summary>
    Rejected,
    /// <summary>The proof refused it.</summary>
    Refused,
}

/// <summary>A draft and what became of it (one line of <c>drafts.jsonl</c>).</summary>
/// <param name="Id">Id of its task.</param>
/// <param name="Source">Where drafts like it come from: tests, examples, search, endpoint.</param>
/// <param name="Place">Where this one was found.</param>
/// <param name="State">What became of it.</param>
/// <param name="Note">Why it was refused or rejected, or who worded it; empty for none.</param>
public sealed record DraftEntry(string Id, string Source, string Place, DraftState State, string Note = "");

/// <summary>All drafts of a suite: the file beside its tasks that says where each is from, and who has decided on it.</summary>
public static class DraftLedger
{
    /// <summary>File name in a suite's folder; a suite does not read it.</summary>
    public const string FileName = "drafts.jsonl";

    /// <summary>The entries; none where there is no file.</summary>
    /// <exception cref="LabException">A line is none.</exception>
    public static IReadOnlyList<DraftEntry> Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) return [];
        List<DraftEntry> entries = [];
        foreach (var (line, i) in File.ReadLines(path).Select((l, i) => (l, i)))
        {
            if (line.Trim().Length == 0) continue;
            try
            {
                entries.Add(JsonSerializer.Deserialize<DraftEntry>(line, EvaluationJson.Compact)!);
            }
            catch (JsonException e)
            {
                throw new LabException($"{path}:{i + 1}: no entry of a draft ({e.Message}). Restore the line, or draft anew "
                    + "into another folder.", e);
            }
        }
        return entries;
    }

    /// <summary>Writes the entries.</summary>
    public static void Write(string folder, IReadOnlyList<DraftEntry> entries)
    {
        Directory.CreateDirectory(folder);
        EvaluationJson.WriteLines(Path.Combine(folder, FileName), entries);
    }

    /// <summary>How many tasks of a suite nobody has decided on.</summary>
    public static int Unreviewed(string folder) => Read(folder).Count(e => e.State == DraftState.Undecided);
}
