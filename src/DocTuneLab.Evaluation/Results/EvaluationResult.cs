using System.Text.Json;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Judging;
using DocTuneLab.Evaluation.Metrics;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;

namespace DocTuneLab.Evaluation.Results;

/// <summary>What kind of task an answer belongs to.</summary>
public enum TaskKind
{
    /// <summary>A programming task.</summary>
    Code,
    /// <summary>A closed question.</summary>
    Qa,
    /// <summary>An open question.</summary>
    Open,
    /// <summary>Code with a gap.</summary>
    Completion,
    /// <summary>A programming task that needs no library.</summary>
    General,
    /// <summary>A text that is only scored.</summary>
    Retention,
}

/// <summary>An answer as the model gave it; all else can be computed again from it.</summary>
/// <param name="Task">Task id.</param>
/// <param name="Kind">Kind of task.</param>
/// <param name="Sample">0 is greedy; 1 and up are sampled.</param>
/// <param name="Text">The answer.</param>
public sealed record StoredAnswer(string Task, TaskKind Kind, int Sample, string Text);

/// <summary>Likelihood of a reference answer under the model.</summary>
/// <param name="Task">Task id.</param>
/// <param name="Kind">Kind of task.</param>
/// <param name="Bits">Negative log-likelihood in bits.</param>
/// <param name="Bytes">UTF-8 bytes of the answer.</param>
public sealed record ReferenceScore(string Task, TaskKind Kind, double Bits, int Bytes);

/// <summary>What compiler and hidden tests say of an answer to a programming task.</summary>
/// <param name="Task">Task id.</param>
/// <param name="Sample">0 is greedy.</param>
/// <param name="Extraction">Where the code was found, or why there is none.</param>
/// <param name="Code">The code as extracted, or null.</param>
/// <param name="Form">What the code was taken for; null without code.</param>
/// <param name="Parses">No syntax error.</param>
/// <param name="Compiles">The task's class with it compiles against the library.</param>
/// <param name="Errors">Compiler errors; lines count from the first line of the code, 0 lies outside.</param>
/// <param name="Uses">Library names in the answer as the compiler sees them, cascades left out.</param>
/// <param name="GoldUsed">Gold symbols that resolve in the answer.</param>
/// <param name="GoldMissed">The others.</param>
/// <param name="Status">How the run ended; null where nothing was run.</param>
/// <param name="Message">Failed check or exception.</param>
public sealed record CodeResult(
    string Task,
    int Sample,
    string Extraction,
    string? Code,
    CodeForm? Form,
    bool Parses,
    bool Compiles,
    IReadOnlyList<CodeDiagnostic> Errors,
    IReadOnlyList<SymbolUse> Uses,
    IReadOnlyList<string> GoldUsed,
    IReadOnlyList<string> GoldMissed,
    ExecutionStatus? Status,
    string Message)
{
    /// <summary>Number of library names of one kind.</summary>
    public int Count(SymbolUseKind kind) => Uses.Count(u => u.Kind == kind);

    /// <summary>|used ∩ gold| / |gold|.</summary>
    public double ApiRecall => GoldUsed.Count + GoldMissed.Count == 0 ? 0 : (double)GoldUsed.Count / (GoldUsed.Count + GoldMissed.Count);

    /// <summary>All hidden checks hold.</summary>
    public bool Passes => Status == ExecutionStatus.Pass;
}

/// <summary>The grade of an answer to a closed question.</summary>
/// <param name="Task">Task id.</param>
/// <param name="Given">The answer as compared.</param>
/// <param name="Correct">By the rule of <see cref="QaGrader"/>.</param>
public sealed record QaResult(string Task, string Given, bool Correct);

