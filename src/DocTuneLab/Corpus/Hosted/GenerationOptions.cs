using System.Globalization;
using DocTuneLab.Corpus.Kinds;
using DocTuneLab.Corpus.Validation;
using DocTuneLab.Endpoints.Accounting;
using DocTuneLab.Prompts;
using DocTuneLab.Settings;

namespace DocTuneLab.Corpus.Hosted;

/// <summary>What a corpus written by hosted models shall hold.</summary>
public sealed record GenerationOptions : IWritingOptions
{
    /// <summary>Names, ranges and words of these settings.</summary>
    public static SettingTable<GenerationOptions> Settings => SettingTable<GenerationOptions>.Instance;

    /// <summary>Share of each kind unless told otherwise; <c>repair</c> samples come from mended answers and are extra.</summary>
    public static IReadOnlyDictionary<SampleKind, double> DefaultMix { get; } = SampleKinds.BuiltIn.HostedMix();

    /// <summary>Definitions of the kinds that can be written; default those that ship. A program adds its own:
    /// <c>Kinds = [.. SampleKinds.BuiltIn, new ItsKind()]</c>.</summary>
    public IReadOnlyList<SampleKindDefinition> Kinds { get; init; } = SampleKinds.BuiltIn;

    /// <summary>Documentation ids of the members that samples are about; empty for all. Default all.</summary>
    public IReadOnlyList<string> About { get; init; } = [];

    /// <summary>Accepted samples of a member after which it is no longer asked about; default 60.</summary>
    [Setting("Accepted samples of a member after which it is no longer asked about.", Min = 1)]
    public int Enough { get; init; } = 60;

    /// <summary>Accepted samples wanted, mended answers' repair samples not counted; default 4,000.</summary>
    [Setting("Accepted samples wanted.", Min = 1)]
    public int Count { get; init; } = 4000;

    /// <summary>Names of the kinds of <see cref="Mix"/>; set, each has its usual share.</summary>
    [Setting("Kinds of samples.", Option = "kinds", Field = "kinds", Placeholder = "LIST", AllowedBy = typeof(UsualKindNames))]
    public IReadOnlyList<string> KindNames
    {
        get => NamesOf(Mix);
        init => Mix = value.Select(name => new SampleKind(name)).Distinct().ToDictionary(k => k, k => Usual.TryGetValue(k, out var share)
            ? share
            : throw new LabException($"kinds is '{k.FieldName}'; expected {SettingNames.List(NamesOf(Usual))}"));
    }

    /// <summary>Relative share of each kind. Default: what the definitions of <see cref="Kinds"/> say.</summary>
    public IReadOnlyDictionary<SampleKind, double> Mix { get => field ?? Usual; init; }

    private IReadOnlyDictionary<SampleKind, double> Usual => Kinds.HostedMix();

    internal static IReadOnlyList<string> NamesOf(IReadOnlyDictionary<SampleKind, double> mix) => [.. mix.Keys.Select(k => k.FieldName)];

    /// <summary>Seed of every choice; default 1.</summary>
    [Setting("Seed of everything random.")]
    public int Seed { get; init; } = 1;

    /// <summary>Samples planned for each accepted one wanted, at most; default 6.</summary>
    [Setting("Samples tried for each one wanted, at most.", Option = "max-planned", Min = 1)]
    public double MaxPlannedPerSample { get; init; } = 6;

    /// <summary>Rounds in which an answer that does not compile is sent back with the compiler's messages; default 2.</summary>
    [Setting("Times that code is sent back with the compiler's messages.", Min = 0, Max = 10)]
    public int RepairRounds { get; init; } = 2;

    /// <summary>Share of code tasks with code of the caller's own beside them; default 0.1.</summary>
    [Setting("Share of code tasks with code of the caller's own beside them.", Placeholder = "SHARE", Min = 0, Max = 1)]
    public double ContextShare { get; init; } = 0.1;

