using System.Text.Json;
using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Generation;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Documents;
using DocTuneLab.Prompts;
using DocTuneLab.Prompts.Endpoints;
using DocTuneLab.Storage;
using DocTuneLab.Training.Generation;

namespace DocTuneLab.Extension;

// Prompts and samples.
public sealed partial class LabSession
{
    // Read when first used: a kernel that starts does not wait for the template language.
    /// <summary>Wording of code tasks, chosen by <see cref="TunePrompts"/>.</summary>
    public PromptTemplate CodeTemplate { get => field ??= PromptLibrary.Default["code-task.complete"]; private set; }

    /// <summary>Wording of questions, chosen by <see cref="TunePrompts"/>.</summary>
    public PromptTemplate QaTemplate { get => field ??= PromptLibrary.Default["doc-qa.plain"]; private set; }

    /// <summary>What <see cref="GenerateCorpus"/> made.</summary>
    public GeneratedCorpus? Corpus { get; private set; }

    /// <summary>What <see cref="GenerateCorpusAsync"/> made.</summary>
    public GenerationResult? Generation { get; private set; }

    /// <summary>Chooses the wording of tasks and questions by the likelihood of the dev split's reference answers under the base model.</summary>
    public IReadOnlyList<PromptTuningResult> TunePrompts(int examples, CancellationToken cancel = default)
    {
        Need(Api, "#!docs"); Need(Model, "#!base"); Need(Suite, "#!suite");
        var dev = Suite!.Where(Split.Dev);
        if (dev.Code.Count == 0 || dev.Qa.Count == 0) throw new LabException("the suite has no tasks or no questions in split 'dev'; prompt tuning chooses on them");
        var tuner = new PromptTuner(new LocalModel(Model!), new PromptTuningOptions { Seed = Seed });
        var code = tuner.Tune(PromptLibrary.Default.OfKind(PromptLibrary.CodeTask),
            [.. dev.Code.Take(examples).Select(t => new PromptExample(AnswerFormat.CodeInputs(t.Instruction, t.Signature, t.Context, LibraryName), AnswerFormat.Code(t.Reference)))], null, cancel);
        var qa = tuner.Tune(PromptLibrary.Default.OfKind(PromptLibrary.DocQa),
            [.. dev.Qa.Take(examples).Select(q => new PromptExample(AnswerFormat.QaInputs(q.Question, LibraryName), q.Answers[0]))], null, cancel);
        (CodeTemplate, QaTemplate) = (code.Winner, qa.Winner);
        foreach (var winner in (PromptTemplate[])[CodeTemplate, QaTemplate]) Storage.SaveTemplate(winner.Name, winner.Version, winner.Source);
        return [code, qa];
    }

    /// <summary>Writes grounded samples from symbols and train-split pages, each code sample compiled, none near a held-out task.</summary>
    public GeneratedCorpus GenerateCorpus(int count, IProgress<CorpusProgress>? progress = null, CancellationToken cancel = default)
    {
        Need(Api, "#!docs"); Need(Suite, "#!suite");
        var options = new CorpusOptions
        {
            Count = count, Seed = Seed, Tokenizer = Model?.Tokenizer, LibraryName = LibraryName, CodeTemplate = CodeTemplate, QaTemplate = QaTemplate,
            HeldOut = new Decontamination(Suite!.HeldOut()),
        };
        Corpus = new StructuralGenerator(Api!, Judge!, options).Generate(TrainChunks(), progress, cancel);
        Storage.SaveSamples([.. Corpus.Samples, .. Corpus.Rejected], replaceAll: true);
        return Corpus;
    }

    /// <summary>Lets hosted models write samples; they join those that the lab holds. Answers are in the lab before they are used, so a second call goes on where the first stopped.</summary>
    /// <param name="settings">Who is asked for what.</param>
    /// <param name="progress">Called as samples are finished.</param>
    /// <param name="cancel">Stops; what was accepted so far is kept.</param>
    public async Task<GenerationResult> GenerateCorpusAsync(GenerationSettings settings, IProgress<GenerationStatus>? progress = null, CancellationToken cancel = default)
    {
        Need(Api, "#!docs"); Need(Suite, "#!suite");
        var run = Storage.BeginRun("generate", JsonSerializer.Serialize(new { settings.Endpoints, settings.Engine, settings.Options.Count, settings.Options.Seed, Library = Api!.Hash }));
        try
        {
            await using var journal = new LabJournal(Storage);
            using var engine = new RequestEngine(settings.Endpoints, journal, settings.Engine with { Seed = Seed });
            Generation = await Generator(engine, settings).RunAsync(TrainChunks(), progress, cancel);
            Storage.SaveSamples([.. Generation.Samples, .. Generation.Rejected]);
            Storage.SavePreferences(Generation.Preferences);
            Storage.FinishRun(run.Id, JsonSerializer.Serialize(Generation.Status), failed: !Generation.Status.IsDone);
        }
        catch
        {
            Storage.FinishRun(run.Id, failed: true);
            throw;
        }
        // Training takes what the lab holds: these and those written without a model.
        var all = Storage.Samples();
        var ledger = new CoverageLedger(Api.Symbols);
        foreach (var sample in all) ledger.Add(sample);
        Corpus = new GeneratedCorpus(all, [.. Storage.Samples(acceptedOnly: false).Where(s => !s.Accepted)], Corpus?.Accounts ?? [], ledger, all.Sum(s => s.Messages.Sum(m => 4L + CountTokens(m.Content))));
        return Generation;
    }

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
        var validator = new SampleValidator(Api!, new BatchedJudge(Judge!), Validation(4096) with { NearDuplicateThreshold = 1 });
        var judged = validator.Judge([.. Storage.Samples().Select(s => SampleDrafts.Of(s, Judge!.LibraryNamespaces))]).Select(j => validator.Accept(j)).ToList();
        return (judged.Count(s => s.Accepted), [.. judged.Where(s => !s.Accepted)]);
    }

    private CorpusGenerator Generator(RequestEngine engine, GenerationSettings settings) => new(engine, Api!, new BatchedJudge(Judge!),
        settings.Options with { LibraryName = LibraryName, CodeTemplate = CodeTemplate, QaTemplate = QaTemplate }, Validation(Model is null ? 512 : Math.Min(1024, Model.Config.MaxPositions)));

    private ValidationOptions Validation(int maxTokens) => new() { MaxTokens = maxTokens, CountTokens = CountTokens, HeldOut = new Decontamination(Suite!.HeldOut()) };

    private int CountTokens(string text) => Model?.Tokenizer.Count(text) ?? (text.Length + 3) / 4;

    private List<Chunk> TrainChunks() => [.. Chunks.Where(c => Documents!.SplitOf(c.DocumentPath) == Split.Train)];
}
