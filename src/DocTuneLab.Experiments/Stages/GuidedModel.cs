using System.Text.Json;
using DocTuneLab.Conversations;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Subjects;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Library;
using DocTuneLab.Library.Guidance;
using DocTuneLab.Training.Inference;

namespace DocTuneLab.Experiments.Stages;

/// <summary>A local model that the compiler guides where it writes a method; everything else it answers freely.</summary>
/// <param name="model">The model.</param>
/// <param name="free">The same model unguided, with the answers that it gave before.</param>
/// <param name="guideOf">The guide for a conversation; null where there is none.</param>
/// <param name="budget">How much a guide may cost.</param>
internal sealed class GuidedModel(
    LocalModel model, RecordedModel free, Func<IReadOnlyList<Message>, IAnswerGuide?> guideOf, GuideBudget budget) : IGuidedModel
{
    /// <inheritdoc/>
    public string Name => $"{model.Name} + compiler";

    /// <inheritdoc/>
    public IReadOnlyList<(string Text, AnswerGuidance? Guidance)> Ask(IReadOnlyList<IReadOnlyList<Message>> prompts,
        SamplingOptions options, IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        IAnswerGuide?[] guides = [.. prompts.Select(guideOf)];
        // Answers to questions are those of the arm without the compiler, and are not asked for twice.
        if (guides.All(g => g is null)) return free.Ask(prompts, options, progress, cancel);
        // What is drawn has no likeliest ways.
        var within = options.Temperature > 0 ? budget with { Beams = 1 } : budget;
        return [.. model.Generate(prompts, guides, options, within, progress, cancel)
            .Select((a, i) => (a.Text, guides[i] is null ? null : AnswerGuidance.Of(a)))];
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Generate(IReadOnlyList<IReadOnlyList<Message>> prompts, SamplingOptions options,
        IProgress<int>? progress = null, CancellationToken cancel = default) =>
        [.. Ask(prompts, options, progress, cancel).Select(a => a.Text)];

    /// <inheritdoc/>
    public IReadOnlyList<AnswerScore> Score(IReadOnlyList<IReadOnlyList<Message>> conversations, CancellationToken cancel = default) =>
        model.Score(conversations, cancel);

    /// <inheritdoc/>
    public IReadOnlyList<AnswerScore> ScoreText(IReadOnlyList<string> texts, CancellationToken cancel = default) =>
        model.ScoreText(texts, cancel);

    /// <summary>Guides of the programming tasks of a suite, by the conversation that asks each.</summary>
    /// <param name="settings">What a guide looks at.</param>
    /// <param name="judge">The compiler with the library.</param>
    /// <param name="suite">The tasks.</param>
    /// <param name="prompts">How they become conversations.</param>
    public static Func<IReadOnlyList<Message>, IAnswerGuide?> Guides(
        GuideSettings settings, CSharpJudge judge, Suite suite, PromptRenderer prompts)
    {
        // Each is rendered once: with documents that is a search.
        var tasks = new Dictionary<string, CodeTask>(StringComparer.Ordinal);
        foreach (var task in suite.Code.Concat(suite.General)) tasks.TryAdd(Key(prompts.Code(task)), task);
        return turns => tasks.TryGetValue(Key(turns), out var task)
            ? new AnswerGuide(settings.Code(judge, GuideFrame.Body(task.Signature, task.Usings, task.Context)))
            : null;
    }

    private static string Key(IReadOnlyList<Message> turns) => JsonSerializer.Serialize(turns);
}
