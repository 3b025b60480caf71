using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Hosted;
using DocTuneLab.Corpus.Kinds;
using DocTuneLab.Corpus.Review;
using DocTuneLab.Corpus.Structural;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Endpoints.Accounting;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Experiments.Runs;
using DocTuneLab.Prompts;
using DocTuneLab.Storage;
using DocTuneLab.Training.Recipes;

namespace DocTuneLab.Experiments.Stages;

/// <summary>From chunks and symbols to training samples, none of them near a held-out task.</summary>
public sealed class CorpusStage
{
    // Enough that a dozen of train pages are among them.
    private const int SearchedForTrain = 4 * Passages.Candidates;
    private readonly Lazy<Decontamination> _heldOut;

    /// <summary>A stage over what was read.</summary>
    /// <param name="experiment">Where samples are kept, with which seed and wordings they are made.</param>
    /// <param name="documents">What they are written from.</param>
    /// <param name="suite">Held-out tasks, which no sample may copy.</param>
    /// <param name="counting">How their tokens are counted.</param>
    public CorpusStage(Experiment experiment, DocumentStage documents, Suite suite, TokenCounting counting)
    {
        (Experiment, Documents, Suite, Counting) = (experiment, documents, suite, counting);
        _heldOut = new(() => new Decontamination(suite.HeldOut()));
    }

    /// <summary>What must be said of every sample that it writes; null where there is nothing to say.</summary>
    public string? Warning => Suite.HeldOut().Count > 0 ? null
        : "Nothing is held out: there are no tasks that samples must stay away from, so no figure about this corpus can show what a model "
            + "learnt. Load tasks first (#!suite DIR, --suite DIR).";

    internal Experiment Experiment { get; }

    internal DocumentStage Documents { get; }

    internal Suite Suite { get; }

    internal TokenCounting Counting { get; }

    private Lab Storage => Experiment.Storage;

    private PrivateLibrary Library => Documents.Library;

    private IReadOnlyList<SampleKindDefinition> Kinds => Experiment.Hooks.Kinds.All;

    /// <summary>Writes grounded samples from symbols and train-split pages, each code sample compiled and run in the sandbox, none near a
    /// held-out task. They replace those that the lab holds.</summary>
    /// <param name="options">What is wanted; seed, kinds, templates, tokenizer, library and held-out tasks are the experiment's.</param>
    /// <param name="progress">Called as samples are accepted.</param>
    /// <param name="run">Whether the samples' code is run, and the library with it; otherwise the compiler alone judges.</param>
    /// <param name="cancel">Stops; nothing is kept.</param>
    public GeneratedCorpus Generate(CorpusOptions options, IProgress<CorpusProgress>? progress = null, bool run = true,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        using var runner = run ? Runner(options) : null;
        var corpus = Structural(options with { Runner = runner }).Generate(Documents.TrainChunks, progress, cancel);
        Storage.Samples.Save([.. corpus.Samples, .. corpus.Rejected], replaceAll: true);
        return Experiment.Corpus = corpus;
    }

    /// <summary>
    /// Lets hosted models write samples; they join those that the lab holds. Answers are in the lab before they are used, so a second call
    /// goes on where the first stopped.
    /// </summary>
    /// <param name="settings">Who is asked for what.</param>
    /// <param name="progress">Called as samples are finished.</param>
    /// <param name="live">Shown answers while they come, or how a batch stands.</param>
    /// <param name="cancel">Stops; what was accepted so far is kept.</param>
    public async Task<GenerationResult> GenerateAsync(GenerationSettings settings, IProgress<GenerationStatus>? progress = null,
        IProgress<LiveText>? live = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var configuration = new
        {
            settings.Endpoints,
            settings.Engine,
            Batch = settings.Batch is { Enabled: true } ? settings.Batch : null,
            settings.Options.Count,
            settings.Options.Seed,
            Library = Library.Api.Hash
        };
        var result = await Asking(settings, live).AskAsync("generate", configuration, async engine =>
        {
            var generator = new CorpusGenerator(engine, Library.Api, new BatchedJudge(Library.Judge), Written(settings),
                Validation(Counting.Longest));
            var written = await generator.RunAsync(Documents.TrainChunks, progress, cancel);
            Storage.Samples.Save([.. written.Samples, .. written.Rejected]);
            Storage.Samples.SavePreferences(written.Preferences);
            return (written, written.Status, written.Status.IsDone);
        });
        // Training takes what the lab holds: these and those written without a model.
        var all = Storage.Samples.List();
        var tokens = all.Sum(s => s.Messages.Sum(m => 4L + Counting.Count(m.Content)));
        Experiment.Corpus = new GeneratedCorpus(all, [.. Storage.Samples.List(acceptedOnly: false).Where(s => !s.Accepted)],
            Experiment.Corpus?.Accounts ?? [], Storage.Samples.Coverage(Suite.HeldOut(), Kinds), tokens);
        return result;
    }

