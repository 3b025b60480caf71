using System.Text.Json;
using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Generation;
using DocTuneLab.Corpus.Review;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Documents;
using DocTuneLab.Prompts;
using DocTuneLab.Prompts.Endpoints;
using DocTuneLab.Prompts.Tuning;
using DocTuneLab.Storage;
using DocTuneLab.Training.Generation;
using Microsoft.Extensions.AI;

namespace DocTuneLab.Experiments;

// Prompts and samples.
public sealed partial class LabSession
{
    // Read when first used: a kernel that starts does not wait for the template language.
    /// <summary>Wording of code tasks, chosen by <see cref="TunePromptsAsync"/>.</summary>
    public PromptTemplate CodeTemplate { get => field ??= PromptLibrary.Default["code-task.complete"]; private set; }

    /// <summary>Wording of questions, chosen by <see cref="TunePromptsAsync"/>.</summary>
    public PromptTemplate QaTemplate { get => field ??= PromptLibrary.Default["doc-qa.plain"]; private set; }

    private readonly GeneralSamples _general = new();

    /// <summary>What <see cref="GenerateCorpus(int, IProgress{CorpusProgress}?, CancellationToken)"/> made.</summary>
    public GeneratedCorpus? Corpus { get; private set; }

    /// <summary>What <see cref="GenerateCorpusAsync"/> made.</summary>
    public GenerationResult? Generation { get; private set; }

    /// <summary>Templates that hosted models are asked with, the winners of <see cref="TunePromptsAsync"/> among them.</summary>
    public PromptLibrary Templates { get => field ??= PromptLibrary.Default; private set; }

    /// <summary>Chooses the wording of tasks and questions by the likelihood of the dev split's reference answers under the base model. Demonstrations come from samples that the generator makes of the train pages.</summary>
    /// <param name="examples">Dev examples of each kind at most.</param>
    /// <param name="options">Budget and candidates.</param>
    /// <param name="cancel">Stops within the model.</param>
    public async Task<IReadOnlyList<PromptTuningResult>> TunePromptsAsync(int examples, PromptTuningOptions? options = null, CancellationToken cancel = default)
    {
        Need(Api, "#!docs"); Need(Model, "#!base"); Need(Suite, "#!suite");
        options = (options ?? new PromptTuningOptions()) with { Seed = Seed };
        var dev = Suite!.Where(Split.Dev);
        if (dev.Code.Count == 0 || dev.Qa.Count == 0) throw new LabException("the suite has no tasks or no questions in split 'dev'; prompt tuning chooses on them");
        var results = new List<PromptTuningResult>();
        async Task<PromptTemplate> ChooseAsync(string kind, SampleKind sample, IReadOnlyList<PromptExample> on)
        {
            LikelihoodTrial Trial(IReadOnlyList<PromptExample> of) => new(new LocalModel(Model!), of, CountTokens);
            var train = options.Demonstrations == 0 ? null : Trial(new StructuralGenerator(Api!, Judge!, Structural(new CorpusOptions { Count = options.TrainExamples, RetrievedShare = 0 })).Examples(sample, TrainChunks(), cancel));
            var result = await new PromptTuner(Trial(on), train, options).TuneAsync(PromptLibrary.Default.OfKind(kind), null, cancel);
            results.Add(result);
            return Storage.Keep(result);
        }

        CodeTemplate = await ChooseAsync(PromptLibrary.CodeTask, SampleKind.Code, [.. dev.Code.Take(examples).Select(t => new PromptExample(AnswerFormat.CodeInputs(t.Instruction, t.Signature, t.Context, LibraryName), AnswerFormat.Code(t.Reference)))]);
        QaTemplate = await ChooseAsync(PromptLibrary.DocQa, SampleKind.Qa, [.. dev.Qa.Take(examples).Select(q => new PromptExample(AnswerFormat.QaInputs(q.Question, LibraryName), q.Answers[0]))]);
        return results;
    }

