using System.CommandLine;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Generation;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Cli;

/// <summary>Options of verbs that load a local model.</summary>
internal sealed class ModelOptions
{
    private readonly Option<string> _model = new("--model") { Description = "Model folder in Hugging Face layout.", Required = true, HelpName = "DIR" };
    private readonly Option<string?> _adapter = new("--adapter") { Description = "Adapter in PEFT layout, applied without merging.", HelpName = "DIR" };
    private readonly Option<bool> _nf4 = new("--nf4") { Description = "Quantise the linear layers to NF4 as they load: a quarter of the memory, and what a QLoRA adapter was trained over." };
    private readonly Option<string> _compute = new("--compute") { Description = "Type of activations: auto, bf16 or fp32.", DefaultValueFactory = _ => "auto" };

    public void AddTo(Command command)
    {
        _compute.AcceptOnlyFromAmong("auto", "bf16", "fp32");
        foreach (var option in (Option[])[_model, _adapter, _nf4, _compute]) command.Add(option);
    }

    /// <summary>Loads the model, does the work and gives the memory back.</summary>
    public int Use(ParseResult parsed, Func<BaseModel, LocalModel, int> work)
    {
        using var model = BaseModel.Load(parsed.GetRequiredValue(_model), new ModelLoadOptions { Nf4 = parsed.GetValue(_nf4), ComputeType = parsed.GetValue(_compute)! });
        using var adapter = parsed.GetValue(_adapter) is { } folder ? LoraAdapter.Load(model, folder) : null;
        return work(model, new LocalModel(model, adapter));
    }
}
