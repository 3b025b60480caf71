using DocTuneLab.Corpus;

namespace DocTuneLab.Prompts;

/// <summary>An example that candidates are scored on.</summary>
/// <param name="Inputs">Inputs of the template.</param>
/// <param name="Reference">The right assistant's turn.</param>
public sealed record PromptExample(IReadOnlyDictionary<string, string> Inputs, string Reference);

/// <summary>How <see cref="PromptTuner"/> spends its budget.</summary>
/// <param name="Budget">Upper bound of (candidate, example) pairs scored; default 400.</param>
/// <param name="FirstRound">Examples that every candidate is scored on at first; default 8.</param>
/// <param name="Resamples">Bootstrap draws; default 2,000.</param>
/// <param name="Confidence">Width of the intervals; default 0.95.</param>
/// <param name="Seed">Seed of example order and bootstrap.</param>
public sealed record PromptTuningOptions(int Budget = 400, int FirstRound = 8, int Resamples = 2000, double Confidence = 0.95, int Seed = 0);

/// <summary>A candidate's line in the result.</summary>
/// <param name="Template">The candidate.</param>
/// <param name="NllPerToken">Mean over examples of the reference's negative log-likelihood per token, nats; less is better.</param>
/// <param name="BitsPerByte">Total bits over total bytes of the references.</param>
/// <param name="Low">Lower end of the paired interval of (candidate - winner) in nats per token, over the examples both saw.</param>
/// <param name="High">Upper end of it. An interval that holds 0 says: not distinguishable from the winner.</param>
/// <param name="Examples">Examples it was scored on before it was dropped.</param>
/// <param name="Rounds">Rounds that it took part in.</param>
public sealed record PromptScore(PromptTemplate Template, double NllPerToken, double BitsPerByte, double Low, double High, int Examples, int Rounds);

/// <summary>What tuning found.</summary>
/// <param name="Winner">The best candidate of the last round.</param>
/// <param name="Table">All candidates, best first: those that survived longest, then by likelihood.</param>
/// <param name="Scored">(candidate, example) pairs scored, at most the budget.</param>
public sealed record PromptTuningResult(PromptTemplate Winner, IReadOnlyList<PromptScore> Table, int Scored)
{
    /// <summary>Whether the interval of the second-best lies above 0: the winner is better by more than chance.</summary>
    public bool Decided => Table.Count < 2 || Table[1].Low > 0;
}

/// <summary>
/// Chooses a template by the likelihood of the reference answers under a model: no generation, so a round costs one
/// forward pass per pair. Successive halving: every candidate on a few examples, the better half on twice as many, and so on.
/// </summary>
public sealed class PromptTuner(ILanguageModel model, PromptTuningOptions? options = null)
{
    private readonly PromptTuningOptions _options = options ?? new PromptTuningOptions();

    /// <summary>Scores the candidates and names the best.</summary>
    /// <param name="candidates">Templates that take the same inputs.</param>
    /// <param name="examples">Dev examples; never those of the final evaluation.</param>
    /// <param name="progress">Called with the number of pairs scored so far.</param>
    /// <param name="cancel">Stops between rounds and within the model.</param>
    /// <exception cref="LabException">Nothing to choose from, nothing to score on, or a budget below one example per candidate.</exception>
    public PromptTuningResult Tune(IReadOnlyList<PromptTemplate> candidates, IReadOnlyList<PromptExample> examples, IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        if (candidates.Count == 0) throw new LabException("Prompt tuning needs at least one candidate template.");
        if (examples.Count == 0) throw new LabException("Prompt tuning needs at least one dev example (inputs and reference answer).");
        if (_options.Budget < candidates.Count) throw new LabException($"A budget of {_options.Budget} pairs does not cover one example for each of {candidates.Count} candidates; raise the budget.");
        var order = examples.ToArray();
        new Random(_options.Seed).Shuffle(order);

        var runs = candidates.Select(c => new Run(c)).ToList();
        var alive = runs.ToList();
        var spent = 0;
        for (var target = _options.FirstRound; ; target *= 2)
        {
            var seen = alive[0].Scores.Count;
            // The last round may be shorter than planned: the budget is a bound, not an estimate.
            var count = Math.Min(Math.Min(target, order.Length), seen + (_options.Budget - spent) / alive.Count);
            if (count <= seen) break;
            var batch = order[seen..count];
            foreach (var run in alive)
            {
                cancel.ThrowIfCancellationRequested();
                run.Scores.AddRange(model.Score([.. batch.Select(e => Conversation(run.Template, e))], cancel));
                run.Rounds++;
                spent += batch.Length;
                progress?.Report(spent);
            }
            // Two finalists stay to the end: what is left of the budget sharpens the one comparison that is reported.
            alive = [.. alive.OrderBy(r => r.Mean).Take(Math.Max(Math.Min(2, alive.Count), (alive.Count + 1) / 2))];
        }
        // Halving keeps the better half, so the longest-lived runs come first; likelihood decides among equals.
        var ranked = runs.OrderByDescending(r => r.Scores.Count).ThenBy(r => r.Mean).ToList();
        var best = ranked[0];
        var table = ranked.Select(run => Score(run, best)).ToList();
        return new PromptTuningResult(best.Template, table, spent);
    }

    private static List<Message> Conversation(PromptTemplate template, PromptExample example) => [.. template.Messages(example.Inputs), Message.Assistant(example.Reference)];

    private PromptScore Score(Run run, Run best)
    {
        var bytes = run.Scores.Sum(s => s.Bytes);
        var bits = -run.Scores.Sum(s => s.LogProbability) / Math.Log(2);
        var (low, high) = Interval(run, best);
        return new PromptScore(run.Template, run.Mean, bytes == 0 ? 0 : bits / bytes, low, high, run.Scores.Count, run.Rounds);
    }

    private (double Low, double High) Interval(Run run, Run best)
    {
        if (run == best) return (0, 0);
        var common = Math.Min(run.Scores.Count, best.Scores.Count);
        var differences = Enumerable.Range(0, common).Select(i => run.Scores[i].MeanNll - best.Scores[i].MeanNll).ToArray();
        var random = new Random(_options.Seed);
        var means = new double[_options.Resamples];
        for (var b = 0; b < means.Length; b++)
        {
            double sum = 0;
            for (var i = 0; i < common; i++) sum += differences[random.Next(common)];
            means[b] = sum / common;
        }
        Array.Sort(means);
        var tail = (1 - _options.Confidence) / 2;
        return (means[(int)(tail * (means.Length - 1))], means[(int)((1 - tail) * (means.Length - 1))]);
    }

    private sealed class Run(PromptTemplate template)
    {
        public PromptTemplate Template { get; } = template;
        public List<AnswerScore> Scores { get; } = [];
        public int Rounds { get; set; }
        public double Mean => Scores.Count == 0 ? double.PositiveInfinity : Scores.Average(s => s.MeanNll);
    }
}
