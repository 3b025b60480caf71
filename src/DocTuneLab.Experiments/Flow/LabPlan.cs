using DocTuneLab.Corpus.Structural;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Experiments.Reference;
using DocTuneLab.Experiments.Setup;
using DocTuneLab.Experiments.Stages;
using DocTuneLab.Settings;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Checkpoints;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Recipes;

namespace DocTuneLab.Experiments.Flow;

/// <summary>What a whole run of a lab is made of: everything that somebody chooses before it starts.</summary>
public sealed record LabPlan
{
    // Folders and seeds are the lab's; a run goes on where it stopped by itself; an endpoint's are no part of a run without one.
    private static readonly HashSet<string> s_own =
    [
        nameof(SftOptions.Resume), nameof(SftOptions.Overwrite), nameof(SftOptions.OutputDirectory),
        nameof(EvaluationPlan.JudgedBy), nameof(EvaluationPlan.JudgeTokens), nameof(ExecutionOptions.AllowUntrustedCode), "Seed",
    ];

    private static readonly SettingTable[] s_tables =
    [
        CorpusOptions.Settings, ModelLoadOptions.Settings, LoraConfig.Settings, SftOptions.Settings, EvaluationPlan.Settings,
        EvaluationOptions.Settings, ExecutionOptions.Settings, GuideSettings.Settings,
    ];

    /// <summary>The settings that can be given, in the groups and order of the reference page.</summary>
    public static IReadOnlyList<(string Title, IReadOnlyList<Setting> Settings)> Choices { get; } =
        [.. LabSettings.Groups.Where(g => s_tables.Contains(g.Table))
            .Select(g => (g.Title, (IReadOnlyList<Setting>)[.. g.Table.Where(s => !s.IsInFilesOnly && !s_own.Contains(s.Property))]))];

    /// <summary>The base model: a folder, a GGUF file or a name on the hub.</summary>
    public required string Base { get; init; }

    /// <summary>Held-out programming tasks that are drafted where the library has none. Default 60.</summary>
    public int HeldOut { get; init; } = 60;

    /// <summary>Whether code of the library and of models may run, in the sandbox. Default true.</summary>
    public bool MayRun { get; init; } = true;

    /// <summary>Seed of everything random. Default 1.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Settings by the name of their option, such as <c>--rank</c>; all others have their defaults.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Checks everything that can be checked before a run.</summary>
    /// <exception cref="LabException">A setting is unknown or out of its range, or there is no such model.</exception>
    public void Validate()
    {
        foreach (var (name, text) in Settings)
            if (Choices.SelectMany(g => g.Settings).FirstOrDefault(s => s.Option == name) is not { } setting)
            {
                var nearest = SettingNames.Nearest(name, Choices.SelectMany(g => g.Settings).Select(s => s.Option));
                throw new LabException($"{name} is no setting of a run{(nearest is null ? "" : $"; did you mean {nearest}?")}");
            }
            else if (setting.Fault(Value(setting, text)) is { } fault) throw new LabException(fault);
        if (HeldOut is < 0 or > 10_000) throw new LabException($"{HeldOut} held-out tasks: expected 0 to 10000.");
        BaseChoice.Of(Base, "");
    }

    /// <summary>Folder or file of the base model, which is downloaded where it is a name on the hub.</summary>
    /// <param name="progress">Told of bytes as they come.</param>
    /// <param name="cancel">Stops; what was downloaded stays for the next time.</param>
    /// <exception cref="LabException">There is no such model.</exception>
    public string BaseFolder(IProgress<ModelDownload>? progress = null, CancellationToken cancel = default) =>
        ModelFiles.Resolve(BaseChoice.Of(Base, "").Model, progress, cancel);

    /// <summary>Whether and within which limits code is run.</summary>
    /// <exception cref="LabException">A value is no value of its setting.</exception>
    internal ExecutionOptions Execution() => Of(new ExecutionOptions()) with { AllowUntrustedCode = MayRun };

    /// <summary>Options with what was given of their table.</summary>
    /// <exception cref="LabException">A value is no value of its setting.</exception>
    public T Of<T>(T options)
        where T : class
    {
        var table = SettingTable<T>.Instance;
        return table.With(options, table.Where(s => !s_own.Contains(s.Property) && Settings.ContainsKey(s.Option))
            .Select(s => (s, Value(s, Settings[s.Option]))));
    }

    private static object? Value(Setting setting, string text) => setting.IsList
        ? setting.List(text.Split(setting.MayHoldCommas ? '\n' : ',',
            StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        : setting.Parse(text);
}