    /// <summary>What <see cref="GenerateAsync"/> would ask and cost; nothing is sent.</summary>
    public GenerationEstimate Estimate(GenerationSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var wordings = Experiment.Wordings;
        var asked = settings.Options with { Kinds = Kinds, CodeTemplate = wordings.Code, Templates = wordings.Templates };
        return GenerationEstimate.Of(Library.Api, Documents.TrainChunks, asked, settings.Endpoints);
    }

    /// <summary>Judges the lab's accepted samples again:
    /// wording, length, held-out tasks, duplicates, and code against the assemblies.</summary>
    /// <returns>How many hold, and those that do not, with the checks that say so; the lab is not changed.</returns>
    public (int Kept, IReadOnlyList<Sample> Failed) Check()
    {
        var validator = Again();
        var drafts = Storage.Samples.List().Select(DraftOf);
        var judged = validator.Judge([.. drafts]).Select(j => validator.Accept(j)).ToList();
        return (judged.Count(s => s.Accepted), [.. judged.Where(s => !s.Accepted)]);
    }

    /// <summary>Writes new samples in the place of all that reviewers marked:
    /// of the same kinds, about the same members, from signatures and pages alone.</summary>
    /// <returns>How many were marked, and the new samples.</returns>
    public (int Marked, IReadOnlyList<Sample> Written) Regenerate(CancellationToken cancel = default)
    {
        var (marked, known) = Marked();
        if (marked.Count == 0) return (0, []);
        var mix = MixOf(marked);
        using var runner = Runner(new());
        var options = WithDefaults(new CorpusOptions { RetrievedShare = 0 }) with
        {
            Runner = runner,
            // The documentation's own examples come first, and the lab has them already.
            Count = 64 + (4 * marked.Count),
            Seed = NextSeed(),
            Mix = mix
        };
        var fresh = new StructuralGenerator(Library.Api, Library.Judge, options).Generate(Documents.TrainChunks, null, cancel).Samples
            .Where(s => !known.Contains(s.Id));
        var members = marked.SelectMany(s => s.Evidence.Symbols).ToHashSet(StringComparer.Ordinal);
        // Those about the same members first, and no more of a kind than were marked.
        List<Sample> written = [.. fresh.OrderByDescending(s => s.Evidence.Symbols.Count(members.Contains))
            .GroupBy(s => s.Kind)
            .SelectMany(g => g.Take((int)mix.GetValueOrDefault(g.Key)))];
        Storage.Samples.Save(written);
        return Replaced(marked, written);
    }

    /// <summary>Likewise by hosted models.</summary>
    /// <returns>How many were marked, and the new samples.</returns>
    public async Task<(int Marked, IReadOnlyList<Sample> Written)> RegenerateAsync(GenerationSettings settings,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var (marked, _) = Marked();
        if (marked.Count == 0) return (0, []);
        var kinds = MixOf(marked).Where(m => Kinds.Find(m.Key)?.HostedShare is not null).ToDictionary();
        if (kinds.Count == 0) kinds = new Dictionary<SampleKind, double> { [SampleKind.Code] = 1 };
        var result = await GenerateAsync(settings with
        {
            Options = settings.Options with
            {
                Count = marked.Count,
                Seed = NextSeed(),
                Mix = kinds,
                ParaphraseShare = 0,
                About = [.. marked.SelectMany(s => s.Evidence.Symbols).Distinct(StringComparer.Ordinal)],
            },
        }, cancel: cancel);
        return Replaced(marked, [.. result.Samples]);
    }

    /// <summary>The generator that needs no model.</summary>
    internal StructuralGenerator Structural(CorpusOptions options) => new(Library.Api, Library.Judge, WithDefaults(options));

