using System.Runtime.InteropServices;
using DocTuneLab.Corpus;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Compute;
using DocTuneLab.Training.Datasets;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Simd;
using DocTuneLab.Training.Telemetry;

namespace DocTuneLab.Training.Recipes;

/// <summary>
/// Supervised fine-tuning of an adapter over a frozen (NF4) model: QLoRA (Dettmers et al. 2023, arXiv 2305.14314). Loss on the assistant's
/// last turn, or all of them, end marks included; nothing is padded. The whole recipe in order: samples become token ids, those become
/// batches anew in each epoch, with plain text beside them that is replayed, and each step is a pass forward and backward over its
/// batches and one update.
/// </summary>
public sealed class SupervisedTuning
{
    private readonly BaseModel _model;
    private readonly LoraAdapter _adapter;
    private readonly SftOptions _options;
    private readonly List<TokenizedSample> _samples, _replay;
    private readonly bool _share;
    private readonly double _replayPerStep;
    private readonly IReadOnlyList<IReadOnlyList<PackedBatch>>? _given;
    private readonly TrainingPlan _plan;
    private (int Number, IReadOnlyList<PackedBatch> Batches) _epoch = (-1, []);

    /// <summary>Prepares a run.</summary>
    /// <param name="model">Frozen model.</param>
    /// <param name="adapter">Trained in place.</param>
    /// <param name="train">Samples whose last turn is the assistant's.</param>
    /// <param name="validation">Samples for the validation loss; may be empty.</param>
    /// <param name="options">Settings.</param>
    /// <param name="replay">Plain texts for <see cref="SftOptions.ReplayShare"/>; default <see cref="PretrainingText.Replay"/>.</param>
    /// <exception cref="LabException">No sample fits, or a setting is out of range.</exception>
    public SupervisedTuning(BaseModel model, LoraAdapter adapter, IReadOnlyList<Sample> train, IReadOnlyList<Sample> validation,
        SftOptions options, IReadOnlyList<string>? replay = null)
    {
        options.Validate();
        (_model, _adapter, _options) = (model, adapter, options);
        _samples = Encode(model, train, options);
        Warnings = [.. Endless(model)];
        LeftOut = train.Count - _samples.Count;
        if (_samples.Count == 0)
            throw new LabException(
                $"none of the {train.Count} training samples fits into {options.MaxLength} tokens; raise MaxLength or make a corpus first");
        // Noise of its own for each sample leaves nothing to share, nor do angles that follow a sequence's length.
        _share = options.NeftuneAlpha == 0 && adapter.Config.Dropout == 0 && !model.Config.Layout.FollowsLength;
        _replay = Replay(model, train, options, replay);
        var first = Batches(_samples, options, options.Seed, _share);
        var stepsPerEpoch = (first.Count + options.GradientAccumulation - 1) / options.GradientAccumulation;
        var rowTokens = _replay.Select(r => (double)r.Ids.Length).DefaultIfEmpty(1).Average();
        _replayPerStep = options.ReplayShare * _samples.Sum(s => (double)s.Ids.Length) / rowTokens / stepsPerEpoch;
        var validationBatches = Batches(Encode(model, validation, options), options, 0, share: !model.Config.Layout.FollowsLength);
        var largest = first.Concat(validationBatches).Max(b => b.Ids.Length);
        _plan = new TrainingPlan(stepsPerEpoch, validationBatches, Math.Max(largest, options.BatchTokens), Hash([.. _samples, .. _replay]),
            Settings(adapter));
    }

    /// <summary>Prepares a run over batches that are given, step by step, as another run had them.</summary>
    /// <param name="model">Frozen model.</param>
    /// <param name="adapter">Trained in place.</param>
    /// <param name="steps">Batches of each step.</param>
    /// <param name="options">Settings.</param>
    internal SupervisedTuning(
        BaseModel model, LoraAdapter adapter, IReadOnlyList<IReadOnlyList<PackedBatch>> steps, SftOptions options)
    {
        options.Validate();
        (_model, _adapter, _options, _samples, _replay, _given, Warnings) = (model, adapter, options, [], [], steps, []);
        _plan = new TrainingPlan(steps.Count, [], steps.Max(s => s.Max(b => b.Ids.Length)), "given", Settings(adapter));
    }

    /// <summary>Training samples that were longer than the limit.</summary>
    public int LeftOut { get; }

    /// <summary>What is worth knowing before the run, a sentence each.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>Called once the output folder is the run's, before the first step. Default null.</summary>
    public Action? OnBegin { get; set; }

    /// <summary>What the run will need of memory.</summary>
    public MemoryEstimate Estimate()
    {
        var parameters = _adapter.Parameters;
        var ranks = parameters.Where(p => p.Key.Contains("lora_A", StringComparison.Ordinal)).Sum(p => p.Value.shape[0]);
        return MemoryEstimate.Of(_model, parameters.Values.Sum(p => p.numel()), _plan.LargestBatch, _options, ranks: ranks);
    }

