using System.Text.Json.Serialization;
using DocTuneLab.Settings;

namespace DocTuneLab.Prompts.Tuning;

/// <summary>How <see cref="PromptTuner"/> spends its budget.</summary>
/// <param name="Budget">Upper bound of (candidate, example) pairs tried on dev; default 400.</param>
/// <param name="FirstRound">Examples that every candidate is tried on at first; default 8.</param>
/// <param name="Resamples">Bootstrap draws; default 2,000.</param>
/// <param name="Confidence">Width of the intervals; default 0.95.</param>
/// <param name="Seed">Seed of example order, demonstrations and bootstrap; default 1.</param>
public sealed record PromptTuningOptions(
    [property: Setting("(candidate, example) pairs tried at most.", Min = 1)] int Budget = 400,
    [property: Setting("Examples that every candidate is tried on at first.", Min = 1)] int FirstRound = 8,
    [property: Setting("Draws of the bootstrap that decides between candidates.", Min = 100)] int Resamples = 2000,
    [property: Setting("Width of the intervals that decide between candidates.", Above = 0, Below = 1)] double Confidence = 0.95,
    [property: Setting("Seed of everything random.")] int Seed = 1)
{
    /// <summary>Names, ranges and words of these settings.</summary>
    public static SettingTable<PromptTuningOptions> Settings => SettingTable<PromptTuningOptions>.Instance;

    /// <summary>Dev examples (of each kind) that a stage tries candidates on, at most. Default 24.</summary>
    [Setting("Dev examples (of each kind) at most.", Min = 1)]
    public int Examples { get; init; } = 24;

    /// <summary>What a stage tunes at an endpoint: <c>generate.code-solution</c>, the default, and its like, or <c>code-task</c> for the
    /// wording that small models are asked with.</summary>
    [Setting("With an endpoint: what is tuned, such as generate.code-solution, or code-task for small models.", Placeholder = "NAME")]
    public string Target { get; init; } = "generate.code-solution";

    /// <summary>What candidates are compared by.</summary>
    public ObjectiveWeights Weights { get; init; } = new();

    /// <summary>Whether candidates are also tried in other formats (headed, tagged). Default false.</summary>
    [Setting("Also tries each wording under headings and between tags.")]
    public bool Formats { get; init; }

    /// <summary>Demonstrations in front of the question, taken from train examples that were answered right; 0 for none. Default 0:
    /// they would stand in every training sample as well.</summary>
    [Setting("Validated train examples shown before the question. They would stand in every training sample, so keep 0 for a model that is "
        + "to be trained.", Min = 0)]
    public int Demonstrations { get; init; }

    /// <summary>Different sets of demonstrations that are tried; default 2.</summary>
    [Setting("Different sets of demonstrations that are tried.", Min = 1)]
    public int DemonstrationSets { get; init; } = 2;

    /// <summary>Train examples that demonstrations are taken from and reflection reads the failures of; default 16.</summary>
    [Setting("Train examples that demonstrations are taken from and reflection reads the failures of.", Min = 1)]
    public int TrainExamples { get; init; } = 16;

    /// <summary>Rounds of reflection, each proposing one wording; needs a model to reflect. Default 2.</summary>
    [Setting("With an endpoint: wordings that the model proposes after reading failed samples.", Min = 0)]
    public int Reflections { get; init; } = 2;
}

/// <summary>How a candidate came to be.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CandidateOrigin>))]
public enum CandidateOrigin
{
    /// <summary>It was there.</summary>
    [JsonStringEnumMemberName("given")]
    Given,

    /// <summary>One that was there, under headings or between tags.</summary>
    [JsonStringEnumMemberName("format")]
    Format,

    /// <summary>A model proposed it after reading failures.</summary>
    [JsonStringEnumMemberName("reflection")]
    Reflection,

    /// <summary>Another with examples before the question.</summary>
    [JsonStringEnumMemberName("demonstrations")]
    Demonstrations,
}

/// <summary>A candidate's line in the result.</summary>
public sealed record PromptScore
{
    /// <summary>The candidate.</summary>
    public required PromptTemplate Template { get; init; }

    /// <summary>How it came to be.</summary>
    public required CandidateOrigin How { get; init; }

    /// <summary>Hash of the template that it was made from; its own where it was given.</summary>
    public required string Parent { get; init; }

    /// <summary>What was measured.</summary>
    public required PromptMeasures Measures { get; init; }

    /// <summary>What it is compared by; more is better.</summary>
    public required double Score { get; init; }

    /// <summary>Lower end of the score's interval.</summary>
    public required double ScoreLow { get; init; }

    /// <summary>Upper end of it.</summary>
    public required double ScoreHigh { get; init; }

