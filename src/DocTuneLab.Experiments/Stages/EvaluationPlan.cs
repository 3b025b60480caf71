using DocTuneLab.Conversations;
using DocTuneLab.Corpus;
using DocTuneLab.Documents.Model;
using DocTuneLab.Endpoints.Accounting;
using DocTuneLab.Endpoints.Exchange;
using DocTuneLab.Evaluation;
using DocTuneLab.Evaluation.Judging;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Prompts;
using DocTuneLab.Settings;

namespace DocTuneLab.Experiments.Stages;

/// <summary>What an evaluation in the lab is to do.</summary>
public sealed record EvaluationPlan
{
    /// <summary>Names, ranges and words of these settings; <see cref="Options"/> and its execution have tables of their own.</summary>
    public static SettingTable<EvaluationPlan> Settings => SettingTable<EvaluationPlan>.Instance;

    /// <summary>Split of the held-out tasks; null for all. Default test.</summary>
    [Setting("Split of the held-out tasks.", Placeholder = "train|dev|test|all", Nothing = "all")]
    public Split? Split { get; init; } = Documents.Model.Split.Test;

    /// <summary>
    /// Arms, the one that all others are compared with first: <c>base</c>, <c>tuned</c>, the name of a model in <see cref="Others"/> or
    /// <see cref="Endpoints"/>, each also with <c>+docs</c> behind it, for the relevant passages in the prompt; local ones with
    /// <c>+compiler</c>, for the compiler in the decoder, or less of it (<see cref="GuidedArm"/>). Default base and tuned.
    /// </summary>
    [Setting(
        "What is compared, the reference first: base, tuned, an endpoint's name; +docs behind one puts relevant passages into its prompt, "
            + "+compiler guides a local one, +syntax, +names, +members, +arguments or +types less far, for an ablation. "
            + "As far as there are any; endpoints follow.",
        Placeholder = "LIST")]
    public IReadOnlyList<string> Arms { get; init; } = ["base", "tuned"];

    /// <summary>Kinds of tasks that are asked. Default: code, closed questions, gaps, retention texts.</summary>
    [Setting("Kinds of tasks.", Option = "tasks", Field = "tasks", Placeholder = "LIST")]
    public IReadOnlyList<TaskKind> Kinds { get; init; } =
        [TaskKind.Code, TaskKind.Qa, TaskKind.Members, TaskKind.Completion, TaskKind.Retention];

    /// <summary>Budget of passages in the prompt of an arm with documents, in tokens. Default 480.</summary>
    [Setting("Tokens of passages in a prompt of an arm with documents, at most.", Option = "docs-tokens", Min = 0)]
    public int DocumentTokens { get; init; } = Passages.DefaultTokens;

    /// <summary>Largest rise of bits per byte that the retention gate accepts. Default 0.02.</summary>
    [Setting("Largest rise of bits per byte on the frozen texts.", Option = "gate", Placeholder = "BITS", Min = 0)]
    public double GateBits { get; init; } = RetentionGate.DefaultBits;

    /// <summary>Lengths of answers, sampling, and whether and how answers are run.</summary>
    public EvaluationOptions Options { get; init; } = new();

    /// <summary>What the guide of an arm with <c>+compiler</c> looks at, and what it may cost.</summary>
    public GuideSettings Guidance { get; init; } = new();

    /// <summary>Samples that the tuned arms were trained on, which tell seen tasks from unseen ones. Default null: the accepted samples of
    /// the lab; for stored answers, those that they were compared with when they were given.</summary>
    public IReadOnlyList<Sample>? Training { get; init; }

    /// <summary>Models beside base and tuned, by the name of their arm.</summary>
    public IReadOnlyDictionary<string, ILanguageModel> Others { get; init; } = new Dictionary<string, ILanguageModel>();

    /// <summary>Hosted models: each is an arm by its name. Default none.</summary>
    public IReadOnlyList<EndpointOptions> Endpoints { get; init; } = [];

    /// <summary>Name of the hosted model that grades open questions and compares answers to them. Default none.</summary>
    [Setting("Endpoint that grades open questions, by its name in --endpoints, or hosted for that of --endpoint.", Placeholder = "NAME")]
    public string? JudgedBy { get; init; }

    /// <summary>New tokens of a verdict of the judge, at most. Default 256.</summary>
    [Setting("New tokens of a verdict of the judge, at most.", Min = 1)]
    public int JudgeTokens { get; init; } = AnswerJudge.VerdictTokens;

    /// <summary>The endpoint that <see cref="JudgedBy"/> names, or null.</summary>
    /// <exception cref="LabException">There is no such endpoint; the message names those that are.</exception>
    public EndpointOptions? Judge => JudgedBy is null ? null : Endpoints.FirstOrDefault(e => e.Name == JudgedBy)
        ?? throw new LabException($"--judged-by: there is no endpoint '{JudgedBy}'; there "
            + (Endpoints.Count == 0
                ? "is none: give --endpoint URL or --endpoints FILE"
                : $"are {string.Join(", ", Endpoints.Select(e => e.Name))}") + ".");

    /// <summary>Attempts, deadlines and cost ceiling of each hosted model.</summary>
    public EngineOptions Engine { get; init; } = new();
}
