using DocTuneLab.Corpus;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Compute;
using DocTuneLab.Training.Datasets;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Training.Recipes;

/// <summary>
/// Supervised fine-tuning of an adapter over a frozen (NF4) model: QLoRA. Loss on the assistant's last turn only, its end
/// mark included; nothing is padded.
/// </summary>
public sealed class SupervisedTuning
{
    private readonly TrainingLoop _loop;
    private readonly LoraAdapter _adapter;

    /// <summary>Prepares a run.</summary>
    /// <param name="model">Frozen model.</param>
    /// <param name="adapter">Trained in place.</param>
    /// <param name="train">Samples whose last turn is the assistant's.</param>
    /// <param name="validation">Samples for the validation loss; may be empty.</param>
    /// <param name="options">Settings.</param>
    /// <param name="replay">Plain texts for <see cref="SftOptions.ReplayShare"/>; default <see cref="PretrainingText.Replay"/>.</param>
    /// <exception cref="LabException">No sample fits, or a setting is out of range.</exception>
    public SupervisedTuning(BaseModel model, LoraAdapter adapter, IReadOnlyList<Sample> train, IReadOnlyList<Sample> validation, SftOptions options, IReadOnlyList<string>? replay = null)
    {
        options.Validate();
        _adapter = adapter;
        var encoded = Encode(model, train, options.MaxLength);
        LeftOut = train.Count - encoded.Count;
        if (encoded.Count == 0) throw new LabException($"none of the {train.Count} training samples fits into {options.MaxLength} tokens; raise MaxLength or make a corpus first");
        var accumulation = options.GradientAccumulation;
        // Noise of its own for each sample leaves nothing to share.
        var share = options.NeftuneAlpha == 0 && adapter.Config.Dropout == 0;
        var rows = Replay(model, train, options, replay);
        var rowTokens = rows.Select(r => (double)r.Ids.Length).DefaultIfEmpty(1).Average();
        var first = Batches(encoded, options, options.Seed, share);
        var perEpoch = (first.Count + accumulation - 1) / accumulation;
        var rowsPerStep = options.ReplayShare * encoded.Sum(e => (double)e.Ids.Length) / rowTokens / perEpoch;
        var epoch = (Number: -1, Batches: (IReadOnlyList<PackedBatch>)[]);
        var validationBatches = Batches(Encode(model, validation, options.MaxLength), options, 0, share: true);
        var largest = first.Concat(validationBatches).Max(b => b.Ids.Length);
        _loop = new TrainingLoop(model, adapter.Parameters, new TrainingPlan(perEpoch, At, validationBatches, Math.Max(largest, options.BatchTokens), Hash([.. encoded, .. rows])), options, adapter.Save);

        IReadOnlyList<PackedBatch> At(int step)
        {
            var number = step / perEpoch;
            if (epoch.Number != number) epoch = (number, Batches(encoded, options, unchecked(options.Seed * 1_000_003 + number), share));
            // An epoch's noise may make it a batch shorter than the first one.
            var from = Math.Min(step % perEpoch * accumulation, epoch.Batches.Count - 1);
            return [.. epoch.Batches.Skip(from).Take(accumulation), .. Replayed(step)];
        }

        // Each step takes the rows after those of the one before, as many as make up the share on average: none in some steps where it is small.
        IEnumerable<PackedBatch> Replayed(int step)
        {
            if (rows.Count == 0) return [];
            long from = (long)(step * rowsPerStep), to = (long)((step + 1) * rowsPerStep);
            return Enumerable.Range(0, (int)(to - from)).Select(i => rows[(int)((from + i) % rows.Count)]).Chunk(Math.Max(1, options.BatchTokens / rows[0].Ids.Length)).Select(c => PackedBatch.Of(c, share: false) with { Replayed = true });
        }
    }

    /// <summary>Training samples that were longer than the limit.</summary>
    public int LeftOut { get; }

    /// <summary>What the run will need of memory.</summary>
    public MemoryEstimate Estimate() => _loop.Estimate();

    /// <summary>Trains, writes checkpoints and the adapter, and returns what was measured. Cancelling stops after the step, with a checkpoint.</summary>
    public TrainingResult Run(Action<TrainingStep>? onStep = null, CancellationToken cancel = default)
    {
        using var attached = _adapter.Attach(training: true);
        return _loop.Run(onStep, cancel);
    }

    internal readonly record struct Encoded(int[] Ids, int AnswerStart);

    internal static Encoded Encode(BaseModel model, IReadOnlyList<Message> messages)
    {
        var (given, said) = model.ChatTemplate.Split(messages);
        var prompt = model.Tokenizer.Encode(given, specialTokens: true);
        var answer = model.Tokenizer.Encode(said, specialTokens: true);
        return new Encoded([.. prompt, .. answer], prompt.Count);
    }

    private static List<Encoded> Encode(BaseModel model, IReadOnlyList<Sample> samples, int maxLength) =>
        [.. samples.Select(s => Encode(model, s.Messages)).Where(e => e.Ids.Length <= maxLength)];

    private const int ReplayLength = 128;

    // Text may come round again: what is kept is a distribution, and the text itself is not learnt. Making it takes time, more for new text.
    private const int MostCharacters = 2_000_000;
    private const double Rounds = 2.5;

    // About as many characters as the samples have make about as many tokens.
    private static List<Encoded> Replay(BaseModel model, IReadOnlyList<Sample> train, SftOptions options, IReadOnlyList<string>? texts)
    {
        if (options.ReplayShare == 0) return [];
        var characters = train.Sum(s => s.Messages.Sum(m => (double)m.Content.Length)) * options.ReplayShare * Math.Ceiling(options.Epochs) / Rounds;
        if (options.MaxSteps is { } steps) characters = Math.Min(characters, 4.0 * steps * options.GradientAccumulation * options.BatchTokens * options.ReplayShare);
        texts ??= PretrainingText.Replay((int)Math.Clamp(characters, 20_000, MostCharacters), options.Seed);
        var rows = Pretraining.Rows(model, texts, Math.Min(ReplayLength, Math.Min(options.MaxLength, options.BatchTokens) - 1)).ConvertAll(r => new Encoded(r, 1));
        return rows.Count > 0 ? rows : throw new LabException($"the text for replay has fewer than {ReplayLength + 1} tokens; give more of it, or ReplayShare 0");
    }

    private static string Hash(IEnumerable<Encoded> samples)
    {
        var hash = 0UL;
        foreach (var (ids, start) in samples)
        {
            hash = StepKey.Mix(hash ^ (ulong)start);
            foreach (var id in ids) hash = StepKey.Mix(hash ^ (ulong)id);
        }
        return hash.ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
    }

    private static List<PackedBatch> Batches(IReadOnlyList<Encoded> samples, SftOptions options, int seed, bool share)
    {
        var random = new Random(seed);
        var groups = (options.Packing ? BestFit(samples, options.BatchTokens, random) : ByLength(samples, options.BatchTokens, random)).ToArray();
        random.Shuffle(groups);
        return [.. groups.Select(g => PackedBatch.Of(g, share))];
    }

    // Sorted by length with a little noise and cut by budget, counted as if padded: batches of short samples have no more of
    // them than their length allows, so that one step never weighs much more than another.
    private static IEnumerable<Encoded[]> ByLength(IReadOnlyList<Encoded> samples, int budget, Random random)
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
    internal static IEnumerable<Encoded[]> BestFit(IReadOnlyList<Encoded> samples, int budget, Random random)
    {
        var shuffled = samples.ToArray();
        random.Shuffle(shuffled);
        var bins = new List<List<Encoded>>();
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
