using System.Text.Json;
using DocTuneLab.Conversations;
using DocTuneLab.Evaluation.Subjects;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;
using DocTuneLab.Library.Guidance;
using DocTuneLab.Training.Inference;

namespace DocTuneLab.Experiments.Stages;

/// <summary>A local model that the compiler guides where it writes a method; everything else it answers freely.</summary>
/// <param name="model">The model.</param>
/// <param name="guideOf">The guide for a conversation; null where there is none.</param>
/// <param name="budget">How much a guide may cost.</param>
internal sealed class GuidedModel(LocalModel model, Func<IReadOnlyList<Message>, IAnswerGuide?> guideOf, GuideBudget budget)
    : ILanguageModel
{
    /// <inheritdoc/>
    public string Name => $"{model.Name} + compiler";

    /// <inheritdoc/>
    public IReadOnlyList<string> Generate(IReadOnlyList<IReadOnlyList<Message>> prompts, SamplingOptions options,
        IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        IAnswerGuide?[] guides = [.. prompts.Select(guideOf)];
        return guides.All(g => g is null)
            ? model.Generate(prompts, options, progress, cancel)
            : [.. model.Generate(prompts, guides, options, budget, progress, cancel).Select(a => a.Text)];
    }

    /// <inheritdoc/>
    public IReadOnlyList<AnswerScore> Score(IReadOnlyList<IReadOnlyList<Message>> conversations, CancellationToken cancel = default) =>
        model.Score(conversations, cancel);

    /// <inheritdoc/>
    public IReadOnlyList<AnswerScore> ScoreText(IReadOnlyList<string> texts, CancellationToken cancel = default) =>
        model.ScoreText(texts, cancel);

    /// <summary>Guides of the programming tasks of a suite, by the conversation that asks each.</summary>
    public static Func<IReadOnlyList<Message>, IAnswerGuide?> Guides(CSharpJudge judge, Suite suite, PromptRenderer prompts)
    {
        // Each is rendered once: with documents that is a search.
        var tasks = new Dictionary<string, CodeTask>(StringComparer.Ordinal);
        foreach (var task in suite.Code.Concat(suite.General)) tasks.TryAdd(Key(prompts.Code(task)), task);
        return turns => tasks.TryGetValue(Key(turns), out var task)
            ? new AnswerGuide(new CodeGuide(judge, GuideFrame.Body(task.Signature, task.Usings, task.Context)))
            : null;
    }

    private static string Key(IReadOnlyList<Message> turns) => JsonSerializer.Serialize(turns);
}
