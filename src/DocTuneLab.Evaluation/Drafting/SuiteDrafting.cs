using DocTuneLab.Corpus.Language;
using DocTuneLab.Evaluation.Execution;
using DocTuneLab.Evaluation.Suites;

namespace DocTuneLab.Evaluation.Drafting;

/// <summary>How far a drafting has come.</summary>
/// <param name="Tried">Drafts that were tried.</param>
/// <param name="Proved">Tasks that stand the proof, those of earlier runs included.</param>
/// <param name="Wanted">Tasks that are wanted.</param>
public sealed record DraftProgress(int Tried, int Proved, int Wanted);

/// <summary>
/// Drafts held-out programming tasks for a library that nobody wrote tasks for: uses of it that people wrote or a search found, made into
/// methods with parameters, run with several values each, described in words of the documentation, and proved.
/// </summary>
public static class SuiteDrafting
{
    private const int Batch = 48, LeastBatch = 32, MostAlike = 2, PerTask = 15;

    private const string Replaced = "something else became its input", Shortened = "less of it gives the same, and was tried";

    private delegate DraftCandidate? Making(Usage usage, out string why);

    /// <summary>Name of the source that asks a model, and gives nothing without one (<see cref="DraftMaterial.Writer"/>).</summary>
    public const string Written = "endpoint";

    /// <summary>Names of the sources of drafts.</summary>
    public static IReadOnlyList<string> Sources { get; } = [.. DraftSources.BuiltIn.Select(s => s.Name)];

    /// <summary>
    /// Drafts tasks into a folder: <c>code.jsonl</c> and <c>drafts.jsonl</c>, written after every batch. What a folder holds already stays,
    /// and what was refused is not tried again.
    /// </summary>
    /// <param name="folder">The suite; null writes nothing.</param>
    /// <param name="material">The library and what is known of it.</param>
    /// <param name="limit">Tasks that are wanted, those that are there already included.</param>
    /// <param name="sources">Names of the sources to use; all for none.</param>
    /// <param name="execution">Limits; running must be allowed.</param>
    /// <param name="progress">Told after every batch.</param>
    /// <param name="cancel">Stops between batches; what is proved by then stays.</param>
    /// <exception cref="LabException">Running is not allowed or not possible, or a source cannot be read.</exception>
    public static IReadOnlyList<DraftYield> Run(string? folder, DraftMaterial material, int limit, IReadOnlyCollection<string> sources,
        ExecutionOptions execution, IProgress<DraftProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(material);
        if (!execution.AllowUntrustedCode) throw new LabException("Drafting runs the library. Set AllowUntrustedCode.");
        if (Sandbox.Refusal(execution) is { } refusal) throw new LabException(refusal);
        if (limit < 1) throw new LabException($"{limit} tasks are wanted: expected 1 or more.");
        List<DraftEntry> entries = [.. folder is null ? [] : DraftLedger.Read(folder)];
        // What a draft was replaced by has to be tried, too: a drafting that was stopped between the two begins again with the first.
        var known = entries.Select(e => e.Id).ToHashSet(StringComparer.Ordinal);
        entries.RemoveAll(e => e.Note.Split(": ") is [Replaced or Shortened, var other] && !known.Contains(other));
        var path = folder is null ? null : Path.Combine(folder, Suite.CodeFile);
        List<CodeTask> tasks = [.. path is not null && File.Exists(path) ? Suite.Load(path).Code : []];
        var count = new YieldCount();
        var make = MakingOf(material);
        // Where there are enough already, nobody is asked for more.
        var queue = new DraftQueue(tasks.Count >= limit ? [] : Candidates(material, sources, PerTask * limit, make, count, cancel),
            entries, tasks, MostAlike, material.Seed);
        var evaluator = new Evaluator(material.Judge);
        var (trial, proof) = (new DraftTrial(evaluator, execution), new DraftProof(evaluator, material, execution));
        var tried = 0;
        while (tasks.Count < limit && queue.Next(Math.Clamp(2 * (limit - tasks.Count), LeastBatch, Batch), count) is { Count: > 0 } batch)
        {
            cancel.ThrowIfCancellationRequested();
            var programs = batch.ConvertAll(c => (Task: c, Arguments: c.Arguments()))
                .ConvertAll(c => (DraftTrial.Program(c.Task.Id, c.Task.Method, c.Arguments), c.Task.Method, c.Arguments));
            List<(CodeTask Task, DraftMethod Method)> drafted = [];
            foreach (var (candidate, (results, why)) in batch.Zip(trial.Run(programs, cancel)))
            {
                count.Drafted(candidate.Method.Usage.Source);
                var reason = why;
                var task = why.Length > 0 ? null : candidate.Task(results, out reason);
                if (task is not null) drafted.Add((task, candidate.Method));
                else if (Together(candidate.Otherwise(results).Select(u => make(u, out _)).OfType<DraftCandidate>()) is { } other
                    && queue.Add(other))
                    Refuse(candidate, Replaced, other.Id);
                else Refuse(candidate, reason);
            }
            var problems = proof.Problems(drafted, cancel);
            foreach (var (task, method) in drafted)
            {
                var candidate = batch.First(c => c.Id == task.Id);
                if (problems.TryGetValue(task.Id, out var problem))
                {
                    if (problem.Less is { } less && make(candidate.With(less), out _) is { } shorter && queue.Add(shorter))
                        Refuse(candidate, Shortened, shorter.Id);
                    else Refuse(candidate, problem.Why);
                }
                else if (tasks.Count < limit)
                {
                    tasks.Add(task);
                    entries.Add(new(task.Id, method.Usage.Source, method.Usage.Place, DraftState.Undecided));
                    count.Proved(method.Usage.Source);
                    queue.Took(candidate);
                }
            }
            tried += batch.Count;
            if (folder is not null)
            {
                DraftLedger.Write(folder, entries);
                if (tasks.Count > 0) EvaluationJson.WriteLines(path!, tasks);
            }
            progress?.Report(new(tried, tasks.Count, limit));
        }
        return count.All;

        static DraftCandidate? Together(IEnumerable<DraftCandidate> several)
        {
            DraftCandidate? first = null;
            foreach (var candidate in several)
                if (first is null) first = candidate;
                else if (first.Key == candidate.Key) first.Add(candidate);
            return first;
        }

        void Refuse(DraftCandidate candidate, string why, string by = "")
        {
            count.Fell(candidate.Method.Usage.Source, why);
            entries.Add(new(candidate.Id, candidate.Method.Usage.Source, candidate.Method.Usage.Place, DraftState.Refused,
                by.Length == 0 ? why : $"{why}: {by}"));
        }
    }