    /// <summary>Share of code tasks made by fusing two accepted ones, once there are some; default 0.15.</summary>
    [Setting("Share of code tasks made by fusing two accepted ones.", Placeholder = "SHARE", Min = 0, Max = 1)]
    public double FusionShare { get; init; } = 0.15;

    /// <summary>Share of accepted code and qa samples that are also asked for in other words; default 0.2.</summary>
    [Setting("Share of accepted code and qa samples that are also asked for in other words.", Placeholder = "SHARE", Min = 0, Max = 1)]
    public double ParaphraseShare { get; init; } = 0.2;

    /// <summary>Share of questions and tasks that show passages of train pages before the request, as the arms with documents of an
    /// evaluation do, where <see cref="Passages"/> finds some; default 0.</summary>
    [Setting("Share of questions and tasks that show passages before the request, as arms with documents do, distractors among them.",
        Placeholder = "SHARE", Min = 0, Max = 1)]
    public double RetrievedShare { get; init; }

    /// <summary>Finds passages for samples that read, in train pages alone; null for none. Default none.</summary>
    public Passages? Passages { get; init; }

    /// <summary>Share of questions in Chinese; default the share of the library's summaries that are, from 0.1 to 0.9.</summary>
    [Setting("Share of questions and instructions in Chinese. Without one, about the share of the library's summaries that are.",
        Placeholder = "SHARE", Min = 0, Max = 1)]
    public double? ChineseShare { get; init; }

    /// <summary>Tokens of evidence in a prompt at most; default 1,200.</summary>
    [Setting("Tokens of evidence in a prompt at most.", Min = 1)]
    public int EvidenceTokens { get; init; } = 1200;

    /// <summary>Tokens of one answer at most; default: what each template says, from 200 to 1,200.</summary>
    [Setting("Tokens of one answer at most. Without one, what each template says.", Option = "answer-tokens", Min = 1)]
    public int? AnswerTokens { get; init; }

    /// <summary>Who asks. Default: six kinds of people.</summary>
    public IReadOnlyList<string> Personas { get; init; } =
        [
            "a new colleague who knows C# but not the library", "a senior engineer in a hurry", "someone who writes tests",
            "an operator who describes what should happen and not how", "a reviewer who wants a small helper",
            "someone who comes from another library"
        ];

    /// <summary>Whether a model grades each sample against its evidence (three axes, 1 to 5; below 3 on any is rejected);
    /// default false.</summary>
    [Setting("The model also grades each sample against its evidence.")]
    public bool Judge { get; init; }

    /// <summary>Where code tasks come from: a model, or the library's signatures (for models too small to invent tasks). Default false:
    /// a model.</summary>
    [Setting("Tasks come from the library's signatures and only solutions from the model: for small models.")]
    public bool StructuralQuestions { get; init; }

    /// <summary>Name of the library in prompts.</summary>
    public string LibraryName { get; init; } = "the library";

    /// <summary>Template of code samples; evaluation must use the same.</summary>
    public PromptTemplate CodeTemplate { get; init; } = PromptLibrary.Default["code-task.complete"];

    /// <summary>Template of questions; evaluation must use the same.</summary>
    public PromptTemplate QaTemplate { get; init; } = PromptLibrary.Default["doc-qa.plain"];

    /// <summary>Templates that models are asked with; default those that ship.</summary>
    public PromptLibrary Templates { get; init; } = PromptLibrary.Default;

