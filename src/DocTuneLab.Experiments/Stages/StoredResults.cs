using DocTuneLab.Evaluation;
using DocTuneLab.Evaluation.Judging;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Storage;

namespace DocTuneLab.Experiments.Stages;

/// <summary>Results of evaluations as they lie in a lab or elsewhere.</summary>
/// <param name="lab">The lab whose runs may be named.</param>
public sealed class StoredResults(Lab lab)
{
    /// <summary>Result files of a run of the lab (<c>last</c> is its last evaluation), of a folder, or the file itself.</summary>
    /// <exception cref="LabException">There are none.</exception>
    public IReadOnlyList<string> Files(string place)
    {
        if (File.Exists(place)) return [place];
        var run = place == "last"
            ? lab.Runs.LastDone("evaluate")
                ?? throw new LabException($"{lab.Directory}: no evaluation was finished in this lab yet, so there is no last one.")
            : lab.Runs.Find(place);
        var folder = Directory.Exists(place)
            ? place
            : run?.Directory
                ?? throw new LabException($"{place}: neither a result file, nor a folder, nor a run of the lab {lab.Directory}.");
        // The arms in their order; what else lies there is no result.
        var files = Directory.GetFiles(folder, "*.json")
            .Where(f => Path.GetFileName(f) is not ("run.json" or "report.json" or BlindTrial.KeyName or BlindTrial.VotesName))
            .OrderBy(f =>
                Path.GetFileNameWithoutExtension(f) switch { "base" => 0, "base+docs" => 1, "tuned" => 2, "tuned+docs" => 3, _ => 4 })
            .ThenBy(f => f, StringComparer.Ordinal).ToList();
        return files.Count > 0
            ? files
            : throw new LabException($"{folder}: holds no evaluation results. Expected files such as base.json and tuned.json.");
    }

    /// <summary>Results of a place; see <see cref="Files"/>.</summary>
    public IReadOnlyList<EvaluationResult> Load(string place) => [.. Files(place).Select(EvaluationResult.Load)];

    /// <summary>The result of one arm: <c>PLACE:ARM</c>, or a place alone for its last arm.</summary>
    /// <exception cref="LabException">There is no such arm.</exception>
    public EvaluationResult Arm(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var colon = File.Exists(name) || Directory.Exists(name) ? -1 : name.LastIndexOf(':');
        var results = Load(colon > 0 ? name[..colon] : name);
        if (colon < 0) return results[^1];
        return results.FirstOrDefault(r => r.Arm == name[(colon + 1)..])
            ?? throw new LabException(
                $"{name}: the run has no arm '{name[(colon + 1)..]}'; it has {string.Join(", ", results.Select(r => r.Arm))}.");
    }

    /// <summary>Compares two results; two of one arm are told apart by A and B.</summary>
    /// <param name="first">The first, as <see cref="Arm"/> takes it.</param>
    /// <param name="second">The second.</param>
    public EvaluationReport Compare(string first, string second)
    {
        var (a, b) = (Arm(first), Arm(second));
        if (a.Arm == b.Arm) (a, b) = (Named(a, $"{a.Arm} (A)"), Named(b, $"{b.Arm} (B)"));
        return EvaluationReport.Of([a, b], new Dictionary<string, string> { ["A"] = first, ["B"] = second });
    }

    /// <summary>A report with earlier results before its own. An arm that gave the same answers to the same tasks is the same and
    /// stands there once; another of the same name is told apart by "(earlier)".</summary>
    public static EvaluationReport Beside(EvaluationReport report, IReadOnlyList<EvaluationResult> earlier, double gateBits)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(earlier);
        var added = earlier.Where(e => report.Results.All(r => r.Arm != e.Arm || !r.Answers.SequenceEqual(e.Answers)))
            .Select(e => report.Results.Any(r => r.Arm == e.Arm) ? Named(e, $"{e.Arm} (earlier)") : e);
        return EvaluationReport.Of([.. added, .. report.Results], report.Settings, gateBits).With(report.Preferences);
    }

    private static EvaluationResult Named(EvaluationResult result, string arm) =>
        result with { Options = result.Options with { Arm = arm } };
}
