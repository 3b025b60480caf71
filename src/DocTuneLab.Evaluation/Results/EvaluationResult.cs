using System.Text.Json;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Suites;

namespace DocTuneLab.Evaluation.Results;

/// <summary>One model on one suite: every answer, every verdict, the metrics.</summary>
public sealed record EvaluationResult
{
    /// <summary>The model's name.</summary>
    public required string Subject { get; init; }

    /// <summary>Content hash of the suite.</summary>
    public required string SuiteHash { get; init; }

    /// <summary>Version of the extraction rule.</summary>
    public required int ExtractorVersion { get; init; }

    /// <summary>Version of the grading rule.</summary>
    public required int GraderVersion { get; init; }

    /// <summary>Settings.</summary>
    public required EvaluationOptions Options { get; init; }

    /// <summary>What the sandbox covered; null where nothing was run.</summary>
    public required Isolation? Sandbox { get; init; }

    /// <summary>All answers.</summary>
    public required IReadOnlyList<StoredAnswer> Answers { get; init; }

    /// <summary>Likelihoods of reference answers; empty where not asked for.</summary>
    public required IReadOnlyList<ReferenceScore> References { get; init; }

    /// <summary>Verdicts in the order of the answers.</summary>
    public required IReadOnlyList<CodeResult> Code { get; init; }

    /// <summary>Grades in the order of the answers.</summary>
    public required IReadOnlyList<QaResult> Qa { get; init; }

    /// <summary>Values with their intervals and the observations they stand on.</summary>
    public required IReadOnlyList<MetricValue> Metrics { get; init; }

    /// <summary>Verdicts on tasks that need no library.</summary>
    public IReadOnlyList<CodeResult> General { get; init; } = [];

    /// <summary>What became of gaps.</summary>
    public IReadOnlyList<CompletionResult> Completion { get; init; } = [];

    /// <summary>How answers treat members that may not exist.</summary>
    public IReadOnlyList<MemberResult> Members { get; init; } = [];

    /// <summary>Version of the rule by which those are read; 0 in results that were stored before there was one.</summary>
    public int MemberRuleVersion { get; init; }

    /// <summary>Grades of open answers; empty where there was no judge.</summary>
    public IReadOnlyList<OpenResult> Open { get; init; } = [];

    /// <summary>Which tasks the training data shows; null in results that were stored before this was looked for.</summary>
    public TaskPatterns? Patterns { get; init; }

    /// <summary>Why answers were not run though running was allowed; null where they were run or running was not allowed.</summary>
    public string? NotRun { get; init; }

    /// <summary>Programming tasks that were drafted and that nobody has decided on. Default 0.</summary>
    public int Unreviewed { get; init; }

    /// <summary>Name of the arm.</summary>
    public string Arm => Options.Arm;

    /// <summary>Greedy answers that were guided, in the order of the tasks.</summary>
    internal IEnumerable<StoredAnswer> GuidedAnswers => Answers.Where(a => a is { Sample: 0, Guidance: not null });

    /// <summary>Name of the arm that is the same but for the compiler.</summary>
    internal string UnguidedArm => ArmName.Of(Arm).Unguided;

    /// <summary>A metric by its name, such as <c>compile_rate</c>; null where it was not measured.</summary>
    public MetricValue? this[string metric] => Metrics.FirstOrDefault(m => m.Name == metric);

    /// <summary>The result as indented JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, EvaluationJson.Indented);

    /// <summary>The result with its metrics over some tasks only; a metric to which none of them contributes is left out.</summary>
    internal EvaluationResult Over(IReadOnlySet<string> tasks) => this with
    {
        Metrics = [.. Metrics.Select(m => m.Over(tasks, Options)).OfType<MetricValue>()],
    };

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
