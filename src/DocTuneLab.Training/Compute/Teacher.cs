using DocTuneLab.Training.Models;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Compute;

/// <summary>
/// The model as it was before tuning: the same frozen weights with the adapter aside. Its distribution over plain text is what the tuned
/// model is to keep (learning without forgetting, Li and Hoiem 2016, arXiv 1606.09282): a target for every token of the vocabulary
/// at every position, where the text itself names one.
/// </summary>
internal sealed class Teacher : IDisposable
{
    private readonly BaseModel _model;
    private readonly Gradients _none = new([]);
    private readonly TrainingPass _pass;

    /// <param name="model">The model; an adapter may be attached.</param>
    /// <param name="keepWeights">Whether dequantised matrices stay in memory between uses.</param>
    public Teacher(BaseModel model, bool keepWeights)
    {
        _model = model;
        _pass = WithoutAdapter(() => new TrainingPass(model, _none, new PassOptions(KeepActivations: false, keepWeights)));
    }

    /// <summary>Hidden states that the vocabulary is multiplied by, at the batch's trained rows, [rows, hidden];
    /// valid until the next call.</summary>
    public Tensor Outputs(PackedBatch batch) => WithoutAdapter(() => _pass.Outputs(batch, new StepKey(0, -1, 0)));

    private T WithoutAdapter<T>(Func<T> run)
    {
        var attached = new List<(Linear Linear, LoraLayer Adapter)>();
        foreach (var linear in _model.Decoder.Linears)
        {
            if (linear.Adapter is not { } adapter) continue;
            attached.Add((linear, adapter));
            linear.Adapter = null;
        }
        try
        {
            return run();
        }
        finally
        {
            foreach (var (linear, adapter) in attached) linear.Adapter = adapter;
        }
    }

    public void Dispose()
    {
        _pass.Dispose();
        _none.Dispose();
    }
}
