using System.CommandLine;
using DocTuneLab.Extension.Arguments;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Inference;
using DocTuneLab.Training.Models;

namespace DocTuneLab.Cli.Arguments;

/// <summary>Options of verbs that load a local model.</summary>
internal sealed class ModelOptions
{
    private readonly SettingOptions _base = ModelArguments.Base();
    private readonly SettingOptions _load = ModelArguments.Loading();
    private readonly Option<string?> _adapter = CommonOptions.Adapter();

    public void AddTo(Command command)
    {
        _base.AddTo(command, required: true);
        command.Add(_adapter);
        _load.AddTo(command);
    }

    /// <summary>Loads the model, does the work and gives the memory back.</summary>
    public int Use(ParseResult parsed, Func<BaseModel, LocalModel, int> work)
    {
        using var model = Load(parsed);
        using var adapter = Adapter(parsed, model);
        return work(model, new LocalModel(model, adapter));
    }

    /// <inheritdoc cref="Use"/>
    public async Task<int> UseAsync(ParseResult parsed, Func<BaseModel, LocalModel, Task<int>> work)
    {
        using var model = Load(parsed);
        using var adapter = Adapter(parsed, model);
        return await work(model, new LocalModel(model, adapter));
    }

    private BaseModel Load(ParseResult parsed) => BaseModel.Load(ModelFolder.Of(_base.BaseOf(parsed)!), _load.LoadOf(parsed));

    private LoraAdapter? Adapter(ParseResult parsed, BaseModel model) =>
        parsed.GetValue(_adapter) is { } folder ? LoraAdapter.Load(model, folder) : null;
}
