using System.CommandLine;
using DocTuneLab.Corpus.Hosted;
using DocTuneLab.Endpoints.Accounting;
using DocTuneLab.Endpoints.Exchange;
using DocTuneLab.Endpoints.Transport;
using DocTuneLab.Experiments.Stages;
using DocTuneLab.Settings;

namespace DocTuneLab.Extension.Arguments;

/// <summary>The options of a command that asks hosted models: the same in the tool and in a cell.</summary>
public sealed class EndpointArguments
{
    private static readonly SettingTable<EndpointOptions> s_endpoint = EndpointOptions.Settings;
    private static readonly Setting s_url = s_endpoint[nameof(EndpointOptions.BaseUrl)],
        s_model = s_endpoint[nameof(EndpointOptions.Model)];

    private static readonly Setting s_settle = BatchOptions.Settings[nameof(BatchOptions.Settle)];

    // What one endpoint on a command line needs; a file says the rest.
    private readonly SettingOptions _one = new(s_endpoint);
    private readonly SettingOptions _engine = new(EngineOptions.Settings);
    private readonly SettingOptions _batch = new(BatchOptions.Settings);
    private readonly SettingOptions _grading = new([GenerationOptions.Settings[nameof(GenerationOptions.Judge)]]);
    private readonly Option<string?> _file = new("--endpoints")
    {
        Description = "YAML file with several endpoints, their limits, weights and prices.",
        HelpName = "FILE"
    };
    private readonly Option<bool> _dry = CommonOptions.DryRun();

    /// <summary>Adds all options of a generation to a command.</summary>
    public void AddTo(Command command)
    {
        AddEndpoints(command);
        _batch.AddTo(command);
        command.Options.Add(_dry);
    }

    /// <summary>Adds only those that say who is asked, and the ceilings.</summary>
    public void AddEndpoints(Command command)
    {
        ArgumentNullException.ThrowIfNull(command);
        _one.AddTo(command);
        command.Options.Add(_file);
        _engine.AddTo(command);
    }

    /// <summary>Likewise, and whether the model grades what it wrote.</summary>
    public void AddConnection(Command command)
    {
        AddEndpoints(command);
        _grading.AddTo(command);
    }

    /// <summary>Whether one endpoint is given by its address, not a file of them.</summary>
    public bool IsSingle(ParseResult p) => p.GetValue(_file) is null;

    /// <summary>The endpoints given; null where none is.</summary>
    /// <exception cref="LabException">An address or a model is missing or wrong.</exception>
    public IReadOnlyList<EndpointOptions>? Endpoints(ParseResult p)
    {
        ArgumentNullException.ThrowIfNull(p);
        if (p.GetValue(_file) is { } file) return EndpointOptions.Load(file);
        var given = _one.Given(p);
        if (given.All(g => g.Setting != s_url)) return null;
        if (given.All(g => g.Setting != s_model)) throw new LabException($"{s_url.Option} needs {s_model.Option}: {s_model.Expected}.");
        return [s_endpoint.With(s_endpoint.Defaults, given).Validated()];
    }

    /// <summary>Attempts, ceilings of cost and time.</summary>
    public EngineOptions Engine(ParseResult p) => _engine.Apply(p, EngineOptions.Settings, EngineOptions.Settings.Defaults);

    /// <summary>The settings given; null where no endpoint is.</summary>
    /// <param name="p">What was parsed.</param>
    /// <param name="options">What is to be written; without, as usual, graded where the command says so.</param>
    /// <exception cref="LabException">They do not fit together.</exception>
    public GenerationSettings? Of(ParseResult p, GenerationOptions? options = null)
    {
        if (Endpoints(p) is not { } endpoints) return null;
        var isGeneration = p.CommandResult.Command.Options.Contains(_dry);
        var engine = Engine(p);
        options ??= _grading.Apply(p, GenerationOptions.Settings, GenerationOptions.Settings.Defaults);
        var batch = isGeneration ? Batch(p, endpoints) : null;
        return new GenerationSettings(endpoints, engine, options, isGeneration && p.GetValue(_dry), batch);
    }

    /// <summary>Options given that say nothing without an endpoint.</summary>
    public IReadOnlyList<string> Names(ParseResult p)
    {
        ArgumentNullException.ThrowIfNull(p);
        return
        [
            .. ((SettingOptions[])[_one, _engine, _batch]).SelectMany(o => o.Names(p)),
            .. p.GetResult(_dry) is { Implicit: false } ? (string[])[_dry.Name] : []
        ];
    }

    private BatchOptions? Batch(ParseResult p, IReadOnlyList<EndpointOptions> endpoints)
    {
        var given = _batch.Given(p);
        var batch = BatchOptions.Settings.With(BatchOptions.Settings.Defaults, given);
        if (!batch.Enabled) return null;
        if (endpoints.FirstOrDefault(e => e.Kind != EndpointKind.OpenAI) is { } other)
            throw new LabException($"--batch: endpoint {other.Name} has no batch API; only endpoints with OpenAI's protocol do.");
        // Who looks often is in a hurry.
        return batch.Poll < batch.Settle && given.All(g => g.Setting != s_settle) ? batch with { Settle = batch.Poll } : batch;
    }
}
