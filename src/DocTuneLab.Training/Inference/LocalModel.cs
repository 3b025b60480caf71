using System.Text;
using DocTuneLab.Conversations;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Compute;
using DocTuneLab.Training.Devices;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Simd;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Inference;

/// <summary>The local model as the lab asks it: answers in batches with a key-value cache, and scores texts.</summary>
public sealed class LocalModel : ILanguageModel
{
    // Nearly always one of a few tokens is taken; more are sorted where it is not.
    private const int BatchRows = 24, ScoredTokens = 4096, FewCandidates = 64;

    // In nats: behind all that is drawn from.
    private const float Outside = -1e4f;
    private readonly BaseModel _model;
    private readonly LoraAdapter? _adapter;
    private readonly HashSet<int> _ends;

    /// <summary>A model with or without an adapter.</summary>
    /// <param name="model">Loaded model.</param>
    /// <param name="adapter">Applied without merging, or null.</param>
    /// <param name="name">Shown in reports; default is the folder's name.</param>
    public LocalModel(BaseModel model, LoraAdapter? adapter = null, string? name = null)
    {
        (_model, _adapter) = (model, adapter);
        Name = name ?? model.Name + (adapter is null ? "" : " + adapter");
        _ends = [.. model.EndTokens];
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    /// <exception cref="LabException">A prompt leaves no room in the model's context.</exception>
    public IReadOnlyList<string> Generate(IReadOnlyList<IReadOnlyList<Message>> prompts, SamplingOptions options,
        IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        return Complete([.. prompts.Select(p => _model.Tokenizer.Encode(_model.ChatTemplate.Render(p, addGenerationPrompt: true),
            specialTokens: true))], options, null, progress, cancel: cancel);
    }

    /// <summary>Goes on from token ids, without a chat template.</summary>
    /// <param name="prompts">Token ids.</param>
    /// <param name="options">Sampling.</param>
    /// <param name="onText">Called with the number of a prompt and text that is certain, as it comes.</param>
    /// <param name="progress">Called with the number of finished prompts.</param>
    /// <param name="continues">Whether a text goes on within what its prompt says, a space at its beginning with it, and is no answer.
    /// </param>
    /// <param name="cancel">Stops between tokens.</param>
    /// <returns>Texts in the order of <paramref name="prompts"/>.</returns>
    /// <exception cref="LabException">A prompt is empty or leaves no room in the model's context, or an option is out of range.</exception>
    public IReadOnlyList<string> Complete(IReadOnlyList<IReadOnlyList<int>> prompts, SamplingOptions options,
        Action<int, string>? onText = null, IProgress<int>? progress = null, bool continues = false, CancellationToken cancel = default)
    {
        Check(_model, prompts, options);
        var results = prompts
            .Select((_, i) => new StreamedAnswer(_model.Tokenizer.Stream(continues: continues), options.Stop,
                onText is null ? null : text => onText(i, text)))
            .ToArray();
        using var attached = _adapter?.Attach();
        using var pass = new DecodingPass(_model, KeepsWeights(prompts.Count > MatrixVector.MaxVectors));
        var done = 0;
        foreach (var group in Groups(prompts, options.MaxTokens))
        {
            ComputeDevices.Within(_model.Decoder.Device, $"{group.Length} prompts at "
                + "once", "ask for fewer tokens, or end what else uses it", () =>
            {
                GenerateBatch(pass, [.. group.Select(i => prompts[i].ToArray())], options, group, [.. group.Select(i => results[i])],
                    cancel);
                return true;
            });
            done += group.Length;
            progress?.Report(done);
        }
        return [.. results.Select(r => r.Text)];
    }

    /// <summary>Refuses what cannot be answered.</summary>
    internal static void Check(BaseModel model, IReadOnlyList<IReadOnlyList<int>> prompts, SamplingOptions options)
    {
        if (options.Temperature < 0 || options.TopP is <= 0 or > 1 || options.TopK < 0 || options.MinP is < 0 or > 1
            || options.MaxTokens < 1)
            throw new LabException($"temperature {options.Temperature}, top-p {options.TopP}, top-k {options.TopK}, min-p {options.MinP} "
                + $"and {options.MaxTokens} tokens: expected a temperature of 0 or more, 0 < top-p ≤ 1, top-k ≥ 0, 0 ≤ min-p ≤ 1 "
                + "and at least one token");
        for (var i = 0; i < prompts.Count; i++)
        {
            if (prompts[i].Count == 0) throw new LabException($"prompt {i + 1} is empty; a model goes on from at least one token");
            if (prompts[i].Count >= model.Config.Layout.Context)
                throw new LabException(
                    $"prompt {i + 1} has {prompts[i].Count} tokens; the model's context is {model.Config.Layout.Context}");
        }
    }

    /// <summary>Answers each conversation under a guide of its own.</summary>
    /// <param name="prompts">Conversations that end with a user turn.</param>
    /// <param name="guides">A guide for each; null where the model is free.</param>
    /// <param name="options">Sampling.</param>
    /// <param name="budget">How much may be tried.</param>
    /// <param name="progress">Called with the number of finished prompts.</param>
    /// <param name="cancel">Stops between tokens.</param>
    /// <returns>Answers in the order of <paramref name="prompts"/>.</returns>
    /// <exception cref="LabException">A prompt leaves no room in the model's context.</exception>
    public IReadOnlyList<GuidedText> Generate(IReadOnlyList<IReadOnlyList<Message>> prompts, IReadOnlyList<IAnswerGuide?> guides,
        SamplingOptions options, GuideBudget budget, IProgress<int>? progress = null, CancellationToken cancel = default) =>
        Complete([.. prompts.Select(p => _model.Tokenizer.Encode(_model.ChatTemplate.Render(p, addGenerationPrompt: true),
            specialTokens: true))], guides, options, budget, progress, cancel: cancel);

    /// <summary>Goes on from token ids under guides, without a chat template, such as in a gap (<see cref="FillInMiddle"/>).</summary>
    /// <param name="prompts">Token ids.</param>
    /// <param name="guides">A guide for each; null where the model is free.</param>
    /// <param name="options">Sampling.</param>
    /// <param name="budget">How much may be tried.</param>
    /// <param name="progress">Called with the number of finished prompts.</param>
    /// <param name="onDecoded">Called after every step with how many tokens were decoded so far for those that are written at once.
    /// </param>
    /// <param name="cancel">Stops between tokens.</param>
    /// <returns>Texts in the order of <paramref name="prompts"/>.</returns>
    /// <exception cref="LabException">A prompt is empty or leaves no room in the model's context.</exception>
    public IReadOnlyList<GuidedText> Complete(IReadOnlyList<IReadOnlyList<int>> prompts, IReadOnlyList<IAnswerGuide?> guides,
        SamplingOptions options, GuideBudget budget, IProgress<int>? progress = null, Action<int>? onDecoded = null,
        CancellationToken cancel = default)
    {
        Check(_model, prompts, options);
        if (budget.Beams > 1 && options.Temperature > 0)
            throw new LabException($"{budget.Beams} beams keep the likeliest ways: expected a temperature of 0, not {options.Temperature}");
        var results = new GuidedText[prompts.Count];
        using var attached = _adapter?.Attach();
        using var pass = new DecodingPass(_model, KeepsWeights(prompts.Count * budget.Beams > MatrixVector.MaxVectors));
        var done = 0;
        foreach (var group in Groups(prompts, options.MaxTokens))
        {
            if (budget.Beams > 1)
            {
                foreach (var i in group)
                {
                    var limit = Limit(prompts[i].Count, options);
                    var beam = new GuidedBeam((guides[i] ?? FreeAnswer.Guide).Begin(), _model.Tokenizer.Stream(), _ends, budget, limit);
                    results[i] = ComputeDevices.Within(_model.Decoder.Device, $"{budget.Beams} beams",
                        "ask for fewer, or end what else uses it",
                        () => ByBeams(pass, prompts[i].ToArray(), limit, beam, budget, onDecoded, cancel));
                    progress?.Report(++done);
                }
                continue;
            }
            var sequences = group.Select(i => new GuidedSequence((guides[i] ?? FreeAnswer.Guide).Begin(), _model.Tokenizer.Stream(), _ends,
                budget, Limit(prompts[i].Count, options))).ToArray();
            var samplers = group.Select(n => new Random(unchecked(options.Seed * 1_000_003 + n))).ToArray();
            Func<int, Candidates>[] Likeliest(Tensor logits, int[] live) => options.Temperature <= 0 ? Greedy(logits, budget.Candidates)
                : Drawn(logits, options, [.. live.Select(i => samplers[i])], budget.Candidates);
            var capacity = Capacity(group.Select(i => prompts[i].Count), options);
            ComputeDevices.Within(_model.Decoder.Device, $"{group.Length} prompts at once",
                "ask for fewer tokens, or end what else uses it",
                () => GenerateGuided(pass, [.. group.Select(i => prompts[i].ToArray())], capacity,
                    sequences, Likeliest, onDecoded, cancel));
            for (var i = 0; i < group.Length; i++) results[group[i]] = sequences[i].Result;
            progress?.Report(done += group.Length);
        }
        return results;
    }

    private static GuidedText ByBeams(DecodingPass pass, int[] prompt, int limit, GuidedBeam beam, GuideBudget budget,
        Action<int>? onDecoded, CancellationToken cancel)
    {
        var logits = pass.Read([.. Enumerable.Repeat(prompt, budget.Beams)], prompt.Length + limit);
        for (var ways = 1; !beam.IsDone;)
        {
            cancel.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            beam.Advance(Greedy(logits[..ways], budget.Candidates));
            onDecoded?.Invoke(beam.Decoded);
            if (beam.IsDone) break;
            var rows = beam.Rows;
            pass.Reorder(rows);
            ways = rows.Length;
            logits = pass.Add([.. Enumerable.Range(0, ways)], beam.Tokens,
                [.. Enumerable.Repeat(prompt.Length + beam.Position, ways)]);
        }
        return beam.Result;
    }

    // Each answer has the room that its own prompt leaves, whatever else is in its batch.
    private int Limit(int prompt, SamplingOptions options) => Math.Min(options.MaxTokens, _model.Config.Layout.Context - prompt);

    private int Capacity(IEnumerable<int> prompts, SamplingOptions options) => prompts.Max(p => p + Limit(p, options));

    private static bool GenerateGuided(DecodingPass pass, int[][] prompts, int capacity, GuidedSequence[] sequences,
        Func<Tensor, int[], Func<int, Candidates>[]> likeliest, Action<int>? onDecoded, CancellationToken cancel)
    {
        var live = Enumerable.Range(0, prompts.Length).ToArray();
        var logits = pass.Read(prompts, capacity);
        while (live.Length > 0)
        {
            cancel.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var candidates = likeliest(logits, live);
            // Guides of different answers have nothing in common, and each takes a compiler's time.
            Parallel.For(0, live.Length, new ParallelOptions { CancellationToken = cancel },
                row => sequences[live[row]].Advance(candidates[row]));
            onDecoded?.Invoke(sequences.Sum(s => s.Decoded));
            live = [.. live.Where(i => !sequences[i].IsDone)];
            if (live.Length > 0)
                logits = pass.Add(live, [.. live.Select(i => sequences[i].NextToken)],
                    [.. live.Select(i => prompts[i].Length + sequences[i].Position)]);
        }
        return true;
    }

    /// <summary>The likeliest tokens of each row: few, since nearly always one of them is taken; all that are allowed where none is.
    /// </summary>
    internal static Func<int, Candidates>[] Greedy(Tensor logits, int most)
    {
        var scores = logits.log_softmax(-1);
        var few = Likeliest(scores, Math.Min(FewCandidates, most));
        return [.. few.Select<Candidates, Func<int, Candidates>>((row, r) => count =>
        {
            if (count <= row.Ids.Length) return row;
            using var scope = NewDisposeScope();
            return Likeliest(scores[r..(r + 1)], most)[0];
        })];
    }

    private static Candidates[] Likeliest(Tensor scores, int count)
    {
        var (rows, width) = ((int)scores.shape[0], (int)Math.Min(count, scores.shape[1]));
        var (best, order) = scores.topk(width, -1);
        var (values, ids) = (best.cpu().data<float>().ToArray(), order.cpu().data<long>().ToArray());
        return [.. Enumerable.Range(0, rows).Select(r => r * width)
            .Select(at => new Candidates(Array.ConvertAll(ids[at..(at + width)], id => (int)id), values[at..(at + width)]))];
    }

    /// <summary>Tokens of each row in the order of drawing without putting back (Gumbel noise, Kool et al. 2019), so that what a guide
    /// refuses is left out and the rest is drawn by the model's own probabilities. What sampling leaves out comes last, in its own order:
    /// better than nothing where all else is refused.</summary>
    internal static Func<int, Candidates>[] Drawn(Tensor logits, SamplingOptions options, Random[] samplers, int most)
    {
        var (p, ids) = Sorted(logits, options);
        return [.. samplers.Select<Random, Func<int, Candidates>>((sampler, r) =>
        {
            var width = p.Length / samplers.Length;
            var row = p.AsSpan(r * width, width);
            var kept = Nucleus(row, options).Count;
            var scores = new float[Math.Max(kept, Math.Min(most, width))];
            for (var i = 0; i < scores.Length; i++)
                scores[i] = MathF.Log(row[i]) + (i < kept ? (float)-Math.Log(-Math.Log(1 - sampler.NextDouble())) : Outside);
            var order = Array.ConvertAll(ids[(r * width)..((r * width) + scores.Length)], id => (int)id);
            Array.Sort(scores, order, 0, kept);
            Array.Reverse(scores, 0, kept);
            Array.Reverse(order, 0, kept);
            var drawn = new Candidates(order, scores);
            return _ => drawn;
        })];
    }

    // Prompts of similar length, as many as a gigabyte of keys and values holds.
    private IEnumerable<int[]> Groups(IReadOnlyList<IReadOnlyList<int>> prompts, int maxTokens)
    {
        var order = Enumerable.Range(0, prompts.Count).OrderByDescending(i => prompts[i].Count).ToArray();
        for (var at = 0; at < order.Length;)
        {
            var bytes = DecodingPass.CacheBytes(_model.Config)
                * Math.Min(_model.Config.Layout.Context, prompts[order[at]].Count + maxTokens);
            var count = (int)Math.Clamp((1L << 30) / bytes, 1, BatchRows);
            yield return order[at..Math.Min(order.Length, at + count)];
            at += count;
        }
    }

    /// <summary>What stands between <paramref name="before"/> and <paramref name="after"/>, for models trained to fill in the middle
    /// (Qwen's and StarCoder's marks).</summary>
    /// <exception cref="LabException">The tokenizer has no such marks.</exception>
    public IReadOnlyList<int> FillInMiddle(string before, string after)
    {
        var known = _model.Tokenizer.SpecialTokens;
        foreach (var (prefix, suffix, middle) in ((string, string, string)[])
        [
            ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"), ("<fim_prefix>", "<fim_suffix>", "<fim_middle>")
        ])
        {
            if (known.TryGetValue(prefix, out var p) && known.TryGetValue(suffix, out var s) && known.TryGetValue(middle, out var m))
                return [p, .. _model.Tokenizer.Encode(before), s, .. _model.Tokenizer.Encode(after), m];
        }
        throw new LabException(
            $"{_model.Tokenizer.File.Path}: the tokenizer has no marks for filling in the middle (<|fim_prefix|> and its like)");
    }

    /// <summary>Log-probability of each id after the first given those before it, in nats.</summary>
    public IReadOnlyList<double> LogProbabilities(IReadOnlyList<int> ids)
    {
        if (ids.Count < 2) return [];
        if (ids.Any(i => i < 0 || i >= _model.Config.VocabularySize))
            throw new LabException($"the ids go from 0 to {_model.Config.VocabularySize - 1}; "
                + $"{ids.First(i => i < 0 || i >= _model.Config.VocabularySize)} is none of them");
        if (ids.Count > _model.Config.Layout.Context)
            throw new LabException($"the text has {ids.Count} tokens; the model's context is {_model.Config.Layout.Context}");
        using var attached = _adapter?.Attach();
        using var none = new Gradients([]);
        using var pass = new TrainingPass(_model, none, new PassOptions(KeepActivations: false, KeepWeights: false));
        var losses = new double[ids.Count - 1];
        pass.Run(PackedBatch.Of([new TokenizedSample([.. ids], 1)], share: false), 0, new StepKey(0, -1, 0), losses);
        return [.. losses.Select(l => -l)];
    }

    /// <inheritdoc/>
    public IReadOnlyList<AnswerScore> Score(IReadOnlyList<IReadOnlyList<Message>> conversations, CancellationToken cancel = default) =>
        ScoreEncoded([.. conversations.Select(c => TokenizedSample.Of(_model, c))],
            [.. conversations.Select(c => Encoding.UTF8.GetByteCount(c[^1].Content))], cancel);

    /// <inheritdoc/>
    public IReadOnlyList<AnswerScore> ScoreText(IReadOnlyList<string> texts, CancellationToken cancel = default) =>
        ScoreEncoded([.. texts.Select(t => new TokenizedSample([.. _model.Tokenizer.Encode(t)], 1))],
            [.. texts.Select(Encoding.UTF8.GetByteCount)], cancel);

    private AnswerScore[] ScoreEncoded(TokenizedSample[] items, int[] bytes, CancellationToken cancel)
    {
        if (items.FirstOrDefault(i => i.Ids.Length > _model.Config.Layout.Context) is { Ids: not null } longest)
            throw new LabException(
                $"a text to score has {longest.Ids.Length} tokens; the model's context is {_model.Config.Layout.Context}");
        var scores = new AnswerScore[items.Length];
        using var attached = _adapter?.Attach();
        using var none = new Gradients([]);
        using var pass = new TrainingPass(_model, none, new PassOptions(KeepActivations: false, KeepsWeights(usedAgain: true)));
        // Texts that begin alike side by side, in batches of bounded size.
        var order = Enumerable.Range(0, items.Length).ToArray();
        Array.Sort(order, (a, b) => items[a].Ids.AsSpan().SequenceCompareTo(items[b].Ids) is var o && o != 0 ? o : a.CompareTo(b));
        for (int at = 0, count; at < order.Length; at += count)
        {
            cancel.ThrowIfCancellationRequested();
            count = 0;
            for (var tokens = 0; at + count < order.Length && (count == 0 || tokens + items[order[at + count]].Ids.Length <= ScoredTokens);
                count++) tokens += items[order[at + count]].Ids.Length;
            var group = order.AsSpan(at, count).ToArray();
            var batch = PackedBatch.Of([.. group.Select(i => items[i])], share: !_model.Config.Layout.FollowsLength);
            var losses = new double[batch.Targets.Length];
            ComputeDevices.Within(_model.Decoder.Device, $"{batch.Ids.Length} tokens at once", "end what else uses it",
                () => pass.Run(batch, 0, new StepKey(0, -1, 0), losses));
            for (var s = 0; s < count; s++)
            {
                var (from, to, item) = (batch.TargetStarts[s], batch.TargetStarts[s + 1], group[batch.Order[s]]);
                scores[item] = new AnswerScore(-losses.AsSpan(from, to - from).ToArray().Sum(), to - from, bytes[item]);
            }
        }
        return scores;
    }

    private void GenerateBatch(DecodingPass pass, int[][] prompts, SamplingOptions options, int[] numbers, StreamedAnswer[] answers,
        CancellationToken cancel)
    {
        var samplers = numbers.Select(n => new Random(unchecked(options.Seed * 1_000_003 + n))).ToArray();
        var live = Enumerable.Range(0, prompts.Length).ToArray();
        var logits = pass.Read(prompts, Capacity(prompts.Select(p => p.Length), options));
        for (var step = 0; live.Length > 0; step++)
        {
            cancel.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var next = options.Temperature <= 0
                ? logits.argmax(-1).cpu().data<long>().ToArray()
                : Sample(logits, options, [.. live.Select(i => samplers[i])]);
            var keep = new List<int>();
            for (var i = 0; i < live.Length; i++)
            {
                if (_ends.Contains((int)next[i]) || !answers[live[i]].Add((int)next[i])
                    || step + 1 >= Limit(prompts[live[i]].Length, options))
                    answers[live[i]].End();
                else
                    keep.Add(i);
            }
            live = [.. keep.Select(k => live[k])];
            if (live.Length > 0)
                logits = pass.Add(live, [.. keep.Select(k => (int)next[k])], [.. live.Select(i => prompts[i].Length + step)]);
        }
    }

    // On the processor a few sequences go on from the weights as they are stored;
    // a device dequantises them for each token, unless it has room for them.
    private bool KeepsWeights(bool usedAgain) =>
        _model.Decoder.Composed ? _model.Decoder.DequantizedBytes < ComputeDevices.FreeBytes(_model.Decoder.Device) / 2 : usedAgain;

    private static long[] Sample(Tensor logits, SamplingOptions options, Random[] samplers)
    {
        var (p, ids) = Sorted(logits, options);
        var vocabulary = (int)logits.shape[1];
        var chosen = new long[samplers.Length];
        for (var r = 0; r < chosen.Length; r++)
        {
            var row = p.AsSpan(r * vocabulary, vocabulary);
            var (mass, count) = Nucleus(row, options);
            var draw = samplers[r].NextDouble() * mass;
            var at = 0;
            while (at < count - 1 && (draw -= row[at]) > 0) at++;
            chosen[r] = ids[r * vocabulary + at];
        }
        return chosen;
    }

    /// <summary>Probabilities of each row, likeliest first, and their tokens.</summary>
    private static (float[] Probabilities, long[] Ids) Sorted(Tensor logits, SamplingOptions options)
    {
        var (sorted, order) = logits.Over(options.Temperature).softmax(-1).sort(-1, true);
        return (sorted.cpu().data<float>().ToArray(), order.cpu().data<long>().ToArray());
    }

    /// <summary>How many of the likeliest tokens are drawn from, and their probability.</summary>
    private static (double Mass, int Count) Nucleus(ReadOnlySpan<float> likeliestFirst, SamplingOptions options)
    {
        var (mass, count) = (0.0, 0);
        var most = options.TopK > 0 ? Math.Min(options.TopK, likeliestFirst.Length) : likeliestFirst.Length;
        while (count < most && (count == 0 || mass < options.TopP && likeliestFirst[count] >= options.MinP * likeliestFirst[0]))
            mass += likeliestFirst[count++];
        return (mass, count);
    }
}