    /// <exception cref="LabException">An option is out of range.</exception>
    internal GenerationOptions Validated()
    {
        Settings.Validate(this, "Generation: ");
        if (Personas.Count == 0) throw new LabException("Generation option Personas is empty; expected at least one.");
        Kinds.Validate("Generation option");
        if (Mix.Values.Any(w => w < 0) || Mix.Values.Sum() <= 0 || Mix.ContainsKey(SampleKind.Repair))
            throw new LabException(
                "Generation option Mix needs weights of at least 0, one above 0, and none for repair, which comes from mended answers.");
        foreach (var kind in Mix.Keys)
            if (Kinds.Find(kind)?.HostedShare is null)
                throw new LabException($"Generation option Mix names {kind.FieldName}, which hosted models cannot be asked for; expected "
                    + $"{SettingNames.List([.. Kinds.Where(k => k.HostedShare is not null).Select(k => k.Kind.FieldName)])}, "
                    + "or a definition of it in Kinds.");
        return this;
    }
}

/// <summary>How a generation stands. <see cref="Planned"/> = <see cref="Accepted"/> + all of <see cref="Rejected"/> + all of
/// <see cref="Failed"/> + <see cref="Surplus"/> + <see cref="Pending"/>.</summary>
public sealed record GenerationStatus
{
    /// <summary>Accepted samples wanted.</summary>
    public required int Wanted { get; init; }

    /// <summary>Samples planned.</summary>
    public required int Planned { get; init; }

    /// <summary>Samples accepted.</summary>
    public required int Accepted { get; init; }

    /// <summary>Samples that failed a check, by the first check failed.</summary>
    public required IReadOnlyDictionary<string, int> Rejected { get; init; }

    /// <summary>Samples without a usable answer, by reason.</summary>
    public required IReadOnlyDictionary<string, int> Failed { get; init; }

    /// <summary>Samples that passed after the target was reached; kept in the lab's answers, not in the corpus.</summary>
    public required int Surplus { get; init; }

    /// <summary>Not asked or not finished.</summary>
    public required int Pending { get; init; }

    /// <summary>Repair samples from mended answers, extra.</summary>
    public required int Repairs { get; init; }

    /// <summary>The requests behind them.</summary>
    public required EngineStatus Requests { get; init; }

    /// <summary>Every planned sample is accounted for.</summary>
    public bool Closes => Planned == Accepted + Rejected.Values.Sum() + Failed.Values.Sum() + Surplus + Pending;

    /// <summary>Whether the target was reached and nothing is pending.</summary>
    public bool IsDone => Accepted >= Wanted && Pending == 0;

    /// <summary>One line for people.</summary>
    public override string ToString()
    {
        static string Parts(string title, IReadOnlyDictionary<string, int> counts) =>
            counts.Count == 0
                ? ""
                : $", {title} {counts.Values.Sum()} "
                    + $"({string.Join(", ", counts.OrderByDescending(c => c.Value).Select(c => $"{c.Key} {c.Value}"))})";
        var others = Parts("rejected", Rejected) + Parts("failed", Failed)
            + (Surplus > 0 ? $", surplus {Surplus}" : "") + (Pending > 0 ? $", pending {Pending}" : "");
        var tokens = Requests.PromptTokens + Requests.CompletionTokens;
        var stopped = Requests.StoppedBecause is { } why ? $"; stopped: {why}" : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"{Accepted} of {Wanted} accepted; planned {Planned}{others}; repairs {Repairs}; {Requests.Answered} requests asked, "
            + $"{Requests.Reused} reused, {Requests.RequestsPerSecond:F1}/s, {tokens:N0} tokens, cost {Requests.Cost:F4}"
            + $"{Requests.Trouble}{stopped}");
    }
}

/// <summary>A corpus written by hosted models.</summary>
/// <param name="Samples">Accepted samples in order of their plan, repair samples and paraphrases among them.</param>
/// <param name="Rejected">Samples that failed a check, with all checks.</param>
/// <param name="Preferences">Refused answers beside those that took their place.</param>
/// <param name="Coverage">What the accepted samples teach.</param>
/// <param name="Status">The accounting.</param>
public sealed record GenerationResult(IReadOnlyList<Sample> Samples, IReadOnlyList<Sample> Rejected,
    IReadOnlyList<PreferencePair> Preferences, CoverageLedger Coverage, GenerationStatus Status);
