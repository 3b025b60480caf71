using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Sft;

namespace DocTuneLab.Experiments;

// Models, adapters and training runs.
public sealed partial class LabSession
{
    /// <summary>The base model.</summary>
    public BaseModel? Model { get; private set; }

    /// <summary>What <see cref="Train"/> made.</summary>
    public LoraAdapter? Adapter { get; private set; }

    /// <summary>How training went.</summary>
    public TrainingResult? Training { get; private set; }

    /// <summary>Settings of the training run.</summary>
    public (LoraConfig Lora, SftOptions Options)? TrainingSettings { get; private set; }

    /// <summary>Loads the base model in NF4: a folder, or <c>owner/name</c> on the hub.</summary>
    /// <param name="directory">Which.</param>
    /// <param name="device">Where it is computed; see <see cref="ModelLoadOptions.Device"/>.</param>
    /// <exception cref="LabException">A file is missing or corrupt, or there is no such device.</exception>
    public BaseModel LoadBase(string directory, string device = "auto")
    {
        directory = ModelHub.Resolve(directory);
        device = Devices.Resolve(device).ToString();
        if (Model?.Directory == directory && Model.Device == device) return Model;
        var model = BaseModel.Load(directory, new ModelLoadOptions { Device = device });
        Adapter?.Dispose();
        Model?.Dispose();
        (Model, Adapter, Training, TrainingSettings) = (model, null, null, null);
        return model;
    }

    /// <summary>Loads an adapter that was trained before.</summary>
    /// <exception cref="LabException">A file is missing, or the adapter does not fit the base model.</exception>
    public LoraAdapter LoadAdapter(string directory)
    {
        Need(Model, "#!base");
        var adapter = LoraAdapter.Load(Model!, directory);
        Adapter?.Dispose();
        (Adapter, Training, TrainingSettings) = (adapter, null, null);
        return adapter;
    }

    /// <summary>Trains a new adapter over the frozen NF4 base.</summary>
    public TrainingResult Train(LoraConfig lora, SftOptions options, Action<TrainingStep>? onStep = null, CancellationToken cancel = default)
    {
        Need(Model, "#!base"); Need(Corpus, "#!corpus");
        var samples = Corpus!.Samples.ToArray();
        new Random(Seed).Shuffle(samples);
        var validation = Math.Min(120, samples.Length / 10);
        var run = new RunRecorder(Storage, Model!, lora, options, [.. samples.Select(s => s.Id)]);
        options = options with { OutputDirectory = run.Directory };
        LoraAdapter? adapter = null;
        try
        {
            adapter = LoraAdapter.Create(Model!, lora, Seed);
            Training = new SftTrainer(Model!, adapter, samples[validation..], samples[..validation], options).Run(step =>
            {
                run.Add(step);
                onStep?.Invoke(step);
            }, cancel);
            run.Finish(Training);
        }
        catch
        {
            adapter?.Dispose();
            run.Fail();
            throw;
        }
        Adapter?.Dispose();
        (Adapter, TrainingSettings) = (adapter, (lora, options));
        return Training;
    }
}