    /// <summary>Trains, writes checkpoints and the adapter, and returns what was measured.
    /// Cancelling stops after the step, with a checkpoint.</summary>
    /// <param name="onStep">Told of every step.</param>
    /// <param name="cancel">Stops after a step.</param>
    /// <exception cref="LabException">The folder holds another run, memory does not suffice, or training diverges.</exception>
    public TrainingResult Run(Action<TrainingStep>? onStep = null, CancellationToken cancel = default)
    {
        using var attached = _adapter.Attach(training: true);
        var memory = Estimate();
        memory.Require(_options);
        using var gradients = new Gradients(_adapter.Parameters.Values);
        // The model as it was before tuning, which the replayed text is held to.
        using var teacher = _options.ReplayShare > 0 ? new Teacher(_model, memory.KeepsWeights) : null;
        using var pass = new TrainingPass(_model, gradients, memory.PassOptions(_options), teacher);
        using var run = new TrainingRun(_model, _adapter.Parameters, gradients, _plan, _options);
        OnBegin?.Invoke();
        for (var step = run.FirstStep; run.GoesOn(step, cancel); step++)
        {
            var batches = BatchesOf(step);
            long targets = batches.Sum(b => b.Replayed ? 0L : b.Targets.Length),
                replayed = batches.Sum(b => (long)b.Targets.Length) - targets;
            double loss = 0, divergence = 0;
            try
            {
                // Each batch adds its gradients; divided by the targets of all, so that how a step is cut into batches changes nothing.
                for (var part = 0; part < batches.Count; part++)
                {
                    var key = new StepKey(_options.Seed, step, part);
                    if (batches[part].Replayed) divergence += pass.Run(batches[part], _options.ReplayWeight / replayed, key);
                    else loss += pass.Run(batches[part], 1.0 / targets, key);
                }
            }
            catch (ExternalException e) when (ComputeDevices.IsOutOfMemory(e))
            {
                throw run.OutOfMemory(step, e);
            }
            loss /= targets;
            var norm = run.Update(step, loss + divergence);
            run.EndStep(step, new StepOutcome(batches, loss, replayed > 0 ? divergence / replayed : null, norm), pass, onStep);
        }
        var result = run.Finish(_adapter.Save);
        return result with { Warnings = [.. Warnings, .. result.Warnings] };
    }

    // What the shapes of the trained tensors do not tell.
    private static Dictionary<string, string> Settings(LoraAdapter adapter)
    {
        var result = LoraConfig.Settings.ToDictionary(s => s.Field, s => s.Text(s.Get(adapter.Config)), StringComparer.Ordinal);
        result["starting adapter"] = adapter.Start ?? "none";
        return result;
    }

    private IReadOnlyList<PackedBatch> BatchesOf(int step)
    {
        if (_given is not null) return _given[step];
        var number = step / _plan.StepsPerEpoch;
        if (_epoch.Number != number) _epoch = (number, Batches(_samples, _options, unchecked(_options.Seed * 1_000_003 + number), _share));
        // An epoch's noise may make it a batch shorter than the first one.
        var from = Math.Min(step % _plan.StepsPerEpoch * _options.GradientAccumulation, _epoch.Batches.Count - 1);
        return [.. _epoch.Batches.Skip(from).Take(_options.GradientAccumulation), .. Replayed(step)];
    }

    // Each step takes the rows after those of the one before, as many as make up the share on average:
    // none in some steps where it is small.
    private IEnumerable<PackedBatch> Replayed(int step)
    {
        if (_replay.Count == 0) return [];
        long from = (long)(step * _replayPerStep), to = (long)((step + 1) * _replayPerStep);
        return Enumerable.Range(0, (int)(to - from)).Select(i => _replay[(int)((from + i) % _replay.Count)])
            .Chunk(Math.Max(1, _options.BatchTokens / _replay[0].Ids.Length))
            .Select(c => PackedBatch.Of(c, share: false) with { Replayed = true });
    }

    private static List<TokenizedSample> Encode(BaseModel model, IReadOnlyList<Sample> samples, SftOptions options) =>
        [.. samples.Select(s => TokenizedSample.Of(model, s.Messages, options.Turns == TrainedTurns.All))
            .Where(e => e.Ids.Length <= options.MaxLength)];

