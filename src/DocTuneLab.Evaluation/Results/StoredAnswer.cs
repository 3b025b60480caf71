using System.Text.Json.Serialization;
using DocTuneLab.Conversations;
using DocTuneLab.Evaluation.Suites;

namespace DocTuneLab.Evaluation.Results;

/// <summary>An answer as the model gave it; all else can be computed again from it.</summary>
/// <param name="Task">Task id.</param>
/// <param name="Kind">Kind of task.</param>
/// <param name="Sample">0 is greedy; 1 and up are sampled.</param>
/// <param name="Text">The answer.</param>
public sealed record StoredAnswer(string Task, TaskKind Kind, int Sample, string Text)
{
    /// <summary>Why a server gave no answer, such as the words of its filter; it counts as a wrong one and is said. Null where there is
    /// one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Unanswered { get; init; }

    /// <summary>Whether the answer ended at the limit of tokens, by the word of its server.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsCutOff { get; init; }

    /// <summary>What guidance did to it; null where the model was free.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AnswerGuidance? Guidance { get; init; }

    /// <summary>The answer with its turns; null where the model was free.</summary>
    [JsonIgnore]
    internal GuidedText? Guided => Guidance?.Of(Text);
}

/// <summary>Likelihood of a reference answer under the model.</summary>
/// <param name="Task">Task id.</param>
/// <param name="Kind">Kind of task.</param>
/// <param name="Bits">Negative log-likelihood in bits.</param>
/// <param name="Bytes">UTF-8 bytes of the answer.</param>
public sealed record ReferenceScore(string Task, TaskKind Kind, double Bits, int Bytes);
