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
        if (model.Tokenizer.SpecialTokens.TryGetValue("<|im_end|>", out var end)) _ends.Add(end);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    /// <exception cref="LabException">A prompt leaves no room in the model's context.</exception>
    public IReadOnlyList<string> Generate(IReadOnlyList<IReadOnlyList<Message>> prompts, SamplingOptions options, IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        var results = new string[prompts.Count];
        var encoded = prompts.Select(p => _model.Tokenizer.Encode(_model.ChatTemplate.Render(p, addGenerationPrompt: true), specialTokens: true).ToArray()).ToArray();
        for (var i = 0; i < encoded.Length; i++)
            if (encoded[i].Length >= _model.Config.MaxPositions)
                throw new LabException($"prompt {i + 1} has {encoded[i].Length} tokens; the model's context is {_model.Config.MaxPositions}");
        using var gradients = no_grad();
        using var attached = _adapter?.Attach();
        _model.KeepDequantized();
        try
        {
            var done = 0;
            foreach (var group in Enumerable.Range(0, encoded.Length).OrderBy(i => encoded[i].Length).Chunk(BatchRows))
            {
                var answers = GenerateBatch([.. group.Select(i => encoded[i])], options, [.. group], cancel);
                for (var i = 0; i < group.Length; i++) results[group[i]] = _model.Tokenizer.Decode(answers[i]);
                done += group.Length;
                progress?.Report(done);
            }
        }
        finally
        {
            _model.ReleaseDequantized();
        }
        return results;
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

    private List<int>[] GenerateBatch(int[][] prompts, SamplingOptions options, int[] numbers, CancellationToken cancel)
    {
        var answers = prompts.Select(_ => new List<int>()).ToArray();
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
                if (_ends.Contains((int)next[i])) continue;
                answers[live[i]].Add((int)next[i]);
                keep.Add(i);
            }
            if (keep.Count < live.Count && keep.Count > 0) cache.Select(tensor(keep.Select(k => (long)k).ToArray()));
            ids = [.. keep.Select(k => next[k])];
            live = [.. keep.Select(k => live[k])];
            positions = [.. live.Select(i => (long)prompts[i].Length + step)];
        }
        return answers;

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
            while (count < vocabulary && (count == 0 || mass < options.TopP)) mass += row[count++];
            var draw = samplers[r].NextDouble() * mass;
            var at = 0;
            while (at < count - 1 && (draw -= row[at]) > 0) at++;
            chosen[r] = ids[r * vocabulary + at];
        }
        return chosen;
    }
}
