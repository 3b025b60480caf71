using DocTuneLab.Conversations;

namespace DocTuneLab.Prompts.Tuning;

/// <summary>What one template did with one example; what was not measured is null.</summary>
public sealed record PromptOutcome
{
    /// <summary>Likelihood of the reference answer.</summary>
    public AnswerScore? Likelihood { get; init; }

    /// <summary>The answer that a model gave; null where none was asked or none came.</summary>
    public string? Answer { get; init; }

    /// <summary>Whether the answer passed every check.</summary>
    public bool? Accepted { get; init; }

    /// <summary>Whether its code compiles; null where it has none.</summary>
    public bool? Compiles { get; init; }

    /// <summary>Members that the example is about.</summary>
    public IReadOnlyList<string> Asked { get; init; } = [];

    /// <summary>Members that an accepted answer uses.</summary>
    public IReadOnlyList<string> Used { get; init; } = [];

    /// <summary>Grade of a judge model, 1 to 5.</summary>
    public double? Grade { get; init; }

    /// <summary>Why it was not accepted.</summary>
    public string? Diagnosis { get; init; }

    /// <summary>Tokens of the prompt, and of the answer where one was asked for.</summary>
    public int Tokens { get; init; }

    /// <summary>Price of the calls; 0 where prices are unknown.</summary>
    public double Cost { get; init; }

    /// <summary>The example as a demonstration: inputs of the template and the right answer; null where the answer was not right.</summary>
    public FewShot? Demonstration { get; init; }
}

/// <summary>Examples that templates are tried on. The same template and example give the same outcome.</summary>
public interface IPromptTrial
{
    /// <summary>Number of examples.</summary>
    int Count { get; }

    /// <summary>Tries a template on examples; outcomes in their order.</summary>
    Task<IReadOnlyList<PromptOutcome>> TryAsync(PromptTemplate wording, IReadOnlyList<int> chosen, CancellationToken cancel = default);
}

/// <summary>An example with its right answer.</summary>
/// <param name="Inputs">Inputs of the template.</param>
/// <param name="Reference">The right assistant's turn.</param>
public sealed record PromptExample(IReadOnlyDictionary<string, string> Inputs, string Reference);

/// <summary>Scores the reference answers under a model: no generation and no endpoint, so an example costs one forward pass.</summary>
/// <param name="model">A model that can score.</param>
/// <param name="examples">Examples.</param>
/// <param name="countTokens">Counts tokens; default four characters each.</param>
public sealed class LikelihoodTrial(
    ILanguageModel model, IReadOnlyList<PromptExample> examples, Func<string, int>? countTokens = null) : IPromptTrial
{
    private readonly Func<string, int> _count = countTokens ?? (text => (text.Length + 3) / 4);

    /// <inheritdoc/>
    public int Count => examples.Count;

    /// <inheritdoc/>
    /// <exception cref="LabException">The model cannot score.</exception>
    public Task<IReadOnlyList<PromptOutcome>> TryAsync(PromptTemplate wording, IReadOnlyList<int> chosen,
        CancellationToken cancel = default)
    {
        if (!model.CanScore)
            throw new LabException($"{model.Name} cannot tell the likelihood of an answer; tune by what it answers instead.");
        var prompts = chosen.Select(i => wording.Messages(examples[i].Inputs)).ToList();
        var scores = model.Score(
            [.. prompts.Select((p, i) => (IReadOnlyList<Message>)[.. p, Message.Assistant(examples[chosen[i]].Reference)])], cancel);
        return Task.FromResult<IReadOnlyList<PromptOutcome>>([.. chosen.Select((e, i) => new PromptOutcome
        {
            Likelihood = scores[i],
            Tokens = prompts[i].Sum(m => _count(m.Content)),
            Demonstration = new FewShot(examples[e].Inputs, examples[e].Reference),
        })]);
    }
}
