using System.Text.Json;
using System.Text.Json.Nodes;
using DocTuneLab.Conversations;
using DocTuneLab.Settings;
using DocTuneLab.Text;

namespace DocTuneLab.Corpus.Review;

/// <summary>What a reviewed table changed.</summary>
/// <param name="Accepted">Samples that a person accepted.</param>
/// <param name="Rejected">Samples that a person rejected.</param>
/// <param name="Edited">Samples replaced by an edited one.</param>
/// <param name="Regenerate">Samples marked to be written again; they are out of the corpus.</param>
/// <param name="Undecided">Rows without a decision.</param>
public sealed record ReviewSummary(int Accepted, int Rejected, int Edited, int Regenerate, int Undecided);

/// <summary>
/// Samples as a table for reviewers and back: CSV (RFC 4180) or JSON Lines with <c>id</c>, <c>kind</c>, <c>status</c>, <c>failed</c>,
/// <c>prompt</c>, <c>answer</c>, <c>decision</c>, <c>note</c>. A decision becomes a check named <c>review</c>, and
/// the lab keeps who took it.
/// </summary>
public static class ReviewFile
{
    private static readonly string[] s_columns = ["id", "kind", "status", "failed", "prompt", "answer", "decision", "note"];

    /// <summary>Writes the table; the file's ending decides its form.</summary>
    /// <exception cref="LabException">The ending is neither .csv nor .jsonl.</exception>
    public static void Write(string path, IReadOnlyList<Sample> samples)
    {
        var rows = samples.Select(s => new[]
        {
            s.Id, s.Kind.FieldName, s.Accepted ? "accepted" : "rejected",
            string.Join("; ", s.Checks.Where(c => !c.Passed).Select(c => c.Detail is null ? c.Name : $"{c.Name}: {c.Detail}")),
            s.Messages[^2].Content, s.Messages[^1].Content, "", "",
        });
        if (IsCsv(path))
        {
            CsvTable.Write(path, s_columns, rows);
        }
        else
        {
            var options = new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
            var objects = rows.Select(row => new JsonObject(s_columns.Zip(row, (k, v) => KeyValuePair.Create(k, (JsonNode?)v))));
            File.WriteAllLines(path, objects.Select(o => o.ToJsonString(options)));
        }
    }

    /// <summary>Takes decisions into the lab, all or none.</summary>
    /// <param name="samples">The lab's samples.</param>
    /// <param name="path">The reviewed table.</param>
    /// <param name="reviewer">Who decided.</param>
    /// <param name="revalidate">Judges an edited sample anew; one that fails stays out, with the checks that say why.
    /// Null leaves it to the reviewer.</param>
    /// <exception cref="LabException">The table or a decision is wrong, or names a sample that the lab does not have;
    /// the message names the row.</exception>
    public static ReviewSummary Apply(ISampleStore samples, string path, string reviewer, Func<Sample, Sample>? revalidate = null)
    {
        return Apply(samples, Read(path), reviewer, revalidate);
    }