    /// <summary>Lower end of the paired interval of (winner - candidate), over the examples that both saw.</summary>
    public required double Low { get; init; }

    /// <summary>Upper end of it. An interval that holds 0 says: not distinguishable from the winner.</summary>
    public required double High { get; init; }

    /// <summary>Examples that it was tried on before it was dropped.</summary>
    public required int Examples { get; init; }

    /// <summary>Rounds that it took part in.</summary>
    public required int Rounds { get; init; }
}

/// <summary>What tuning found.</summary>
/// <param name="Winner">The best candidate of the last round.</param>
/// <param name="Table">All candidates, best first: those that survived longest, then by score.</param>
/// <param name="Tried">(candidate, example) pairs tried on dev, at most the budget.</param>
/// <param name="TriedOnTrain">Pairs tried on train, for demonstrations and reflection.</param>
public sealed record PromptTuningResult(PromptTemplate Winner, IReadOnlyList<PromptScore> Table, int Tried, int TriedOnTrain)
{
    /// <summary>Whether the interval of the second-best lies above 0: the winner is better by more than chance.</summary>
    public bool Decided => Table.Count < 2 || Table[1].Low > 0;
}

/// <summary>
/// Chooses a template by measurement. Demonstrations and proposals come from train examples; candidates race on dev examples by successive
/// halving: every one on a few, the better half on twice as many, and so on until the budget is spent. Test examples belong in neither.
/// </summary>
/// <param name="dev">What candidates are compared on.</param>
/// <param name="train">What demonstrations and failures come from; null for neither.</param>
/// <param name="options">Budget and candidates.</param>
/// <param name="reflection">Proposes wordings from failures; null for none.</param>
public sealed class PromptTuner(
    IPromptTrial dev, IPromptTrial? train = null, PromptTuningOptions? options = null, PromptReflection? reflection = null)
{
    private readonly PromptTuningOptions _options = options ?? new PromptTuningOptions();
    private int _trained;

    /// <summary>Tries the candidates and names the best.</summary>
    /// <param name="candidates">Templates that take the same inputs; the first is the one in use.</param>
    /// <param name="progress">Called with the number of pairs tried on dev so far.</param>
    /// <param name="cancel">Stops between rounds and within a trial.</param>
    /// <exception cref="LabException">Nothing to choose from, nothing to try on, or a budget below one example per candidate.</exception>
    public async Task<PromptTuningResult> TuneAsync(IReadOnlyList<PromptTemplate> candidates, IProgress<int>? progress = null,
        CancellationToken cancel = default)
    {
        if (candidates.Count == 0) throw new LabException("Prompt tuning needs at least one candidate template.");
        if (dev.Count == 0) throw new LabException("Prompt tuning needs at least one dev example (inputs and reference answer).");
        var runs = await CandidatesAsync(candidates, cancel);
        if (_options.Budget < runs.Count)
            throw new LabException(
                $"A budget of {_options.Budget} pairs does not cover one example for each of {runs.Count} candidates; raise the budget.");
        var order = Enumerable.Range(0, dev.Count).ToArray();
        new Random(_options.Seed).Shuffle(order);
        var alive = runs.ToList();
        var spent = 0;
        for (var target = _options.FirstRound; ; target *= 2)
        {
            var seen = alive[0].Outcomes.Count;
            // The last round may be shorter than planned: the budget is a bound, not an estimate.
            var count = Math.Min(Math.Min(target, order.Length), seen + (_options.Budget - spent) / alive.Count);
            if (count <= seen) break;
            foreach (var run in alive)
            {
                cancel.ThrowIfCancellationRequested();
                run.Outcomes.AddRange(await dev.TryAsync(run.Template, order[seen..count], cancel));
                run.Rounds++;
                spent += count - seen;
                progress?.Report(spent);
            }
            // Two finalists stay to the end: what is left of the budget sharpens the one comparison that is reported.
            alive = [.. alive.OrderByDescending(Score).Take(Math.Max(Math.Min(2, alive.Count), (alive.Count + 1) / 2))];
        }
        // Halving keeps the better half, so the longest-lived runs come first; the score decides among equals.
        var ranked = runs.OrderByDescending(r => r.Outcomes.Count).ThenByDescending(Score).ToList();
        return new PromptTuningResult(ranked[0].Template, [.. ranked.Select(run => Line(run, ranked[0]))], spent, _trained);
    }

    private async Task<List<Run>> CandidatesAsync(IReadOnlyList<PromptTemplate> given, CancellationToken cancel)
    {
        var runs = given.Select(t => new Run(t, CandidateOrigin.Given, t.Hash)).ToList();
        if (_options.Formats)
            foreach (var template in given)
                runs.AddRange(PromptCandidates.Formats(template).Select(t => new Run(t, CandidateOrigin.Format, template.Hash)));
        if (train is null || train.Count == 0 || (_options.Demonstrations == 0 && (reflection is null || _options.Reflections == 0)))
            return runs;
        var order = Enumerable.Range(0, train.Count).ToArray();
        new Random(unchecked(_options.Seed + 1)).Shuffle(order);
        var chosen = order[..Math.Min(order.Length, _options.TrainExamples)];
        var (parent, outcomes) = (given[0], await TrainAsync(given[0], chosen, cancel));
        if (reflection is not null)
            for (var round = 0; round < _options.Reflections; round++)
            {
                if (await reflection.ProposeAsync(parent, outcomes, round, cancel) is not { } proposed
                    || runs.Exists(r => r.Template.Hash == proposed.Hash))
                    continue;
                var next = await TrainAsync(proposed, chosen, cancel);
                // A wording that does worse where it was meant to help is not carried on (GEPA, arXiv 2507.19457).
                if (PromptMeasures.Of(next).Score(_options.Weights) < PromptMeasures.Of(outcomes).Score(_options.Weights)) continue;
                runs.Add(new Run(proposed, CandidateOrigin.Reflection, parent.Hash));
                (parent, outcomes) = (proposed, next);
            }
        if (_options.Demonstrations > 0)
            runs.AddRange(PromptCandidates.Demonstrated(parent, [.. outcomes.Select(o => o.Demonstration).OfType<FewShot>()],
                _options.Demonstrations, _options.DemonstrationSets, _options.Seed)
                .Select(t => new Run(t, CandidateOrigin.Demonstrations, parent.Hash)));
        return runs;
    }

    private async Task<IReadOnlyList<PromptOutcome>> TrainAsync(PromptTemplate template, int[] chosen, CancellationToken cancel)
    {
        _trained += chosen.Length;
        return await train!.TryAsync(template, chosen, cancel);
    }

    private double Score(Run run) => PromptMeasures.Of(run.Outcomes).Score(_options.Weights);

    private PromptScore Line(Run run, Run best)
    {
        var common = Math.Min(run.Outcomes.Count, best.Outcomes.Count);
        var own = Pseudo(run.Outcomes);
        var (scoreLow, scoreHigh) = Interval(own);
        var (low, high) = run == best
            ? (0, 0)
            : Interval([.. Pseudo(best.Outcomes.GetRange(0, common)).Zip(Pseudo(run.Outcomes.GetRange(0, common)), (b, r) => b - r)]);
        return new PromptScore
        {
            Template = run.Template,
            How = run.How,
            Parent = run.Parent,
            Measures = PromptMeasures.Of(run.Outcomes),
            Score = Score(run),
            ScoreLow = scoreLow,
            ScoreHigh = scoreHigh,
            Low = low,
            High = high,
            Examples = run.Outcomes.Count,
            Rounds = run.Rounds,
        };
    }

    // Jackknife pseudo-values (Efron and Tibshirani, chapter 11): of a mean they are the observations themselves, and they give coverage
    // and diversity, which are measured over all answers together, intervals by the same bootstrap.
    private double[] Pseudo(List<PromptOutcome> outcomes)
    {
        var n = outcomes.Count;
        var whole = PromptMeasures.Of(outcomes).Score(_options.Weights);
        if (n == 1) return [whole];
        var without = Enumerable.Range(0, n)
            .Select(i => PromptMeasures.Of([.. outcomes.Where((_, j) => j != i)]).Score(_options.Weights))
            .ToArray();
        // About the score itself, not about the jackknife's estimate of its bias.
        return [.. without.Select(w => whole + (n - 1) * (without.Average() - w))];
    }

    private (double Low, double High) Interval(double[] values)
    {
        var random = new Random(_options.Seed);
        var means = new double[_options.Resamples];
        for (var b = 0; b < means.Length; b++)
        {
            double sum = 0;
            for (var i = 0; i < values.Length; i++) sum += values[random.Next(values.Length)];
            means[b] = sum / values.Length;
        }
        Array.Sort(means);
        var tail = (1 - _options.Confidence) / 2;
        return (means[(int)(tail * (means.Length - 1))], means[(int)((1 - tail) * (means.Length - 1))]);
    }

    private sealed class Run(PromptTemplate template, CandidateOrigin how, string parent)
    {
        public PromptTemplate Template => template;
        public CandidateOrigin How => how;
        public string Parent => parent;
        public List<PromptOutcome> Outcomes { get; } = [];
        public int Rounds { get; set; }
    }
}