    /// <summary>What there is to draft from, without running anything: uses that are found, and those that would be tried.</summary>
    /// <param name="material">The library and what is known of it.</param>
    /// <param name="limit">Tasks that are wanted.</param>
    /// <param name="sources">Names of the sources to use; all for none.</param>
    /// <param name="cancel">Stops between uses.</param>
    /// <exception cref="LabException">A source cannot be read.</exception>
    public static IReadOnlyList<DraftYield> Survey(DraftMaterial material, int limit, IReadOnlyCollection<string> sources,
        CancellationToken cancel = default)
    {
        var count = new YieldCount();
        foreach (var candidate in Candidates(material, sources, PerTask * limit, MakingOf(material), count, cancel))
            count.Drafted(candidate.Method.Usage.Source);
        return count.All;
    }

    private static Making MakingOf(DraftMaterial material)
    {
        var (requests, pages) = (new MemberRequests(material.Api.Symbols), new DraftPages(material.Api, material.Pages));
        return (Usage usage, out string why) => DraftCandidate.Of(usage, material, requests, pages, out why);
    }

    // Uses of one place stay together, because they often differ by their values alone; what is enough is not looked beyond.
    private static List<DraftCandidate> Candidates(DraftMaterial material, IReadOnlyCollection<string> sources, int wanted,
        Making make, YieldCount count, CancellationToken cancel)
    {
        Dictionary<string, DraftCandidate> byKey = new(StringComparer.Ordinal);
        List<DraftCandidate> all = [];
        foreach (var source in DraftSources.BuiltIn.Where(s => sources.Count == 0 || sources.Contains(s.Name)))
        {
            if (all.Count >= wanted) break;
            var places = source.Find(material, why =>
            {
                count.Found(source.Name);
                count.Fell(source.Name, why);
            }, cancel).GroupBy(u => u.Place, StringComparer.Ordinal).Select(g => g.ToList()).ToArray();
            new Random(material.Seed).Shuffle(places);
            foreach (var usage in places.SelectMany(p => p))
            {
                cancel.ThrowIfCancellationRequested();
                count.Found(source.Name);
                if (all.Count >= wanted) count.Fell(source.Name, "enough others were found");
                else if (make(usage, out var why) is not { } candidate) count.Fell(source.Name, why);
                else if (byKey.TryGetValue(candidate.Key, out var same))
                {
                    same.Add(candidate);
                    count.Fell(source.Name, "it is another value of the same code");
                }
                else
                {
                    byKey[candidate.Key] = candidate;
                    all.Add(candidate);
                }
            }
        }
        DraftCandidate.Lend(all);
        return all;
    }
}
