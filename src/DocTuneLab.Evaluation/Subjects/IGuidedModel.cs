using DocTuneLab.Conversations;
using DocTuneLab.Evaluation.Results;

namespace DocTuneLab.Evaluation.Subjects;

/// <summary>A model that says what guidance did to its answers.</summary>
public interface IGuidedModel : ILanguageModel
{
    /// <summary>Answers each conversation as <see cref="ILanguageModel.Generate"/> does.</summary>
    /// <param name="prompts">Conversations that end with a user turn.</param>
    /// <param name="options">Sampling.</param>
    /// <param name="progress">Called with the number of finished prompts.</param>
    /// <param name="cancel">Stops between tokens.</param>
    /// <returns>In the order of <paramref name="prompts"/>; without guidance where the model was free.</returns>
    IReadOnlyList<(string Text, AnswerGuidance? Guidance)> Ask(IReadOnlyList<IReadOnlyList<Message>> prompts, SamplingOptions options,
        IProgress<int>? progress = null, CancellationToken cancel = default);
}