    /// <summary>Takes one decision into the lab.</summary>
    /// <param name="samples">The lab's samples.</param>
    /// <param name="id">The sample.</param>
    /// <param name="decision">What was decided.</param>
    /// <param name="reviewer">Who decided.</param>
    /// <param name="note">Why; may be empty.</param>
    /// <param name="answer">New answer of an edit; null keeps it.</param>
    /// <param name="revalidate">Judges an edited sample anew.</param>
    /// <exception cref="LabException">The lab has no such sample, or an edit changes nothing.</exception>
    public static ReviewSummary Decide(ISampleStore samples, string id, ReviewDecision decision, string reviewer, string note = "",
        string? answer = null, Func<Sample, Sample>? revalidate = null)
    {
        var sample = samples.List(acceptedOnly: false).Where(s => s.Id.StartsWith(id, StringComparison.Ordinal)).ToList() switch
        {
            [var one] => one,
            [] => throw new LabException($"The lab has no sample '{id}'. '#!corpus browse' lists them with their ids."),
            var many => throw new LabException($"{many.Count} samples begin with '{id}'; give more of the id."),
        };
        var row = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["id"] = sample.Id,
            ["decision"] = SettingNames.Of(decision),
            ["note"] = note,
            ["prompt"] = sample.Messages[^2].Content,
            ["answer"] = answer ?? sample.Messages[^1].Content,
        };
        return Apply(samples, [(row, "the decision")], reviewer, revalidate);
    }

    private static ReviewSummary Apply(ISampleStore samples, IEnumerable<(IReadOnlyDictionary<string, string> Row, string At)> rows,
        string reviewer, Func<Sample, Sample>? revalidate)
    {
        if (reviewer.Trim().Length == 0) throw new LabException("A review needs the reviewer's name.");
        var known = samples.List(acceptedOnly: false).ToDictionary(s => s.Id, StringComparer.Ordinal);
        var (changed, reviews) = (new List<Sample>(), new List<StoredReview>());
        var undecided = 0;
        foreach (var (row, at) in rows)
        {
            var written = row["decision"].Trim();
            if (written.Length == 0)
            {
                undecided++;
                continue;
            }
            if (SettingNames.Parse(typeof(ReviewDecision), written) is not ReviewDecision decision)
                throw new LabException(
                    $"{at}: the decision is '{row["decision"]}'; expected accept, reject, edit, regenerate, or nothing.");
            if (!known.TryGetValue(row["id"], out var sample))
                throw new LabException($"{at}: the lab has no sample '{row["id"]}'. Export the table again, or correct the id.");
            var others = sample.Checks.Where(c => c.Name != "review");
            Sample Decided(bool passed) => sample with
            {
                Checks = [.. passed ? others.Select(c => c.Passed ? c : new Check($"{c.Name} (overruled)", true, c.Detail)) : others,
                    new Check("review", passed, $"{reviewer}: {(row["note"].Length > 0 ? row["note"] : SettingNames.Of(decision))}")]
            };
            string? replacedBy = null;
            switch (decision)
            {
                case ReviewDecision.Accept: changed.Add(Decided(true)); break;
                case ReviewDecision.Reject or ReviewDecision.Regenerate: changed.Add(Decided(false)); break;
                case ReviewDecision.Edit:
                    if (row["answer"] == sample.Messages[^1].Content && row["prompt"] == sample.Messages[^2].Content)
                        throw new LabException($"{at}: the decision is 'edit', but neither prompt nor answer was changed.");
                    IReadOnlyList<Message> messages =
                    [
                        .. sample.Messages.SkipLast(2), Message.User(row["prompt"]), Message.Assistant(row["answer"])
                    ];
                    replacedBy = Sample.IdOf(sample.Kind, messages);
                    changed.Add(Decided(false));
                    var edited = sample with
                    {
                        Id = replacedBy,
                        Messages = messages,
                        Checks = [],
                        Provenance = (sample.Provenance ?? new Provenance("structural", "", [], "", [])) with { Source = "review" }
                    };
                    if (revalidate is not null) edited = revalidate(edited) with { Id = replacedBy };
                    changed.Add(edited with
                    {
                        Checks = [.. edited.Checks,
                            new Check("review", true, $"{reviewer}: edited {sample.Id}{(revalidate is null ? ", not judged again" : "")}")]
                    });
                    break;
            }
            reviews.Add(new StoredReview(sample.Id, decision, reviewer, row["note"], replacedBy));
        }
        samples.Save(changed);
        samples.SaveReviews(reviews);
        int Count(ReviewDecision decision) => reviews.Count(r => r.Decision == decision);
        return new ReviewSummary(Count(ReviewDecision.Accept), Count(ReviewDecision.Reject), Count(ReviewDecision.Edit),
            Count(ReviewDecision.Regenerate), undecided);
    }

    private static IEnumerable<(IReadOnlyDictionary<string, string> Row, string At)> Read(string path)
    {
        if (!File.Exists(path)) throw new LabException($"{path}: no such file.");
        var records = IsCsv(path) ? CsvTable.Read(path) : Lines(path);
        foreach (var (row, at) in records)
        {
            if (s_columns.Except(["kind", "status", "failed"]).FirstOrDefault(c => !row.ContainsKey(c)) is { } missing)
                throw new LabException($"{at}: there is no field '{missing}'; a review has {string.Join(", ", s_columns)}.");
            yield return (row, at);
        }
    }

    private static IEnumerable<(IReadOnlyDictionary<string, string> Row, string At)> Lines(string path)
    {
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            if (line.Trim().Length == 0) continue;
            Dictionary<string, string>? row;
            try
            {
                row = JsonSerializer.Deserialize<Dictionary<string, string>>(line);
            }
            catch (JsonException e)
            {
                throw new LabException($"{path}:{number}: not a JSON object of texts: {e.Message}", e);
            }
            yield return (row!, $"{path}:{number}");
        }
    }

    private static bool IsCsv(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".csv" => true,
        ".jsonl" => false,
        var other => throw new LabException($"{path}: a review is a .csv or .jsonl file, not '{other}'.")
    };
}
