using DocTuneLab.Documents;
using DocTuneLab.Evaluation;
using DocTuneLab.Prompts;
using DocTuneLab.Prompts.Endpoints;

namespace DocTuneLab.Experiments;

/// <summary>What an evaluation in the lab is to do.</summary>
public sealed record EvaluationPlan
{
    /// <summary>Split of the held-out tasks; null for all. Default test.</summary>
    public Split? Split { get; init; } = Documents.Split.Test;

    /// <summary>
    /// Arms, the one that all others are compared with first: <c>base</c>, <c>tuned</c>, the name of a model in <see cref="Others"/> or <see cref="Endpoints"/>, each also with
    /// <c>+docs</c> behind it, for the relevant passages in the prompt. Default base and tuned.
    /// </summary>
    public IReadOnlyList<string> Arms { get; init; } = ["base", "tuned"];

    /// <summary>Kinds of tasks that are asked. Default: code, closed questions, gaps, retention texts.</summary>
    public IReadOnlyList<TaskKind> Kinds { get; init; } = [TaskKind.Code, TaskKind.Qa, TaskKind.Completion, TaskKind.Retention];

    /// <summary>Sampled answers for each programming task beside the greedy one. Default 0; 10 gives pass@5.</summary>
    public int Samples { get; init; }

    /// <summary>Upper bound of new tokens for code. Default 128.</summary>
    public int MaxCodeTokens { get; init; } = 128;

    /// <summary>Whether models' code is run in the sandbox. Default false.</summary>
    public bool AllowUntrustedCode { get; init; }

    /// <summary>Whether it is run even where nothing isolates it. Default false.</summary>
    public bool AllowWithoutIsolation { get; init; }

    /// <summary>Budget of passages in the prompt of an arm with documents, in tokens. Default 480.</summary>
    public int DocumentTokens { get; init; } = 480;

    /// <summary>Largest rise of bits per byte that the retention gate accepts. Default 0.02.</summary>
    public double GateBits { get; init; } = RetentionGate.DefaultBits;

    /// <summary>Models beside base and tuned, by the name of their arm.</summary>
    public IReadOnlyDictionary<string, ILanguageModel> Others { get; init; } = new Dictionary<string, ILanguageModel>();

    /// <summary>Hosted models: each is an arm by its name. Default none.</summary>
    public IReadOnlyList<EndpointOptions> Endpoints { get; init; } = [];

    /// <summary>The hosted model that grades open questions and compares answers to them, or null.</summary>
    public EndpointOptions? JudgedBy { get; init; }

    /// <summary>Attempts, deadlines and cost ceiling of each hosted model.</summary>
    public EngineOptions Engine { get; init; } = new();
}