    /// <summary>
    /// Chooses the wording of a template by what hosted models write with it: the samples of a plan are written, compiled and checked as those of
    /// a corpus are. Train and dev are two plans; none of their samples goes into the corpus.
    /// </summary>
    /// <param name="name">Template: <c>generate.code-solution</c> and its like, or <c>code-task</c> for the wording that small models are asked with.</param>
    /// <param name="examples">Dev samples.</param>
    /// <param name="settings">Who is asked.</param>
    /// <param name="options">Budget and candidates; with reflection the same endpoints propose wordings.</param>
    /// <param name="progress">Called with the number of samples tried on dev.</param>
    /// <param name="live">Shown answers while they come.</param>
    /// <param name="cancel">Stops; answers are kept.</param>
    public async Task<PromptTuningResult> TuneAtEndpointAsync(string name, int examples, GenerationSettings settings, PromptTuningOptions? options = null, IProgress<int>? progress = null, IProgress<LiveText>? live = null, CancellationToken cancel = default)
    {
        Need(Api, "#!docs"); Need(Suite, "#!suite");
        options = (options ?? new PromptTuningOptions()) with { Seed = Seed };
        var isTask = name == PromptLibrary.CodeTask;
        IReadOnlyList<PromptTemplate> candidates = isTask ? PromptLibrary.Default.OfKind(name) : [Templates[name]];
        return await RecordedAsync("tune", new { name, examples, settings.Endpoints, settings.Engine, options, Library = Api!.Hash }, settings, live, async engine =>
        {
            TemplateTrial Trial(int count, int seed) => new(engine, Api, new BatchedJudge(Judge!), TrainChunks(), name, Written(settings) with { Count = count, Seed = seed }, Validation(1024));
            var tuner = new PromptTuner(Trial(examples, unchecked(Seed + 1000)), Trial(options.TrainExamples, unchecked(Seed + 2000)), options, isTask ? null : new PromptReflection(engine, Templates));
            var result = await tuner.TuneAsync(candidates, progress, cancel);
            var winner = Storage.Keep(result);
            if (isTask) CodeTemplate = winner;
            else Templates = Templates.With(name, winner);
            return (result, new { Winner = winner.Name, winner.Version, winner.Hash, result.Tried, result.TriedOnTrain, result.Decided, engine.Status.Cost }, true);
        });
    }

    /// <summary>Writes grounded samples from symbols and train-split pages, each code sample compiled, none near a held-out task, a tenth of them about .NET itself.</summary>
    public GeneratedCorpus GenerateCorpus(int count, IProgress<CorpusProgress>? progress = null, CancellationToken cancel = default) =>
        GenerateCorpus(new CorpusOptions { Count = count, General = _general }, progress, cancel);

    /// <summary>Likewise by options; seed, templates, tokenizer, library and held-out tasks are the session's.</summary>
    public GeneratedCorpus GenerateCorpus(CorpusOptions options, IProgress<CorpusProgress>? progress = null, CancellationToken cancel = default)
    {
        Need(Api, "#!docs"); Need(Suite, "#!suite");
        Corpus = new StructuralGenerator(Api!, Judge!, Structural(options)).Generate(TrainChunks(), progress, cancel);
        Storage.SaveSamples([.. Corpus.Samples, .. Corpus.Rejected], replaceAll: true);
        return Corpus;
    }

    /// <summary>Lets hosted models write samples; they join those that the lab holds. Answers are in the lab before they are used, so a second call goes on where the first stopped.</summary>
    /// <param name="settings">Who is asked for what.</param>
    /// <param name="progress">Called as samples are finished.</param>
    /// <param name="live">Shown answers while they come, or how a batch stands.</param>
    /// <param name="cancel">Stops; what was accepted so far is kept.</param>
    public async Task<GenerationResult> GenerateCorpusAsync(GenerationSettings settings, IProgress<GenerationStatus>? progress = null, IProgress<LiveText>? live = null, CancellationToken cancel = default)
    {
        Need(Api, "#!docs"); Need(Suite, "#!suite");
        Generation = await RecordedAsync("generate", new { settings.Endpoints, settings.Engine, settings.Batch, settings.Options.Count, settings.Options.Seed, Library = Api!.Hash }, settings, live, async engine =>
        {
            var written = await Generator(engine, settings).RunAsync(TrainChunks(), progress, cancel);
            Storage.SaveSamples([.. written.Samples, .. written.Rejected]);
            Storage.SavePreferences(written.Preferences);
            return (written, written.Status, written.Status.IsDone);
        });
        // Training takes what the lab holds: these and those written without a model.
        var all = Storage.Samples();
        Corpus = new GeneratedCorpus(all, [.. Storage.Samples(acceptedOnly: false).Where(s => !s.Accepted)], Corpus?.Accounts ?? [], Coverage(), all.Sum(s => s.Messages.Sum(m => 4L + CountTokens(m.Content))));
        return Generation;
    }

