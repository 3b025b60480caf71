using DocTuneLab.Corpus;
using DocTuneLab.Documents.Model;
using DocTuneLab.Endpoints.Accounting;
using DocTuneLab.Endpoints.Exchange;
using DocTuneLab.Evaluation;
using DocTuneLab.Evaluation.Drafting;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Experiments.Setup;
using DocTuneLab.Storage;

namespace DocTuneLab.Experiments.Stages;

/// <summary>What is drafted, and from what.</summary>
public sealed record DraftingPlan
{
    /// <summary>Files and folders with the C# of unit tests. Default none.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>Names of the sources of drafts; none for all (<see cref="SuiteDrafting.Sources"/>). Default none.</summary>
    public IReadOnlyList<string> From { get; init; } = [];

    /// <summary>Tasks that are wanted, those that are there included. Default 100.</summary>
    public int Limit { get; init; } = 100;

    /// <summary>Questions that are wanted, and as many again about members that may not exist. Default 60.</summary>
    public int Questions { get; init; } = 60;

    /// <summary>Seed of every choice. Default 1.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Runs the library even where nothing isolates it. Default false.</summary>
    public bool AllowWithoutIsolation { get; init; }

    /// <summary>Who writes unit tests to draft from, and words tasks; null, the default, asks nobody.</summary>
    public EndpointOptions? Endpoint { get; init; }

    /// <summary>Attempts, deadlines and ceilings of what is asked.</summary>
    public EngineOptions Engine { get; init; } = new();
}

/// <summary>Held-out tasks drafted for a library, and the proof of a suite.</summary>
/// <param name="library">The library.</param>
/// <param name="pages">Its pages, of all splits; none where there are none.</param>
/// <param name="training">Samples that models are trained on, or none.</param>
/// <param name="journal">The lab that keeps what an endpoint answers; without one no endpoint can be asked.</param>
public sealed class DraftingStage(
    PrivateLibrary library, IReadOnlyList<Document> pages, IReadOnlyList<Sample> training, Lab? journal = null)
{
    /// <summary>Whether a library has tasks, and not only some that a drafting left when it was stopped: questions are drafted last.
    /// </summary>
    public static bool HasAll(LibraryFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        return folder.HasTasks && (DraftLedger.Read(folder.Tasks).Count == 0 || File.Exists(Path.Combine(folder.Tasks, Suite.QaFile)));
    }

    /// <summary>Drafts tasks into a folder; one that was stopped goes on. With an endpoint, they are then put into a user's words.
    /// </summary>
    /// <returns>What each source gave, and what became of the words.</returns>
    /// <exception cref="LabException">Nothing can be run here, a source cannot be read, or the endpoint failed: what is proved or worded by
    /// then stays.</exception>
    public (IReadOnlyList<DraftYield> Yields, WordingYield? Words) Draft(string folder, DraftingPlan plan,
        IProgress<DraftProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var execution = Execution(plan.AllowWithoutIsolation);
        if (plan.Endpoint is not { } endpoint)
            return (SuiteDrafting.Run(folder, Material(plan), plan.Limit, plan.From, execution, progress, cancel), null);
        using var hosted = new HostedModels(plan.Engine with { Seed = plan.Seed },
            journal ?? throw new LabException("An endpoint is asked only with a lab that keeps its answers."));
        var material = Material(plan) with { Writer = hosted[endpoint] };
        var yields = SuiteDrafting.Run(folder, material, plan.Limit, plan.From, execution, progress, cancel);
        return (yields, TaskWords.Into(folder, material, cancel: cancel));
    }

    /// <summary>Drafts questions into a folder: closed and open ones, and such that take members for granted. A file that is there stays
    /// as it is. Nothing is run.</summary>
    /// <returns>The files that were written, and how many questions are in each.</returns>
    public IReadOnlyList<(string File, int Count)> DraftQuestions(string folder, DraftingPlan plan) =>
        QuestionDrafts.Into(folder, library.Api, pages, plan.Questions, plan.Seed);

    /// <summary>What there is to draft from, without running anything.</summary>
    /// <exception cref="LabException">A source cannot be read.</exception>
    public IReadOnlyList<DraftYield> Survey(DraftingPlan plan, CancellationToken cancel = default) =>
        SuiteDrafting.Survey(Material(plan), plan.Limit, plan.From, cancel);

    /// <summary>Proves a suite.</summary>
    /// <exception cref="LabException">Nothing can be run here.</exception>
    public SuiteReport Check(Suite suite, bool allowWithoutIsolation = false, CancellationToken cancel = default) =>
        SuiteCheck.Run(new Evaluator(library.Judge), suite, library.Api, Execution(allowWithoutIsolation), training,
            pages.Count > 0 ? pages : null, cancel);

    private DraftMaterial Material(DraftingPlan plan)
    {
        if (plan.Endpoint is null && plan.From.Contains(SuiteDrafting.Written))
            throw new LabException($"--origin {SuiteDrafting.Written} needs a model that writes: give one with "
                + "--endpoint URL --model NAME.");
        return new(library.Api, library.Judge)
        {
            Pages = pages,
            Sources = plan.Sources,
            Training = training,
            Seed = plan.Seed,
        };
    }

    private static ExecutionOptions Execution(bool withoutIsolation) =>
        new() { AllowUntrustedCode = true, AllowWithoutIsolation = withoutIsolation, WallTime = TimeSpan.FromSeconds(6) };
}
