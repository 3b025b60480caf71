using DocTuneLab.Documents;
using DocTuneLab.Library;

namespace DocTuneLab.Corpus;

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
    public StructuralGenerator(ApiModel model, CSharpJudge judge, CorpusOptions? options = null) : this(model.Symbols, new BatchedJudge(judge), options) { }

    // Code comes last: it takes over what the other kinds could not fill.
    private static readonly SampleKind[] Order = [SampleKind.Qa, SampleKind.Unanswerable, SampleKind.Repair, SampleKind.Completion, SampleKind.Explain, SampleKind.Code];
    private readonly CorpusOptions _options = (options ?? new CorpusOptions()).Validated();

    /// <summary>Generates the corpus.</summary>
    /// <param name="chunks">Chunks of the pages that may be trained on: those of the train split.</param>
    /// <param name="progress">Called after every batch.</param>
    /// <param name="cancel">Stops between batches.</param>
    /// <exception cref="LabException">There are neither symbols nor chunks.</exception>
    public GeneratedCorpus Generate(IReadOnlyList<Chunk> chunks, IProgress<CorpusProgress>? progress = null, CancellationToken cancel = default)
    {
        if (symbols.Count == 0 && chunks.Count == 0) throw new LabException("Nothing to generate from: the library has no public symbols and there are no chunks. Parse documents and assemblies first.");
        var index = new ApiIndex(symbols);
        var examples = new DocumentedExamples(index).Drafts(chunks, judge, new Random(_options.Seed), cancel);
        var source = new CandidateSource(index, chunks, examples, _options);
        var run = new Run(source, judge, _options, new CoverageLedger(symbols), symbols.Select(s => s.Id).ToHashSet(StringComparer.Ordinal));
        var total = _options.Mix.Values.Sum();
        foreach (var kind in Order)
        {
            var wanted = kind == SampleKind.Code && _options.Mix.GetValueOrDefault(kind) > 0 ? _options.Count - run.Accepted.Count
                : (int)Math.Round(_options.Count * _options.Mix.GetValueOrDefault(kind) / total);
            if (wanted > 0) run.Fill(kind, wanted, progress, cancel);
        }
        var samples = run.Accepted.ToArray();
        new Random(_options.Seed).Shuffle(samples);
        return new GeneratedCorpus(samples, run.Rejected, run.Accounts, run.Ledger, run.Tokens);
    }

    private sealed class Run(CandidateSource source, ICodeJudge judge, CorpusOptions options, CoverageLedger ledger, IReadOnlySet<string> known)
    {
        private readonly NearDuplicates _seen = new(options.NearDuplicateThreshold);
        public List<Sample> Accepted { get; } = [];
        public List<Sample> Rejected { get; } = [];
        public List<KindAccount> Accounts { get; } = [];
        public CoverageLedger Ledger { get; } = ledger;
        public long Tokens { get; private set; }

        public void Fill(SampleKind kind, int wanted, IProgress<CorpusProgress>? progress, CancellationToken cancel)
        {
            int drafts = 0, accepted = 0, stalled = 0;
            var rejected = new SortedDictionary<string, int>(StringComparer.Ordinal);
            while (source.Has(kind) && accepted < wanted && drafts < wanted * options.MaxDraftsPerSample + 64 && stalled < 20)
            {
                cancel.ThrowIfCancellationRequested();
                // A batch is never larger than what is missing, so nothing that passes is thrown away.
                var size = Math.Min(wanted - accepted, 512);
                var batch = new List<Candidate>(size);
                var before = accepted;
                for (var i = 0; i < size; i++)
                {
                    drafts++;
                    if (source.Next(kind) is not { } candidate) Count(rejected, "nothing to write");
                    else if (Screen(candidate) is { } reason) Reject(candidate, reason.Name, reason.Detail, rejected);
                    else batch.Add(candidate);
                }
                foreach (var (candidate, messages, verdict, failure) in Judge(batch, cancel))
                {
                    if (failure is not null) Reject(candidate, failure.Value.Name, failure.Value.Detail, rejected);
                    else if (Accept(candidate with { Messages = messages }, verdict) is { } reason) Reject(candidate with { Messages = messages }, reason.Name, reason.Detail, rejected);
                    else accepted++;
                }
                // Batch after batch and nothing new: the kind is exhausted.
                stalled = accepted > before ? 0 : stalled + 1;
                progress?.Report(new CorpusProgress(kind, Accepted.Count, options.Count, drafts));
            }
            Accounts.Add(new KindAccount(kind, wanted, drafts, accepted, rejected));
        }

        // What needs no compiler comes before it.
        private (string Name, string? Detail)? Screen(Candidate candidate)
        {
            if (candidate.Messages is not { } messages) return null;
            if (_seen.ContainsExact(Text(messages))) return ("duplicate", null);
            var tokens = options.Tokens(messages);
            if (tokens > options.MaxTokens) return ("too long", $"{tokens} tokens, at most {options.MaxTokens}");
            return options.HeldOut?.Find(candidate.Prompt, candidate.Code, candidate.Symbols) is { } copy ? ("held-out copy", copy) : null;
        }

        private IEnumerable<(Candidate, IReadOnlyList<Message>?, Verdict?, (string Name, string? Detail)?)> Judge(List<Candidate> batch, CancellationToken cancel)
        {
            var pieces = batch.SelectMany(c => new[] { c.Good, c.Bad }).OfType<CodeToJudge>().ToList();
            var verdicts = pieces.Count == 0 ? [] : judge.Judge(pieces, cancel);
            var next = 0;
            foreach (var candidate in batch)
            {
                var good = candidate.Good is null ? null : verdicts[next++];
                var bad = candidate.Bad is null ? null : verdicts[next++];
                if (good is { Compiles: false })
                    yield return (candidate, candidate.Messages, good, ("does not compile", good.Errors is [var first, ..] ? $"{first.Id}: {first.Message}" : null));
                else if (bad is not null && (bad.Compiles || bad.Errors.Count == 0))
                    yield return (candidate, candidate.Messages, good, ("mistake compiles", null));
                else if (bad is not null && candidate.BadError is { } expected && bad.Errors.All(e => e.Id != expected))
                    yield return (candidate, candidate.Messages, good, ("not proven absent", $"{bad.Errors[0].Id}: {bad.Errors[0].Message}"));
                else yield return (candidate, candidate.Messages ?? candidate.Complete!(bad!.Errors[0]), good, null);
            }
        }

        private (string Name, string? Detail)? Accept(Candidate candidate, Verdict? verdict)
        {
            var messages = candidate.Messages!;
            if (candidate.Complete is not null && Screen(candidate) is { } screened) return screened;
            if (_seen.TryAdd(Text(messages)) is { } duplicate) return (duplicate, null);
            // The compiler knows which overload the code really calls; what has no name in the code (constructors, indexers,
            // operators) it does not report, and is taken from the draft.
            var used = verdict?.Uses.Where(u => u is { Kind: SymbolUseKind.Resolved, IsLibrary: true, Id: not null }).Select(u => Documented(u.Id!)).OfType<string>().ToList();
            var symbols = used is { Count: > 0 } ? [.. used.Concat(candidate.Symbols.Where(IsUnnamed)).Distinct(StringComparer.Ordinal)] : candidate.Symbols;
            var sample = new Sample(CorpusFile.IdOf(candidate.Kind, messages), candidate.Kind, messages, new Evidence(candidate.Chunks, symbols), Passed(candidate), Split.Train);
            Accepted.Add(sample);
            Ledger.Add(sample);
            Tokens += options.Tokens(messages);
            return null;
        }

        // What the compiler adds by itself (the constructor of a plain struct, the equality of a record) stands for its type.
        private string? Documented(string id)
        {
            if (known.Contains(id)) return id;
            var member = id.Split('(')[0];
            var type = $"T:{member[2..Math.Max(2, member.LastIndexOf('.'))]}";
            return known.Contains(type) ? type : null;
        }

        private static bool IsUnnamed(string id) => id.Contains("#ctor", StringComparison.Ordinal) || id.Contains(".op_", StringComparison.Ordinal) || (id.StartsWith("P:", StringComparison.Ordinal) && id.Contains('(', StringComparison.Ordinal));

        private List<Check> Passed(Candidate candidate)
        {
            List<Check> checks = [new("grounded", true, candidate.Source)];
            if (candidate.Good is not null) checks.Add(new("compiles", true, null));
            if (candidate.Bad is not null) checks.Add(new(candidate.BadError is null ? "mistake fails" : "proven absent", true, candidate.BadError));
            checks.Add(new("unique", true, null));
            if (options.HeldOut is { } heldOut) checks.Add(new("not held out", true, $"against {heldOut.Count} items"));
            return checks;
        }

        private void Reject(Candidate candidate, string reason, string? detail, SortedDictionary<string, int> counts)
        {
            Count(counts, reason);
            if (reason is "duplicate" or "near-duplicate") return;
            IReadOnlyList<Message> messages = candidate.Messages ?? [Message.User(candidate.Prompt), Message.Assistant(candidate.Code ?? "")];
            Rejected.Add(new Sample(CorpusFile.IdOf(candidate.Kind, messages), candidate.Kind, messages, new Evidence(candidate.Chunks, candidate.Symbols),
                [new("grounded", true, candidate.Source), new(reason, false, detail)], Split.Train));
        }

        private static void Count(SortedDictionary<string, int> counts, string reason) => counts[reason] = counts.GetValueOrDefault(reason) + 1;

        private static string Text(IReadOnlyList<Message> messages) => $"{messages[^2].Content}\n{messages[^1].Content}";
    }
}
