using DocTuneLab.Training.Compute;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Training.Recipes;

/// <summary>Trains a whole model from scratch on a stream of tokens: the same loop as <see cref="SupervisedTuning"/>, every position trained.</summary>
public sealed class Pretraining
{
    private readonly TrainingLoop _loop;

    /// <summary>Prepares a run.</summary>
    /// <param name="model">Made by <see cref="BaseModel.Create"/>.</param>
    /// <param name="texts">Documents; each is followed by the end-of-text token, and they are joined and cut into rows of <see cref="SftOptions.MaxLength"/>.</param>
    /// <param name="validation">Documents held out.</param>
    /// <param name="options">Settings.</param>
    public Pretraining(BaseModel model, IReadOnlyList<string> texts, IReadOnlyList<string> validation, SftOptions options)
    {
        options.Validate();
        var rows = Rows(model, texts, options.MaxLength);
        if (rows.Count == 0) throw new LabException($"the pre-training text has fewer than {options.MaxLength + 1} tokens; give more text or a smaller MaxLength");
        var perBatch = Math.Max(1, options.BatchTokens / options.MaxLength);
        var perEpoch = Math.Max(1, rows.Count / perBatch);
        var order = (Epoch: -1, Rows: rows.ToArray());
        var accumulation = options.GradientAccumulation;
        var steps = Math.Max(1, perEpoch / accumulation);
        var validationBatches = Rows(model, validation, options.MaxLength).Chunk(perBatch).Select(c => Make(c)).ToArray();
        _loop = new TrainingLoop(model, model.Parameters, new TrainingPlan(steps, step =>
        {
            var epoch = step / steps;
            if (order.Epoch != epoch)
            {
                order = (epoch, rows.ToArray());
                new Random(unchecked(options.Seed * 1_000_003 + epoch)).Shuffle(order.Rows);
            }
            var from = step % steps * accumulation;
            return [.. Enumerable.Range(from, Math.Min(accumulation, perEpoch - from)).Select(b => Make(order.Rows.AsSpan(b * perBatch, Math.Min(perBatch, rows.Count))))];
        }, validationBatches, perBatch * options.MaxLength, ContentHash.Of([.. texts])), options, _ => model.Save());
        Tokens = (long)rows.Count * options.MaxLength;

        // The last token of a row is only predicted: it is the first of the next one.
        static PackedBatch Make(ReadOnlySpan<int[]> chosen) => PackedBatch.Of([.. chosen.ToArray().Select(c => new TokenizedSample(c, 1))], share: false);
    }

    /// <summary>Documents joined, each followed by the end-of-text token, and cut into rows that overlap by one token: the last of a row is only predicted, and begins the next.</summary>
    /// <param name="model">Whose tokens.</param>
    /// <param name="documents">Texts.</param>
    /// <param name="length">Tokens that a row trains; it has one more.</param>
    internal static List<int[]> Rows(BaseModel model, IReadOnlyList<string> documents, int length)
    {
        var result = new List<int[]>();
        var open = new List<int>(length + 1);
        // Models differ in what they call it.
        var end = model.Tokenizer.SpecialTokens.TryGetValue("<|endoftext|>", out var id) ? id : model.Config.EndTokens[0];
        foreach (var text in documents)
        {
            foreach (var token in model.Tokenizer.Encode(text, specialTokens: true).Append(end))
            {
                open.Add(token);
                if (open.Count <= length) continue;
                result.Add([.. open]);
                open.Clear();
                open.Add(token);
            }
        }
        return result;
    }

    /// <summary>Tokens of one epoch.</summary>
    public long Tokens { get; }

    /// <summary>Trains and writes the model into its folder.</summary>
    public TrainingResult Run(Action<TrainingStep>? onStep = null, CancellationToken cancel = default) => _loop.Run(onStep, cancel);
}
