using System.CommandLine;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Experiments.Stages;
using DocTuneLab.Settings;

namespace DocTuneLab.Extension.Arguments;

/// <summary>The options of a command that evaluates: the same in the tool and in a cell.</summary>
public sealed class EvaluationArguments
{
    /// <summary>Name of the arm of the one endpoint that <c>--endpoint</c> gives.</summary>
    public const string Hosted = "hosted";

    private static readonly Setting s_arms = EvaluationPlan.Settings[nameof(EvaluationPlan.Arms)];

    private readonly SettingOptions _settings = new(
    [
        .. EvaluationPlan.Settings, .. EvaluationOptions.Settings, .. ExecutionOptions.Settings
    ]);
    private readonly Option<string?> _judge = new("--judge")
    {
        Description = $"Endpoint that grades open questions, by its name in --endpoints, or '{Hosted}' for that of --endpoint.",
        HelpName = "NAME"
    };
    private readonly EndpointArguments _endpoints = new();

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        ArgumentNullException.ThrowIfNull(command);
        _settings.AddTo(command);
        command.Options.Add(_judge);
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
        if (endpoints.GroupBy(e => e.Name).FirstOrDefault(g => g.Count() > 1 || g.Key is "base" or "tuned") is { } twin)
            throw new LabException("Endpoints are arms by their names, so each needs one of its own that is not base or tuned; "
                + $"'{twin.Key}' is not. Give it a 'name' in the file.");
        var choice = endpoints.Count == 0
            ? "is none: give --endpoint URL or --endpoints FILE"
            : $"are {string.Join(", ", endpoints.Select(e => e.Name))}";
        var judge = p.GetValue(_judge) is { } name
            ? endpoints.FirstOrDefault(e => e.Name == name)
                ?? throw new LabException($"--judge: there is no endpoint '{name}'; there {choice}.")
            : null;
        var plan = _settings.Apply(p, EvaluationPlan.Settings, EvaluationPlan.Settings.Defaults);
        if (_settings.Given(p).All(g => g.Setting != s_arms))
            plan = plan with
            {
                Arms =
                [
                    .. hasBase ? (string[])["base"] : [], .. hasAdapter ? (string[])["tuned"] : [],
                    .. endpoints.Where(e => e != judge || (endpoints.Count == 1 && !hasBase)).Select(e => e.Name)
                ]
            };
        var options = _settings.Apply(p, EvaluationOptions.Settings, EvaluationOptions.Settings.Defaults);
        var execution = _settings.Apply(p, ExecutionOptions.Settings, ExecutionOptions.Settings.Defaults);
        plan = plan with
        {
            Options = options with { Execution = execution },
            Endpoints = endpoints,
            JudgedBy = judge,
            Engine = _endpoints.Engine(p)
        };
        // A judge without open questions would be paid for nothing.
        if (judge is not null && !plan.Kinds.Contains(TaskKind.Open)) plan = plan with { Kinds = [.. plan.Kinds, TaskKind.Open] };
        return plan;
    }
}