/// <summary>What became of a gap.</summary>
/// <param name="Task">Task id.</param>
/// <param name="Given">The text that was put into the gap.</param>
/// <param name="Exact">The same as what stood there, but for white space.</param>
/// <param name="Similarity">1 less the edit distance over the longer length, in 0..1.</param>
/// <param name="Compiles">The code with it compiles against the library.</param>
/// <param name="Errors">Compiler errors; lines are those of the whole code.</param>
public sealed record CompletionResult(string Task, string Given, bool Exact, double Similarity, bool Compiles, IReadOnlyList<CodeDiagnostic> Errors);

/// <summary>The judge's grade of an open answer.</summary>
/// <param name="Task">Task id.</param>
/// <param name="Given">The answer.</param>
/// <param name="Points">For each fact of the rubric: 1 stated, 0 not stated, 0.5 where the judge's two readings disagree.</param>
public sealed record OpenResult(string Task, string Given, IReadOnlyList<double> Points)
{
    /// <summary>Readings of facts in which the judge's reply could not be read.</summary>
    public int Unreadable { get; init; }

    /// <summary>Mean of the points.</summary>
    public double Score => Points.Count == 0 ? 0 : Points.Average();
}

/// <summary>One model on one suite: every answer, every verdict, the metrics.</summary>
/// <param name="Subject">The model's name.</param>
/// <param name="SuiteHash">Content hash of the suite.</param>
/// <param name="ExtractorVersion">Version of the extraction rule.</param>
/// <param name="GraderVersion">Version of the grading rule.</param>
/// <param name="Options">Settings.</param>
/// <param name="Sandbox">What the sandbox covered; null where nothing was run.</param>
/// <param name="Answers">All answers.</param>
/// <param name="References">Likelihoods of reference answers; empty where not asked for.</param>
/// <param name="Code">Verdicts in the order of the answers.</param>
/// <param name="Qa">Grades in the order of the answers.</param>
/// <param name="Metrics">Values with their intervals and the observations they stand on.</param>
public sealed record EvaluationResult(
    string Subject,
    string SuiteHash,
    int ExtractorVersion,
    int GraderVersion,
    EvaluationOptions Options,
    Isolation? Sandbox,
    IReadOnlyList<StoredAnswer> Answers,
    IReadOnlyList<ReferenceScore> References,
    IReadOnlyList<CodeResult> Code,
    IReadOnlyList<QaResult> Qa,
    IReadOnlyList<MetricValue> Metrics)
{
    /// <summary>Verdicts on tasks that need no library.</summary>
    public IReadOnlyList<CodeResult> General { get; init; } = [];

    /// <summary>What became of gaps.</summary>
    public IReadOnlyList<CompletionResult> Completion { get; init; } = [];

    /// <summary>Grades of open answers; empty where there was no judge.</summary>
    public IReadOnlyList<OpenResult> Open { get; init; } = [];

    /// <summary>Why answers were not run though running was allowed; null where they were run or running was not allowed.</summary>
    public string? NotRun { get; init; }

    /// <summary>Name of the arm.</summary>
    public string Arm => Options.Arm;

    /// <summary>A metric by its name, such as <see cref="MetricNames.CompileRate"/>; null where it was not measured.</summary>
    public MetricValue? this[string metric] => Metrics.FirstOrDefault(m => m.Name == metric);

    /// <summary>The result as indented JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, EvaluationJson.Indented);

    /// <summary>Reads <see cref="ToJson"/>.</summary>
    /// <exception cref="LabException">Not such a file.</exception>
    public static EvaluationResult Load(string path)
    {
        if (!File.Exists(path)) throw new LabException($"{path}: no such evaluation result.");
        try
        {
            return JsonSerializer.Deserialize<EvaluationResult>(File.ReadAllText(path), EvaluationJson.Indented)
                ?? throw new LabException($"{path}: holds null; expected an evaluation result.");
        }
        catch (JsonException e)
        {
            throw new LabException($"{path}:{e.LineNumber + 1}: {e.Path}: not an evaluation result. Evaluate again to write it anew.", e);
        }
    }
}
