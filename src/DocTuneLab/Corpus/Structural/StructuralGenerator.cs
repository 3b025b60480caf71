using DocTuneLab.Conversations;
using DocTuneLab.Corpus.Kinds;
using DocTuneLab.Corpus.Language;
using DocTuneLab.Corpus.Mined;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Documents.Model;
using DocTuneLab.Library;
using DocTuneLab.Prompts.Tuning;

namespace DocTuneLab.Corpus.Structural;

/// <summary>
/// Writes training samples from the library's symbols and pages without any language model: questions whose answers are
/// facts of the metadata or the pages, and methods that the compiler has accepted. What fails a check is kept apart with
/// the reason, and the accounting closes.
/// </summary>
/// <param name="symbols">The library, as read from its assemblies and XML documentation.</param>
/// <param name="judge">The compiler.</param>
/// <param name="options">What to generate.</param>
public sealed class StructuralGenerator(IReadOnlyList<ApiSymbol> symbols, ICodeJudge judge, CorpusOptions? options = null)
{
    /// <summary>A generator for a library as the lab reads and judges it.</summary>
    public StructuralGenerator(ApiModel model, CSharpJudge judge, CorpusOptions? options = null)
        : this(model.Symbols, new BatchedJudge(judge), options)
    {
    }

    private readonly CorpusOptions _options = (options ?? new CorpusOptions()).Validated();
    private Known _known = new();

    /// <summary>One with other options for the same library: what was worked out about it serves both, so they take turns.</summary>
    /// <param name="other">What to generate.</param>
    public StructuralGenerator With(CorpusOptions other) => new(symbols, judge, other) { _known = _known };

    /// <summary>Generates the corpus.</summary>
    /// <param name="chunks">Chunks of the pages that may be trained on: those of the train split.</param>
    /// <param name="progress">Called after every batch.</param>
    /// <param name="cancel">Stops between batches.</param>
    /// <exception cref="LabException">There are neither symbols nor chunks.</exception>
    public GeneratedCorpus Generate(IReadOnlyList<Chunk> chunks, IProgress<CorpusProgress>? progress = null,
        CancellationToken cancel = default)
    {
        if (symbols.Count == 0 && chunks.Count == 0)
            throw new LabException("Nothing to generate from: the library has no public symbols and there are no chunks. "
                + "Parse documents and assemblies first.");
        var index = _known.Index(symbols, chunks);
        var examples = new DocumentedExamples(index).Drafts(chunks, judge, new Random(_options.Seed), cancel);
        if (_options.Sources.Count > 0)
            examples = [.. examples, .. new MinedUsages(index).Drafts(_options.Sources, judge, new Random(_options.Seed), cancel)];
        var context = new DraftingContext(index, chunks, examples, _options);
        var run = new Run(context, new SampleValidator(symbols, judge, _options.Validation), chunks, _options,
            new CoverageLedger(symbols, chunks, _options.HeldOut?.Items ?? [], _options.Kinds));
        var general = _options.General is null ? 0 : (int)Math.Round(_options.Count * _options.ReplayShare);
        var mix = _options.Mix;
        var total = mix.Values.Sum();
        foreach (var kind in _options.Kinds.Where(k => k.StructuralShare is not null).OrderBy(k => k.TakesTheRest).ThenBy(k => k.Turn))
        {
            var weight = mix.GetValueOrDefault(kind.Kind);
            var wanted = kind.TakesTheRest && weight > 0
                ? _options.Count - general - run.Accepted.Count
                : (int)Math.Round((_options.Count - general) * weight / total);
            if (wanted > 0) run.Fill(kind, wanted, progress, cancel);
        }
        if (general > 0) run.Replay(_options.General!.Generate(general, _options, cancel));
        var samples = run.Accepted.ToArray();
        new Random(_options.Seed).Shuffle(samples);
        return new GeneratedCorpus(samples, run.Rejected, run.Accounts, run.Ledger, run.Tokens)
        {
            Examples = run.Examples,
            RunRefusal = _options.Runner?.Refusal,
        };
    }

    /// <summary>Accepted questions or tasks as inputs of their template with the right answer: examples to tune prompts with.</summary>
    /// <param name="kind">Kind of sample: code or qa.</param>
    /// <param name="chunks">Chunks that may be trained on.</param>
    /// <param name="cancel">Stops between batches.</param>
    public IReadOnlyList<PromptExample> Examples(SampleKind kind, IReadOnlyList<Chunk> chunks, CancellationToken cancel = default)
    {
        var single = With(_options with { Mix = new Dictionary<SampleKind, double> { [kind] = 1 } });
        return [.. single.Generate(chunks, null, cancel).Examples];
    }

    // Pages add to what is known of members, so other pages begin anew.
    private sealed class Known
    {
        private (IReadOnlyList<Chunk> Chunks, ApiIndex Index)? _last;

        public ApiIndex Index(IReadOnlyList<ApiSymbol> symbols, IReadOnlyList<Chunk> chunks)
        {
            if (_last is not { } last || last.Chunks != chunks) _last = last = (chunks, new(symbols));
            return last.Index;
        }
    }

