using System.CommandLine;
using DocTuneLab.Documents;
using DocTuneLab.Evaluation;
using DocTuneLab.Experiments;
using DocTuneLab.Prompts.Endpoints;

namespace DocTuneLab.Extension;

/// <summary>The options of a command that evaluates: the same in the tool and in a cell.</summary>
public sealed class EvaluationArguments
{
    /// <summary>Name of the arm of the one endpoint that <c>--endpoint</c> gives.</summary>
    public const string Hosted = "hosted";

    private readonly Option<string> _split = new("--split") { Description = "train, dev, test or all.", DefaultValueFactory = _ => "test" };
    private readonly Option<string?> _arms = new("--arms") { Description = "What is compared, the reference first: base, tuned, an endpoint's name; +docs behind one puts relevant passages into its prompt. Default: base, then tuned, then endpoints, as far as there are any.", HelpName = "LIST" };
    private readonly Option<string?> _kinds = new("--kinds") { Description = "Kinds of tasks, with commas: code, qa, open, completion, general, retention. Default: code,qa,completion,retention.", HelpName = "LIST" };
    private readonly Option<int> _samples = new("--samples") { Description = "Sampled answers for each programming task beside the greedy one; 10 gives pass@5.", HelpName = "N" };
    private readonly Option<int> _codeTokens = new("--code-tokens") { Description = "New tokens of an answer with code, at most.", DefaultValueFactory = _ => new EvaluationPlan().MaxCodeTokens, HelpName = "N" };
    private readonly Option<int> _docsTokens = new("--docs-tokens") { Description = "Tokens of passages in a prompt of an arm with documents, at most.", DefaultValueFactory = _ => new EvaluationPlan().DocumentTokens, HelpName = "N" };
    private readonly Option<bool> _allow = new("--allow-untrusted-code") { Description = "Run the models' code against the hidden tests, in a sandbox." };
    private readonly Option<bool> _bare = new("--allow-without-isolation") { Description = "Run it even where neither bubblewrap nor namespaces isolate it." };
    private readonly Option<double> _gate = new("--gate") { Description = "Largest rise of bits per byte on the frozen texts.", DefaultValueFactory = _ => RetentionGate.DefaultBits, HelpName = "BITS" };
    private readonly Option<string?> _judge = new("--judge") { Description = $"Endpoint that grades open questions, by its name in --endpoints, or '{Hosted}' for that of --endpoint.", HelpName = "NAME" };
    private readonly EndpointArguments _endpoints = new("--endpoint-model");

    /// <summary>An instance with options of its own.</summary>
    public EvaluationArguments() => _split.AcceptOnlyFromAmong("train", "dev", "test", "all");

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_split, _arms, _kinds, _samples, _codeTokens, _docsTokens, _allow, _bare, _gate, _judge]) command.Options.Add(option);
        _endpoints.AddEndpoints(command);
    }

    /// <summary>The plan that is asked for.</summary>
    /// <param name="p">What was parsed.</param>
    /// <param name="hasBase">Whether a base model is at hand, for the default of the arms.</param>
    /// <param name="hasAdapter">Whether an adapter is.</param>
    /// <exception cref="LabException">The options do not fit together.</exception>
    public EvaluationPlan Of(ParseResult p, bool hasBase, bool hasAdapter)
    {
        var endpoints = _endpoints.Endpoints(p) ?? [];
        if (endpoints is [var only] && _endpoints.IsSingle(p)) endpoints = [only with { Name = Hosted }];
        if (endpoints.GroupBy(e => e.Name).FirstOrDefault(g => g.Count() > 1 || g.Key is "base" or "tuned") is { } twin) throw new LabException($"Endpoints are arms by their names, so each needs one of its own that is not base or tuned; '{twin.Key}' is not. Give it a 'name' in the file.");
        var judge = p.GetValue(_judge) is { } name ? endpoints.FirstOrDefault(e => e.Name == name) ?? throw new LabException($"--judge: there is no endpoint '{name}'; there {(endpoints.Count == 0 ? "is none: give --endpoint URL or --endpoints FILE" : $"are {string.Join(", ", endpoints.Select(e => e.Name))}")}.") : null;
        string[] arms = p.GetValue(_arms) is { } list ? Names(list) : [.. hasBase ? (string[])["base"] : [], .. hasAdapter ? (string[])["tuned"] : [], .. endpoints.Where(e => e != judge || endpoints.Count == 1 && !hasBase).Select(e => e.Name)];
        var plan = new EvaluationPlan
        {
            Split = p.GetValue(_split) == "all" ? null : Enum.Parse<Split>(p.GetValue(_split)!, ignoreCase: true),
            Arms = arms, Samples = p.GetValue(_samples), MaxCodeTokens = p.GetValue(_codeTokens), DocumentTokens = p.GetValue(_docsTokens),
            AllowUntrustedCode = p.GetValue(_allow), AllowWithoutIsolation = p.GetValue(_bare), GateBits = p.GetValue(_gate),
            Endpoints = endpoints, JudgedBy = judge, Engine = _endpoints.Engine(p),
        };
        if (p.GetValue(_kinds) is { } chosen) plan = plan with { Kinds = [.. Names(chosen).Select(KindOf)] };
        // A judge without open questions would be paid for nothing.
        if (judge is not null && !plan.Kinds.Contains(TaskKind.Open)) plan = plan with { Kinds = [.. plan.Kinds, TaskKind.Open] };
        return plan;
    }

    private static string[] Names(string list) => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static TaskKind KindOf(string name) => Enum.TryParse<TaskKind>(name, ignoreCase: true, out var kind) && !char.IsDigit(name[0]) ? kind
        : throw new LabException($"--kinds: there is no kind of task '{name}'; there are {string.Join(", ", Enum.GetNames<TaskKind>().Select(k => k.ToLowerInvariant()))}.");
}