    /// <summary>What hosted models are asked for, in the experiment's wordings.</summary>
    internal GenerationOptions Written(GenerationSettings settings)
    {
        var wordings = Experiment.Wordings;
        return settings.Options with
        {
            Kinds = Kinds,
            LibraryName = Library.Name,
            CodeTemplate = wordings.Code,
            QaTemplate = wordings.Qa,
            Templates = wordings.Templates,
            Passages = TrainPassages(),
        };
    }

    /// <summary>What every sample must hold.</summary>
    internal ValidationOptions Validation(int maxTokens) =>
        new() { MaxTokens = maxTokens, CountTokens = Counting.Count, HeldOut = _heldOut.Value, Kinds = Kinds };

    /// <summary>Asks the endpoints of some settings, with the experiment's seed.</summary>
    internal EndpointRun Asking(GenerationSettings settings, IProgress<LiveText>? live) =>
        new(Storage, settings.Endpoints, settings.Engine with { Seed = Experiment.Seed }, settings.Batch, live);

    /// <summary>Judges a sample that a reviewer edited.</summary>
    internal Func<Sample, Sample> Judged()
    {
        var validator = Again();
        return sample => validator.Accept(validator.Judge([DraftOf(sample)])[0], sample.Split) with
        {
            Provenance = sample.Provenance
        };
    }

    private Draft DraftOf(Sample sample) => SampleDrafts.Of(sample, Library.Judge.LibraryNamespaces, Kinds);

    // Code of samples runs where answers do.
    private ProgramSandbox Runner(CorpusOptions options) => new(Library.Judge.References, options.AllowWithoutIsolation);

    private CorpusOptions WithDefaults(CorpusOptions options) => options with
    {
        Sources = [.. options.Sources, .. Storage.Inputs.Code],
        Seed = Experiment.Seed,
        Kinds = Kinds,
        Tokenizer = Counting.Tokenizer,
        LibraryName = Library.Name,
        CodeTemplate = Experiment.Wordings.Code,
        QaTemplate = Experiment.Wordings.Qa,
        HeldOut = _heldOut.Value,
        Passages = TrainPassages(),
        MaxReadingTokens = Math.Min(SftOptions.Settings.Defaults.MaxLength, Counting.Longest),
    };

    // As the arms with documents search, but nothing of a page that is held out.
    private Passages TrainPassages()
    {
        var train = new Lazy<HashSet<string>>(() => [.. Documents.TrainChunks.Select(c => c.DocumentPath)]);
        return new(query => [.. Storage.Documents.Search(query, SearchedForTrain).Select(h => h.Chunk)
            .Where(c => train.Value.Contains(c.DocumentPath)).Take(Passages.Candidates)]);
    }

    /// <summary>For samples that stand in the lab: whatever resembles them there is no reason against them.</summary>
    private SampleValidator Again() =>
        new(Library.Api, new BatchedJudge(Library.Judge), Validation(4096) with { NearDuplicateThreshold = 1 });

    private (IReadOnlyList<Sample> Marked, IReadOnlySet<string> Known) Marked()
    {
        var all = Storage.Samples.List(acceptedOnly: false).ToDictionary(s => s.Id, StringComparer.Ordinal);
        var last = Storage.Samples.Reviews().GroupBy(r => r.SampleId, StringComparer.Ordinal).Select(g => g.Last());
        var marked = last.Where(r => r is { Decision: ReviewDecision.Regenerate, ReplacedBy: null } && all.ContainsKey(r.SampleId))
            .Select(r => all[r.SampleId])
            .ToList();
        return (marked, all.Keys.ToHashSet(StringComparer.Ordinal));
    }

    private static Dictionary<SampleKind, double> MixOf(IReadOnlyList<Sample> marked) =>
        marked.GroupBy(s => s.Kind).ToDictionary(g => g.Key, g => (double)g.Count());

    // Another seed for each round of regeneration, or the same samples would come again.
    private int NextSeed() => unchecked(Experiment.Seed * 31 + Storage.Samples.Reviews().Count);

    private (int Marked, IReadOnlyList<Sample> Written) Replaced(IReadOnlyList<Sample> marked, List<Sample> written)
    {
        Storage.Samples.SaveReviews([.. marked.Select(
            (s, i) => new StoredReview(s.Id, ReviewDecision.Regenerate, "doctune", "written again",
                i < written.Count ? written[i].Id : ""))]);
        return (marked.Count, written);
    }
}