    // What is not in the samples is not learnt: where answers are to end.
    private static IEnumerable<string> Endless(BaseModel model)
    {
        var ends = model.EndTokens;
        var mark = model.ChatTemplate.EndOfTurn;
        if (model.Tokenizer.Encode(mark, specialTokens: true).Any(ends.Contains)) yield break;
        var known = ends.Select(model.Tokenizer.Piece).OfType<string>().Select(p => $"'{p}'").ToArray();
        var written = mark.Length == 0 ? "nothing" : $"'{mark.ReplaceLineEndings("\\n")}'";
        yield return $"the chat template ends an answer with {written}, in which there is no end mark of the model "
            + $"({(known.Length == 0 ? "it names none" : string.Join(", ", known))}): a model that is trained so does not learn to stop";
    }

    private const int ReplayLength = 128;

    // Text may come round again: what is kept is a distribution, and the text itself is not learnt.
    // Making it takes time, more for new text.
    private const int MostCharacters = 2_000_000;
    private const double Rounds = 2.5;

    // About as many characters as the samples have make about as many tokens.
    private static List<TokenizedSample> Replay(BaseModel model, IReadOnlyList<Sample> train, SftOptions options,
        IReadOnlyList<string>? texts)
    {
        if (options.ReplayShare == 0) return [];
        var characters =
            train.Sum(s => s.Messages.Sum(m => (double)m.Content.Length)) * options.ReplayShare * Math.Ceiling(options.Epochs) / Rounds;
        if (options.MaxSteps is { } steps)
            characters = Math.Min(characters, 4.0 * steps * options.GradientAccumulation * options.BatchTokens * options.ReplayShare);
        texts ??= PretrainingText.Replay((int)Math.Clamp(characters, 20_000, MostCharacters), options.Seed);
        var rows = Pretraining.Rows(model, texts, Math.Min(ReplayLength, Math.Min(options.MaxLength, options.BatchTokens) - 1))
            .ConvertAll(r => new TokenizedSample(r, 1));
        return rows.Count > 0
            ? rows
            : throw new LabException($"the text for replay has fewer than {ReplayLength + 1} tokens; give more of it, or ReplayShare 0");
    }

    private static string Hash(IEnumerable<TokenizedSample> samples)
    {
        var hash = 0UL;
        foreach (var sample in samples)
        {
            hash = SplitMix64.Mix(hash ^ (ulong)sample.AnswerStart);
            foreach (var id in sample.Ids) hash = SplitMix64.Mix(hash ^ (ulong)id);
            foreach (var (from, to) in sample.Turns ?? []) hash = SplitMix64.Mix(hash ^ (ulong)from << 32 ^ (ulong)to);
        }
        return hash.ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
    }

    private static List<PackedBatch> Batches(IReadOnlyList<TokenizedSample> samples, SftOptions options, int seed, bool share)
    {
        var random = new Random(seed);
        var groups = (options.Packing ? BestFit(samples, options.BatchTokens, random) : ByLength(samples, options.BatchTokens, random))
            .ToArray();
        random.Shuffle(groups);
        return [.. groups.Select(g => PackedBatch.Of(g, share))];
    }

    // Sorted by length with a little noise and cut by budget, counted as if padded: batches of short samples have no more of
    // them than their length allows, so that one step never weighs much more than another.
    private static IEnumerable<TokenizedSample[]> ByLength(IReadOnlyList<TokenizedSample> samples, int budget, Random random)
    {
        var order = samples.OrderBy(s => s.Ids.Length + random.NextDouble() * 8).ToArray();
        for (var at = 0; at < order.Length;)
        {
            var (rows, length) = (0, 0);
            while (at + rows < order.Length)
            {
                var longer = Math.Max(length, order[at + rows].Ids.Length);
                if (rows > 0 && RoundUp(longer) * (rows + 1) > budget) break;
                length = longer;
                rows++;
            }
            yield return order[at..(at + rows)];
            at += rows;
        }
    }

    // Best-fit decreasing: each sample, longest first, goes where it leaves the least room.
    internal static IEnumerable<TokenizedSample[]> BestFit(IReadOnlyList<TokenizedSample> samples, int budget, Random random)
    {
        var shuffled = samples.ToArray();
        random.Shuffle(shuffled);
        var bins = new List<List<TokenizedSample>>();
        var byRoom = new SortedSet<(int Room, int Bin)>();
        foreach (var sample in shuffled.OrderByDescending(s => s.Ids.Length))
        {
            var fit = byRoom.GetViewBetween((sample.Ids.Length, 0), (int.MaxValue, int.MaxValue)).Min;
            var (room, bin) = fit.Room >= sample.Ids.Length ? fit : (Math.Max(budget, sample.Ids.Length), bins.Count);
            if (bin == bins.Count) bins.Add([]);
            else byRoom.Remove(fit);
            bins[bin].Add(sample);
            byRoom.Add((room - sample.Ids.Length, bin));
        }
        return bins.Select(b => b.ToArray());
    }

    private static int RoundUp(int length) => (length + 31) / 32 * 32;
}
