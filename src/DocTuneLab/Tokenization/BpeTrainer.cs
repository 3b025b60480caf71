using System.Text;
using DocTuneLab.Tokenization.PreTokenizers;
using DocTuneLab.Tokenization.Steps;

namespace DocTuneLab.Tokenization;

/// <summary>
/// Learns a byte-level BPE vocabulary (Sennrich et al. 2016, arXiv 1508.07909, over bytes as in GPT-2) and writes it as a
/// Hugging Face <c>tokenizer.json</c>.
/// </summary>
public static class BpeTrainer
{
    // Digits one by one, so that numbers are read alike wherever they stand; then GPT-2's words (Radford et al. 2019): indentation is a
    // word, and a name is the same after a bracket or a dot as by itself, which is what a model copies from a signature into a body.
    // llama.cpp knows this scheme as smollm.
    private static readonly PreTokenizer[] s_steps =
        [PreTokenizerKinds.Digits(individual: true), new ByteLevel(addsSpace: false, splits: true, writesBytes: false)];

    /// <summary>Learns merges until special tokens, 256 bytes and merged pieces make <paramref name="vocabularySize"/> entries.</summary>
    /// <param name="texts">Training text.</param>
    /// <param name="vocabularySize">Entries in all.</param>
    /// <param name="specialTokens">They get the first ids.</param>
    /// <param name="cancel">Stops between merges.</param>
    /// <returns>Vocabulary by piece (in GPT-2's printable byte alphabet) and merges in order.</returns>
    public static (IReadOnlyDictionary<string, int> Vocabulary, IReadOnlyList<(string Left, string Right)> Merges) Train(
        IEnumerable<string> texts, int vocabularySize, IReadOnlyList<string> specialTokens, CancellationToken cancel = default)
    {
        if (vocabularySize < 256 + specialTokens.Count)
            throw new LabException($"vocabulary size {vocabularySize} is too small: 256 bytes and {specialTokens.Count} special tokens "
                + $"need at least {256 + specialTokens.Count}");
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var text in texts)
            foreach (var word in HuggingFaceTokenizer.Words(new AlignedText(text), s_steps).Select(w => w.Span.ToString()))
                counts[word] = counts.GetValueOrDefault(word) + 1;

        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var special in specialTokens) vocabulary.Add(special, vocabulary.Count);
        var pieces = new List<string>();
        for (var b = 0; b < 256; b++)
        {
            var piece = ByteAlphabet.Char((byte)b).ToString();
            pieces.Add(piece);
            vocabulary.Add(piece, vocabulary.Count);
        }

        var ordered = counts.OrderByDescending(c => c.Value).ThenBy(c => c.Key, StringComparer.Ordinal).ToArray();
        var words = ordered.Select(c => Array.ConvertAll(Encoding.UTF8.GetBytes(c.Key), b => (int)b)).ToArray();
        var frequency = ordered.Select(c => c.Value).ToArray();
        var pairCount = new Dictionary<(int, int), long>();
        var pairWords = new Dictionary<(int, int), HashSet<int>>();
        for (var w = 0; w < words.Length; w++)
            for (var i = 0; i + 1 < words[w].Length; i++)
                Add((words[w][i], words[w][i + 1]), w, frequency[w]);

        // Lazy heap: an entry counts only while it still agrees with pairCount. Ties go to the smaller pair, so runs repeat.
        var heap = new PriorityQueue<(int, int), (long, int, int)>(pairCount.Count);
        foreach (var (pair, count) in pairCount) heap.Enqueue(pair, (-count, pair.Item1, pair.Item2));
        var merges = new List<(string, string)>();
        while (vocabulary.Count < vocabularySize && heap.TryDequeue(out var best, out var priority))
        {
            cancel.ThrowIfCancellationRequested();
            if (!pairCount.TryGetValue(best, out var current) || current <= 0) continue;
            if (-priority.Item1 != current)
            {
                heap.Enqueue(best, (-current, best.Item1, best.Item2));
                continue;
            }
            if (current < 2) break;
            var merged = pieces[best.Item1] + pieces[best.Item2];
            merges.Add((pieces[best.Item1], pieces[best.Item2]));
            var id = pieces.Count;
            pieces.Add(merged);
            vocabulary.TryAdd(merged, vocabulary.Count);
            var touched = new HashSet<(int, int)>();
            foreach (var w in pairWords[best])
            {
                var old = words[w];
                var next = new List<int>(old.Length);
                for (var i = 0; i < old.Length; i++)
                {
                    if (i + 1 < old.Length && old[i] == best.Item1 && old[i + 1] == best.Item2) { next.Add(id); i++; }
                    else next.Add(old[i]);
                }
                for (var i = 0; i + 1 < old.Length; i++) pairCount[(old[i], old[i + 1])] -= frequency[w];
                words[w] = [.. next];
                for (var i = 0; i + 1 < next.Count; i++)
                {
                    Add((next[i], next[i + 1]), w, frequency[w]);
                    touched.Add((next[i], next[i + 1]));
                }
            }
            pairCount.Remove(best);
            pairWords.Remove(best);
            foreach (var pair in touched)
                if (pairCount.TryGetValue(pair, out var c)) heap.Enqueue(pair, (-c, pair.Item1, pair.Item2));
        }
        return (vocabulary, merges);

        void Add((int, int) pair, int word, int count)
        {
            pairCount[pair] = pairCount.GetValueOrDefault(pair) + count;
            if (!pairWords.TryGetValue(pair, out var set)) pairWords[pair] = set = [];
            set.Add(word);
        }
    }
}