    private sealed class Run(
        DraftingContext context, SampleValidator validator, IReadOnlyList<Chunk> chunks, CorpusOptions options, CoverageLedger ledger)
    {
        private readonly Dictionary<string, Chunk> _chunks = chunks.DistinctBy(c => c.Id).ToDictionary(c => c.Id, StringComparer.Ordinal);
        public List<Sample> Accepted { get; } = [];
        public List<Sample> Rejected { get; } = [];
        public List<KindAccount> Accounts { get; } = [];
        public List<PromptExample> Examples { get; } = [];
        public CoverageLedger Ledger { get; } = ledger;
        public long Tokens { get; private set; }

        public void Fill(SampleKindDefinition kind, int wanted, IProgress<CorpusProgress>? progress, CancellationToken cancel)
        {
            int drafts = 0, accepted = 0, stalled = 0;
            var rejected = new SortedDictionary<string, int>(StringComparer.Ordinal);
            var runs = new ProgramRuns(options.Runner);
            while (kind.CanDraft(context) && accepted < wanted && drafts < wanted * options.MaxDraftsPerSample + 64 && stalled < 20)
            {
                cancel.ThrowIfCancellationRequested();
                // A batch is never larger than what is missing, so nothing that passes is thrown away.
                var size = Math.Min(wanted - accepted, 512);
                var batch = new List<Draft>(size);
                var before = accepted;
                for (var i = 0; i < size; i++)
                {
                    drafts++;
                    if (kind.Draft(context) is not { } draft) Count(rejected, "nothing to write");
                    // What needs no compiler comes before it.
                    else if (validator.Screen(draft) is { } failed) Reject(draft, [failed], rejected);
                    else batch.Add(draft);
                }
                foreach (var judged in runs.Judge(validator.Judge(batch, cancel), cancel))
                {
                    var sample = validator.Accept(judged);
                    if (!sample.Accepted) Reject(judged.Draft, sample.Checks, rejected);
                    else
                    {
                        Keep(judged.Draft, sample);
                        runs.Count(judged);
                        accepted++;
                    }
                }
                // Batch after batch and nothing new: the kind is exhausted.
                stalled = accepted > before ? 0 : stalled + 1;
                progress?.Report(new CorpusProgress(kind.Kind, Accepted.Count, options.Count, drafts));
            }
            Accounts.Add(new KindAccount(kind.Kind, wanted, drafts, accepted, rejected) { Runs = runs.Account });
        }

        /// <summary>Takes samples of general knowledge, which no symbol of the library is about.</summary>
        public void Replay(GeneratedCorpus general)
        {
            var (kept, rejected) = (0, new SortedDictionary<string, int>(StringComparer.Ordinal));
            foreach (var account in general.Accounts)
                foreach (var (reason, count) in account.Rejected) rejected[reason] = rejected.GetValueOrDefault(reason) + count;
            foreach (var sample in general.Samples)
            {
                Accepted.Add(sample with { Evidence = new Evidence([], []), Provenance = sample.Provenance! with { Source = "general" } });
                Tokens += options.Tokens(sample.Messages);
                kept++;
            }
            var (wanted, drafts) = (general.Accounts.Sum(a => a.Wanted), general.Accounts.Sum(a => a.Drafts));
            Accounts.Add(new KindAccount(SampleKind.Code, wanted, drafts, kept, rejected) { Label = "General" });
        }

        private void Keep(Draft draft, Sample sample)
        {
            if (sample.Provenance is { Document.Length: 0 } made
                && sample.Evidence.Chunks is [var first, ..]
                && _chunks.TryGetValue(first, out var chunk))
                sample = sample with { Provenance = made with { Document = chunk.DocumentPath, HeadingPath = chunk.HeadingPath } };
            Accepted.Add(sample);
            context.Accepted(draft);
            Ledger.Add(sample);
            Tokens += options.Tokens(sample.Messages);
            if (draft.Inputs is { } inputs) Examples.Add(new PromptExample(inputs, sample.Messages[^1].Content));
        }

        private void Reject(Draft draft, IReadOnlyList<Check> checks, SortedDictionary<string, int> counts)
        {
            var failed = checks.First(c => !c.Passed);
            Count(counts, failed is { Name: "unique", Detail: { } duplicate } ? duplicate : failed.Name);
            // Duplicates are counted, not kept: there may be more of them than of all else.
            if (failed.Name == "unique") return;
            IReadOnlyList<Message> messages = draft.Messages.Count > 0
                ? draft.Messages
                : [Message.User(draft.Prompt), Message.Assistant(draft.Body ?? "")];
            Rejected.Add(new Sample(Sample.IdOf(draft.Kind, messages), draft.Kind, messages, draft.Evidence, checks, Split.Train)
            {
                Provenance = draft.Provenance
            });
            Ledger.Add(Rejected[^1]);
        }

        private static void Count(SortedDictionary<string, int> counts, string reason) =>
            counts[reason] = counts.GetValueOrDefault(reason) + 1;
    }
}
