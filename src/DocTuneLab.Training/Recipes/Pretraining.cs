using System.Runtime.InteropServices;
using DocTuneLab.Text;
using DocTuneLab.Training.Compute;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Telemetry;

namespace DocTuneLab.Training.Recipes;

/// <summary>
/// Trains a whole model from scratch on a stream of tokens: the same steps as <see cref="SupervisedTuning"/>, every position trained.
/// Documents are joined and cut into rows, which each epoch has in an order of its own;
/// each step is a pass forward and backward over its batches and one update.
/// </summary>
public sealed class Pretraining
{
    private readonly BaseModel _model;
    private readonly SftOptions _options;
    private readonly List<int[]> _rows;
    private readonly int _rowsPerBatch, _batchesPerEpoch;
    private readonly TrainingPlan _plan;
    private (int Epoch, int[][] Rows) _order = (-1, []);

    /// <summary>Prepares a run.</summary>
    /// <param name="model">Made by <see cref="BaseModel.Create"/>.</param>
    /// <param name="texts">Documents; each is followed by the end-of-text token, and they are joined and cut into rows of
    /// <see cref="SftOptions.MaxLength"/>.</param>
    /// <param name="validation">Documents held out.</param>
    /// <param name="options">Settings.</param>
    /// <exception cref="LabException">There is too little text, or a setting is out of range.</exception>
    public Pretraining(BaseModel model, IReadOnlyList<string> texts, IReadOnlyList<string> validation, SftOptions options)
    {
        options.Validate();
        (_model, _options) = (model, options);
        _rows = Rows(model, texts, options.MaxLength);
        if (_rows.Count == 0)
            throw new LabException(
                $"the pre-training text has fewer than {options.MaxLength + 1} tokens; give more text or a smaller MaxLength");
        _rowsPerBatch = Math.Max(1, options.BatchTokens / options.MaxLength);
        _batchesPerEpoch = Math.Max(1, _rows.Count / _rowsPerBatch);
        var validationBatches = Rows(model, validation, options.MaxLength).Chunk(_rowsPerBatch).Select(Batch).ToArray();
        _plan = new TrainingPlan(Math.Max(1, _batchesPerEpoch / options.GradientAccumulation), validationBatches,
            _rowsPerBatch * options.MaxLength, ContentHash.Of([.. texts]), new Dictionary<string, string>());
    }

    /// <summary>Tokens of one epoch.</summary>
    public long Tokens => (long)_rows.Count * _options.MaxLength;

    /// <summary>Trains and writes the model into its folder.</summary>
    public TrainingResult Run(Action<TrainingStep>? onStep = null, CancellationToken cancel = default)
    {
        var memory = MemoryEstimate.Of(_model, _model.Parameters.Values.Sum(p => p.numel()), _plan.LargestBatch, _options);
        memory.Require(_options);
        using var gradients = new Gradients(_model.Parameters.Values);
        using var pass = new TrainingPass(_model, gradients, memory.PassOptions(_options));
        using var run = new TrainingRun(_model, _model.Parameters, gradients, _plan, _options);
        for (var step = run.FirstStep; run.GoesOn(step, cancel); step++)
        {
            var batches = BatchesOf(step);
            var targets = batches.Sum(b => (long)b.Targets.Length);
            double loss = 0;
            try
            {
                for (var part = 0; part < batches.Count; part++)
                    loss += pass.Run(batches[part], 1.0 / targets, new StepKey(_options.Seed, step, part));
            }
            catch (ExternalException e) when (ComputeDevices.IsOutOfMemory(e))
            {
                throw run.OutOfMemory(step, e);
            }
            loss /= targets;
            var norm = run.Update(step, loss);
            run.EndStep(step, new StepOutcome(batches, loss, ReplayLoss: null, norm), pass, onStep);
        }
        return run.Finish(_ => _model.Save());
    }

    private IReadOnlyList<PackedBatch> BatchesOf(int step)
    {
        var epoch = step / _plan.StepsPerEpoch;
        if (_order.Epoch != epoch)
        {
            _order = (epoch, _rows.ToArray());
            new Random(unchecked(_options.Seed * 1_000_003 + epoch)).Shuffle(_order.Rows);
        }
        var from = step % _plan.StepsPerEpoch * _options.GradientAccumulation;
        return [.. Enumerable.Range(from, Math.Min(_options.GradientAccumulation, _batchesPerEpoch - from))
            .Select(b => Batch(_order.Rows[(b * _rowsPerBatch)..(b * _rowsPerBatch + Math.Min(_rowsPerBatch, _rows.Count))]))];
    }

    // The last token of a row is only predicted: it is the first of the next one.
    private static PackedBatch Batch(int[][] rows) => PackedBatch.Of([.. rows.Select(r => new TokenizedSample(r, 1))], share: false);

    /// <summary>Documents joined, each followed by the end-of-text token, and cut into rows that overlap by one token:
    /// the last of a row is only predicted, and begins the next.</summary>
    /// <param name="model">Whose tokens.</param>
    /// <param name="documents">Texts.</param>
    /// <param name="length">Tokens that a row trains; it has one more.</param>
    internal static List<int[]> Rows(BaseModel model, IReadOnlyList<string> documents, int length)
    {
        var result = new List<int[]>();
        var open = new List<int>(length + 1);
        // Models differ in what they call it.
        var end = model.Tokenizer.SpecialTokens.TryGetValue("<|endoftext|>", out var id) ? id
            : model.Config.EndTokens.Count > 0 ? model.Config.EndTokens[0]
            : model.EndTokens.Count > 0 ? model.EndTokens.First()
            : throw new LabException($"{model.Directory}: neither the tokenizer nor the configuration names a token that ends a text");
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
}
