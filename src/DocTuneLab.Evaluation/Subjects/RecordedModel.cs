using System.Collections.Concurrent;
using System.Text.Json;
using DocTuneLab.Conversations;
using DocTuneLab.Evaluation.Results;
using DocTuneLab.Evaluation.Suites;
using DocTuneLab.Text;

namespace DocTuneLab.Evaluation.Subjects;

/// <summary>
/// A model whose answers and scores are kept in a file as they come, so that an evaluation that was interrupted goes on where it
/// stopped, and one that is repeated asks nothing again. Prompts go out in batches of like length; a batch is either all known or asked
/// for as a whole, because what a sampler draws depends on the place in its batch.
/// </summary>
public sealed class RecordedModel : IGuidedModel
{
    private const int BatchSize = 24;

    private static readonly ConcurrentDictionary<string, Lock> s_gates = new(StringComparer.Ordinal);

    private readonly ILanguageModel _inner;
    private readonly string _identity;
    private readonly string _path;
    private readonly Dictionary<string, Entry> _known = new(StringComparer.Ordinal);

    /// <summary>Records a model.</summary>
    /// <param name="inner">The model.</param>
    /// <param name="identity">Whatever its answers depend on beside prompt and sampling: hashes of weights, adapter and code.</param>
    /// <param name="folder">Folder for the file; made where it is missing.</param>
    public RecordedModel(ILanguageModel inner, string identity, string folder)
    {
        (this._inner, this._identity) = (inner, identity);
        Directory.CreateDirectory(folder);
        _path = Path.Combine(folder, $"{ContentHash.Of(identity)}.jsonl");
        if (!File.Exists(_path)) return;
        foreach (var line in File.ReadLines(_path))
        {
            try
            {
                if (JsonSerializer.Deserialize<Entry>(line, EvaluationJson.Compact) is { } entry) _known[entry.Key] = entry;
            }
            catch (JsonException) { /* the line that was being written when the process ended */ }
        }
    }

    // Guidance stands beside the answers only where a model was guided; scores stand alone.
    private sealed record Entry(string Key, string[] Answers, AnswerGuidance?[]? Guidance = null, Scored[]? Scores = null);

    private sealed record Scored(double LogProbability, int TokenCount, int Bytes);

    /// <inheritdoc/>
    public string Name => _inner.Name;

    /// <inheritdoc/>
    public bool CanScore => _inner.CanScore;

    /// <summary>Answers that were asked for, not found in the file, since this object was made.</summary>
    public int Asked { get; private set; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Generate(
        IReadOnlyList<IReadOnlyList<Message>> prompts, SamplingOptions options, IProgress<int>? progress = null,
        CancellationToken cancel = default) =>
        [.. Ask(prompts, options, progress, cancel).Select(a => a.Text)];

    /// <inheritdoc/>
    public IReadOnlyList<(string Text, AnswerGuidance? Guidance)> Ask(IReadOnlyList<IReadOnlyList<Message>> prompts,
        SamplingOptions options, IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        var answers = new (string, AnswerGuidance?)[prompts.Count];
        var done = 0;
        foreach (var batch in Enumerable.Range(0, prompts.Count).OrderBy(i => prompts[i].Sum(m => m.Content.Length)).Chunk(BatchSize))
        {
            cancel.ThrowIfCancellationRequested();
            var asked = batch.Select(i => prompts[i]).ToList();
            var key = ContentHash.Of(
                _identity, JsonSerializer.Serialize(asked, EvaluationJson.Compact),
                JsonSerializer.Serialize(options, EvaluationJson.Compact));
            if (!_known.TryGetValue(key, out var given))
            {
                // Batches draw from streams of their own; the key stands for the prompts, so the seed follows from what is asked alone.
                var seeded = options.Temperature > 0
                    ? options with { Seed = unchecked((options.Seed * 397) ^ (int)System.Convert.ToUInt32(key[..8], 16)) & int.MaxValue }
                    : options;
                given = Given(key, asked, seeded, cancel);
                Asked += asked.Count;
                Keep(given);
            }
            for (var i = 0; i < batch.Length; i++) answers[batch[i]] = (given.Answers[i], given.Guidance?[i]);
            progress?.Report(done += batch.Length);
        }
        return answers;
    }

    /// <inheritdoc/>
    public IReadOnlyList<AnswerScore> Score(IReadOnlyList<IReadOnlyList<Message>> conversations, CancellationToken cancel = default) =>
        Scores("score", conversations, () => _inner.Score(conversations, cancel));

    /// <inheritdoc/>
    public IReadOnlyList<AnswerScore> ScoreText(IReadOnlyList<string> texts, CancellationToken cancel = default) =>
        Scores("text", texts, () => _inner.ScoreText(texts, cancel));

    private IReadOnlyList<AnswerScore> Scores<T>(string kind, IReadOnlyList<T> texts, Func<IReadOnlyList<AnswerScore>> score)
    {
        var key = ContentHash.Of(_identity, kind, JsonSerializer.Serialize(texts, EvaluationJson.Compact));
        if (!_known.TryGetValue(key, out var given) || given.Scores is null)
        {
            given = new(key, [], null, [.. score().Select(s => new Scored(s.LogProbability, s.TokenCount, s.Bytes))]);
            // A broken model's NaN is not kept: JSON has no word for it.
            if (given.Scores!.All(s => double.IsFinite(s.LogProbability))) Keep(given);
        }
        return [.. given.Scores!.Select(s => new AnswerScore(s.LogProbability, s.TokenCount, s.Bytes))];
    }

    private Entry Given(string key, IReadOnlyList<IReadOnlyList<Message>> asked, SamplingOptions options, CancellationToken cancel)
    {
        if (_inner is not IGuidedModel guided) return new(key, [.. _inner.Generate(asked, options, null, cancel)]);
        var answers = guided.Ask(asked, options, null, cancel);
        return new(key, [.. answers.Select(a => a.Text)],
            answers.Any(a => a.Guidance is not null) ? [.. answers.Select(a => a.Guidance)] : null);
    }

    private void Keep(Entry entry)
    {
        _known[entry.Key] = entry;
        lock (s_gates.GetOrAdd(_path, _ => new Lock()))
        {
            // A line cut off by a crash must not swallow the next one.
            var torn = File.Exists(_path) && new FileInfo(_path).Length > 0 && !EndsWithNewLine();
            File.AppendAllText(_path, (torn ? "\n" : "") + JsonSerializer.Serialize(entry, EvaluationJson.Compact) + "\n");
        }
    }

    private bool EndsWithNewLine()
    {
        using var file = File.OpenRead(_path);
        file.Seek(-1, SeekOrigin.End);
        return file.ReadByte() == '\n';
    }
}
