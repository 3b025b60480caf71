using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;

namespace DocTuneLab.Evaluation.Results;

/// <summary>The grade of an answer to a closed question.</summary>
/// <param name="Task">Task id.</param>
/// <param name="Given">The answer as compared.</param>
/// <param name="Correct">By the grading rule whose version stands in <see cref="EvaluationResult.GraderVersion"/>.</param>
public sealed record QaResult(string Task, string Given, bool Correct);

/// <summary>What became of a gap.</summary>
/// <param name="Task">Task id.</param>
/// <param name="Given">The text that was put into the gap.</param>
/// <param name="Exact">The same as what stood there, but for white space.</param>
/// <param name="Similarity">1 less the edit distance over the longer length, in 0..1.</param>
/// <param name="Compiles">The code with it compiles against the library.</param>
/// <param name="Errors">Compiler errors; lines are those of the whole code.</param>
public sealed record CompletionResult(
    string Task, string Given, bool Exact, double Similarity, bool Compiles, IReadOnlyList<CodeDiagnostic> Errors);

/// <summary>How an answer treats a member that it was asked about.</summary>
/// <param name="Task">Task id.</param>
/// <param name="Given">The answer.</param>
/// <param name="Exists">Whether the library has the member.</param>
/// <param name="Wording">Whose wording the question has.</param>
/// <param name="Denies">Whether the answer says that there is no such member (true), or treats it as there (false), by the rule whose
/// version stands in <see cref="EvaluationResult.MemberRuleVersion"/>; null where it says neither.</param>
public sealed record MemberResult(string Task, string Given, bool Exists, MemberWording Wording, bool? Denies)
{
    /// <summary>The member as the question names it; empty in results that were stored before it was kept.</summary>
    public string Member { get; init; } = "";
}

/// <summary>The judge's grade of an open answer.</summary>
/// <param name="Task">Task id.</param>
/// <param name="Given">The answer.</param>
/// <param name="Points">
/// For each fact of the rubric: 1 stated, 0 not stated, 0.5 where the judge's two readings disagree, null where neither could be read.
/// </param>
public sealed record OpenResult(string Task, string Given, IReadOnlyList<double?> Points)
{
    /// <summary>Readings of facts that were asked for.</summary>
    public int Readings { get; init; }

    /// <summary>Readings of facts in which the judge's reply could not be read.</summary>
    public int Unreadable { get; init; }

    /// <summary>Mean of the points that could be read; null where none could.</summary>
    public double? Score => Points.Average();
}