    /// <summary>What pages say, samples teach and held-out tasks ask about each symbol of the library.</summary>
    public CoverageLedger Coverage() => Storage.Coverage(Suite?.HeldOut() ?? []);

    /// <summary>What <see cref="GenerateCorpusAsync"/> would ask and cost; nothing is sent.</summary>
    public GenerationEstimate EstimateCorpus(GenerationSettings settings)
    {
        Need(Api, "#!docs"); Need(Suite, "#!suite");
        return GenerationEstimate.Of(Api!, TrainChunks(), settings.Options, settings.Endpoints);
    }

    /// <summary>Judges the lab's accepted samples again: wording, length, held-out tasks, duplicates, and code against the assemblies.</summary>
    /// <returns>How many hold, and those that do not, with the checks that say so; the lab is not changed.</returns>
    public (int Kept, IReadOnlyList<Sample> Failed) CheckCorpus()
    {
        Need(Api, "#!docs"); Need(Suite, "#!suite");
        var validator = Again();
        var judged = validator.Judge([.. Storage.Samples().Select(s => SampleDrafts.Of(s, Judge!.LibraryNamespaces))]).Select(j => validator.Accept(j)).ToList();
        return (judged.Count(s => s.Accepted), [.. judged.Where(s => !s.Accepted)]);
    }

    /// <summary>Takes a reviewed table into the lab; edited samples are judged again.</summary>
    public ReviewSummary TakeReview(string path, string reviewer) => ReviewFile.Apply(Storage, path, reviewer, Judged());

    /// <summary>Takes one decision into the lab; an edited sample is judged again.</summary>
    /// <returns>The sample as it stands now.</returns>
    public Sample Decide(string id, string decision, string reviewer, string note = "", string? answer = null)
    {
        if (decision == "edit" && answer is null) throw new LabException("an edit needs the new answer in the lines below the magic");
        ReviewFile.Decide(Storage, id, decision, reviewer, note, null, answer, Judged());
        var last = Storage.Reviews()[^1];
        return Storage.Samples(acceptedOnly: false).Single(s => s.Id == (last.ReplacedBy ?? last.SampleId));
    }

    /// <summary>Writes new samples in the place of all that reviewers marked: of the same kinds, about the same members, by hosted models or without.</summary>
    /// <returns>How many were marked, and the new samples.</returns>
    public async Task<(int Marked, IReadOnlyList<Sample> Written)> RegenerateAsync(GenerationSettings? settings = null, CancellationToken cancel = default)
    {
        Need(Api, "#!docs"); Need(Suite, "#!suite");
        var all = Storage.Samples(acceptedOnly: false).ToDictionary(s => s.Id, StringComparer.Ordinal);
        var marked = Storage.Reviews().GroupBy(r => r.SampleId, StringComparer.Ordinal).Select(g => g.Last()).Where(r => r is { Decision: "regenerate", ReplacedBy: null } && all.ContainsKey(r.SampleId)).Select(r => all[r.SampleId]).ToList();
        if (marked.Count == 0) return (0, []);
        var mix = marked.GroupBy(s => s.Kind).ToDictionary(g => g.Key, g => (double)g.Count());
        // Another seed for each round of regeneration, or the same samples would come again.
        var seed = unchecked(Seed * 31 + Storage.Reviews().Count);
        List<Sample> written;
        if (settings is null)
        {
            var options = Structural(new CorpusOptions { RetrievedShare = 0 }) with { Count = 4 * marked.Count, Seed = seed, Mix = mix };
            var fresh = new StructuralGenerator(Api!, Judge!, options).Generate(TrainChunks(), null, cancel).Samples.Where(s => !all.ContainsKey(s.Id)).ToList();
            var members = marked.SelectMany(s => s.Evidence.Symbols).ToHashSet(StringComparer.Ordinal);
            // Those about the same members first, and no more of a kind than were marked.
            written = [.. fresh.OrderByDescending(s => s.Evidence.Symbols.Count(members.Contains)).GroupBy(s => s.Kind).SelectMany(g => g.Take((int)mix.GetValueOrDefault(g.Key)))];
            Storage.SaveSamples(written);
        }
        else
        {
            var kinds = mix.Where(m => GenerationOptions.DefaultMix.ContainsKey(m.Key)).ToDictionary();
            if (kinds.Count == 0) kinds = new Dictionary<SampleKind, double> { [SampleKind.Code] = 1 };
            var result = await GenerateCorpusAsync(settings with { Options = settings.Options with { Count = marked.Count, Seed = seed, Mix = kinds, ParaphraseShare = 0, About = [.. marked.SelectMany(s => s.Evidence.Symbols).Distinct(StringComparer.Ordinal)] } }, cancel: cancel);
            written = [.. result.Samples];
        }
        Storage.SaveReviews([.. marked.Select((s, i) => new StoredReview(s.Id, "regenerate", "doctune", "written again", i < written.Count ? written[i].Id : ""))]);
        return (marked.Count, written);
    }

