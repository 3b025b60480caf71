using DocTuneLab.Corpus.Grounding;
using DocTuneLab.Corpus.Kinds;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Documents.Model;
using DocTuneLab.Endpoints;
using DocTuneLab.Library;
using DocTuneLab.Prompts;
using DocTuneLab.Prompts.Tuning;

namespace DocTuneLab.Corpus.Hosted;

/// <summary>
/// Tries a template in its place: hosted models write the planned samples with it, and the checks that gate the corpus judge them. What is
/// tuned is therefore what is wanted. Calls that the template has no part in are asked once for all candidates.
/// </summary>
/// <param name="engine">Asks the endpoints.</param>
/// <param name="api">The library.</param>
/// <param name="judge">The compiler.</param>
/// <param name="chunks">Chunks that may be trained on.</param>
/// <param name="name">Name of the template whose place candidates take: one of <c>generate.…</c>, or the template of code tasks.</param>
/// <param name="options">What is written; its mix, count, paraphrases and repairs are the trial's own.</param>
/// <param name="validation">What every sample must hold.</param>
public sealed class TemplateTrial(RequestEngine engine, ApiModel api, ICodeJudge judge, IReadOnlyList<Chunk> chunks, string name,
    GenerationOptions options, ValidationOptions? validation = null) : IPromptTrial
{
    private readonly IReadOnlyList<PlannedSample> _plan =
        [.. new GenerationPlan(api, options with
        {
            Mix = new Dictionary<SampleKind, double> { [KindOf(name, options.Kinds)] = 1 }
        }).Next(options.Count)];

    /// <inheritdoc/>
    public int Count => _plan.Count;

    /// <summary>The kind of sample that a template has a part in.</summary>
    /// <param name="name">Name of the template.</param>
    /// <param name="kinds">Definitions of kinds; default those that ship.</param>
    /// <exception cref="LabException">It has a part in none.</exception>
    public static SampleKind KindOf(string name, IReadOnlyList<SampleKindDefinition>? kinds = null)
    {
        kinds ??= SampleKinds.BuiltIn;
        // The folder that most of them are in is named once.
        var names = kinds.SelectMany(k => k.Templates)
            .Select((t, i) => i > 0 && t.StartsWith("generate.", StringComparison.Ordinal) ? t["generate".Length..] : t);
        return kinds.FirstOrDefault(k => k.Uses(name))?.Kind
            ?? throw new LabException($"The template '{name}' cannot be tried at an endpoint by itself; "
                + $"those that can are {string.Join(", ", names)}, and {PromptLibrary.CodeTask}.….");
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<PromptOutcome>> TryAsync(PromptTemplate wording, IReadOnlyList<int> chosen,
        CancellationToken cancel = default)
    {
        var isTask = wording.Kind == PromptLibrary.CodeTask;
        // Under the name that the writer asks by; what it holds is the candidate's.
        var settings = options with
        {
            RepairRounds = 0,
            ParaphraseShare = 0,
            FusionShare = 0,
            ContextShare = 0,
            RetrievedShare = 0,
            CodeTemplate = isTask ? wording : options.CodeTemplate,
            StructuralQuestions = isTask || options.StructuralQuestions,
            Templates = isTask ? options.Templates : options.Templates.With(name, wording),
        };
        var limits = (validation ?? new ValidationOptions()) with { Kinds = options.Kinds };
        // Demonstrations make a prompt longer than a sample may be; the sample is judged without them.
        if (isTask)
            limits = limits with
            {
                MaxTokens = limits.MaxTokens
                    + wording.Examples.Sum(e => limits.CountTokens(wording.Render(e.Inputs)) + limits.CountTokens(e.Answer) + 8)
            };
        await using var compiler = new CompileQueue(new SampleValidator(api, judge, limits));
        var evidence = new EvidenceAssembler(api.Symbols, chunks, limits.CountTokens);
        var writer = new SampleWriter(engine, api, evidence, compiler, settings, limits);
        var outcomes = new PromptOutcome[chosen.Count];
        await Parallel.ForEachAsync(Enumerable.Range(0, chosen.Count), new ParallelOptions
        {
            MaxDegreeOfParallelism = engine.Askers,
            CancellationToken = cancel
        }, async (i, token) =>
            outcomes[i] = Outcome(await writer.WriteAsync(_plan[chosen[i]], [], token), wording.Name, limits));
        if (engine.Status.StoppedBecause is { } why)
            throw new LabException($"Tuning stopped: {why}. Answers are kept; run it again to go on.");
        return outcomes;
    }

    private static PromptOutcome Outcome(WrittenSample w, string asked, ValidationOptions limits)
    {
        var answer = w.Judged?.Draft.Messages[^1].Content;
        var failed = w.Judged?.Failed;
        var accepted = w.Judged is not null && failed is null;
        var call = w.Calls.FirstOrDefault(c => c.Template == asked);
        return new PromptOutcome
        {
            Answer = w.Judged is null ? null : $"{w.Judged.Draft.Prompt}\n{answer}",
            Accepted = accepted,
            Compiles = w.Judged?.Draft.Code is null ? null : w.Judged.Compiled?.Compiles ?? false,
            Asked = [.. w.Plan.Symbols.Select(s => s.Id)],
            Used = accepted ? w.Judged!.Compiled is { } verdict
                ? [.. verdict.Uses.Select(u => u.Id).OfType<string>().Distinct(StringComparer.Ordinal)]
                : [.. w.Plan.Symbols.Select(s => s.Id)] : [],
            Grade = w.Judged?.Checks.FirstOrDefault(c => c.Name == "judge") is { Detail: { } detail }
                && detail.Split(' ') is [_, var grade, ..]
                && double.TryParse(grade, System.Globalization.CultureInfo.InvariantCulture, out var g) ? g : null,
            Diagnosis = accepted
                ? null : failed is null ? w.None?.Reason : $"{failed.Name}{(failed.Detail is null ? "" : $": {failed.Detail}")}",
            Tokens = w.Calls.Sum(c => c.Tokens),
            Cost = w.Calls.Sum(c => c.Cost),
            Demonstration = accepted && call is { Inputs: { } inputs } ? new FewShot(Shortened(inputs), call.Answer) : null,
        };
    }

    // What a demonstration shows as evidence are the members alone: whole pages would leave no room for the question.
    private static Dictionary<string, string> Shortened(IReadOnlyDictionary<string, string> inputs)
    {
        var shown = inputs.ToDictionary(StringComparer.Ordinal);
        if (shown.ContainsKey("evidence") && shown.TryGetValue("symbols", out var symbols)) shown["evidence"] = symbols;
        return shown;
    }
}
