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

    // What one endpoint on a command line needs; a file says the rest.
    private readonly SettingOptions _one = new(
    [
        s_url, s_model, s_endpoint[nameof(EndpointOptions.KeyVariable)], s_endpoint[nameof(EndpointOptions.MaxConcurrency)]
    ]);
    private readonly SettingOptions _engine = new(EngineOptions.Settings);
    private readonly SettingOptions _grading = new([GenerationOptions.Settings[nameof(GenerationOptions.Judge)]]);
    private readonly Option<string?> _file = new("--endpoints")
    {
        Description = "YAML file with several endpoints, their limits, weights and prices.",
        HelpName = "FILE"
    };
    private readonly Option<bool> _ollama = new("--ollama") { Description = "The endpoint speaks Ollama's protocol." };
    private readonly Option<bool> _noSchema = new("--no-schema") { Description = "The server does not hold answers to a JSON schema." };
    private readonly Option<bool> _batch = new("--batch")
    {
        Description = "Send requests through OpenAI's batch API: cheaper, and answered within a day. A run that is stopped takes its "
            + "batches up again."
    };
    private readonly Option<double> _poll = new("--batch-poll")
    {
        Description = "Seconds between two looks at a batch.",
        DefaultValueFactory = _ => 30
    };
    private readonly Option<bool> _dry = new("--dry-run") { Description = "Estimate requests, tokens and cost, and ask nothing." };

    /// <summary>Adds all options of a generation to a command.</summary>
    public void AddTo(Command command)
    {
        AddEndpoints(command);
        foreach (var option in (Option[])[_batch, _poll, _dry]) command.Options.Add(option);
    }

    /// <summary>Adds only those that say who is asked, and the ceilings.</summary>
    public void AddEndpoints(Command command)
    {
        ArgumentNullException.ThrowIfNull(command);
        _one.AddTo(command);
        foreach (var option in (Option[])[_ollama, _noSchema, _file]) command.Options.Add(option);
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
        var kind = p.GetValue(_ollama) ? EndpointKind.Ollama : EndpointKind.OpenAI;
        return [(s_endpoint.With(s_endpoint.Defaults, given) with { Kind = kind, StructuredOutput = !p.GetValue(_noSchema) }).Validated()];
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
        var isGeneration = p.CommandResult.Command.Options.Contains(_batch);
        BatchOptions? batch = null;
        if (isGeneration && p.GetValue(_batch))
        {
            if (endpoints.FirstOrDefault(e => e.Kind != EndpointKind.OpenAI) is { } other)
                throw new LabException($"--batch: endpoint {other.Name} has no batch API; only endpoints with OpenAI's protocol do.");
            var poll = p.GetValue(_poll);
            batch = poll is > 0 and <= 3600
                ? new BatchOptions { Poll = TimeSpan.FromSeconds(poll), Settle = TimeSpan.FromSeconds(Math.Min(poll, 5)) }
                : throw new LabException($"--batch-poll is {poll}; expected seconds above 0 and up to 3600.");
        }
        var engine = Engine(p);
        options ??= _grading.Apply(p, GenerationOptions.Settings, GenerationOptions.Settings.Defaults);
        return new GenerationSettings(endpoints, engine, options, isGeneration && p.GetValue(_dry), batch);
    }
}