    /// <summary>Asks endpoints, as a run of the lab: with what it was set up, and how it ended, whatever happens.</summary>
    private async Task<T> RecordedAsync<T>(string kind, object settings, GenerationSettings asked, IProgress<LiveText>? live, Func<RequestEngine, Task<(T Result, object Summary, bool IsDone)>> work)
    {
        var run = Storage.BeginRun(kind, JsonSerializer.Serialize(settings));
        try
        {
            await using var journal = new LabJournal(Storage);
            var options = asked.Engine with { Seed = Seed };
            using var engine = asked.Batch is { } batch
                ? new RequestEngine([.. asked.Endpoints.Select(e => (e with { MaxConcurrency = batch.MaxRequests }, (IChatClient)new BatchChatClient(e, Storage, batch, live)))], journal, BatchOptions.Patient(options)) { Live = live }
                : new RequestEngine(asked.Endpoints, journal, options) { Live = live };
            var (result, summary, isDone) = await work(engine);
            Storage.FinishRun(run.Id, JsonSerializer.Serialize(summary), failed: !isDone);
            return result;
        }
        catch
        {
            Storage.FinishRun(run.Id, failed: true);
            throw;
        }
    }

    private Func<Sample, Sample>? Judged()
    {
        if (Api is null || Suite is null) return null;
        var validator = Again();
        return sample => validator.Accept(validator.Judge([SampleDrafts.Of(sample, Judge!.LibraryNamespaces)])[0], sample.Split) with { Provenance = sample.Provenance };
    }

    /// <summary>For samples that stand in the lab: whatever resembles them there is no reason against them.</summary>
    private SampleValidator Again() => new(Api!, new BatchedJudge(Judge!), Validation(4096) with { NearDuplicateThreshold = 1 });

    private CorpusOptions Structural(CorpusOptions options) => options with
    {
        Seed = Seed, Tokenizer = Model?.Tokenizer, LibraryName = LibraryName, CodeTemplate = CodeTemplate, QaTemplate = QaTemplate, HeldOut = new Decontamination(Suite!.HeldOut()),
    };

    private GenerationOptions Written(GenerationSettings settings) => settings.Options with { LibraryName = LibraryName, CodeTemplate = CodeTemplate, QaTemplate = QaTemplate, Templates = Templates };

    private CorpusGenerator Generator(RequestEngine engine, GenerationSettings settings) => new(engine, Api!, new BatchedJudge(Judge!),
        Written(settings), Validation(Model is null ? 512 : Math.Min(1024, Model.Config.MaxPositions)));

    private ValidationOptions Validation(int maxTokens) => new() { MaxTokens = maxTokens, CountTokens = CountTokens, HeldOut = new Decontamination(Suite!.HeldOut()) };

    private int CountTokens(string text) => Model?.Tokenizer.Count(text) ?? (text.Length + 3) / 4;

    private List<Chunk> TrainChunks() => [.. Chunks.Where(c => Documents!.SplitOf(c.DocumentPath) == Split.Train)];
}
