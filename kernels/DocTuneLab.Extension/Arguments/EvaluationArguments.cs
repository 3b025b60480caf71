using System.CommandLine;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Experiments.Stages;
using DocTuneLab.Settings;

namespace DocTuneLab.Extension.Arguments;

/// <summary>The options of a command that evaluates: the same in the tool and in a cell.</summary>
/// <param name="except">Properties whose settings come from elsewhere.</param>
public sealed class EvaluationArguments(params string[] except)
{
    /// <summary>Name of the arm of the one endpoint that <c>--endpoint</c> gives.</summary>
    public const string Hosted = "hosted";

    private static readonly Setting s_arms = EvaluationPlan.Settings[nameof(EvaluationPlan.Arms)];

    private readonly SettingOptions _settings = new(
        ((IEnumerable<Setting>)[.. EvaluationPlan.Settings, .. EvaluationOptions.Settings, .. GuideSettings.Settings,
            .. ExecutionOptions.Settings, .. WordingOptions.Settings]).Where(s => !except.Contains(s.Property)));
    private readonly EndpointArguments _endpoints = new();

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        ArgumentNullException.ThrowIfNull(command);
        _settings.AddTo(command);
        _endpoints.AddEndpoints(command);
    }

    /// <summary>In which wordings models are asked.</summary>
    public WordingOptions Wordings(ParseResult p) => _settings.Apply(p, WordingOptions.Settings, WordingOptions.Settings.Defaults);

    /// <summary>Seed of everything random.</summary>
    public int Seed(ParseResult p) => _settings.Apply(p, EvaluationOptions.Settings, EvaluationOptions.Settings.Defaults).Seed;

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
        var plan = _settings.Apply(p, EvaluationPlan.Settings, EvaluationPlan.Settings.Defaults) with { Endpoints = endpoints };
        var judge = plan.Judge;
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
        plan = Guided(p, plan with
        {
            Options = options with { Execution = execution },
            Engine = _endpoints.Engine(p)
        });
        // A judge without open questions would be paid for nothing.
        if (judge is not null && !plan.Kinds.Contains(TaskKind.Open)) plan = plan with { Kinds = [.. plan.Kinds, TaskKind.Open] };
        return plan;
    }

    /// <summary>Behind each local arm the same with the compiler, where guidance is asked for, and how that guides.</summary>
    private EvaluationPlan Guided(ParseResult p, EvaluationPlan plan)
    {
        var guidance = _settings.Apply(p, GuideSettings.Settings, GuideSettings.Settings.Defaults);
        if (guidance.Guide == GuideKind.Compiler)
            plan = plan with { Arms = [.. plan.Arms.SelectMany(a => (string[])[a, .. WithCompiler(a)]).Distinct()] };
        var given = _settings.Given(p).Select(g => g.Setting).Where(GuideSettings.Settings.Contains);
        if (plan.Arms.All(IsFree) && given.FirstOrDefault() is { } idle)
            throw new LabException($"{idle.Option} says how the compiler guides a local model, and no arm is guided: give --guide, or "
                + $"--arms with +{GuidedArm.Whole.Name} behind base or tuned.");
        return plan with { Guidance = guidance };
    }

    private static IEnumerable<string> WithCompiler(string arm) =>
        IsFree(arm) && ArmName.Of(arm).Model is "base" or "tuned" ? [$"{arm}+{GuidedArm.Whole.Name}"] : [];

    private static bool IsFree(string arm) => ArmName.Of(arm).Guided is null;
}
