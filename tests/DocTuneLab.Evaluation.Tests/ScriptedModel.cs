using DocTuneLab.Conversations;

namespace DocTuneLab.Evaluation.Tests;

/// <summary>A model that answers each prompt from a script; sampled answers cycle through the list by seed.</summary>
public sealed class ScriptedModel(string name, IReadOnlyDictionary<string, string[]> answers) : ILanguageModel
{
    public string Name => name;

    public List<SamplingOptions> Calls { get; } = [];

    public IReadOnlyList<string> Generate(IReadOnlyList<IReadOnlyList<Message>> prompts, SamplingOptions options,
        IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        Calls.Add(options);
        progress?.Report(prompts.Count);
        return [.. prompts.Select(p =>
            answers[p[^1].Content][options.Temperature == 0 ? 0 : options.Seed % answers[p[^1].Content].Length])];
    }

    public IReadOnlyList<AnswerScore> Score(IReadOnlyList<IReadOnlyList<Message>> conversations, CancellationToken cancel = default) =>
        [.. conversations.Select(c =>
            new AnswerScore(-Math.Log(2) * c[^1].Content.Length * 2, c[^1].Content.Length, c[^1].Content.Length))];

    public IReadOnlyList<AnswerScore> ScoreText(IReadOnlyList<string> texts, CancellationToken cancel = default) =>
        [.. texts.Select(t => new AnswerScore(-t.Length, t.Length, t.Length))];
}
