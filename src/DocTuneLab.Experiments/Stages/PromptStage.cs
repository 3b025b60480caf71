using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Hosted;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Documents.Model;
using DocTuneLab.Endpoints.Accounting;
using DocTuneLab.Prompts;
using DocTuneLab.Prompts.Tuning;
using DocTuneLab.Training.Inference;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Experiments.Stages;

/// <summary>Chooses the wordings of an experiment by what models do with them.</summary>
/// <param name="corpus">The stage that writes samples with them.</param>
public sealed class PromptStage(CorpusStage corpus)
{
    private Experiment Experiment => corpus.Experiment;

    private PrivateLibrary Library => corpus.Documents.Library;

    /// <summary>Whether the suite has tasks or questions in split dev, by which wordings can be chosen.</summary>
    public bool CanTune => corpus.Suite.Where(Split.Dev) is { Code.Count: > 0 } or { Qa.Count: > 0 };

    /// <summary>
    /// Chooses the wording of tasks and questions by the likelihood of the dev split's reference answers under a base model. Demonstrations
    /// come from samples that the generator makes of the train pages. A kind of which the suite has no dev tasks keeps its wording.
    /// </summary>
    /// <param name="model">The base model.</param>
    /// <param name="options">Examples, budget and candidates.</param>
    /// <param name="cancel">Stops within the model.</param>
    /// <exception cref="LabException">The suite has neither tasks nor questions in split dev.</exception>
    public async Task<IReadOnlyList<PromptTuningResult>> TuneAsync(BaseModel model, PromptTuningOptions? options = null,
        CancellationToken cancel = default)
    {
        options = (options ?? new PromptTuningOptions()) with { Seed = Experiment.Seed };
        var dev = corpus.Suite.Where(Split.Dev);
        if (!CanTune) throw new LabException("the suite has neither tasks nor questions in split 'dev'; prompt tuning chooses on them");
        var results = new List<PromptTuningResult>();
        async Task<PromptTemplate> ChooseAsync(string kind, SampleKind sample, IReadOnlyList<PromptExample> on)
        {
            LikelihoodTrial Trial(IReadOnlyList<PromptExample> of) => new(new LocalModel(model), of, corpus.Counting.Count);
            var written = new CorpusOptions { Count = options.TrainExamples, RetrievedShare = 0 };
            var train = options.Demonstrations == 0
                ? null
                : Trial(corpus.Structural(written).Examples(sample, corpus.Documents.TrainChunks, cancel));
            var result = await new PromptTuner(Trial(on), train, options).TuneAsync(PromptLibrary.Default.OfKind(kind), null, cancel);
            results.Add(result);
            return Experiment.Storage.Templates.Keep(result);
        }

        var tasks = dev.Code.Take(options.Examples)
            .Select(t => new PromptExample(AnswerFormat.CodeInputs(t.Instruction, t.Signature, t.Context, Library.Name),
                AnswerFormat.Code(t.Reference)));
        if (dev.Code.Count > 0) Experiment.Wordings.Code = await ChooseAsync(PromptLibrary.CodeTask, SampleKind.Code, [.. tasks]);
        var questions = dev.Qa.Take(options.Examples)
            .Select(q => new PromptExample(AnswerFormat.QaInputs(q.Question, Library.Name), q.Answers[0]));
        if (dev.Qa.Count > 0) Experiment.Wordings.Qa = await ChooseAsync(PromptLibrary.DocQa, SampleKind.Qa, [.. questions]);
        return results;
    }

    /// <summary>
    /// Chooses the wording of a template by what hosted models write with it: the samples of a plan are written, compiled and checked as
    /// those of a corpus are. Train and dev are two plans; none of their samples goes into the corpus.
    /// </summary>
    /// <param name="settings">Who is asked.</param>
    /// <param name="options">Template, dev samples, budget and candidates; with reflection the same endpoints propose wordings.</param>
    /// <param name="progress">Called with the number of samples tried on dev.</param>
    /// <param name="live">Shown answers while they come.</param>
    /// <param name="cancel">Stops; answers are kept.</param>
    public async Task<PromptTuningResult> TuneAtEndpointAsync(
        GenerationSettings settings, PromptTuningOptions? options = null, IProgress<int>? progress = null,
        IProgress<LiveText>? live = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var (seed, wordings) = (Experiment.Seed, Experiment.Wordings);
        options = (options ?? new PromptTuningOptions()) with { Seed = seed };
        var (name, examples) = (options.Target, options.Examples);
        var isTask = name == PromptLibrary.CodeTask;
        IReadOnlyList<PromptTemplate> candidates = isTask ? PromptLibrary.Default.OfKind(name) : [wordings.Templates[name]];
        return await corpus.Asking(settings, live).AskAsync("tun"
            + "e", new { name, examples, settings.Endpoints, settings.Engine, options, Library = Library.Api.Hash }, async engine =>
        {
            TemplateTrial Trial(int count,
                int seed) => new(engine, Library.Api, new BatchedJudge(Library.Judge), corpus.Documents.TrainChunks, name,
                corpus.Written(settings) with { Count = count, Seed = seed }, corpus.Validation(1024));
            var reflection = isTask ? null : new PromptReflection(engine, wordings.Templates);
            var tuner = new PromptTuner(Trial(examples, unchecked(seed + 1000)), Trial(options.TrainExamples, unchecked(seed + 2000)),
                options, reflection);
            var result = await tuner.TuneAsync(candidates, progress, cancel);
            var winner = Experiment.Storage.Templates.Keep(result);
            if (isTask) wordings.Code = winner;
            else wordings.Templates = wordings.Templates.With(name, winner);
            return (result, new
            {
                Winner = winner.Name,
                winner.Version,
                winner.Hash,
                result.Tried,
                result.TriedOnTrain,
                result.Decided,
                engine.Status.Cost
            }, true);
        });
    }
}
