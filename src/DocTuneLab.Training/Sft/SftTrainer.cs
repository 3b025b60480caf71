using DocTuneLab.Corpus;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Training.Sft;

/// <summary>
/// Supervised fine-tuning of an adapter over a frozen (NF4) model: QLoRA. Loss on the assistant's last turn only, its end
/// mark included; samples of similar length share a batch, so that little is padding; padding stands at the end, where causal
/// attention never sees it.
/// </summary>
public sealed class SftTrainer
{
    private readonly TrainingLoop _loop;
    private readonly LoraAdapter _adapter;

    /// <summary>Prepares a run.</summary>
    /// <param name="model">Frozen model.</param>
    /// <param name="adapter">Trained in place.</param>
    /// <param name="train">Samples whose last turn is the assistant's.</param>
    /// <param name="validation">Samples for the validation loss; may be empty.</param>
    /// <param name="options">Settings.</param>
    /// <exception cref="LabException">No sample fits, or a setting is out of range.</exception>
    public SftTrainer(BaseModel model, LoraAdapter adapter, IReadOnlyList<Sample> train, IReadOnlyList<Sample> validation, SftOptions options)
    {
        options.Validate();
        _adapter = adapter;
        var encoded = Encode(model, train, options.MaxLength);
        LeftOut = train.Count - encoded.Count;
        if (encoded.Count == 0) throw new LabException($"none of the {train.Count} training samples fits into {options.MaxLength} tokens; raise MaxLength or make a corpus first");
        var perEpoch = Batches(encoded, options.BatchTokens, options.Seed).Count;
        var steps = Math.Max(1, (int)Math.Ceiling(perEpoch * options.Epochs));
        var epoch = (Number: -1, Batches: (IReadOnlyList<Batch>)[]);
        _loop = new TrainingLoop(model, adapter.Parameters, BatchAt, steps, Batches(Encode(model, validation, options.MaxLength), options.BatchTokens, 0), options, adapter.Save);

        Batch BatchAt(int step)
        {
            var number = step / perEpoch;
            if (epoch.Number != number) epoch = (number, Batches(encoded, options.BatchTokens, unchecked(options.Seed * 1_000_003 + number)));
            return epoch.Batches[Math.Min(step % perEpoch, epoch.Batches.Count - 1)];
        }
    }

    /// <summary>Training samples that were longer than the limit.</summary>
    public int LeftOut { get; }

    /// <summary>Trains, writes checkpoints and the adapter, and returns what was measured. Cancelling stops after the step, with a checkpoint.</summary>
    public TrainingResult Run(Action<TrainingStep>? onStep = null, CancellationToken cancel = default)
    {
        using var attached = _adapter.Attach(training: true);
        return _loop.Run(onStep, cancel);
    }

    internal readonly record struct Encoded(int[] Ids, int AnswerStart);

    internal static Encoded Encode(BaseModel model, IReadOnlyList<Message> messages)
    {
        var prompt = model.Tokenizer.Encode(model.ChatTemplate.Render([.. messages.SkipLast(1)], addGenerationPrompt: true), specialTokens: true);
        var answer = model.Tokenizer.Encode(messages[^1].Content + model.ChatTemplate.EndOfTurn, specialTokens: true);
        return new Encoded([.. prompt, .. answer], prompt.Count);
    }

    private static List<Encoded> Encode(BaseModel model, IReadOnlyList<Sample> samples, int maxLength) =>
        [.. samples.Select(s => Encode(model, s.Messages)).Where(e => e.Ids.Length <= maxLength)];

    private static List<Batch> Batches(IReadOnlyList<Encoded> samples, int budget, int seed)
    {
        var random = new Random(seed);
        // Sorted by length with a little noise, cut by token budget, then the batches are shuffled.
        var order = samples.OrderBy(s => s.Ids.Length + random.NextDouble() * 8).ToArray();
        var batches = new List<Batch>();
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
            batches.Add(Pad(order.AsSpan(at, rows), RoundUp(length)));
            at += rows;
        }
        var shuffled = batches.ToArray();
        random.Shuffle(shuffled);
        return [.. shuffled];
    }

    // Few distinct shapes: every new one makes the matrix library build a kernel and keep it.
    private static int RoundUp(int length) => (length + 31) / 32 * 32;

    internal static Batch Pad(ReadOnlySpan<Encoded> rows, int length)
    {
        var ids = new long[rows.Length * length];
        var (positions, targets, tokens) = (new List<long>(), new List<long>(), 0);
        for (var r = 0; r < rows.Length; r++)
        {
            var (row, start) = rows[r];
            tokens += row.Length;
            for (var i = 0; i < row.Length; i++)
            {
                ids[r * length + i] = row[i];
                if (i < Math.Max(1, start)) continue;
                positions.Add(r * length + i - 1);
                targets.Add(row[i]);
            }
        }
        return new Batch(ids, rows.Length, length, [.. positions], [.. targets], tokens);
    }
}
