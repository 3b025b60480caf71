using DocTuneLab.Conversations;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Library;
using DocTuneLab.Library.Guidance;
using DocTuneLab.Settings;

namespace DocTuneLab.Experiments.Stages;

/// <summary>Who guides a local model while it writes code.</summary>
public enum GuideKind
{
    /// <summary>Nobody: the model writes as it likes.</summary>
    None,

    /// <summary>The compiler, which refuses what cannot compile any more.</summary>
    Compiler,
}

/// <summary>Guided decoding, wherever a local model writes code.</summary>
public sealed record GuideSettings
{
    private static readonly GuideBudget s_budget = new();

    /// <summary>Names, ranges and words of these settings.</summary>
    public static SettingTable<GuideSettings> Settings => SettingTable<GuideSettings>.Instance;

    /// <summary>Who guides. Default none.</summary>
    [Setting("Who guides a local model while it writes code.", SwitchTo = "compiler",
        OptionWords = "Let the compiler guide a local model while it writes code.")]
    public GuideKind Guide { get; init; }

    /// <summary>What the guide looks at. Default all.</summary>
    [Setting("What the guide looks at; all but one or two is an ablation.", Option = "guide-layers", Field = "guide_layers")]
    public IReadOnlyList<GuideLayers> Layers { get; init; } = [GuideLayers.All];

    /// <summary>Tokens decoded for an answer, those of ways given up included, as a multiple of the most that an answer may have. Default
    /// that of <see cref="GuideBudget"/>.</summary>
    [Setting("Tokens decoded for a guided answer, as a multiple of the most that it may have; then guidance gives up.",
        Option = "guide-tokens", Field = "guide_tokens", Min = 0.1)]
    public double Tokens { get; init; } = s_budget.Tokens;

    /// <summary>How often an answer goes back. Default that of <see cref="GuideBudget"/>.</summary>
    [Setting("How often a guided answer goes back before guidance gives up.", Option = "guide-returns", Field = "guide_returns",
        Min = 0)]
    public int Returns { get; init; } = s_budget.Returns;

    /// <summary>Tokens that are tried at one place, likeliest first. Default that of <see cref="GuideBudget"/>.</summary>
    [Setting("Tokens that are tried at one place, likeliest first.", Option = "guide-candidates", Field = "guide_candidates", Min = 1)]
    public int Candidates { get; init; } = s_budget.Candidates;

    /// <summary>Ways that go on side by side. Default that of <see cref="GuideBudget"/>.</summary>
    [Setting("Ways that go on side by side in greedy answers (beam search); with one, the search goes back to other ways instead.",
        Option = "guide-beams", Field = "guide_beams", Min = 1, Max = 16)]
    public int Beams { get; init; } = s_budget.Beams;

    /// <summary>Seconds in which the guide is asked about an answer. Default those of <see cref="GuideBudget"/>.</summary>
    [Setting("Seconds in which the guide is asked about an answer; then guidance gives up.", Option = "guide-seconds",
        Field = "guide_seconds", Min = 0)]
    public double Seconds { get; init; } = s_budget.Time.TotalSeconds;

    /// <summary>What results say of it.</summary>
    public GuideRules Rules => new(CodeGuide.Version, Looked, Budget);

    /// <summary>How much a guide may cost.</summary>
    public GuideBudget Budget =>
        new() { Tokens = Tokens, Returns = Returns, Candidates = Candidates, Beams = Beams, Time = TimeSpan.FromSeconds(Seconds) };

    private GuideLayers Looked => Layers.Aggregate(GuideLayers.None, (all, one) => all | one);

    /// <summary>The guide of code in a frame; an <see cref="AnswerGuide"/> over it is that of an answer.</summary>
    /// <param name="judge">The compiler with the library.</param>
    /// <param name="frame">What stands around the code.</param>
    public CodeGuide Code(CSharpJudge judge, GuideFrame frame) => new(judge, frame, Looked);

    /// <summary>The guide of a gap in code.</summary>
    /// <param name="judge">The compiler with the library.</param>
    /// <param name="before">Code before the gap.</param>
    /// <param name="after">Code after it.</param>
    /// <param name="usings">Namespaces in scope.</param>
    public GapGuide Gap(CSharpJudge judge, string before, string after, IReadOnlyList<string> usings) =>
        new(judge, before, after, usings, Looked);
}
