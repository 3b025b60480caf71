using System.CommandLine;
using DocTuneLab.Corpus;
using DocTuneLab.Corpus.Generation;
using DocTuneLab.Experiments;
using DocTuneLab.Prompts.Endpoints;

namespace DocTuneLab.Extension;

/// <summary>The options of a command that asks hosted models: the same in the tool and in a cell.</summary>
public sealed class EndpointArguments
{
    private readonly Option<string?> _endpoint = new("--endpoint") { Description = "Address of a server with OpenAI's protocol, up to the version: http://127.0.0.1:8080/v1. Without one no hosted model is asked.", HelpName = "URL" };
    private readonly Option<string?> _model;
    private readonly Option<string?> _file = new("--endpoints") { Description = "YAML file with several endpoints, their limits, weights and prices.", HelpName = "FILE" };
    private readonly Option<string> _key = new("--key-variable") { Description = "Environment variable or user secret that holds the key.", HelpName = "NAME", DefaultValueFactory = _ => "OPENAI_API_KEY" };
    private readonly Option<bool> _ollama = new("--ollama") { Description = "The endpoint speaks Ollama's protocol." };
    private readonly Option<int> _concurrency = new("--concurrency") { Description = "Requests in flight at most.", DefaultValueFactory = _ => 32, HelpName = "N" };
    private readonly Option<bool> _noSchema = new("--no-schema") { Description = "The server does not hold answers to a JSON schema." };
    private readonly Option<double?> _ceiling = new("--cost-ceiling") { Description = "Nothing is asked that could cost more than this; needs prices from a file of endpoints.", HelpName = "COST" };
    private readonly Option<double?> _limit = new("--max-minutes") { Description = "Nothing is asked after this long.", HelpName = "N" };
    private readonly Option<double> _planned = new("--max-planned") { Description = "Samples tried for each one wanted, at most.", DefaultValueFactory = _ => 6 };
    private readonly Option<string[]> _kinds = new("--kinds") { Description = "Kinds of samples: code, qa, explain, completion, unanswerable, migration. Default: all.", AllowMultipleArgumentsPerToken = true };
    private readonly Option<bool> _structural = new("--structural-questions") { Description = "Tasks come from the library's signatures and only solutions from the model: for small models." };
    private readonly Option<bool> _judge = new("--judge") { Description = "The model also grades each sample against its evidence." };
    private readonly Option<int> _repairs = new("--repair-rounds") { Description = "Times that code is sent back with the compiler's messages.", DefaultValueFactory = _ => 2 };
    private readonly Option<bool> _batch = new("--batch") { Description = "Send requests through OpenAI's batch API: cheaper, and answered within a day. A run that is stopped takes its batches up again." };
    private readonly Option<double> _poll = new("--batch-poll") { Description = "Seconds between two looks at a batch.", DefaultValueFactory = _ => 30 };
    private readonly Option<bool> _dry = new("--dry-run") { Description = "Estimate requests, tokens and cost, and ask nothing." };

    /// <summary>Options of their own for one command.</summary>
    /// <param name="model">Name of the option for the server's model, where the command itself has a <c>--model</c>.</param>
    public EndpointArguments(string model = "--model") => _model = new(model) { Description = "Model as the server names it.", HelpName = "NAME" };

    /// <summary>Adds the options of a generation to a command.</summary>
    public void AddTo(Command command)
    {
        AddConnection(command);
        foreach (var option in (Option[])[_planned, _kinds, _structural, _repairs, _batch, _poll, _dry]) command.Options.Add(option);
    }

    /// <summary>Adds only those that say who is asked and at what cost.</summary>
    public void AddConnection(Command command)
    {
        AddEndpoints(command);
        foreach (var option in (Option[])[_noSchema, _judge]) command.Options.Add(option);
    }

