using System.Text;
using DocTuneLab.Corpus;
using DocTuneLab.Prompts;
using DocTuneLab.Training.Adapters;
using DocTuneLab.Training.Models;
using DocTuneLab.Training.Sft;
using static TorchSharp.torch;

namespace DocTuneLab.Training.Generation;

/// <summary>The local model as the lab asks it: answers in batches with a key-value cache, and scores texts.</summary>
public sealed class LocalModel : ILanguageModel
{
    private const int BatchRows = 24;
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
        Name = name ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(model.Directory))) + (adapter is null ? "" : " + adapter");
        _ends = [.. model.Config.EndTokens];
        if (model.ChatTemplate.EndToken is { } end && model.Tokenizer.SpecialTokens.TryGetValue(end, out var id)) _ends.Add(id);
        foreach (var mark in (string[])["<|im_end|>", "<|eot_id|>"])
            if (model.Tokenizer.SpecialTokens.TryGetValue(mark, out var turn)) _ends.Add(turn);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    /// <exception cref="LabException">A prompt leaves no room in the model's context.</exception>
    public IReadOnlyList<string> Generate(IReadOnlyList<IReadOnlyList<Message>> prompts, SamplingOptions options, IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        return Complete([.. prompts.Select(p => _model.Tokenizer.Encode(_model.ChatTemplate.Render(p, addGenerationPrompt: true), specialTokens: true))], options, null, progress, cancel);
    }

    /// <summary>Goes on from token ids, without a chat template.</summary>
    /// <param name="prompts">Token ids.</param>
    /// <param name="options">Sampling.</param>
    /// <param name="onText">Called with the number of a prompt and text that is certain, as it comes.</param>
    /// <param name="progress">Called with the number of finished prompts.</param>
    /// <param name="cancel">Stops between tokens.</param>
    /// <returns>Texts in the order of <paramref name="prompts"/>.</returns>
    /// <exception cref="LabException">A prompt is empty or leaves no room in the model's context, or an option is out of range.</exception>
    public IReadOnlyList<string> Complete(IReadOnlyList<IReadOnlyList<int>> prompts, SamplingOptions options, Action<int, string>? onText = null, IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        if (options.Temperature < 0 || options.TopP is <= 0 or > 1 || options.TopK < 0 || options.MinP is < 0 or > 1 || options.MaxTokens < 1)
            throw new LabException($"temperature {options.Temperature}, top-p {options.TopP}, top-k {options.TopK}, min-p {options.MinP} and {options.MaxTokens} tokens: expected a temperature of 0 or more, 0 < top-p ≤ 1, top-k ≥ 0, 0 ≤ min-p ≤ 1 and at least one token");
        for (var i = 0; i < prompts.Count; i++)
        {
            if (prompts[i].Count == 0) throw new LabException($"prompt {i + 1} is empty; a model goes on from at least one token");
            if (prompts[i].Count >= _model.Config.MaxPositions) throw new LabException($"prompt {i + 1} has {prompts[i].Count} tokens; the model's context is {_model.Config.MaxPositions}");
        }
        var results = prompts.Select((_, i) => new StreamedAnswer(_model.Tokenizer.Stream(), options.Stop, onText is null ? null : text => onText(i, text))).ToArray();
        using var gradients = no_grad();
        using var attached = _adapter?.Attach();
        _model.KeepDequantized();
        try
        {
            var done = 0;
            foreach (var group in Enumerable.Range(0, prompts.Count).OrderBy(i => prompts[i].Count).Chunk(BatchRows))
            {
                GenerateBatch([.. group.Select(i => prompts[i].ToArray())], options, group, [.. group.Select(i => results[i])], cancel);
                done += group.Length;
                progress?.Report(done);
            }
        }
        finally
        {
            _model.ReleaseDequantized();
        }
        return [.. results.Select(r => r.Text)];
    }

    /// <summary>What stands between <paramref name="before"/> and <paramref name="after"/>, for models trained to fill in the middle (Qwen's and StarCoder's marks).</summary>
    /// <exception cref="LabException">The tokenizer has no such marks.</exception>
    public IReadOnlyList<int> FillInMiddle(string before, string after)
    {
        var known = _model.Tokenizer.SpecialTokens;
        foreach (var (prefix, suffix, middle) in ((string, string, string)[])[("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"), ("<fim_prefix>", "<fim_suffix>", "<fim_middle>")])
        {
            if (known.TryGetValue(prefix, out var p) && known.TryGetValue(suffix, out var s) && known.TryGetValue(middle, out var m))
                return [p, .. _model.Tokenizer.Encode(before), s, .. _model.Tokenizer.Encode(after), m];
        }
        throw new LabException($"{_model.Tokenizer.File.Path}: the tokenizer has no marks for filling in the middle (<|fim_prefix|> and its like)");
    }

    /// <summary>Log-probability of each id after the first given those before it, in nats.</summary>
    public IReadOnlyList<double> LogProbabilities(IReadOnlyList<int> ids)
    {
        if (ids.Count < 2) return [];
        if (ids.Any(i => i < 0 || i >= _model.Config.VocabularySize))
            throw new LabException($"the ids go from 0 to {_model.Config.VocabularySize - 1}; {ids.First(i => i < 0 || i >= _model.Config.VocabularySize)} is none of them");
        if (ids.Count > _model.Config.MaxPositions) throw new LabException($"the text has {ids.Count} tokens; the model's context is {_model.Config.MaxPositions}");
        using var gradients = no_grad();
        using var attached = _adapter?.Attach();
        using var scope = NewDisposeScope();
        var hidden = _model.Decoder.Forward(tensor(ids.SkipLast(1).Select(i => (long)i).ToArray(), [1, ids.Count - 1]));
        var values = _model.Decoder.Logits(hidden[0]).log_softmax(-1).gather(1, tensor(ids.Skip(1).Select(i => (long)i).ToArray()).unsqueeze(1)).squeeze(1);
        return [.. values.data<float>().ToArray().Select(v => (double)v)];
    }

    /// <inheritdoc/>
    public IReadOnlyList<AnswerScore> Score(IReadOnlyList<IReadOnlyList<Message>> conversations, CancellationToken cancel = default) =>
        ScoreEncoded([.. conversations.Select(c => SftTrainer.Encode(_model, c))], [.. conversations.Select(c => Encoding.UTF8.GetByteCount(c[^1].Content))], cancel);

    /// <inheritdoc/>
    public IReadOnlyList<AnswerScore> ScoreText(IReadOnlyList<string> texts, CancellationToken cancel = default) =>
        ScoreEncoded([.. texts.Select(t => new SftTrainer.Encoded([.. _model.Tokenizer.Encode(t)], 1))], [.. texts.Select(Encoding.UTF8.GetByteCount)], cancel);

    private AnswerScore[] ScoreEncoded(SftTrainer.Encoded[] items, int[] bytes, CancellationToken cancel)
    {
        var scores = new AnswerScore[items.Length];
        using var gradients = no_grad();
        using var attached = _adapter?.Attach();
        _model.KeepDequantized();
        try
        {
            foreach (var group in Enumerable.Range(0, items.Length).OrderBy(i => items[i].Ids.Length).Chunk(BatchRows))
            {
                cancel.ThrowIfCancellationRequested();
                using var scope = NewDisposeScope();
                var rows = group.Select(i => items[i]).ToArray();
                var length = rows.Max(r => r.Ids.Length);
                if (length > _model.Config.MaxPositions) throw new LabException($"a text to score has {length} tokens; the model's context is {_model.Config.MaxPositions}");
                var batch = SftTrainer.Pad(rows, length);
                if (batch.Targets.Length == 0) continue;
                var hidden = _model.Decoder.Forward(tensor(batch.Ids, [batch.Rows, batch.Length]));
                var logits = _model.Decoder.Logits(hidden.view(-1, _model.Config.HiddenSize).index_select(0, tensor(batch.Positions)));
                var logProbabilities = logits.log_softmax(-1).gather(1, tensor(batch.Targets).unsqueeze(1)).squeeze(1).data<float>().ToArray();
                for (var g = 0; g < group.Length; g++)
                {
                    var (sum, count) = (0.0, 0);
                    for (var k = 0; k < batch.Positions.Length; k++)
                    {
                        if (batch.Positions[k] / length != g) continue;
                        sum += logProbabilities[k];
                        count++;
                    }
                    scores[group[g]] = new AnswerScore(sum, count, bytes[group[g]]);
                }
            }
        }
        finally
        {
            _model.ReleaseDequantized();
        }
        for (var i = 0; i < scores.Length; i++) scores[i] ??= new AnswerScore(0, 0, bytes[i]);
        return scores;
    }

    private void GenerateBatch(int[][] prompts, SamplingOptions options, int[] numbers, StreamedAnswer[] answers, CancellationToken cancel)
    {
        var samplers = numbers.Select(n => new Random(unchecked(options.Seed * 1_000_003 + n))).ToArray();
        var width = prompts.Max(p => p.Length);
        var limit = Math.Min(options.MaxTokens, _model.Config.MaxPositions - width);
        // Left padding puts all last tokens in one column; padded keys are masked and positions count from the first real token.
        var ids = new long[prompts.Length * width];
        var positions = new long[ids.Length];
        for (var r = 0; r < prompts.Length; r++)
        {
            var pad = width - prompts[r].Length;
            for (var i = 0; i < prompts[r].Length; i++) (ids[r * width + pad + i], positions[r * width + pad + i]) = (prompts[r][i], i);
        }
        var live = Enumerable.Range(0, prompts.Length).ToList();
        using var cache = new KeyValueCache(_model.Decoder.LayerCount);
        for (var step = 0; step < limit && live.Count > 0; step++)
        {
            cancel.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var columns = step == 0 ? width : 1;
            var hidden = _model.Decoder.Forward(tensor(ids, [live.Count, columns]), tensor(positions, [live.Count, columns]), Mask(live, step), cache);
            var logits = _model.Decoder.Logits(hidden[TensorIndex.Colon, -1]);
            var next = options.Temperature <= 0 ? logits.argmax(-1).data<long>().ToArray() : Sample(logits, options, [.. live.Select(i => samplers[i])]);
            var keep = new List<int>();
            for (var i = 0; i < live.Count; i++)
            {
                if (_ends.Contains((int)next[i]) || !answers[live[i]].Add((int)next[i])) answers[live[i]].End();
                else keep.Add(i);
            }
            if (keep.Count < live.Count && keep.Count > 0) cache.Select(tensor(keep.Select(k => (long)k).ToArray()));
            ids = [.. keep.Select(k => next[k])];
            live = [.. keep.Select(k => live[k])];
            positions = [.. live.Select(i => (long)prompts[i].Length + step)];
        }
        foreach (var i in live) answers[i].End();

        Tensor Mask(List<int> rows, int step)
        {
            var (queries, keys) = (step == 0 ? width : 1, width + step);
            var allowed = new bool[rows.Count * queries * keys];
            for (var r = 0; r < rows.Count; r++)
            {
                var pad = width - prompts[rows[r]].Length;
                for (var q = 0; q < queries; q++)
                {
                    var last = step == 0 ? q : keys - 1;
                    // A padded query sees itself, so that its softmax is defined; nobody reads its result.
                    for (var k = 0; k <= last; k++) allowed[(r * queries + q) * keys + k] = k >= pad || k == last;
                }
            }
            return tensor(allowed, [rows.Count, 1, queries, keys]);
        }
    }

    private static long[] Sample(Tensor logits, SamplingOptions options, Random[] samplers)
    {
        var probabilities = (logits / options.Temperature).softmax(-1);
        var (sorted, order) = probabilities.sort(-1, true);
        var vocabulary = (int)logits.shape[1];
        var (p, ids) = (sorted.data<float>().ToArray(), order.data<long>().ToArray());
        var chosen = new long[samplers.Length];
        for (var r = 0; r < chosen.Length; r++)
        {
            var row = p.AsSpan(r * vocabulary, vocabulary);
            var (mass, count) = (0.0, 0);
            var most = options.TopK > 0 ? Math.Min(options.TopK, vocabulary) : vocabulary;
            while (count < most && (count == 0 || mass < options.TopP && row[count] >= options.MinP * row[0])) mass += row[count++];
            var draw = samplers[r].NextDouble() * mass;
            var at = 0;
            while (at < count - 1 && (draw -= row[at]) > 0) at++;
            chosen[r] = ids[r * vocabulary + at];
        }
        return chosen;
    }
}
