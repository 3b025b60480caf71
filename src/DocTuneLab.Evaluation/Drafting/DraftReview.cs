using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Text;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>What a reviewed table changed.</summary>
/// <param name="Accepted">Tasks that a person found fair.</param>
/// <param name="Edited">Tasks with other words.</param>
/// <param name="Rejected">Tasks that were taken out.</param>
/// <param name="Undecided">Rows without a decision: they stay in use and count as unreviewed.</param>
public sealed record DraftReviewSummary(int Accepted, int Edited, int Rejected, int Undecided);

/// <summary>Drafted tasks for people to decide on: as a table out and back, and as cards.</summary>
public static class DraftReview
{
    private static readonly string[] s_columns =
        ["id", "source", "place", "state", "instruction", "signature", "context", "reference", "tests", "decision", "note"];

    /// <summary>The drafted tasks of a suite that are in use, with where each is from.</summary>
    /// <exception cref="LabException">The folder holds no drafts.</exception>
    public static IReadOnlyList<(DraftEntry Entry, CodeTask Task)> Drafts(string folder)
    {
        if (!File.Exists(Path.Combine(folder, DraftLedger.FileName)))
            throw new LabException($"{folder}: holds no drafts ({DraftLedger.FileName}). Make them with: doctune suite draft {folder}");
        var tasks = Suite.Load(folder).Code.ToDictionary(t => t.Id, StringComparer.Ordinal);
        return [.. DraftLedger.Read(folder).Where(e => tasks.ContainsKey(e.Id)).Select(e => (e, tasks[e.Id]))];
    }

    /// <summary>Writes the drafted tasks as CSV, for decisions <c>accept</c>, <c>edit</c> (the instruction) and <c>reject</c>.</summary>
    /// <exception cref="LabException">The folder holds no drafts.</exception>
    public static int Write(string folder, string path)
    {
        var drafts = Drafts(folder);
        CsvTable.Write(path, s_columns, drafts.Select(d => (IReadOnlyList<string>)
        [
            d.Entry.Id, d.Entry.Source, d.Entry.Place, d.Entry.State.ToString().ToLowerInvariant(), d.Task.Instruction, d.Task.Signature,
            d.Task.Context, d.Task.Reference, string.Join('\n', d.Task.Tests), "", d.Entry.Note,
        ]));
        return drafts.Count;
    }

    /// <summary>Takes the decisions of a table into the suite, all or none.</summary>
    /// <param name="folder">The suite.</param>
    /// <param name="path">The reviewed table.</param>
    /// <exception cref="LabException">A decision is none, names no draft, or an edit changes nothing or more than the instruction; the
    /// message
    /// names the row.</exception>
    public static DraftReviewSummary Take(string folder, string path)
    {
        if (!File.Exists(path)) throw new LabException($"{path}: no such file. Write the table first: "
            + $"doctune suite review {folder} --csv {path}");
        var drafts = Drafts(folder).ToDictionary(d => d.Entry.Id, StringComparer.Ordinal);
        Dictionary<string, (DraftState State, string Instruction, string Note)> decided = new(StringComparer.Ordinal);
        var undecided = 0;
        foreach (var (row, at) in CsvTable.Read(path))
        {
            if (s_columns.FirstOrDefault(c => !row.ContainsKey(c)) is { } missing)
                throw new LabException($"{at}: there is no column '{missing}'; a review has {string.Join(", ", s_columns)}.");
            var written = row["decision"].Trim().ToLowerInvariant();
            if (written.Length == 0)
            {
                undecided++;
                continue;
            }
            if (!drafts.TryGetValue(row["id"], out var draft))
                throw new LabException($"{at}: {folder} has no drafted task '{row["id"]}'. Write the table again, or correct the id.");
            var (_, task) = draft;
            if (row["signature"] != task.Signature || row["reference"] != task.Reference || row["tests"] != string.Join('\n', task.Tests))
                throw new LabException($"{at}: signature, reference or tests are others than those that were proved; expected a change "
                    + $"of the instruction alone. To change code, edit {Suite.CodeFile} and run: doctune suite check {folder}");
            var isOther = row["instruction"] != task.Instruction;
            decided[row["id"]] = (written switch
            {
                "accept" when !isOther => DraftState.Accepted,
                "reject" => DraftState.Rejected,
                "edit" when isOther && row["instruction"].Trim().Length > 0 => DraftState.Edited,
                "accept" => throw new LabException($"{at}: the decision is 'accept', but the instruction was changed; expected 'edit'."),
                "edit" => throw new LabException($"{at}: the decision is 'edit', but the instruction is as it was; expected other words."),
                _ => throw new LabException($"{at}: the decision is '{row["decision"]}'; expected accept, edit, reject, or nothing."),
            }, row["instruction"], row["note"]);
        }
        Apply(folder, decided);
        int Count(DraftState state) => decided.Values.Count(d => d.State == state);
        return new(Count(DraftState.Accepted), Count(DraftState.Edited), Count(DraftState.Rejected), undecided);
    }

    /// <summary>The drafts as Markdown, one card each.</summary>
    /// <exception cref="LabException">The folder holds no drafts.</exception>
    public static IReadOnlyList<string> Cards(string folder) =>
    [
        .. Drafts(folder).Select(d => $"""
            ### {d.Entry.Id} ({d.Entry.State.ToString().ToLowerInvariant()})
            {d.Entry.Source}, {d.Entry.Place}

            {d.Task.Instruction}

            ```csharp
            {(d.Task.Context.Length > 0 ? d.Task.Context + "\n\n" : "")}{d.Task.Signature}
            ```
            Reference:
            ```csharp
            {d.Task.Reference}
            ```
            Tests:
            ```csharp
            {string.Join('\n', d.Task.Tests)}
            ```
            """),
    ];

    private static void Apply(string folder, Dictionary<string, (DraftState State, string Instruction, string Note)> decided)
    {
        if (decided.Count == 0) return;
        var path = Path.Combine(folder, Suite.CodeFile);
        var tasks = Suite.Load(path).Code.Where(t => decided.GetValueOrDefault(t.Id).State != DraftState.Rejected)
            .Select(t => decided.TryGetValue(t.Id, out var d) ? t with { Instruction = d.Instruction } : t).ToList();
        // A suite without tasks cannot be read.
        if (tasks.Count == 0) File.Delete(path);
        else EvaluationJson.WriteLines(path, tasks);
        DraftLedger.Write(folder, [.. DraftLedger.Read(folder).Select(e => decided.TryGetValue(e.Id, out var d)
            ? e with { State = d.State, Note = d.Note } : e)]);
    }
}