    /// <summary>Adds only those that say who is asked, and the ceilings.</summary>
    public void AddEndpoints(Command command)
    {
        foreach (var option in (Option[])[_endpoint, _model, _file, _key, _ollama, _concurrency, _ceiling, _limit]) command.Options.Add(option);
    }

    /// <summary>Whether one endpoint is given by its address, not a file of them.</summary>
    public bool IsSingle(ParseResult p) => p.GetValue(_file) is null;

    /// <summary>The endpoints given; null where none is.</summary>
    /// <exception cref="LabException">An address or a model is missing or wrong.</exception>
    public IReadOnlyList<EndpointOptions>? Endpoints(ParseResult p)
    {
        if (p.GetValue(_file) is { } file) return EndpointOptions.Load(file);
        if (p.GetValue(_endpoint) is not { } address) return null;
        if (!Uri.TryCreate(address, UriKind.Absolute, out var url)) throw new LabException($"--endpoint takes an address such as http://127.0.0.1:8080/v1, not '{address}'.");
        return [new EndpointOptions
        {
            BaseUrl = url, Model = p.GetValue(_model) ?? throw new LabException($"--endpoint needs {_model.Name}: the model's name as the server knows it."), KeyVariable = p.GetValue(_key)!,
            Kind = p.GetValue(_ollama) ? EndpointKind.Ollama : EndpointKind.OpenAI, MaxConcurrency = p.GetValue(_concurrency),
            StructuredOutput = !p.CommandResult.Command.Options.Contains(_noSchema) || !p.GetValue(_noSchema),
        }.Validated()];
    }

    /// <summary>Ceilings of cost and time.</summary>
    public EngineOptions Engine(ParseResult p) => new() { CostCeiling = p.GetValue(_ceiling), TotalTimeout = p.GetValue(_limit) is { } minutes ? TimeSpan.FromMinutes(minutes) : null };

    /// <summary>The settings given; null where no endpoint is.</summary>
    /// <exception cref="LabException">They do not fit together.</exception>
    public GenerationSettings? Of(ParseResult p)
    {
        if (Endpoints(p) is not { } endpoints) return null;
        var options = new GenerationOptions { Judge = p.GetValue(_judge) };
        if (p.CommandResult.Command.Options.Contains(_planned)) options = options with { MaxPlannedPerSample = p.GetValue(_planned), StructuralQuestions = p.GetValue(_structural), RepairRounds = p.GetValue(_repairs) };
        if (p.CommandResult.Command.Options.Contains(_kinds) && p.GetValue(_kinds) is { Length: > 0 } kinds)
            options = options with { Mix = kinds.ToDictionary(k => Enum.TryParse<SampleKind>(k, true, out var kind) && GenerationOptions.DefaultMix.ContainsKey(kind) ? kind : throw new LabException($"--kinds: there is no kind '{k}'; there are {string.Join(", ", GenerationOptions.DefaultMix.Keys.Select(x => x.ToString().ToLowerInvariant()))}."), k => GenerationOptions.DefaultMix[Enum.Parse<SampleKind>(k, true)]) };
        BatchOptions? batch = null;
        if (p.CommandResult.Command.Options.Contains(_batch) && p.GetValue(_batch))
        {
            if (endpoints.FirstOrDefault(e => e.Kind != EndpointKind.OpenAI) is { } other) throw new LabException($"--batch: endpoint {other.Name} has no batch API; only endpoints with OpenAI's protocol do.");
            var poll = p.GetValue(_poll);
            batch = poll is > 0 and <= 3600 ? new BatchOptions { Poll = TimeSpan.FromSeconds(poll), Settle = TimeSpan.FromSeconds(Math.Min(poll, 5)) } : throw new LabException($"--batch-poll is {poll}; expected seconds above 0 and up to 3600.");
        }
        return new GenerationSettings(endpoints, Engine(p), options, p.CommandResult.Command.Options.Contains(_dry) && p.GetValue(_dry), batch);
    }
}
