using System.Collections.Concurrent;
using DocTuneLab.Corpus.Code;
using DocTuneLab.Corpus.Grounding;
using DocTuneLab.Corpus.Kinds;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Documents.Model;
using DocTuneLab.Endpoints;
using DocTuneLab.Library;
using DocTuneLab.Prompts;

namespace DocTuneLab.Corpus.Hosted;

/// <summary>
/// Lets hosted models write a corpus: plans where coverage is thin, writes many samples at a time, judges all of them by what can be
/// measured, and goes on until the wanted number is accepted or cannot be. The result depends on the answers alone, not on the order in
/// which they came: an interrupted run that is started again with the same options takes up where it was and asks nothing twice.
/// </summary>
/// <param name="engine">Asks the endpoints.</param>
/// <param name="api">The library.</param>
/// <param name="judge">The compiler.</param>
/// <param name="options">What to write.</param>
/// <param name="validation">What every sample must hold.</param>
public sealed class CorpusGenerator(
    RequestEngine engine, ApiModel api, ICodeJudge judge, GenerationOptions options, ValidationOptions? validation = null)
{
    private const int SmallestRound = 16;
    private readonly GenerationOptions _options = options.Validated();
    private readonly ValidationOptions _validation = (validation ?? new ValidationOptions()) with { Kinds = options.Kinds };
    private readonly SortedDictionary<string, int> _rejected = new(StringComparer.Ordinal), _failed = new(StringComparer.Ordinal);
    private readonly List<Sample> _samples = [], _refused = [];
    private readonly List<PreferencePair> _preferences = [];
    private readonly List<CodeDraft> _code = [];
    private int _planned, _accepted, _surplus, _repairs, _lost;

    /// <summary>Writes the corpus.</summary>
    /// <param name="chunks">Chunks that may be trained on: those of the train split.</param>
    /// <param name="progress">Called as samples are finished.</param>
    /// <param name="cancel">Stops; answers that came are kept, and what was accepted so far is the result.</param>
    public async Task<GenerationResult> RunAsync(IReadOnlyList<Chunk> chunks, IProgress<GenerationStatus>? progress = null,
        CancellationToken cancel = default)
    {
        var plan = new GenerationPlan(api, _options);
        var validator = new SampleValidator(api, judge, _validation);
        await using var compiler = new CompileQueue(validator);
        var evidence = new EvidenceAssembler(api.Symbols, chunks, _validation.CountTokens);
        var writer = new SampleWriter(engine, api, evidence, compiler, _options, _validation);
        var ledger = new CoverageLedger(api.Symbols, chunks, _validation.HeldOut?.Items ?? [], _options.Kinds);
        var most = (int)Math.Ceiling(_options.Count * _options.MaxPlannedPerSample);
        try
        {
            while (_accepted < _options.Count && _planned < most && engine.Status.StoppedBecause is null)
            {
                // As many as are missing, by the share of the answers accepted so far, so that little is asked for nothing. What a
                // server failed at, as half of a batch that expired, says nothing about that share.
                var share = _planned == _lost ? 1 : Math.Max(0.1, (double)_accepted / (_planned - _lost));
                var size = Math.Min((int)Math.Ceiling((_options.Count - _accepted) / share),
                    Math.Min(most - _planned, Math.Max(SmallestRound, 4 * engine.Capacity)));
                await RoundAsync(plan, size, writer, validator, ledger, progress, cancel);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            engine.Stop("it was interrupted");
        }
        return new GenerationResult(_samples, _refused, _preferences, ledger, Status());
    }

    private async Task RoundAsync(GenerationPlan plan, int size, SampleWriter writer, SampleValidator validator, CoverageLedger ledger,
        IProgress<GenerationStatus>? progress, CancellationToken cancel)
    {
        var written = new ConcurrentDictionary<int, WrittenSample>();
        var accepted = _code.ToArray();
        var limit = new ParallelOptions { MaxDegreeOfParallelism = engine.Askers, CancellationToken = cancel };
        _planned += size;
        try
        {
            await Parallel.ForEachAsync(plan.Next(size), limit, async (sample, token) =>
            {
                written[sample.Ordinal] = await writer.WriteAsync(sample, accepted, token);
                progress?.Report(Status());
            });
        }
        finally
        {
            // In the order of the plan: which of two near-duplicates is the copy must not depend on the network.
            foreach (var sample in written.Values.OrderBy(w => w.Plan.Ordinal)) Settle(sample, plan, validator, ledger);
        }
        progress?.Report(Status());
    }

    private void Settle(WrittenSample w, GenerationPlan plan, SampleValidator validator, CoverageLedger ledger)
    {
        if (w.None is { } none)
        {
            if (none.IsPending) return;
            if (none.IsLost) _lost++;
            _failed[none.Reason] = _failed.GetValueOrDefault(none.Reason) + 1;
            return;
        }
        var judged = w.Judged!;
        if (_accepted >= _options.Count && judged.Failed is null)
        {
            _surplus++;
            return;
        }
        var sample = validator.Accept(judged);
        if (!Keep(sample, plan, ledger))
        {
            var reason = sample.Checks.First(c => !c.Passed) is { Name: "unique", Detail: { } duplicate }
                ? duplicate
                : sample.Checks.First(c => !c.Passed).Name;
            _rejected[reason] = _rejected.GetValueOrDefault(reason) + 1;
        }
        else
        {
            _accepted++;
            if (judged.Draft is { Body: { } body, Code: { } code } draft
                && _options.Kinds.Find(draft.Kind) is { GivesMethods: true }
                && AnswerFormat.BodyOf(draft.Messages[^1].Content) is not null
                && !code.Code.Contains("record ", StringComparison.Ordinal))
                _code.Add(new CodeDraft(draft.Prompt, code.Code[..code.Code.IndexOf("\n{", StringComparison.Ordinal)], body,
                    sample.Evidence.Symbols, code.Usings, "model", draft.Prompt)
                {
                    Chunks = sample.Evidence.Chunks
                });
        }
        foreach (var extra in w.Extra.Select(e => validator.Accept(e)))
            if (Keep(extra, plan, ledger) && extra.Kind == SampleKind.Repair) _repairs++;
        _preferences.AddRange(w.Preferences);
    }

    private bool Keep(Sample sample, GenerationPlan plan, CoverageLedger ledger)
    {
        (sample.Accepted ? _samples : _refused).Add(sample);
        ledger.Add(sample);
        if (!sample.Accepted) return false;
        plan.Accepted(sample);
        return true;
    }

    private GenerationStatus Status()
    {
        var (rejected, failed) = (new SortedDictionary<string, int>(_rejected, StringComparer.Ordinal),
            new SortedDictionary<string, int>(_failed, StringComparer.Ordinal));
        return new GenerationStatus
        {
            Wanted = _options.Count,
            Planned = _planned,
            Accepted = _accepted,
            Rejected = rejected,
            Failed = failed,
            Surplus = _surplus,
            Pending = _planned - _accepted - rejected.Values.Sum() - failed.Values.Sum() - _surplus,
            Repairs = _repairs,
            Requests = engine.Status,
        };
    }
}
