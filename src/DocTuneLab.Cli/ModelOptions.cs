using System.CommandLine;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Inference;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Quantization;

namespace DocTuneLab.Cli;

/// <summary>Options of verbs that load a local model.</summary>
internal sealed class ModelOptions
{
    private readonly Option<string> _model = new("--model") { Description = ModelFolder.Description, Required = true, HelpName = "DIR" };
    private readonly Option<string?> _adapter = new("--adapter") { Description = "Adapter in PEFT layout, applied without merging.", HelpName = "DIR" };
    private readonly Option<string> _quantize = new("--quantize") { Description = "Quantise the linear layers as they load: none, nf4 (a quarter of the memory, and what a QLoRA adapter was trained over), fp4 or int8.", DefaultValueFactory = _ => "none" };
    private readonly Option<bool> _quantizeHead = new("--quantize-head") { Description = "Round the matrix of the vocabulary to 8 bits: faster generation where the vocabulary is large." };
    private readonly Option<string> _compute = new("--compute") { Description = "Type of activations: auto, bf16 or fp32.", DefaultValueFactory = _ => "auto" };

    private readonly Option<string?> _device = LabOptions.Device();

    public void AddTo(Command command)
    {
        _compute.AcceptOnlyFromAmong("auto", "bf16", "fp32");
        _quantize.AcceptOnlyFromAmong([.. WeightFormat.Names]);
        foreach (var option in (Option[])[_model, _adapter, _quantize, _quantizeHead, _compute, _device]) command.Add(option);
    }

    /// <summary>Loads the model, does the work and gives the memory back.</summary>
    public int Use(ParseResult parsed, Func<BaseModel, LocalModel, int> work)
    {
        using var model = BaseModel.Load(ModelFolder.Of(parsed.GetRequiredValue(_model)), new ModelLoadOptions { Quantization = parsed.GetValue(_quantize)!, QuantizeHead = parsed.GetValue(_quantizeHead), ComputeType = parsed.GetValue(_compute)!, Device = parsed.GetValue(_device) ?? "auto" });
        using var adapter = parsed.GetValue(_adapter) is { } folder ? LoraAdapter.Load(model, folder) : null;
        return work(model, new LocalModel(model, adapter));
    }
}
