using DocTuneLab.Training.Models;

namespace DocTuneLab.Training.Sft;

/// <summary>Trains a whole model from scratch on a stream of tokens: the same loop as <see cref="SftTrainer"/>, every position trained.</summary>
public sealed class Pretrainer
{
    private readonly TrainingLoop _loop;

    /// <summary>Prepares a run.</summary>
    /// <param name="model">Made by <see cref="BaseModel.Create"/>.</param>
    /// <param name="texts">Documents; each is followed by the end-of-text token, and they are joined and cut into rows of <see cref="SftOptions.MaxLength"/>.</param>
    /// <param name="validation">Documents held out.</param>
    /// <param name="options">Settings.</param>
    public Pretrainer(BaseModel model, IReadOnlyList<string> texts, IReadOnlyList<string> validation, SftOptions options)
    {
        options.Validate();
        var rows = Rows(texts);
        if (rows.Count == 0) throw new LabException($"the pre-training text has fewer than {options.MaxLength + 1} tokens; give more text or a smaller MaxLength");
        var perBatch = Math.Max(1, options.BatchTokens / options.MaxLength);
        var perEpoch = Math.Max(1, rows.Count / perBatch);
        var order = (Epoch: -1, Rows: rows.ToArray());
        _loop = new TrainingLoop(model, model.Parameters, step =>
        {
            var epoch = step / perEpoch;
            if (order.Epoch != epoch)
            {
                order = (epoch, rows.ToArray());
                new Random(unchecked(options.Seed * 1_000_003 + epoch)).Shuffle(order.Rows);
            }
            return Make(order.Rows.AsSpan(step % perEpoch * perBatch, Math.Min(perBatch, rows.Count)));
        }, (int)Math.Ceiling(perEpoch * options.Epochs), [.. Rows(validation).Chunk(perBatch).Select(c => Make(c))], options, _ => model.Save());
        Tokens = (long)rows.Count * options.MaxLength;

        List<int[]> Rows(IReadOnlyList<string> documents)
        {
            var result = new List<int[]>();
            var open = new List<int>(options.MaxLength + 1);
            var end = model.Tokenizer.SpecialTokens["<|endoftext|>"];
            foreach (var text in documents)
            {
                foreach (var id in model.Tokenizer.Encode(text, specialTokens: true).Append(end))
                {
                    open.Add(id);
                    if (open.Count <= options.MaxLength) continue;
                    result.Add([.. open]);
                    open.Clear();
                    open.Add(id);
                }
            }
            return result;
        }

        Batch Make(ReadOnlySpan<int[]> chosen)
        {
            var length = options.MaxLength;
            var ids = new long[chosen.Length * length];
            var targets = new long[ids.Length];
            for (var r = 0; r < chosen.Length; r++)
            {
                for (var i = 0; i < length; i++)
                {
                    ids[r * length + i] = chosen[r][i];
                    targets[r * length + i] = chosen[r][i + 1];
                }
            }
            return new Batch(ids, chosen.Length, length, [.. Enumerable.Range(0, ids.Length).Select(i => (long)i)], targets, ids.Length);
        }
    }

    /// <summary>Tokens of one epoch.</summary>
    public long Tokens { get; }

    /// <summary>Trains and writes the model into its folder.</summary>
    public TrainingResult Run(Action<TrainingStep>? onStep = null, CancellationToken cancel = default) => _loop.Run(onStep, cancel);
}
